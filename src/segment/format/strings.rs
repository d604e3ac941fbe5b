//! Strings of a mapped segment.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::decoded::Decoded;
use super::handles::StringsHandle;
use super::kept_slots::KeptSlots;
use super::region::Region;
use crate::codec::{Source, Spelling};
use crate::column::{Dictionary, Strings, index_of};
use crate::io::Pages;
use crate::model::{Backwards, CodeOrder, Error, Forwards, Result};
use crate::text::{TextBuffer, TextRoom, TextSlots};

/// The hash under which an item is looked for among candidates (FORMAT.md section 2.4).
#[inline]
pub(crate) fn item_hash(item: impl AsRef<[u8]>) -> u32 {
    xxh3_64(item.as_ref()) as u32
}

/// Strings in a segment's pages.
#[derive(Clone)]
pub(in crate::segment) struct MappedStrings {
    pages: Arc<Pages>,
    handle: StringsHandle,
    offsets: Region,
    text: Region,
    known: Arc<UsedStrings>,
}

/// What is known of a dictionary once it was used.
#[derive(Default)]
struct UsedStrings {
    /// Whether every page of the hashes of a small one was verified.
    verified: AtomicBool,
    /// Whether the disk was asked for a tiny one.
    asked: AtomicBool,
    /// Strings of a small one that histories copied before there were slots.
    copied: AtomicUsize,
    /// Those that were decoded to be lent.
    decoded: Decoded,
    /// Slots of its first strings by code, made when strings are copied out first.
    slots: OnceLock<Arc<KeptSlots>>,
    /// The longest dictionary of items in the run, of which this one may be the begin.
    longest: OnceLock<Arc<MappedStrings>>,
}

/// Bytes of text, or of offsets, up to which a dictionary is small: its hashes are then read whole.
const SMALL_BYTES: usize = 4 << 20;

/// Bytes of text up to which a dictionary gets slots once histories have copied enough of it.
const SLOTS_TEXT_BYTES: usize = 16 << 20;

/// Bytes in a file up to which it is tiny: the disk is asked for it before it is known what of it is needed.
const TINY_BYTES: usize = 1 << 15;

/// Of so many strings that may have slots one was copied, on average, once a dictionary gets them: to make them reads it whole.
const PER_COPY: usize = 4;

/// Slots that are made at most, in 16 MiB. A segment's codes begin with the most frequent.
const MAX_SLOTS: usize = 1 << 20;

/// Strings of the smallest dictionary whose slots others may use: fewer are near the processor anyway.
const SHARED_FROM: usize = 1 << 10;

