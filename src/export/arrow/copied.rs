//! Strings as plain arrays: each is copied behind the one before it, in a whole chunk.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::memory::{Memory, Use};
use super::null_codes;
use crate::types::{Error, Result, Strings};

/// Makes plain string arrays.
pub(super) struct Copies {
    bounds: Bounds,
    /// By the field of a dictionary, what is known of it.
    known: HashMap<usize, Known>,
}

/// A string of up to [`SHORT`] bytes, and its length plus one behind them; or [`LONG`] behind the
/// place of a longer one; or zeros, when it was not asked for yet.
type Entry = [u8; CHUNK];

/// Bytes that are copied at once, which costs less than asking how many it has to be.
const CHUNK: usize = 16;

/// Bytes of the longest string that an entry holds.
const SHORT: usize = CHUNK - 1;

/// The mark of a string that stands among the long ones.
const LONG: u8 = u8::MAX;

/// What is kept in memory.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of an array's strings, which 31 bits must hold.
    pub(super) array_bytes: usize,
    /// Codes of a dictionary whose strings are remembered, from 0. A segment's codes begin with the
    /// most frequent.
    pub(super) entries: usize,
    /// Bytes of the long ones among these.
    pub(super) long_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            array_bytes: i32::MAX as usize,
            entries: 1 << 20,
            long_bytes: 1 << 24,
        }
    }
}

/// Codes for which there is a look at how much room they need. That brings their entries near, all
/// at once, before the first is copied.
const PIECE: usize = 128;

/// Entries that are near without that.
const NEAR: usize = 1 << 10;

impl Copies {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            known: HashMap::new(),
        }
    }

    /// The array of the first field, whose codes are those of the dictionary of the second; `None` when
    /// it would be too long.
    pub(super) fn array(
        &mut self,
        [field, of]: [usize; 2],
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        let mut text = Text::new(field, codes.len(), self.bounds.array_bytes, memory);
        let known = self.known.entry(of).or_insert_with(|| Known::new(strings));
        known.renew(strings, self.bounds.entries);
        for codes in codes.chunks(PIECE) {
            if !text.append(codes, known, self.bounds.long_bytes)? {
                return Ok(None);
            }
        }
        text.finish(field, codes, memory).map(Some)
    }

    /// The same for codes that come in runs, and hardly any of them again later.
    pub(super) fn runs(
        &mut self,
        field: usize,
        codes: &[u32],
        strings: &dyn Strings,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        let mut text = Text::new(field, codes.len(), self.bounds.array_bytes, memory);
        for run in codes.chunk_by(|a, b| a == b) {
            let string = match run.first() {
                None | Some(0) => "",
                Some(code) => strings.get(*code)?,
            };
            if !text.append_run(string.as_bytes(), run.len()) {
                return Ok(None);
            }
        }
        text.finish(field, codes, memory).map(Some)
    }
}

/// Strings of a dictionary that were asked for before.
struct Known {
    strings: Arc<dyn Strings>,
    /// By code.
    entries: Vec<Entry>,
    /// Long strings, one behind the other.
    long: Vec<u8>,
}

impl Known {
    fn new(strings: &Arc<dyn Strings>) -> Self {
        Self {
            strings: strings.clone(),
            entries: Vec::new(),
            long: Vec::new(),
        }
    }

    /// Forgets the strings of another dictionary, and makes room for those that this one has now.
    fn renew(&mut self, strings: &Arc<dyn Strings>, max_entries: usize) {
        if !std::ptr::addr_eq(Arc::as_ptr(&self.strings), Arc::as_ptr(strings)) {
            *self = Self::new(strings);
        }
        let len = (strings.len() + 1).min(max_entries);
        if self.entries.is_empty() {
            // The system gives zeroed memory, and only where it is used.
            self.entries = vec![Entry::default(); len];
            if let Some(null) = self.entries.first_mut() {
                *null = short_entry(&[]);
            }
        } else if self.entries.len() < len {
            self.entries.resize(len, Entry::default());
        }
    }

