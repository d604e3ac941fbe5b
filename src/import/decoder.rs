//! Compressed bytes to what they stand for.

use std::io::{Error as IoError, ErrorKind, Read};

use crate::model::{Error, Result};

/// A source that is compressed, decompressed.
pub(super) struct Decoder<'s> {
    decoded: Box<dyn Read + 's>,
    by: &'static str,
}

impl<'s> Decoder<'s> {
    /// Of one or more members of gzip.
    pub(super) fn gzip(source: impl Read + 's) -> Self {
        Self {
            decoded: Box::new(flate2::read::MultiGzDecoder::new(source)),
            by: "gzip",
        }
    }

    /// # Errors
    /// `Io` when there is no memory for the decoder.
    pub(super) fn zstd(source: impl Read + 's) -> Result<Self> {
        let decoder = zstd::stream::read::Decoder::new(source);
        Ok(Self {
            decoded: Box::new(decoder.map_err(|error| Error::io("decompressing", error))?),
            by: "zstd",
        })
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.decoded.read(out).map_err(|error| {
            if error.raw_os_error().is_some() || error.kind() == ErrorKind::Interrupted {
                return error;
            }
            let rule = format!(
                "the file is compressed by {}, and damaged or cut ({error}); get it again",
                self.by
            );
            IoError::new(ErrorKind::InvalidData, rule)
        })
    }
}
