//! First lines that are no header with commas.

use super::record::RecordText;
use crate::types::{Error, Result, Role, shown};

/// What separates columns elsewhere, and what people call it.
const OTHER_DELIMITERS: [(&str, &str); 4] = [
    ("\t", "tabs"),
    (";", "semicolons"),
    ("|", "bars"),
    ("::", "double colons"),
];

/// Looks whether the first line is a header with commas at all.
///
/// # Errors
/// `InvalidInput` for columns that something else separates, and for values in place of names.
pub(super) fn check_shape(names: RecordText<'_>) -> Result<()> {
    let names: Vec<&str> = names.fields().collect();
    let other = OTHER_DELIMITERS
        .into_iter()
        .map(|(sign, what)| (count(&names, sign), sign, what))
        .rev().max_by_key(|(count, ..)| *count)
        // More of them than commas.
        .filter(|(count, ..)| *count >= names.len());
    let parts = match other {
        Some((_, sign, _)) => names.iter().flat_map(|name| name.split(sign)).collect(),
        None => names,
    };
    let no_header = "the file has no header: its first line holds values, such as";
    let rule = match (other, value_among(&parts)) {
        (None, None) => return Ok(()),
        (None, Some(value)) => format!(
            "{no_header} {}; put a line above it that names the columns after the schema's fields",
            shown(value)
        ),
        (Some((_, _, what)), None) => {
            format!("{what} separate the columns; separate them by commas")
        }
        (Some((_, _, what)), Some(value)) => format!(
            "{what} separate the columns, and {no_header} {}; separate columns by commas, and put a \
             line above that names them after the schema's fields",
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
