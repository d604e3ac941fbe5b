//! Sentences on a terminal.

use unicode_width::UnicodeWidthStr;

/// Before all lines but the first.
const INDENT: &str = "  ";

/// Text in lines of at most `width` letters, broken between words. A word that is longer has a line of its
/// own, and is left to the terminal.
pub fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| text.width() > *width) else {
        return text.to_owned();
    };
    let mut lines = String::with_capacity(text.len() + 16);
    let mut taken = 0;
    for word in text.split(' ') {
        let need = word.width();
        if taken == 0 {
            taken = need;
        } else if taken + 1 + need <= width {
            lines.push(' ');
            taken += 1 + need;
        } else {
            lines.push('\n');
            lines.push_str(INDENT);
            taken = INDENT.width() + need;
        }
        lines.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let text = "annals: warning: words that go on, a/path/that/is/too/long and on";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(wrapped(text, Some(80)), text);
        assert_eq!(
            wrapped(text, Some(20)),
            "annals: warning:\n  words that go on,\n  a/path/that/is/too/long\n  and on"
        );
    }
}