    /// Looks a string up, and remembers it where there is room.
    #[cold]
    fn learn(&mut self, code: u32, max_long_bytes: usize) -> Result<&str> {
        let string = match code {
            0 => "",
            _ => self.strings.get(code)?,
        };
        let entry = self.entries.get_mut(code as usize);
        if let Some(entry) = entry.filter(|entry| **entry == Entry::default()) {
            if string.len() <= SHORT {
                *entry = short_entry(string.as_bytes());
            } else if self.long.len() + string.len() <= max_long_bytes {
                *entry = long_entry(self.long.len(), string.len());
                self.long.extend_from_slice(string.as_bytes());
            }
        }
        Ok(string)
    }

    /// Bytes that strings take, as far as they are known to be short, and room for a chunk.
    fn bytes(&self, codes: &[u32]) -> usize {
        if self.entries.len() <= NEAR {
            return (codes.len() + 1) * CHUNK;
        }
        let marks = codes
            .iter()
            .map(|code| match self.entries.get(*code as usize) {
                Some(entry) => usize::from(entry[SHORT]),
                None => 0,
            });
        marks.sum::<usize>() + CHUNK
    }

    /// The string with a code, where it is known and long.
    fn long(&self, code: u32) -> Option<&[u8]> {
        let entry = self.entries.get(code as usize)?;
        let place = u64::from_le_bytes(*entry.first_chunk()?);
        let (start, len) = ((place >> 32) as usize, place as u32 as usize);
        match entry[SHORT] {
            LONG => self.long.get(start..start + len),
            _ => None,
        }
    }
}

/// Copies short strings, and gives the position of the first that is none, or for which there is no
/// room.
#[inline(never)]
fn copy_short(entries: &[Entry], codes: &[u32], ends: &mut [i32], room: &mut Room) -> usize {
    let (bytes, mut at) = (room.bytes.as_mut_slice(), room.len);
    let mut copied = 0;
    for (code, end) in codes.iter().zip(ends) {
        let Some(entry) = entries.get(*code as usize) else {
            break;
        };
        let len = usize::from(entry[SHORT]).wrapping_sub(1);
        match bytes.get_mut(at..at + CHUNK) {
            Some(slot) if len <= SHORT => slot.copy_from_slice(entry),
            _ => break,
        }
        at += len;
        *end = at as i32;
        copied += 1;
    }
    room.len = at;
    copied
}

fn short_entry(string: &[u8]) -> Entry {
    let mut entry = Entry::default();
    for (slot, byte) in entry.iter_mut().zip(string) {
        *slot = *byte;
    }
    entry[SHORT] = string.len() as u8 + 1;
    entry
}

/// The entry of a string that stands at `start` of the long ones.
fn long_entry(start: usize, len: usize) -> Entry {
    let place = (start as u64) << 32 | len as u64;
    let mut entry = Entry::default();
    for (slot, byte) in entry.iter_mut().zip(place.to_le_bytes()) {
        *slot = byte;
    }
    entry[SHORT] = LONG;
    entry
}

/// Bytes of strings; beyond `len` they are room for the next.
struct Room {
    bytes: Vec<u8>,
    len: usize,
}

impl Room {
    /// Makes room for so many more bytes.
    fn make(&mut self, more: usize) {
        let wanted = self.len + more;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
    }

    /// Adds a string, and makes room for a piece of short ones.
    fn push(&mut self, string: &[u8]) {
        self.make(string.len() + PIECE * CHUNK);
        if let Some(slot) = self.bytes.get_mut(self.len..self.len + string.len()) {
            slot.copy_from_slice(string);
            self.len += string.len();
        }
    }

