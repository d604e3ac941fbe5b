//! Room for one short string that is decoded.

use crate::model::{Error, Result};

/// Bytes of the longest string that is kept as anything but its text.
pub(crate) const SPELLED_BYTES: usize = 64;

/// Room for one string of a dictionary that keeps ids as what they are, such as numbers, and not as
/// text ([`Strings::read`](crate::column::Strings::read)). It lies wherever its owner puts it: no memory is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TextRoom {
    bytes: [u8; SPELLED_BYTES],
    len: usize,
}

impl Default for TextRoom {
    fn default() -> Self {
        Self {
            bytes: [0; SPELLED_BYTES],
            len: 0,
        }
    }
}

impl TextRoom {
    /// Puts a string of `len` bytes in, which `fill` writes over what `begin` has.
    #[inline(always)]
    pub(crate) fn fill(
        &mut self,
        begin: &[u8; SPELLED_BYTES],
        len: usize,
        fill: impl FnOnce(&mut [u8; SPELLED_BYTES]) -> Result<()>,
    ) -> Result<()> {
        self.bytes = *begin;
        self.len = len;
        fill(&mut self.bytes)
    }

    /// The bytes of the string.
    #[inline(always)]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    /// The string.
    ///
    /// # Errors
    /// `Corruption` where it is none.
    #[inline(always)]
    pub fn as_str(&self) -> Result<&str> {
        std::str::from_utf8(self.as_bytes())
            .map_err(|error| Error::corrupt("an id that is not UTF-8").caused_by(error))
    }
}
