//! The frame of the small files of a store, the manifest and the account: magic, checksum, version,
//! body. FORMAT.md section 3 has the bytes.

use std::ops::RangeInclusive;

use crate::io::crc32;
use crate::model::{Error, ErrorKind, RESTORE_STORE, Result};

/// The bytes of a file with this body.
pub(in crate::store) fn encode(magic: [u8; 8], version: u32, body: &[u8]) -> Vec<u8> {
    let mut covered = version.to_le_bytes().to_vec();
    covered.extend_from_slice(body);
    let mut file = magic.to_vec();
    file.extend_from_slice(&crc32(&covered).to_le_bytes());
    file.extend_from_slice(&covered);
    file
}

/// The version and the body of a file, which is of one of `versions`; `name` is what errors call it. Magic
/// and version are looked at before the checksum, so that a file of another version is told from a damaged
/// one.
///
/// # Errors
/// `Corruption` when the bytes are damaged, `Unsupported` when they are of another version.
pub(in crate::store) fn decode<'a>(
    name: &str,
    magic: [u8; 8],
    versions: RangeInclusive<u32>,
    file: &'a [u8],
) -> Result<(u32, &'a [u8])> {
    let damaged = |what: &str| Error::corrupt(format!("{name}: {what}; {RESTORE_STORE}"));
    let short = || damaged("the file is cut short");
    let (found_magic, rest) = file.split_first_chunk::<8>().ok_or_else(short)?;
    let (sum, covered) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    let (found, body) = covered.split_first_chunk::<4>().ok_or_else(short)?;
    if *found_magic != magic {
        return Err(damaged("bytes 0..8 are not its magic"));
    }
    let found = u32::from_le_bytes(*found);
    if !versions.contains(&found) {
        let version = versions.end();
        let advice = match found < *version {
            true => "export the data with the annals that wrote it, and import it into a new store",
            false => "open the store with a newer annals",
        };
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{name}: format version {found}; this build reads version {version}; {advice}"),
        ));
    }
    if crc32(covered) != u32::from_le_bytes(*sum) {
        let place = format!("checksum mismatch in bytes 8..{}", file.len());
        return Err(damaged(&place));
    }
    Ok((found, body))
}
