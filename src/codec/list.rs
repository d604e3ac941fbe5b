//! Lists of codes, such as impressions: equal neighbours are kept once. A column of lists is four
//! streams; FORMAT.md section 5.7 has the bytes.

use std::ops::Range;

use super::bitmap::Bitmap;
use super::bits::mask;
use super::choose::encode;
use super::dispatch::dispatch;
use super::source::{Source, short};
use super::stream::{Descriptor, Encoding, Stream};
use super::word::Word;
use crate::column::ListColumn;
use crate::model::Result;

/// The descriptors of a list column's four streams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListEncoding {
    /// Which rows have a list.
    pub present: Flags,
    /// Which of these lists differ from the one before.
    pub fresh: Flags,
    /// Where the lists that differ end among the items; a constant is the length of each.
    pub ends: Descriptor,
    /// The items of the lists that differ.
    pub items: Descriptor,
}

/// Flags that are all set (and take no bytes), or a bitmap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flags {
    /// How many.
    pub count: usize,
    /// Whether all are set.
    pub all: bool,
}

impl Flags {
    fn encode(flags: &[bool], out: &mut Vec<u8>) -> Result<Self> {
        let all = flags.iter().all(|flag| *flag);
        if !all {
            Bitmap::new(flags.len()).encode(flags, |flag| *flag, out)?;
        }
        Ok(Self {
            count: flags.len(),
            all,
        })
    }

    #[inline(always)]
    fn rank<'a>(&self, source: impl Source<'a>, position: usize) -> Result<usize> {
        if self.all {
            Ok(position)
        } else {
            Bitmap::new(self.count).rank(source, position)
        }
    }

    /// The words that hold the flags of a range.
    fn words<'a>(&self, source: impl Source<'a>, range: &Range<usize>) -> Result<FlagWords<'a>> {
        let first = range.start / 64;
        let words = match self.all {
            true => None,
            false => {
                let end = range.end.div_ceil(64);
                let bytes = Bitmap::new(self.count).words(source, first, end)?;
                Some(bytes.as_chunks::<8>().0)
            }
        };
        Ok(FlagWords { first, words })
    }

    /// The flags of `start..end`, which lie in one 64-bit word, the first in the lowest bit.
    fn bits<'a>(&self, source: impl Source<'a>, start: usize, end: usize) -> Result<u64> {
        let keep = mask((end - start) as u32);
        if self.all {
            return Ok(keep);
        }
        let word = Bitmap::new(self.count).word(source, start / 64)?;
        Ok(word >> (start % 64) & keep)
    }

    /// Up to 64 flags from `start`, the first in the lowest bit.
    fn window<'a>(&self, source: impl Source<'a>, start: usize, count: usize) -> Result<u64> {
        if count == 0 {
            return Ok(0);
        }
        let border = (start + count).min((start / 64 + 1) * 64);
        let low = self.bits(source, start, border)?;
        if border == start + count {
            return Ok(low);
        }
        let high = self.bits(source, border, start + count)?;
        Ok(low | high << (border - start))
    }
}

/// Flags by words of 64; without bytes all are set.
struct FlagWords<'a> {
    first: usize,
    words: Option<&'a [[u8; 8]]>,
}

impl FlagWords<'_> {
    /// How many of the flags of a range are set.
    #[inline(always)]
    fn count(&self, range: &Range<usize>) -> Option<usize> {
        let Some(_) = self.words else {
            return Some(range.len());
        };
        let mut count = 0;
        let mut start = range.start;
        while start < range.end {
            let upto = range.end.min((start / 64 + 1) * 64);
            let bits = self.get(start)? >> (start % 64) & mask((upto - start) as u32);
            count += bits.count_ones() as usize;
            start = upto;
        }
        Some(count)
    }

    /// The word that holds a position.
    fn get(&self, position: usize) -> Option<u64> {
        match self.words {
            None => Some(!0),
            Some(words) => {
                let index = (position / 64).checked_sub(self.first)?;
                Some(u64::from_le_bytes(*words.get(index)?))
            }
        }
    }
}

/// Collects lists and encodes them.
#[derive(Default)]
pub struct ListEncoder<T> {
    present: Vec<bool>,
    fresh: Vec<bool>,
    /// Where the lists that differ from the one before end among `items`.
    ends: Vec<u64>,
    items: Vec<T>,
    /// Where the last of them begins.
    last: usize,
}

