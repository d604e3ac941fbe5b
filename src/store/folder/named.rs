//! Things that a host keeps in a store under names.

use crate::io::Storage;
use crate::model::{Error, ErrorKind, Result};

/// Bytes that a name may have.
const MOST_BYTES: usize = 64;

/// Refuses what is no name of a file on any system.
///
/// # Errors
/// `InvalidInput`.
pub(in crate::store) fn check_name(name: &str) -> Result<()> {
    match is_name(name) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "{name:?} is no name: use letters, digits, `_`, `-` and `.`, at most {MOST_BYTES}, not beginning with `.`"
        ))),
    }
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=MOST_BYTES).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.')
}

/// The names of the files of a folder that have this ending, without it, sorted; none where there is no
/// such folder.
///
/// # Errors
/// `Io`.
pub(in crate::store) fn names_in(
    storage: &dyn Storage,
    folder: &str,
    ending: &str,
) -> Result<Vec<String>> {
    let files = match storage.list(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        listed => listed?,
    };
    let names = files.iter().filter_map(|file| file.strip_suffix(ending));
    Ok(names
        .filter(|name| is_name(name))
        .map(str::to_owned)
        .collect())
}
