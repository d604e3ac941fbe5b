//! Checksummed pages: every byte is verified before its first use.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{FileBytes, crc32};
use crate::model::{Error, RESTORE_SEGMENT, Result};

/// Bytes that one checksum covers, and that a cold lookup reads for each place that it needs: few enough
/// for that, as many as make the sums 1/4096 of the data.
pub const PAGE_BYTES: usize = 1 << 14;

/// The checksum of each page of `bytes`; the last page may be short.
pub fn page_sums(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks(PAGE_BYTES).map(crc32)
}

/// Bytes with a checksum a page. A page is verified when it is first touched; that it was is
/// remembered, so a warm read pays one atomic load a page.
pub struct Pages {
    name: String,
    file: FileBytes,
    len: usize,
    sums: Arc<[u32]>,
    verified: Arc<[AtomicU64]>,
    /// Pages that the disk was asked for.
    asked: Arc<[AtomicU64]>,
}

impl Pages {
    /// The first `len` bytes of a file with their sums; `name` is what errors call them.
    ///
    /// # Errors
    /// `Corruption` unless there is exactly one sum a page.
    pub fn new(name: String, file: FileBytes, len: usize, sums: Vec<u32>) -> Result<Self> {
        let pages = len.div_ceil(PAGE_BYTES);
        if sums.len() != pages {
            return Err(Error::corrupt(format!(
                "{name}: {} checksums for {pages} pages",
                sums.len()
            )));
        }
        let none = || (0..pages.div_ceil(64)).map(|_| AtomicU64::new(0));
        Ok(Self {
            name,
            file,
            len,
            sums: sums.into(),
            verified: none().collect(),
            asked: none().collect(),
        })
    }

    /// The same for scans, where the file has a map for them. What one verifies is so for the other.
    pub fn for_scans(&self) -> Option<Self> {
        Some(Self {
            name: self.name.clone(),
            file: self.file.for_scans()?,
            len: self.len,
            sums: self.sums.clone(),
            verified: self.verified.clone(),
            asked: self.asked.clone(),
        })
    }

    /// What errors call these bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory that were read for it, a memory map aside.
    pub fn loaded_bytes(&self) -> usize {
        self.file.loaded_bytes()
    }

    /// `len` bytes from `offset`, verified.
    ///
    /// # Errors
    /// `Corruption` naming the file and the page's offset, also when the range leaves the file;
    /// `Io` when the file cannot be read.
    #[inline]
    pub fn get(&self, offset: usize, len: usize) -> Result<&[u8]> {
        self.check(offset, len)?;
        self.verified(offset, len)
    }

    /// The same for a range that the caller knows to be verified.
    ///
    /// # Errors
    /// As [`Pages::get`].
    #[inline]
    pub fn verified(&self, offset: usize, len: usize) -> Result<&[u8]> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => self.file.get(offset..end),
            _ => Err(self.outside(offset, len)),
        }
    }

    /// The bytes of a range where they are mapped, verified or not.
    pub fn mapped(&self, offset: usize, len: usize) -> Option<Bytes> {
        self.file.mapped(offset..offset.checked_add(len)?)
    }

    /// Asks the disk for the pages of a range that is about to be read, unless each was touched or asked for before.
    #[cold]
    pub fn ask(&self, offset: usize, len: usize) {
        let pages = pages_of(offset, len);
        let is_new = |page: usize| !self.is_known(page) && self.is_first_ask(page);
        // Each of them, so that all are noted.
        if pages.clone().filter(|page| is_new(*page)).count() > 0 {
            self.ask_pages(&pages);
        }
    }

    fn is_first_ask(&self, page: usize) -> bool {
        let word = self.asked.get(page / 64);
        let bit = 1 << (page % 64);
        word.is_some_and(|word| word.fetch_or(bit, Ordering::Relaxed) & bit == 0)
    }

    fn ask_pages(&self, pages: &RangeInclusive<usize>) {
        let end = (pages.end() + 1).saturating_mul(PAGE_BYTES);
        self.file.ask(pages.start() * PAGE_BYTES..end.min(self.len));
    }

    /// Whether `len` bytes from `offset` lie in one page that was verified.
    #[inline(always)]
    pub fn is_verified(&self, offset: usize, len: usize) -> bool {
        len <= PAGE_BYTES - offset % PAGE_BYTES && self.is_known(offset / PAGE_BYTES)
    }

    #[inline(always)]
    fn is_known(&self, page: usize) -> bool {
        let word = self.verified.get(page / 64);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (page % 64) & 1 == 1)
    }

    /// The same as [`Pages::get`], sharing the memory where it is mapped.
    ///
    /// # Errors
    /// As [`Pages::get`].
    pub fn share(&self, offset: usize, len: usize) -> Result<Bytes> {
        self.get(offset, len)?;
        self.file.share(offset..offset + len)
    }

    #[inline]
    fn check(&self, offset: usize, len: usize) -> Result<()> {
        let pages = pages_of(offset, len);
        let (first, last) = (*pages.start(), *pages.end());
        for page in first..=last.min(self.sums.len()) {
            if !self.is_known(page) {
                return self.verify_all(page..=last.min(self.sums.len()));
            }
        }
        Ok(())
    }

    #[cold]
    fn verify_all(&self, pages: RangeInclusive<usize>) -> Result<()> {
        self.ask_pages(&pages);
        let mut fresh = pages.filter(|page| !self.is_known(*page));
        fresh.try_for_each(|page| self.verify(page))
    }

    fn verify(&self, page: usize) -> Result<()> {
        let start = page * PAGE_BYTES;
        let end = (start + PAGE_BYTES).min(self.len);
        let Some(sum) = self.sums.get(page) else {
            return Err(self.outside(start, 1));
        };
        let bytes = self.verified(start, end.saturating_sub(start))?;
        if crc32(bytes) != *sum {
            return Err(Error::corrupt(format!(
                "{}: checksum mismatch in bytes {start}..{end}; run `annals verify` to see all that is \
                 damaged, and {RESTORE_SEGMENT}",
                self.name
            )));
        }
        if let Some(word) = self.verified.get(page / 64) {
            word.fetch_or(1 << (page % 64), Ordering::Relaxed);
        }
        Ok(())
    }

    #[cold]
    fn outside(&self, offset: usize, len: usize) -> Error {
        Error::corrupt(format!(
            "{}: {len} bytes at {offset} lie outside its {} bytes",
            self.name, self.len
        ))
    }

    /// Reads and verifies every page, whatever was verified before, and gives the byte ranges
    /// that are damaged.
    pub fn damaged(&self) -> Vec<std::ops::Range<usize>> {
        let starts = (0..self.len).step_by(PAGE_BYTES);
        starts
            .zip(&*self.sums)
            .map(|(start, sum)| (start..(start + PAGE_BYTES).min(self.len), sum))
            .filter(|(range, sum)| {
                let bytes = self.file.get(range.clone());
                bytes.map_or(true, |bytes| crc32(bytes) != **sum)
            })
            .map(|(range, _)| range)
            .collect()
    }
}

/// The pages that hold `len` bytes from `offset`: one at least.
#[inline(always)]
fn pages_of(offset: usize, len: usize) -> RangeInclusive<usize> {
    let last = offset.saturating_add(len).saturating_sub(1).max(offset);
    offset / PAGE_BYTES..=last / PAGE_BYTES
}