impl MappedStrings {
    pub(in crate::segment) fn new(pages: Arc<Pages>, handle: StringsHandle) -> Result<Self> {
        let (count, hashes) = (handle.count, handle.hashes.len);
        let offsets = count.checked_add(1).and_then(|n| n.checked_mul(4));
        let fits = match &handle.spelling {
            Some(spelling) => {
                let decoded = count.checked_mul(spelling.max_len() + 1);
                handle.offsets.len == 0
                    && spelling.bytes(count) == Some(handle.text.len)
                    && decoded.is_some_and(|bytes| bytes <= Dictionary::MAX_BYTES)
            }
            None => offsets == Some(handle.offsets.len),
        };
        if !fits || (hashes != 0 && Some(hashes) != count.checked_mul(4)) {
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
    pub(in crate::segment) fn share_known(&mut self, other: &Self) {
        self.known = other.known.clone();
    }

    /// Whether each has to be decoded.
    pub(in crate::segment) fn are_spelled(&self) -> bool {
        self.handle.spelling.is_some()
    }

    /// Where in the file the text lies.
    pub(in crate::segment) fn text_range(&self) -> std::ops::Range<usize> {
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
    pub(in crate::segment) fn at<'a>(
        &'a self,
        index: usize,
        room: &'a mut TextRoom,
    ) -> Result<&'a str> {
        let bytes = self.bytes_at(index, room)?;
        std::str::from_utf8(bytes).map_err(|error| self.no_text().caused_by(error))
    }

    /// Its bytes.
    #[inline]
    pub(in crate::segment) fn bytes_at<'a>(
        &'a self,
        index: usize,
        room: &'a mut TextRoom,
    ) -> Result<&'a [u8]> {
        match &self.handle.spelling {
            Some(spelling) => {
                self.decode(spelling, index, room)?;
                Ok(room.as_bytes())
            }
            None => self.text_at(index),
        }
    }

    #[inline]
    fn decode(&self, spelling: &Spelling, index: usize, room: &mut TextRoom) -> Result<()> {
        if index >= self.handle.count {
            return Err(self.out_of_order());
        }
        let read = spelling.read(&self.text, index, room);
        read.map_err(|error| error.within(self.pages.name()))
    }

    /// The bytes of a string that is kept as text.
    #[inline]
    fn text_at(&self, index: usize) -> Result<&[u8]> {
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
        match &self.handle.spelling {
            None => (&self.offsets).prefetch(index * 4, 8),
            Some(spelling) => spelling.prefetch(&self.text, index),
        }
    }

    /// Asks for the string at a position, whose place should be there already.
    #[inline]
    pub(super) fn prefetch_text(&self, index: usize) {
        if self.handle.spelling.is_none()
            && let Ok(Some([start, end])) = (&self.offsets).get(index * 4, 8).map(pair)
        {
            (&self.text).prefetch(start, end.saturating_sub(start));
        }
    }

    /// The [`item_hash`] of the string with this code.
    #[inline]
    pub(in crate::segment) fn hash(&self, code: u32) -> Result<u32> {
        let index = self.index_of(code)?;
        let bytes = self.pages.get(self.handle.hashes.offset + index * 4, 4)?;
        let bytes = bytes.try_into().map_err(|_| self.out_of_order())?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Appends the [`item_hash`] of the string of each code.
    pub(in crate::segment) fn hashes(&self, codes: &[u32], out: &mut Vec<u32>) -> Result<()> {
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
    pub(in crate::segment) fn is(&self, code: u32, text: &str) -> Result<bool> {
        // A slot is one place to look at, the string and where it begins are two.
        let count = self.handle.count + 1;
        let slots = self.known.slots.get().map(|slots| slots.first(count, &[]));
        if let Some(is) = slots.and_then(|slots| slots.is_short(code, text.as_bytes())) {
            return Ok(is);
        }
        let index = self.index_of(code)?;
        let mut room = TextRoom::default();
        Ok(self.bytes_at(index, &mut room)? == text.as_bytes())
    }

    /// Says that the strings with these codes are about to be copied.
    pub(in crate::segment) fn prefetch_strings(&self, codes: &[u32]) {
        if let Some(slots) = self.known.slots.get() {
            slots.first(self.handle.count + 1, &[]).prefetch_few(codes);
        } else if !self.is_tiny() {
            let indexes = || codes.iter().filter_map(|code| code.checked_sub(1));
            indexes().for_each(|index| self.prefetch_place(index as usize));
            indexes().for_each(|index| self.prefetch_text(index as usize));
        }
    }

    /// Says that some of the strings are about to be copied: the disk is asked for all of a tiny dictionary.
    #[inline]
    pub(in crate::segment) fn ask_tiny(&self) {
        if !self.known.asked.load(Ordering::Relaxed) {
            self.ask_once();
        }
    }

    #[cold]
    fn ask_once(&self) {
        if !self.known.asked.swap(true, Ordering::Relaxed) && self.is_tiny() {
            for region in [&self.offsets, &self.text] {
                region.ask(0, usize::MAX);
            }
        }
    }

    /// Bytes of memory that its slots take, an equal part of those that it shares, and strings that were decoded.
    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        let slots = self.known.slots.get();
        let slots = slots.map_or(0, |slots| slots.memory_bytes() / Arc::strong_count(slots));
        slots + self.known.decoded.memory_bytes()
    }

    /// The slots there are, with what those of long strings point into.
    #[inline(always)]
    fn known_slots(&self) -> Result<Option<TextSlots<'_>>> {
        let Some(slots) = self.known.slots.get() else {
            return Ok(None);
        };
        let text = match slots.need_text() && self.handle.spelling.is_none() {
            false => &[],
            true => {
                let text = self.handle.text;
                self.pages.verified(text.offset, text.len)?
            }
        };
        Ok(Some(slots.first(self.handle.count + 1, text)))
    }

    #[cold]
    fn make_slots(&self) -> Result<TextSlots<'_>> {
        let longest = self.known.longest.get();
        let slots = match longest.filter(|longest| longest.begins_with(self)) {
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
        let count = self.slot_count();
        let slots = match &self.handle.spelling {
            Some(spelling) => KeptSlots::decoded(count, spelling.max_len(), |index, room| {
                self.decode(spelling, index, room)
            })?,
            None => {
                let (offsets, text) = self.first(count)?;
                KeptSlots::of(ends(offsets), text)
            }
        };
        Ok(self.known.slots.get_or_init(|| Arc::new(slots)).clone())
    }

    /// Says which dictionary is the longest of its run: where that begins with this one, its slots serve
    /// both.
    pub(in crate::segment) fn share_slots(&self, longest: &Arc<Self>) {
        if self.handle.count >= SHARED_FROM {
            self.known.longest.get_or_init(|| longest.clone());
        }
    }

    /// Whether it begins with the strings of another one that have slots, and keeps them alike. Where either is
    /// damaged, that is for its own readers to hear.
    fn begins_with(&self, other: &Self) -> bool {
        let count = other.slot_count();
        if self.handle.count < count {
            return false;
        }
        match (&self.handle.spelling, &other.handle.spelling) {
            (None, None) => {
                let parts = self
                    .first(self.slot_count())
                    .ok()
                    .zip(other.first(count).ok());
                parts.is_some_and(|((all_offsets, all_text), (offsets, text))| {
                    all_offsets.starts_with(offsets) && all_text.starts_with(text)
                })
            }
            (Some(_), Some(_)) => {
                let (mut room, mut theirs) = (TextRoom::default(), TextRoom::default());
                (0..count).all(|index| {
                    let pair = self.bytes_at(index, &mut room).ok();
                    let pair = pair.zip(other.bytes_at(index, &mut theirs).ok());
                    pair.is_some_and(|(own, theirs)| own == theirs)
                })
            }
            _ => false,
        }
    }

    /// How many strings have slots.
    fn slot_count(&self) -> usize {
        self.handle.count.min(MAX_SLOTS - 1)
    }

    /// The offsets and the text of the first strings, which are kept as such, checked.
    fn first(&self, count: usize) -> Result<(&[u8], &str)> {
        let offsets = (&self.offsets).get(0, (count + 1) * 4)?;
        let last = ends(offsets).last().unwrap_or(0);
        let text = (&self.text).get(0, last)?;
        let text = std::str::from_utf8(text).map_err(|error| self.no_text().caused_by(error))?;
        let mut before = 0;
        for end in ends(offsets) {
            if end < before || !text.is_char_boundary(end) || end > i32::MAX as usize {
                return Err(self.out_of_order());
            }
            before = end;
        }
        Ok((offsets, text))
    }

    /// All strings, decoded: offsets and text.
    fn decoded(&self, spelling: &Spelling) -> Result<(Bytes, Bytes)> {
        let count = self.handle.count;
        let mut room = TextRoom::default();
        if let Some(last) = count.checked_sub(1) {
            // What is not in the file asks for no memory.
            self.decode(spelling, last, &mut room)?;
        }
        let mut offsets = Vec::with_capacity((count + 1) * 4);
        let mut text = Vec::with_capacity(count * spelling.max_len());
        offsets.extend_from_slice(&0_u32.to_le_bytes());
        for index in 0..count {
            self.decode(spelling, index, &mut room)?;
            text.extend_from_slice(room.as_bytes());
            offsets.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        text.shrink_to_fit();
        Ok((Bytes::from(offsets), Bytes::from(text)))
    }

    #[inline(always)]
    fn append(&self, codes: impl CodeOrder, out: &mut TextBuffer) -> Result<()> {
        let slots = match self.known_slots()? {
            Some(slots) => slots,
            // A history reads no more than a few pages of a large dictionary, and of one that is hardly asked for.
            None if self.is_worth_slots(codes.len()) => self.make_slots()?,
            None => TextSlots::default(),
        };
        out.append_slots(&slots, codes, |code, out| {
            let mut room = TextRoom::default();
            out.push(self.read(code, &mut room)?)
        })
    }

    #[cold]
    fn is_worth_slots(&self, more: usize) -> bool {
        let copied = || self.known.copied.fetch_add(more, Ordering::Relaxed) + more;
        self.may_have_slots() && copied() > self.slot_count() / PER_COPY
    }

    /// Whether slots are made for what histories copy. Ids that are spelled have no text to be read.
    fn may_have_slots(&self) -> bool {
        self.handle.spelling.is_some() || self.handle.text.len <= SLOTS_TEXT_BYTES
    }

    fn is_small(&self) -> bool {
        let StringsHandle {
            count,
            text,
            spelling,
            ..
        } = &self.handle;
        let text = spelling
            .as_ref()
            .map_or(text.len, |spelling| count * spelling.max_len());
        text.max((count + 1) * 4) <= SMALL_BYTES
    }

    fn is_tiny(&self) -> bool {
        self.handle.text.len.max(self.handle.offsets.len) <= TINY_BYTES
    }

    /// Whether the dictionary is small; its hashes are then verified.
    fn is_whole(&self) -> Result<bool> {
        if !self.is_small() {
            return Ok(false);
        }
        if !self.known.verified.load(Ordering::Relaxed) {
            let hashes = self.handle.hashes;
            self.pages.get(hashes.offset, hashes.len)?;
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
pub(in crate::segment) fn ends(offsets: &[u8]) -> impl Iterator<Item = usize> + Clone {
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
        let index = self.index_of(code)?;
        let Some(spelling) = &self.handle.spelling else {
            let text = std::str::from_utf8(self.text_at(index)?);
            return text.map_err(|error| self.no_text().caused_by(error));
        };
        let known = &self.known;
        let slots = known
            .slots
            .get()
            .map(|slots| slots.first(self.handle.count + 1, &[]));
        let lent = match slots.and_then(|slots| slots.short(code)) {
            Some(short) => short,
            None => {
                let (count, longest) = (self.handle.count, spelling.max_len());
                let decode = |index: usize, room: &mut TextRoom| self.decode(spelling, index, room);
                known.decoded.get(index, count, longest, decode)?
            }
        };
        std::str::from_utf8(lent).map_err(|error| self.no_text().caused_by(error))
    }

    fn read<'a>(&'a self, code: u32, room: &'a mut TextRoom) -> Result<&'a str> {
        self.at(self.index_of(code)?, room)
    }

    fn hash(&self, code: u32) -> Result<u32> {
        match self.handle.hashes.len {
            0 => {
                let mut room = TextRoom::default();
                Ok(item_hash(self.bytes_at(self.index_of(code)?, &mut room)?))
            }
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
        if let Some(spelling) = &self.handle.spelling {
            return self.decoded(spelling);
        }
        self.first(self.handle.count)?;
        let StringsHandle { offsets, text, .. } = self.handle;
        let offsets = self.pages.share(offsets.offset, offsets.len)?;
        Ok((offsets, self.pages.share(text.offset, text.len)?))
    }
}