    /// Adds a string so often. What is there is copied at once, so that there are few copies.
    fn repeat(&mut self, string: &[u8], count: usize) {
        let total = string.len() * count;
        self.make(total + CHUNK);
        let Some(slot) = self.bytes.get_mut(self.len..self.len + total) else {
            return;
        };
        let mut done = 0;
        for (slot, byte) in slot.iter_mut().zip(string) {
            *slot = *byte;
            done += 1;
        }
        while done > 0 && done < total {
            let more = done.min(total - done);
            slot.copy_within(..more, done);
            done += more;
        }
        self.len += total;
    }
}

/// An array's strings so far.
struct Text {
    room: Room,
    /// Of which the first `filled` are set.
    offsets: Vec<i32>,
    filled: usize,
    max_bytes: usize,
}

impl Text {
    fn new(field: usize, strings: usize, max_bytes: usize, memory: &mut Memory) -> Self {
        let mut offsets: Vec<i32> = memory.take(field, Use::Offsets);
        offsets.resize(strings + 1, 0);
        if let Some(first) = offsets.first_mut() {
            *first = 0;
        }
        Self {
            room: Room {
                bytes: memory.take(field, Use::Values),
                len: 0,
            },
            offsets,
            filled: 1,
            max_bytes,
        }
    }

    /// Adds strings; `false` when there are too many bytes.
    fn append(&mut self, codes: &[u32], known: &mut Known, max_long: usize) -> Result<bool> {
        self.room.make(known.bytes(codes));
        let ends = self.offsets.get_mut(self.filled..self.filled + codes.len());
        let (mut codes, mut ends) = (codes, ends.unwrap_or_default());
        self.filled += codes.len();
        loop {
            let copied = copy_short(&known.entries, codes, ends, &mut self.room);
            codes = codes.get(copied..).unwrap_or_default();
            ends = ends.get_mut(copied..).unwrap_or_default();
            let Some((code, later)) = codes.split_first() else {
                return Ok(self.room.len <= self.max_bytes);
            };
            let string = match known.long(*code) {
                Some(string) => string,
                None => known.learn(*code, max_long)?.as_bytes(),
            };
            if self.room.len + string.len() > self.max_bytes {
                return Ok(false);
            }
            self.room.push(string);
            if let Some(end) = ends.first_mut() {
                *end = self.room.len as i32;
            }
            codes = later;
            ends = ends.get_mut(1..).unwrap_or_default();
        }
    }

    /// Adds a string so often; `false` when there are too many bytes.
    fn append_run(&mut self, string: &[u8], count: usize) -> bool {
        let start = self.room.len;
        if start + string.len() * count > self.max_bytes {
            return false;
        }
        self.room.repeat(string, count);
        let slots = self.offsets.iter_mut().skip(self.filled).take(count);
        for (nth, slot) in slots.enumerate() {
            *slot = (start + (nth + 1) * string.len()) as i32;
        }
        self.filled += count;
        true
    }

    /// The array of the strings that were added, which are those of `codes`.
    fn finish(self, field: usize, codes: &[u32], memory: &mut Memory) -> Result<ArrayRef> {
        let last = self.offsets.last().map(|end| usize::try_from(*end));
        let whole = self.filled == self.offsets.len() && self.filled == codes.len() + 1;
        if !whole || last != Some(Ok(self.room.len)) {
            return Err(Error::invalid("strings that do not fill their array"));
        }
        let values = memory.give(field, Use::Values, self.room.bytes);
        let values = values.slice_with_length(0, self.room.len);
        let offsets = ScalarBuffer::from(memory.give(field, Use::Offsets, self.offsets));
        let nulls = null_codes(field, codes, memory);
        #[expect(
            unsafe_code,
            reason = "the checks of what was just made take a quarter of the time of a scan"
        )]
        // SAFETY: the values are whole strings one behind the other, each from a `&str`, and the
        // offsets are 0 and where each ends: they rise, lie on borders of characters, and the last
        // is the length. There is one more than codes, and a null bit for each code.
        let array = unsafe {
            StringArray::new_unchecked(OffsetBuffer::new_unchecked(offsets), values, nulls)
        };
        Ok(Arc::new(array))
    }
}
