//! Text without what a terminal would obey.

use std::borrow::Cow;

/// Text with its control characters escaped, as messages have it: names of files and fields come from
/// outside, and messages go to terminals, which obey what they are sent.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("plain \u{e9}"), "plain \u{e9}");
        assert_eq!(printable("a\nb\u{9b}c"), "a\\nb\\u{9b}c");
    }
}