impl<T: Word> ListEncoder<T> {
    /// Adds the list of a row; an empty one is null.
    #[inline]
    pub fn push(&mut self, list: &[T]) {
        self.present.push(!list.is_empty());
        if list.is_empty() {
            return;
        }
        let differs = self.items.get(self.last..) != Some(list);
        self.fresh.push(differs);
        if differs {
            self.last = self.items.len();
            self.items.extend_from_slice(list);
            self.ends.push(self.items.len() as u64);
        }
    }

    /// Appends the four streams to one buffer each.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn finish(self, out: [&mut Vec<u8>; 4]) -> Result<ListEncoding> {
        let [present_out, fresh_out, ends_out, items_out] = out;
        Ok(ListEncoding {
            present: Flags::encode(&self.present, present_out)?,
            fresh: Flags::encode(&self.fresh, fresh_out)?,
            ends: encode_ends(&self.ends, ends_out)?,
            items: encode(&self.items, items_out)?,
        })
    }
}

/// Lists of one length need no ends: the length is the constant's value.
fn encode_ends(ends: &[u64], out: &mut Vec<u8>) -> Result<Descriptor> {
    let length = ends.first().copied().unwrap_or(0);
    let regular = ends.iter().zip(1..).all(|(end, nth)| *end == length * nth);
    if regular {
        return Ok(Descriptor {
            encoding: Encoding::Constant,
            count: ends.len(),
            params: [length, 0, 0, 0, 0, 0],
        });
    }
    encode(ends, out)
}

/// Reads a list column.
#[derive(Clone)]
pub struct ListReader {
    present: Flags,
    fresh: Flags,
    ends: Stream,
    items: Stream,
}

/// The distinct lists that a range of rows needs, in order.
#[derive(Default)]
struct Lists {
    items: Vec<u32>,
    /// The position of the first item.
    from: usize,
    /// Where the lists begin, and where the last of them ends.
    spans: Vec<u64>,
    /// The lists taken so far.
    next: usize,
}

impl Lists {
    /// Appends the items of the next list, or of the last one again.
    #[inline]
    fn push_next(&mut self, fresh: bool, out: &mut ListColumn) -> Result<()> {
        self.next += usize::from(fresh);
        let list = self.next.checked_sub(1).ok_or_else(short)?;
        let (Some(a), Some(b)) = (self.spans.get(list), self.spans.get(list + 1)) else {
            return Err(short());
        };
        let items = self
            .items
            .get(*a as usize - self.from..*b as usize - self.from);
        out.items.extend_from_slice(items.ok_or_else(short)?);
        Ok(())
    }
}

/// The sources of the four streams.
#[derive(Clone, Copy)]
pub struct ListSources<S> {
    /// Of the flags that say which rows have a list.
    pub present: S,
    /// Of the flags that say which lists differ from the one before.
    pub fresh: S,
    /// Of the ends of the lists that differ.
    pub ends: S,
    /// Of their items.
    pub items: S,
}

impl ListReader {
    /// Checks the descriptors.
    ///
    /// # Errors
    /// `Corruption` when a parameter is outside its range.
    pub fn open(encoding: &ListEncoding) -> Result<Self> {
        Ok(Self {
            present: encoding.present,
            fresh: encoding.fresh,
            ends: Stream::open(&encoding.ends)?,
            items: Stream::open(&encoding.items)?,
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.present.count
    }

    /// Appends the lists of the rows of `range`.
    ///
    /// # Errors
    /// `Corruption` when the streams do not fit together.
    pub fn decode<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        range: Range<usize>,
        out: &mut ListColumn,
    ) -> Result<()> {
        dispatch(
            #[inline(always)]
            || self.decode_rows(sources, std::iter::once(range), out),
        )
    }

    /// Appends the lists of the rows at rising `positions`.
    ///
    /// # Errors
    /// As [`ListReader::decode`].
    pub fn gather<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        positions: &[usize],
        out: &mut ListColumn,
    ) -> Result<()> {
        let runs = positions.chunk_by(|a, b| a + 1 == *b);
        let runs = runs.filter_map(|run| Some(*run.first()?..*run.last()? + 1));
        dispatch(
            #[inline(always)]
            || self.decode_rows(sources, runs, out),
        )
    }

