//! Small JSON files with a checksum: what a host keeps in a store under names, and what a purge has still to do.
//! FORMAT.md section 1 has the bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::io::{Storage, read_small, replace};
use crate::model::{Error, Result};

/// Replaces a file, atomically and durably.
///
/// # Errors
/// `Io`.
pub(in crate::store) fn write(
    storage: &dyn Storage,
    path: &str,
    value: &impl Serialize,
) -> Result<()> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|_| Error::internal(format!("{path}: no JSON")))?;
    let text = format!("{json}\n{}\n", check_of(&json));
    replace(storage, path, &format!("{path}.new"), text.as_bytes())
}

/// Reads a file. `advice` says what to do where it is damaged.
///
/// # Errors
/// `NotFound`; `Corruption`, with the file and the advice; `Io`.
pub(in crate::store) fn read<T: DeserializeOwned>(
    storage: &dyn Storage,
    path: &str,
    advice: &str,
) -> Result<T> {
    let bytes = read_small(storage, path)?;
    let damaged = |what: &str| Error::corrupt(format!("{path}: {what}; {advice}"));
    let text = str::from_utf8(&bytes).map_err(|_| damaged("the file is no text"))?;
    let lines = text
        .strip_suffix('\n')
        .and_then(|text| text.rsplit_once('\n'));
    let (json, check) = lines.ok_or_else(|| damaged("the file is cut short"))?;
    if check != check_of(json) {
        return Err(damaged("its checksum does not fit"));
    }
    serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))
}

fn check_of(json: &str) -> String {
    format!("{:016x}", xxh3_64(json.as_bytes()))
}
