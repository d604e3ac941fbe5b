//! First lines that are no header with commas.

use super::dialect::Dialect;
use super::record::RecordText;
use crate::model::{Error, Result, Role, shown};

/// What separates columns, what people call it, and the option that takes it.
const DELIMITERS: [(&str, &str, &str); 5] = [
    (",", "commas", ","),
    ("\t", "tabs", "tab"),
    (";", "semicolons", "';'"),
    ("|", "bars", "'|'"),
    ("::", "double colons", "::"),
];

/// What the names of a header are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// Each is a field of a schema.
    Strict,
    /// Some of them were chosen: a column may have no name, and any text is a name.
    Chosen,
}

/// Looks whether the first line is a header in the dialect at all.
///
/// # Errors
/// `InvalidInput` for columns that something else separates, and for values in place of names.
pub(super) fn check_shape(names: RecordText<'_>, dialect: Dialect, header: Header) -> Result<()> {
    let names: Vec<&str> = names.fields().collect();
    let own = [dialect.delimiter];
    let others = DELIMITERS
        .into_iter()
        .filter(|(sign, ..)| sign.as_bytes() != own);
    let other = others
        .map(|delimiter| (count(&names, delimiter.0), delimiter))
        .rev()
        .max_by_key(|(count, _)| *count)
        // More of them than of the dialect's own.
        .filter(|(count, _)| *count >= names.len());
    let parts = match other {
        Some((_, (sign, ..))) => names.iter().flat_map(|name| name.split(sign)).collect(),
        None => names,
    };
    let value = match header {
        Header::Strict => value_among(&parts),
        Header::Chosen => None,
    };
    let no_header = "the file has no header: its first line holds values, such as";
    let rule = match (other, value) {
        (None, None) => return Ok(()),
        (None, Some(value)) => format!(
            "{no_header} {}; name its columns (--columns USER_ID,_,ITEM_ID, where _ passes one over), or \
             put a line above it that does",
            shown(value)
        ),
        (Some((_, (_, what, option))), None) => format!(
            "{what} separate the columns; say so (--delimiter {option}), or separate them by commas"
        ),
        (Some((_, (_, what, option))), Some(value)) => format!(
            "{what} separate the columns, and {no_header} {}; say so (--delimiter {option}), and name its \
             columns (--columns USER_ID,_,ITEM_ID, where _ passes one over)",
            shown(value)
        ),
    };
    Err(Error::invalid(rule))
}

fn count(names: &[&str], sign: &str) -> usize {
    names.iter().map(|name| name.matches(sign).count()).sum()
}

/// A number or a date in the first line of a file, where no column has a name that it must have.
fn value_among<'a>(names: &[&'a str]) -> Option<&'a str> {
    let required = [Role::User, Role::Item, Role::Timestamp];
    let is_required = |name: &&str| required.contains(&Role::alike(name));
    if names.iter().any(is_required) {
        return None;
    }
    names.iter().copied().find(|name| is_value(name))
}

/// Whether a text is a number, or begins as a date does.
fn is_value(text: &str) -> bool {
    let date = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | 'T' | 'Z' | ' ');
    let begins = text.starts_with(|c: char| c.is_ascii_digit());
    let is_date = begins && text.len() >= 8 && text.chars().all(date);
    is_date || (!text.ends_with(char::is_alphabetic) && text.trim().parse::<f64>().is_ok())
}