    #[inline(always)]
    fn decode_rows<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        runs: impl Iterator<Item = Range<usize>>,
        out: &mut ListColumn,
    ) -> Result<()> {
        // One memory for the lists of all runs.
        let mut lists = Lists::default();
        for run in runs {
            self.decode_run(sources, run, &mut lists, out)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn decode_run<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        range: Range<usize>,
        lists: &mut Lists,
        out: &mut ListColumn,
    ) -> Result<()> {
        if range.end > self.present.count {
            return Err(short());
        }
        let words = self.present.words(sources.present, &range)?;
        let mut dense = self.present.rank(sources.present, range.start)?;
        let dense_end = dense + words.count(&range).ok_or_else(short)?;
        if dense == dense_end {
            return repeat_null(range.len(), out);
        }
        let next = self.fresh.rank(sources.fresh, dense)?;
        let next_end = self.fresh.rank(sources.fresh, dense_end)?;
        // Damaged ranks must not make one row take the memory of many.
        let count = next_end.checked_sub(next).ok_or_else(short)?;
        if count > dense_end.saturating_sub(dense) || count > range.len() {
            return Err(short());
        }
        let first = next.saturating_sub(1);
        self.find_spans(sources, first..next_end, &mut lists.spans)?;
        let (from, to) = match (lists.spans.first(), lists.spans.last()) {
            (Some(from), Some(to)) => (*from as usize, *to as usize),
            _ => return Err(short()),
        };
        if self.fresh.all {
            // The list before the first one of the rows is looked up with them, and is not theirs.
            let own = lists.spans.get(next - first..).ok_or_else(short)?;
            return self.decode_distinct(sources, range, words, own, to, out);
        }
        lists.from = from;
        lists.next = next - first;
        lists.items.clear();
        self.items
            .decode(sources.items, from..to, &mut lists.items)?;
        out.items.reserve(to - from);
        out.ends.reserve(range.len());
        let mut row = range.start;
        while row < range.end {
            let upto = range.end.min((row / 64 + 1) * 64);
            let mut present = self.present.bits(sources.present, row, upto)?;
            let count = present.count_ones() as usize;
            let mut fresh = self.fresh.window(sources.fresh, dense, count)?;
            dense += count;
            for _ in row..upto {
                if present & 1 == 1 {
                    lists.push_next(fresh & 1 == 1, out)?;
                    fresh >>= 1;
                }
                out.close()?;
                present >>= 1;
            }
            row = upto;
        }
        Ok(())
    }

    /// Appends lists of which none repeats the one before it: their items follow each other.
    #[inline(always)]
    fn decode_distinct<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        rows: Range<usize>,
        words: FlagWords<'a>,
        spans: &[u64],
        to: usize,
        out: &mut ListColumn,
    ) -> Result<()> {
        let base = out.items.len();
        let first = spans.first().copied().ok_or_else(short)?;
        let from = first as usize;
        u32::try_from(base.saturating_add(to.saturating_sub(from))).map_err(|_| short())?;
        self.items.decode(sources.items, from..to, &mut out.items)?;
        // What is added to a list's end among all items.
        let shift = (base as u64).wrapping_sub(first);
        out.ends.reserve(rows.len());
        let mut word = [0; 64];
        let (mut row, mut list) = (rows.start, 0);
        while row < rows.end {
            let upto = rows.end.min((row / 64 + 1) * 64);
            let word = word.get_mut(..upto - row).ok_or_else(short)?;
            let mut present = words.get(row).ok_or_else(short)? >> (row % 64);
            for slot in word.iter_mut() {
                // Without a branch, which no processor could predict.
                list += (present & 1) as usize;
                *slot = spans.get(list).ok_or_else(short)?.wrapping_add(shift) as u32;
                present >>= 1;
            }
            out.ends.extend_from_slice(word);
            row = upto;
        }
        Ok(())
    }

    /// Finds where the lists of `range` begin, and where the last of them ends.
    fn find_spans<'a, S: Source<'a>>(
        &self,
        sources: ListSources<S>,
        range: Range<usize>,
        spans: &mut Vec<u64>,
    ) -> Result<()> {
        spans.clear();
        if range.end > self.ends.len() {
            return Err(short());
        }
        if let Some(length) = self.ends.constant() {
            let end_of = |list: usize| (list as u64).saturating_mul(length);
            spans.extend((range.start..range.end + 1).map(end_of));
            return Ok(());
        }
        match range.start.checked_sub(1) {
            Some(before) => self.ends.decode(sources.ends, before..range.end, spans)?,
            None => {
                spans.push(0);
                self.ends.decode(sources.ends, range, spans)?;
            }
        }
        match spans.is_sorted() {
            true => Ok(()),
            false => Err(short()),
        }
    }
}

fn repeat_null(rows: usize, out: &mut ListColumn) -> Result<()> {
    (0..rows).try_for_each(|_| out.close())
}
