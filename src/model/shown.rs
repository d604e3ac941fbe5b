//! Values as messages show them.

use std::borrow::Cow;

/// A value in quotes, control characters escaped, shortened to 60 characters.
pub(crate) fn shown(value: &str) -> String {
    format!("{:?}", shortened(value))
}

/// A value as it is, shortened to 60 characters.
pub(crate) fn shortened(value: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 60;
    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or(value)).into(),
        None => value.into(),
    }
}
