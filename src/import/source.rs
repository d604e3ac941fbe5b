//! Bytes of a file, decompressed where they are compressed.

use std::fs::File;
use std::io::{Cursor, Read};

use super::rejected_records::{RejectedRecords, is_rejects};
use crate::model::{Error, Result};

/// Bytes of a file.
pub(super) type Source<'s> = Box<dyn Read + 's>;

/// Where the bytes of a file come from.
pub(super) enum Input<'s> {
    File(File),
    Reader(Source<'s>),
}

impl<'s> Input<'s> {
    /// The bytes, and another handle of the file, if it is one.
    ///
    /// # Errors
    /// `Io` when the system has no more handles.
    pub(super) fn into_source(self) -> Result<(Source<'s>, Option<File>)> {
        match self {
            Self::File(file) => {
                let again = file
                    .try_clone()
                    .map_err(|error| Error::io("opening", error))?;
                Ok((Box::new(file), Some(again)))
            }
            Self::Reader(source) => Ok((source, None)),
        }
    }
}

/// First bytes that tell what a file is.
const START_BYTES: usize = 64;

/// The bytes within a source, decompressed where they are compressed, and the first of them.
///
/// # Errors
/// `Io` when it cannot be read.
pub(super) fn decompressed<'s>(
    (source, start): (Source<'s>, Vec<u8>),
) -> Result<(Source<'s>, Vec<u8>)> {
    match decoder(source, &start)? {
        (decoded, true) => peeked(decoded),
        (source, false) => Ok((source, start)),
    }
}

/// The records within what an import refused; any other source as it is.
///
/// # Errors
/// `Io` when it cannot be read.
pub(super) fn records_of<'s>(
    (source, start): (Source<'s>, Vec<u8>),
) -> Result<(Source<'s>, Vec<u8>)> {
    match is_rejects(&start) {
        true => peeked(RejectedRecords::new(source)),
        false => Ok((source, start)),
    }
}

/// The decoder of a source that begins so; the source itself where it is not compressed.
#[cfg(feature = "compression")]
fn decoder<'s>(source: Source<'s>, start: &[u8]) -> Result<(Source<'s>, bool)> {
    use super::decoder::Decoder;
    Ok(match start {
        [0x1f, 0x8b, ..] => (Box::new(Decoder::gzip(source)), true),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => (Box::new(Decoder::zstd(source)?), true),
        _ => (source, false),
    })
}

#[cfg(not(feature = "compression"))]
fn decoder<'s>(source: Source<'s>, _start: &[u8]) -> Result<(Source<'s>, bool)> {
    Ok((source, false))
}

/// A source from its beginning, and its first bytes.
///
/// # Errors
/// `Io` when it cannot be read.
pub(super) fn peeked<'s>(mut source: impl Read + 's) -> Result<(Source<'s>, Vec<u8>)> {
    let mut start = Vec::with_capacity(START_BYTES);
    let read = (&mut source)
        .take(START_BYTES as u64)
        .read_to_end(&mut start);
    read.map_err(Error::reading)?;
    Ok((Box::new(Cursor::new(start.clone()).chain(source)), start))
}

/// Whether the first character of a file that begins so is `{`.
pub(super) fn is_json(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    start.trim_ascii_start().starts_with(b"{")
}

/// A file without a name that holds what a source does, for readers that go to and fro.
///
/// # Errors
/// `Io` when one cannot be written.
#[cfg(feature = "parquet")]
pub(super) fn spooled(mut source: Source<'_>) -> Result<File> {
    let failed = |error| Error::io("copying to a temporary file", error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    std::io::copy(&mut source, &mut file).map_err(failed)?;
    Ok(file)
}
