//! A file that is written front to back, with a checksum for every page.

use crate::io::{Append, PAGE_BYTES, page_sums};
use crate::model::Result;

use crate::segment::format::Handle;

/// How much is written at a time: a large page of the processor. Where the system's cache keeps a write of
/// that size and place in one piece, a memory map of it takes one entry of the processor's table of
/// pages, not 512.
const WRITE_BYTES: usize = 2 << 20;
const _: () = assert!(WRITE_BYTES.is_multiple_of(PAGE_BYTES));

/// Appends regions and keeps the page sums.
pub(super) struct SummedFile {
    file: Box<dyn Append>,
    len: usize,
    /// What is not written yet. It begins with a page.
    open: Vec<u8>,
    /// Of what is written.
    sums: Vec<u32>,
}

impl SummedFile {
    pub(in crate::segment) fn new(file: Box<dyn Append>) -> Self {
        Self {
            file,
            len: 0,
            open: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Appends one region, padded to 8 bytes.
    pub(in crate::segment) fn region(&mut self, bytes: &[u8]) -> Result<Handle> {
        let handle = Handle {
            offset: self.len,
            len: bytes.len(),
        };
        self.append(bytes)?;
        self.align(8)?;
        Ok(handle)
    }

    /// Appends zeros up to a multiple of `bytes`, at most 64.
    pub(in crate::segment) fn align(&mut self, bytes: usize) -> Result<()> {
        let short = self.len.next_multiple_of(bytes) - self.len;
        self.append([0; 64].get(..short).unwrap_or_default())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.len += bytes.len();
        let (fill, rest) = bytes
            .split_at_checked(WRITE_BYTES - self.open.len())
            .unwrap_or((bytes, &[]));
        self.open.extend_from_slice(fill);
        if self.open.len() < WRITE_BYTES {
            return Ok(());
        }
        self.write_open()?;
        let whole = rest.len() - rest.len() % WRITE_BYTES;
        let (whole, open) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
        self.file.append(whole)?;
        self.sums.extend(page_sums(whole));
        self.open.extend_from_slice(open);
        Ok(())
    }

    /// Makes what was appended survive power loss, but for an open page; no region may follow.
    pub(in crate::segment) fn sync(&mut self) -> Result<()> {
        let whole = self.open.len() - self.open.len() % PAGE_BYTES;
        let page = self.open.split_off(whole);
        self.write_open()?;
        self.open = page;
        self.file.sync()
    }

    /// Writes what is open; the sums take its end for that of a page.
    fn write_open(&mut self) -> Result<()> {
        self.file.append(&self.open)?;
        self.sums.extend(page_sums(&self.open));
        self.open.clear();
        Ok(())
    }

    /// Appends what `behind` makes of the length and the sums of what was appended, and syncs where
    /// `durable`. Gives the length of the file.
    pub(in crate::segment) fn finish(
        mut self,
        durable: bool,
        behind: impl FnOnce(usize, &[u32]) -> Vec<u8>,
    ) -> Result<usize> {
        self.write_open()?;
        let behind = behind(self.len, &self.sums);
        self.file.append(&behind)?;
        if durable {
            self.file.sync()?;
        }
        Ok(self.len + behind.len())
    }
}
