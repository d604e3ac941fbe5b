//! Where a stream's bytes come from.

use crate::model::{Error, Result};

/// The bytes of one stream, by offset from its start. A reader over a file checks checksums here.
pub trait Source<'a>: Copy {
    /// `len` bytes from `offset`.
    ///
    /// # Errors
    /// `Corruption` when they are damaged or outside the stream.
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]>;

    /// Says that these bytes are about to be read. A source that can asks for them in advance.
    #[inline(always)]
    fn prefetch(&self, _offset: usize, _len: usize) {}
}

/// A stream in memory.
#[cfg(any(test, feature = "fuzzing"))]
#[derive(Clone, Copy)]
pub struct SliceSource<'a>(pub &'a [u8]);

#[cfg(any(test, feature = "fuzzing"))]
impl<'a> Source<'a> for SliceSource<'a> {
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        self.0
            .get(offset..offset.saturating_add(len))
            .ok_or_else(short)
    }
}

/// A source that starts further on in another.
#[derive(Clone, Copy)]
pub(super) struct Tail<S>(pub S, pub usize);

impl<'a, S: Source<'a>> Source<'a> for Tail<S> {
    #[inline]
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        self.0.get(self.1.saturating_add(offset), len)
    }

    #[inline(always)]
    fn prefetch(&self, offset: usize, len: usize) {
        self.0.prefetch(self.1.saturating_add(offset), len);
    }
}

#[cold]
pub(super) fn short() -> Error {
    Error::corrupt("an encoded stream is shorter than its values need")
}

/// Little-endian u32 number `index` of an array at `offset`.
#[inline]
pub(super) fn u32_at<'a>(source: impl Source<'a>, offset: usize, index: usize) -> Result<u32> {
    let bytes = source.get(offset + index * 4, 4)?;
    Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| short())?))
}
