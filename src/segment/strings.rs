//! Strings of a mapped segment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::format::StringsHandle;
use super::reader::Region;
use crate::codec::Source;
use crate::io::{Pages, prefetch_line};
use crate::types::{Error, Result, Strings, TextBuffer, TextSlot, index_of};

/// The hash under which an item is looked for among candidates (FORMAT.md section 2.4).
#[inline]
pub(crate) fn item_hash(item: &str) -> u32 {
    xxh3_64(item.as_bytes()) as u32
}

/// Strings in a segment's pages.
#[derive(Clone)]
pub(super) struct MappedStrings {
    pages: Arc<Pages>,
    handle: StringsHandle,
    small: Arc<Small>,
}

/// What is known of a small dictionary once it was used.
#[derive(Default)]
struct Small {
    /// Whether every page was verified.
    verified: AtomicBool,
    /// Its strings by code, made when strings are copied out first.
    slots: OnceLock<Box<[TextSlot]>>,
}

/// Slots that a processor has near anyway; of more, those of a piece are asked for before the first is
/// copied.
const NEAR_SLOTS: usize = 1 << 14;
const PIECE: usize = 128;

/// Hashes that are asked for while one is looked at.
const PREFETCHED: usize = 24;

/// Bytes of text up to which a dictionary is small: verified as a whole at its first use, and
/// copied from slots.
const SMALL_BYTES: usize = 4 << 20;

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
            small: Arc::default(),
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
        let offsets = Region::new(&self.pages, self.handle.offsets);
        let [start, end] = pair(offsets.get(index * 4, 8)?).ok_or_else(|| self.out_of_order())?;
        if start > end || end > self.handle.text.len {
            return Err(self.out_of_order());
        }
        Region::new(&self.pages, self.handle.text).get(start, end - start)
    }

    /// Asks for where the string at a position lies.
    #[inline]
    pub(super) fn prefetch_offsets(&self, index: usize) {
        Region::new(&self.pages, self.handle.offsets).prefetch(index * 4, 8);
    }

    /// Asks for the string at a position, whose place should be there already.
    #[inline]
    pub(super) fn prefetch_text(&self, index: usize) {
        let offsets = Region::new(&self.pages, self.handle.offsets);
        if let Ok(Some([start, end])) = offsets.get(index * 4, 8).map(pair) {
            let text = Region::new(&self.pages, self.handle.text);
            text.prefetch(start, end.saturating_sub(start));
        }
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
    #[inline]
    pub(super) fn hashes(
        &self,
        codes: &[u32],
        mut each: impl FnMut(u32, u32) -> Result<()>,
    ) -> Result<()> {
        if !self.is_whole()? {
            return codes
                .iter()
                .try_for_each(|code| each(*code, self.hash(*code)?));
        }
        let hashes = self.handle.hashes;
        let hashes = self.pages.verified(hashes.offset, hashes.len)?;
        let hashes = hashes.as_chunks::<4>().0;
        let of = |code: u32| hashes.get((code as usize).wrapping_sub(1));
        for (at, code) in codes.iter().enumerate() {
            // They lie anywhere.
            if let Some(soon) = codes.get(at + PREFETCHED).and_then(|soon| of(*soon)) {
                prefetch_line(soon);
            }
            let Some(hash) = of(*code) else {
                index_of(*code, self.handle.count)?;
                return Err(self.out_of_order());
            };
            each(*code, u32::from_le_bytes(*hash))?;
        }
        Ok(())
    }

    /// The slots of a small dictionary's strings, by code.
    #[inline]
    fn slots(&self) -> Result<Option<&[TextSlot]>> {
        match self.small.slots.get() {
            Some(slots) => Ok(Some(slots)),
            None => self.make_slots(),
        }
    }

    #[cold]
    fn make_slots(&self) -> Result<Option<&[TextSlot]>> {
        // A slot takes four offsets: no more memory than a dictionary of short strings on disk.
        if self.handle.text.len > SMALL_BYTES || self.handle.offsets.len > SMALL_BYTES {
            return Ok(None);
        }
        let mut slots = Vec::with_capacity(self.handle.count + 1);
        slots.push(TextSlot::of(&[]));
        for index in 0..self.handle.count {
            slots.push(TextSlot::of(self.at(index)?.as_bytes()));
        }
        Ok(Some(self.small.slots.get_or_init(|| slots.into())))
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
        if !self.small.verified.load(Ordering::Relaxed) {
            for part in [offsets, text, hashes] {
                self.pages.get(part.offset, part.len)?;
            }
            self.small.verified.store(true, Ordering::Relaxed);
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

/// Two offsets that follow each other.
#[inline]
fn pair(bytes: &[u8]) -> Option<[usize; 2]> {
    let word = u64::from_le_bytes(bytes.try_into().ok()?);
    Some([word as u32 as usize, (word >> 32) as usize])
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
        let slots = self.slots()?.unwrap_or_default();
        for codes in codes.chunks(PIECE) {
            if slots.len() > NEAR_SLOTS {
                for code in codes {
                    prefetch_line(slots.get(*code as usize..).unwrap_or_default());
                }
            }
            out.append_slots(slots, codes, |code| match code {
                0 => Ok(""),
                code => self.get(code),
            })?;
        }
        Ok(())
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
