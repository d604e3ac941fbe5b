//! Strings of a mapped segment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::format::StringsHandle;
use super::kept_slots::KeptSlots;
use super::region::Region;
use crate::codec::Source;
use crate::io::Pages;
use crate::types::{
    Backwards, CodeOrder, Error, Forwards, Result, Strings, TextBuffer, TextSlots, index_of,
};

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
    offsets: Region,
    text: Region,
    known: Arc<Known>,
}

/// What is known of a dictionary once it was used.
#[derive(Default)]
struct Known {
    /// Whether every page of a small one was verified.
    verified: AtomicBool,
    /// Whether the disk was asked for a small one.
    asked: AtomicBool,
    /// Slots of its first strings by code, made when strings are copied out first.
    slots: OnceLock<Arc<KeptSlots>>,
    /// The longest dictionary of items in the run, of which this one may be the begin.
    longest: OnceLock<Arc<MappedStrings>>,
}

/// Bytes of text, or of offsets, up to which a dictionary is small: verified as a whole at its first
/// use, and copied from slots also by a history.
const SMALL_BYTES: usize = 4 << 20;

/// Slots that are made at most, in 16 MiB. A segment's codes begin with the most frequent.
const MAX_SLOTS: usize = 1 << 20;

/// Strings of the smallest dictionary whose slots others may use: fewer are near the processor anyway.
const SHARED_FROM: usize = 1 << 10;

impl MappedStrings {
    pub(super) fn new(pages: Arc<Pages>, handle: StringsHandle) -> Result<Self> {
        let offsets = handle.count.checked_add(1).and_then(|n| n.checked_mul(4));
        let (hashes, width) = (handle.hashes.len, handle.width);
        let text = handle.count.checked_mul(width);
        if offsets != Some(handle.offsets.len)
            || (hashes != 0 && hashes != handle.count * 4)
            || (width != 0 && text != Some(handle.text.len))
        {
            return Err(Error::corrupt(format!(
                "{}: a dictionary's parts do not fit together",
                pages.name()
            )));
        }
        Ok(Self {
            offsets: Region::new(&pages, handle.offsets),
            text: Region::new(&pages, handle.text),
            pages,
            handle,
            known: Arc::default(),
        })
    }

    /// What is known of the same strings in another map of the file is known here, too.
    pub(super) fn share_known(&mut self, other: &Self) {
        self.known = other.known.clone();
    }

    /// Where in the file the text lies.
    pub(super) fn text_range(&self) -> std::ops::Range<usize> {
        let text = self.handle.text;
        text.offset..text.offset + text.len
    }

    /// The position of a code, which may come from a damaged column.
    #[inline]
    fn index_of(&self, code: u32) -> Result<usize> {
        index_of(code, self.handle.count).ok_or_else(|| self.no_such_code(code))
    }

    #[cold]
    fn no_such_code(&self, code: u32) -> Error {
        Error::corrupt(format!(
            "{}: code {code} is outside its dictionary of {} entries",
            self.pages.name(),
            self.handle.count
        ))
    }

    /// The string at a position, from 0.
    #[inline]
    pub(super) fn at(&self, index: usize) -> Result<&str> {
        std::str::from_utf8(self.bytes_at(index)?).map_err(|error| self.no_text().caused_by(error))
    }

    /// Its bytes.
    #[inline]
    pub(super) fn bytes_at(&self, index: usize) -> Result<&[u8]> {
        let width = self.handle.width;
        if width != 0 {
            return (&self.text).get(index * width, width);
        }
        let [start, end] =
            pair((&self.offsets).get(index * 4, 8)?).ok_or_else(|| self.out_of_order())?;
        if start > end || end > self.handle.text.len {
            return Err(self.out_of_order());
        }
        (&self.text).get(start, end - start)
    }

    /// Asks for where the string at a position lies, or for the string where that is known.
    #[inline]
    pub(super) fn prefetch_place(&self, index: usize) {
        match self.handle.width {
            0 => (&self.offsets).prefetch(index * 4, 8),
            width => (&self.text).prefetch(index * width, width),
        }
    }

    /// Asks for the string at a position, whose place should be there already.
    #[inline]
    pub(super) fn prefetch_text(&self, index: usize) {
        if self.handle.width == 0
            && let Ok(Some([start, end])) = (&self.offsets).get(index * 4, 8).map(pair)
        {
            (&self.text).prefetch(start, end.saturating_sub(start));
        }
    }

