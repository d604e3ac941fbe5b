//! Strings of a mapped segment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::format::StringsHandle;
use crate::io::Pages;
use crate::types::{CHUNK, Error, Result, Strings, TextBuffer, index_of};

/// The hash under which an item is looked for among candidates (FORMAT.md section 2.4).
#[inline]
pub(crate) fn item_hash(item: &str) -> u32 {
    xxh3_64(item.as_bytes()) as u32
}

/// Strings in a segment's pages; nothing is copied or read ahead.
#[derive(Clone)]
pub(super) struct MappedStrings {
    pages: Arc<Pages>,
    handle: StringsHandle,
    /// Whether every page of a small dictionary was verified.
    verified: Arc<AtomicBool>,
}

/// Bytes of text up to which a dictionary is verified as a whole, at its first use.
const SMALL_BYTES: usize = 4 << 20;

/// Bytes of text that are copied before strings are picked out of them.
const FEW_BYTES: usize = 112;

impl MappedStrings {
    pub(super) fn new(pages: Arc<Pages>, handle: StringsHandle) -> Result<Self> {
        let offsets = handle.count.checked_add(1).and_then(|n| n.checked_mul(4));
        let hashes = handle.hashes.len;
        if offsets != Some(handle.offsets.len) || (hashes != 0 && hashes != handle.count * 4) {
            return Err(Error::corrupt(format!(
                "{}: a dictionary's parts do not fit together",
                pages.name()
            )));
        }
        Ok(Self {
            pages,
            handle,
            verified: Arc::default(),
        })
    }

    /// The string at a position, from 0.
    #[inline]
    pub(super) fn at(&self, index: usize) -> Result<&str> {
        std::str::from_utf8(self.bytes_at(index)?).map_err(|error| {
            Error::corrupt(format!("{}: a string is not UTF-8", self.pages.name())).caused_by(error)
        })
    }

    /// Its bytes.
    #[inline]
    pub(super) fn bytes_at(&self, index: usize) -> Result<&[u8]> {
        let pair = self.pages.get(self.handle.offsets.offset + index * 4, 8)?;
        let (Some(start), Some(end)) = (pair.first_chunk::<4>(), pair.last_chunk::<4>()) else {
            return Err(self.out_of_order());
        };
        let start = u32::from_le_bytes(*start) as usize;
        let end = u32::from_le_bytes(*end) as usize;
        if start > end || end > self.handle.text.len {
            return Err(self.out_of_order());
        }
        self.pages.get(self.handle.text.offset + start, end - start)
    }

    /// The [`item_hash`] of the string with this code.
    #[inline]
    pub(super) fn hash(&self, code: u32) -> Result<u32> {
        let index = index_of(code, self.handle.count)?;
        let bytes = self.pages.get(self.handle.hashes.offset + index * 4, 4)?;
        let bytes = bytes.try_into().map_err(|_| self.out_of_order())?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Gives each code with the [`item_hash`] of its string to `each`.
    pub(super) fn hashes(
        &self,
        codes: &[u32],
        each: &mut dyn FnMut(u32, u32) -> Result<()>,
    ) -> Result<()> {
        if !self.is_whole()? {
            return codes
                .iter()
                .try_for_each(|code| each(*code, self.hash(*code)?));
        }
        let hashes = self.handle.hashes;
        let hashes = self.pages.verified(hashes.offset, hashes.len)?;
        let hashes = hashes.as_chunks::<4>().0;
        for code in codes {
            let hash = hashes.get(index_of(*code, self.handle.count)?);
            let hash = hash.ok_or_else(|| self.out_of_order())?;
            each(*code, u32::from_le_bytes(*hash))?;
        }
        Ok(())
    }

    /// The offsets and the text of a small dictionary, verified as a whole at its first use.
    fn whole(&self) -> Result<Option<(&[u8], &[u8])>> {
        let StringsHandle { offsets, text, .. } = self.handle;
        if !self.is_whole()? {
            return Ok(None);
        }
        let offsets = self.pages.verified(offsets.offset, offsets.len)?;
        let text = self.pages.verified(text.offset, text.len)?;
        Ok(Some((offsets, text)))
    }

    /// Whether the dictionary is small; it is then verified.
    fn is_whole(&self) -> Result<bool> {
        let StringsHandle {
            offsets,
            text,
            hashes,
            ..
        } = self.handle;
        if text.len > SMALL_BYTES {
            return Ok(false);
        }
        if !self.verified.load(Ordering::Relaxed) {
            for part in [offsets, text, hashes] {
                self.pages.get(part.offset, part.len)?;
            }
            self.verified.store(true, Ordering::Relaxed);
        }
        Ok(true)
    }

    #[cold]
    fn out_of_order(&self) -> Error {
        Error::corrupt(format!(
            "{}: a dictionary's offsets are out of order",
            self.pages.name()
        ))
    }
}

impl Strings for MappedStrings {
    fn len(&self) -> usize {
        self.handle.count
    }

    fn get(&self, code: u32) -> Result<&str> {
        self.at(index_of(code, self.handle.count)?)
    }

    fn hash(&self, code: u32) -> Result<u32> {
        match self.handle.hashes.len {
            0 => Ok(item_hash(self.get(code)?)),
            _ => Self::hash(self, code),
        }
    }

    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        let Some((offsets, text)) = self.whole()? else {
            for code in codes {
                out.push(if *code == 0 { "" } else { self.get(*code)? });
            }
            return Ok(());
        };
        // So that the last strings of a few, too, have a whole chunk behind them.
        let mut padded = [0; FEW_BYTES + CHUNK];
        let text = match padded.get_mut(..text.len()) {
            Some(copy) if text.len() <= FEW_BYTES => {
                copy.copy_from_slice(text);
                &padded
            }
            _ => text,
        };
        out.append(offsets, text, codes)
            .ok_or_else(|| self.out_of_order())
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        let StringsHandle { offsets, text, .. } = self.handle;
        let offsets = self.pages.share(offsets.offset, offsets.len)?;
        let text = self.pages.share(text.offset, text.len)?;
        let checked = std::str::from_utf8(&text).map_err(|error| {
            Error::corrupt(format!("{}: a string is not UTF-8", self.pages.name())).caused_by(error)
        })?;
        let ends = offsets.as_chunks::<4>().0;
        let ends = ends.iter().map(|end| u32::from_le_bytes(*end) as usize);
        let mut before = 0;
        for end in ends {
            if end < before || !checked.is_char_boundary(end) || end > i32::MAX as usize {
                return Err(self.out_of_order());
            }
            before = end;
        }
        Ok((offsets, text))
    }
}
