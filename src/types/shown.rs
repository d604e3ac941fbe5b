//! Values as messages show them.

/// A value in quotes, control characters escaped, shortened to 60 characters.
pub(crate) fn shown(value: &str) -> String {
    const MAX_CHARS: usize = 60;
    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{:?}", format!("{}…", value.get(..end).unwrap_or(value))),
        None => format!("{value:?}"),
    }
}