    /// The [`item_hash`] of the string with this code.
    #[inline]
    pub(super) fn hash(&self, code: u32) -> Result<u32> {
        let index = self.index_of(code)?;
        let bytes = self.pages.get(self.handle.hashes.offset + index * 4, 4)?;
        let bytes = bytes.try_into().map_err(|_| self.out_of_order())?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Appends the [`item_hash`] of the string of each code.
    pub(super) fn hashes(&self, codes: &[u32], out: &mut Vec<u32>) -> Result<()> {
        out.reserve(codes.len());
        if !self.is_whole()? {
            for code in codes {
                out.push(self.hash(*code)?);
            }
            return Ok(());
        }
        let hashes = self.handle.hashes;
        let hashes = self.pages.verified(hashes.offset, hashes.len)?;
        let hashes = hashes.as_chunks::<4>().0;
        let of = |code: u32| hashes.get((code as usize).wrapping_sub(1));
        for code in codes {
            let Some(hash) = of(*code) else {
                self.index_of(*code)?;
                return Err(self.out_of_order());
            };
            out.push(u32::from_le_bytes(*hash));
        }
        Ok(())
    }

    /// Whether the string with this code is `text`.
    pub(super) fn is(&self, code: u32, text: &str) -> Result<bool> {
        // A slot is one place to look at, the string and where it begins are two.
        let count = self.handle.count + 1;
        let slots = self.known.slots.get().map(|slots| slots.first(count, &[]));
        if let Some(is) = slots.and_then(|slots| slots.is_short(code, text.as_bytes())) {
            return Ok(is);
        }
        let index = self.index_of(code)?;
        Ok(self.bytes_at(index)? == text.as_bytes())
    }

    /// Says that the strings with these codes are about to be copied.
    pub(super) fn prefetch_strings(&self, codes: &[u32]) {
        if let Some(slots) = self.known.slots.get() {
            slots.first(self.handle.count + 1, &[]).prefetch_few(codes);
        } else if !self.is_small() {
            let indexes = || codes.iter().filter_map(|code| code.checked_sub(1));
            indexes().for_each(|index| self.prefetch_place(index as usize));
            indexes().for_each(|index| self.prefetch_text(index as usize));
        }
    }

    /// Says that some of the strings are about to be copied. A small dictionary is read whole by the first who does;
    /// the disk is asked for it.
    #[inline]
    pub(super) fn ask_whole(&self) {
        if !self.known.asked.load(Ordering::Relaxed) {
            self.ask_once();
        }
    }

    #[cold]
    fn ask_once(&self) {
        if !self.known.asked.swap(true, Ordering::Relaxed) && self.is_small() {
            for region in [&self.offsets, &self.text] {
                region.ask(0, usize::MAX);
            }
        }
    }

    /// Bytes of memory that its slots take: an equal part of those that it shares.
    pub(super) fn memory_bytes(&self) -> usize {
        let slots = self.known.slots.get();
        slots.map_or(0, |slots| slots.memory_bytes() / Arc::strong_count(slots))
    }

    /// The slots there are, with what those of long strings point into.
    #[inline(always)]
    fn known_slots(&self) -> Result<Option<TextSlots<'_>>> {
        let Some(slots) = self.known.slots.get() else {
            return Ok(None);
        };
        let text = match slots.are_narrow() {
            true => &[],
            false => {
                let text = self.handle.text;
                self.pages.verified(text.offset, text.len)?
            }
        };
        Ok(Some(slots.first(self.handle.count + 1, text)))
    }

