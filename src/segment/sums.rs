//! A file that is written front to back, with a checksum for every page.

use crate::io::{Append, PAGE_BYTES, page_sums};
use crate::types::Result;

use super::format::Handle;

/// Appends regions and keeps the page sums.
pub(super) struct SummedFile {
    file: Box<dyn Append>,
    len: usize,
    page: Vec<u8>,
    sums: Vec<u32>,
}

impl SummedFile {
    pub(super) fn new(file: Box<dyn Append>) -> Self {
        Self {
            file,
            len: 0,
            page: Vec::with_capacity(PAGE_BYTES),
            sums: Vec::new(),
        }
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends one region, padded to 8 bytes.
    pub(super) fn region(&mut self, bytes: &[u8]) -> Result<Handle> {
        let handle = Handle {
            offset: self.len,
            len: bytes.len(),
        };
        self.append(bytes)?;
        let padding = [0; 8];
        let short = self.len.next_multiple_of(8) - self.len;
        self.append(padding.get(..short).unwrap_or_default())?;
        Ok(handle)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes)?;
        self.len += bytes.len();
        let (fill, rest) = bytes
            .split_at_checked(PAGE_BYTES - self.page.len())
            .unwrap_or((bytes, &[]));
        self.page.extend_from_slice(fill);
        if self.page.len() < PAGE_BYTES {
            return Ok(());
        }
        self.sums.extend(page_sums(&self.page));
        let whole = rest.len() - rest.len() % PAGE_BYTES;
        let (pages, open) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
        self.sums.extend(page_sums(pages));
        self.page.clear();
        self.page.extend_from_slice(open);
        Ok(())
    }

    /// The sums of all pages, the open one included.
    pub(super) fn sums(&self) -> Vec<u32> {
        let mut sums = self.sums.clone();
        sums.extend(page_sums(&self.page));
        sums
    }

    /// Makes what was appended survive power loss.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.file.sync()
    }

    /// Appends what the sums do not cover.
    pub(super) fn finish(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes)?;
        self.len += bytes.len();
        Ok(())
    }
}
