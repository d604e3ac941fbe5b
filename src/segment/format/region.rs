//! Parts of a segment file, verified before their first use.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::handles::{Handle, StreamHandle};
use crate::codec::{Source, Stream};
use crate::io::Pages;
use crate::model::{Error, Result, prefetch};

/// A region of the file; by reference it is a stream's source.
#[derive(Clone)]
pub(in crate::segment) struct Region {
    pages: Arc<Pages>,
    handle: Handle,
    /// Its bytes where the file is mapped; nothing else may be read before it is verified.
    mapped: Bytes,
}

impl Region {
    pub(in crate::segment) fn new(pages: &Arc<Pages>, handle: Handle) -> Self {
        Self {
            pages: pages.clone(),
            handle,
            mapped: pages.mapped(handle.offset, handle.len).unwrap_or_default(),
        }
    }

    /// Asks for bytes of the file, as far as they are the region's.
    #[inline]
    pub(in crate::segment) fn prefetch_in_file(&self, bytes: Range<usize>) {
        let [start, end] = [bytes.start, bytes.end].map(|at| at.saturating_sub(self.handle.offset));
        self.prefetch(start, end.saturating_sub(start));
    }

    /// Whether bytes lie in one page that was verified.
    #[inline]
    pub(in crate::segment) fn is_verified(&self, offset: usize, len: usize) -> bool {
        self.pages.is_verified(self.handle.offset + offset, len)
    }

    /// Asks the disk for bytes that are about to be read, unless they were before.
    #[cold]
    #[inline(never)]
    pub(in crate::segment) fn ask(&self, offset: usize, len: usize) {
        let len = len.min(self.handle.len.saturating_sub(offset));
        self.pages.ask(self.handle.offset + offset, len);
    }

    /// Bytes of several pages, of a page that nobody touched yet, or of a file that is not mapped.
    #[inline(never)]
    fn get_anywhere(&self, offset: usize, len: usize) -> Result<&[u8]> {
        if offset.saturating_add(len) > self.handle.len {
            return Err(Error::corrupt(format!(
                "{}: a stream is shorter than its values need",
                self.pages.name()
            )));
        }
        self.pages.get(self.handle.offset + offset, len)
    }
}

impl<'a> Source<'a> for &'a Region {
    #[inline(always)]
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        match self.mapped.get(offset..offset.saturating_add(len)) {
            Some(bytes) if self.is_verified(offset, len) => Ok(bytes),
            _ => self.get_anywhere(offset, len),
        }
    }

    #[inline(always)]
    fn prefetch(&self, offset: usize, len: usize) {
        let end = offset.saturating_add(len).min(self.mapped.len());
        if offset < end && !self.is_verified(offset, end - offset) {
            self.ask(offset, end - offset);
        }
        prefetch(self.mapped.get(offset..end).unwrap_or_default());
    }
}

/// A stream with its place in the file.
pub(in crate::segment) struct Located {
    pub(in crate::segment) stream: Stream,
    pub(in crate::segment) region: Region,
}

impl Located {
    pub(in crate::segment) fn open(from: &StreamHandle, pages: &Arc<Pages>) -> Result<Self> {
        Ok(Self {
            stream: Stream::open(&from.descriptor)?,
            region: Region::new(pages, from.handle),
        })
    }
}