    #[cold]
    fn make_slots(&self) -> Result<TextSlots<'_>> {
        let (offsets, text) = self.first_with_slots()?;
        let longest = self.known.longest.get();
        let slots = match longest.filter(|longest| longest.begins_with(offsets, text)) {
            Some(longest) => longest.own_slots()?,
            None => self.own_slots()?,
        };
        self.known.slots.get_or_init(|| slots);
        Ok(self.known_slots()?.unwrap_or_default())
    }

    /// Slots of the strings, made of these.
    fn own_slots(&self) -> Result<Arc<KeptSlots>> {
        if let Some(slots) = self.known.slots.get() {
            return Ok(slots.clone());
        }
        let (offsets, text) = self.first_with_slots()?;
        let slots = KeptSlots::of(ends(offsets), text);
        let slots = Arc::new(slots.map_err(|error| Error::io("ask for memory", error))?);
        Ok(self.known.slots.get_or_init(|| slots).clone())
    }

    /// Says which dictionary is the longest of its run: where that begins with this one, its slots serve
    /// both.
    pub(super) fn share_slots(&self, longest: &Arc<Self>) {
        if self.handle.count >= SHARED_FROM {
            self.known.longest.get_or_init(|| longest.clone());
        }
    }

    /// Whether it begins with strings of these offsets and this text.
    fn begins_with(&self, offsets: &[u8], text: &str) -> bool {
        // Where it is damaged, that is for its own readers to hear.
        self.first_with_slots()
            .is_ok_and(|(all_offsets, all_text)| {
                all_offsets.starts_with(offsets) && all_text.starts_with(text)
            })
    }

    /// [`MappedStrings::first`] of the strings that have slots.
    fn first_with_slots(&self) -> Result<(&[u8], &str)> {
        self.first(self.handle.count.min(MAX_SLOTS - 1))
    }

    /// The offsets and the text of the first strings, checked.
    fn first(&self, count: usize) -> Result<(&[u8], &str)> {
        let offsets = (&self.offsets).get(0, (count + 1) * 4)?;
        let last = ends(offsets).last().unwrap_or(0);
        let text = (&self.text).get(0, last)?;
        let text = std::str::from_utf8(text).map_err(|error| self.no_text().caused_by(error))?;
        let mut before = 0;
        for (index, end) in ends(offsets).enumerate() {
            let in_order = match self.handle.width {
                0 => end >= before,
                width => end == index * width,
            };
            if !in_order || !text.is_char_boundary(end) || end > i32::MAX as usize {
                return Err(self.out_of_order());
            }
            before = end;
        }
        Ok((offsets, text))
    }

    #[inline(always)]
    fn append(&self, codes: impl CodeOrder, out: &mut TextBuffer) -> Result<()> {
        let slots = match self.known_slots()? {
            Some(slots) => slots,
            // A history reads no more than a few pages of a large dictionary.
            None if self.is_small() => self.make_slots()?,
            None => TextSlots::default(),
        };
        out.append_slots(&slots, codes, |code| self.get(code))
    }

    fn is_small(&self) -> bool {
        self.handle.text.len.max(self.handle.offsets.len) <= SMALL_BYTES
    }

    /// Whether the dictionary is small; it is then verified.
    fn is_whole(&self) -> Result<bool> {
        let StringsHandle {
            offsets,
            text,
            hashes,
            ..
        } = self.handle;
        if !self.is_small() {
            return Ok(false);
        }
        if !self.known.verified.load(Ordering::Relaxed) {
            for part in [offsets, text, hashes] {
                self.pages.get(part.offset, part.len)?;
            }
            self.known.verified.store(true, Ordering::Relaxed);
        }
        Ok(true)
    }

    #[cold]
    fn no_text(&self) -> Error {
        Error::corrupt(format!("{}: a string is not UTF-8", self.pages.name()))
    }

    #[cold]
    fn out_of_order(&self) -> Error {
        Error::corrupt(format!(
            "{}: a dictionary's offsets are out of order",
            self.pages.name()
        ))
    }
}

/// The offsets that these bytes are.
pub(super) fn ends(offsets: &[u8]) -> impl Iterator<Item = usize> + Clone {
    let offsets = offsets.as_chunks().0.iter();
    offsets.map(|end| u32::from_le_bytes(*end) as usize)
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
        self.at(self.index_of(code)?)
    }

    fn hash(&self, code: u32) -> Result<u32> {
        match self.handle.hashes.len {
            0 => Ok(item_hash(self.get(code)?)),
            _ => Self::hash(self, code),
        }
    }

    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        self.append(Forwards(codes), out)
    }

    fn append_text_backwards(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        self.append(Backwards(codes), out)
    }

    fn slots(&self) -> Result<TextSlots<'_>> {
        match self.known_slots()? {
            Some(slots) => Ok(slots),
            None => self.make_slots(),
        }
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        self.first(self.handle.count)?;
        let StringsHandle { offsets, text, .. } = self.handle;
        let offsets = self.pages.share(offsets.offset, offsets.len)?;
        Ok((offsets, self.pages.share(text.offset, text.len)?))
    }
}
