//! A bitmap that counts its set bits before any position in constant time. FORMAT.md section 6.8
//! has the bytes.

use std::ops::Range;

use super::bits::mask;
use super::source::{Source, short, u32_at};
use crate::model::{Error, Result};

const RANK_BITS: usize = 512;
/// Words for so many bits.
const WORDS: usize = RANK_BITS / 64;

/// A bitmap of `len` bits in a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bitmap {
    len: usize,
}

impl Bitmap {
    /// A bitmap of `len` bits.
    pub fn new(len: usize) -> Self {
        Self { len }
    }

    fn blocks(&self) -> usize {
        self.len.div_ceil(RANK_BITS)
    }

    fn bits_offset(&self) -> usize {
        (self.blocks() + 1).next_multiple_of(2) * 4
    }

    /// Bytes of the stream.
    pub fn bytes(&self) -> usize {
        self.bits_offset() + self.blocks() * (RANK_BITS / 8)
    }

    /// Appends the stream of the bits that `bit` says are set, of `values`, of which there must be
    /// `len`.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 set bits.
    pub fn encode<T>(
        &self,
        values: &[T],
        bit: impl Fn(&T) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let word = |values: &[T]| {
            let bits = values.iter().zip(0..64);
            bits.fold(0u64, |word, (value, at)| word | u64::from(bit(value)) << at)
        };
        let mut words: Vec<u64> = values.chunks(64).map(word).collect();
        words.resize(self.blocks() * 8, 0);
        let mut rank = 0u64;
        let start = out.len();
        for block in words.chunks(RANK_BITS / 64) {
            out.extend_from_slice(&rank_u32(rank)?.to_le_bytes());
            rank += block
                .iter()
                .map(|word| u64::from(word.count_ones()))
                .sum::<u64>();
        }
        out.extend_from_slice(&rank_u32(rank)?.to_le_bytes());
        out.resize(start + self.bits_offset(), 0);
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        Ok(())
    }

    /// The 64 bits of word `index`.
    #[inline]
    pub fn word<'a>(&self, source: impl Source<'a>, index: usize) -> Result<u64> {
        let bytes = source.get(self.bits_offset() + index * 8, 8)?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| short())?))
    }

    /// The words from `first` up to `end`, as bytes.
    pub fn words<'a>(&self, source: impl Source<'a>, first: usize, end: usize) -> Result<&'a [u8]> {
        let count = end.saturating_sub(first);
        source.get(self.bits_offset() + first * 8, count * 8)
    }

    /// The words that hold the bits of a range, and how many bits are set before it.
    #[inline(always)]
    pub fn open<'a>(
        &self,
        source: impl Source<'a>,
        range: &Range<usize>,
    ) -> Result<(&'a [[u8; 8]], usize)> {
        if range.end > self.len || range.start > range.end {
            return Err(Error::corrupt("a position beyond its bitmap"));
        }
        let block = range.start / RANK_BITS;
        let rank = u32_at(source, 0, block)? as usize;
        let words = self.words(source, block * WORDS, range.end.div_ceil(64))?;
        let words = words.as_chunks::<8>().0;
        let inside = (range.start / 64).saturating_sub(block * WORDS);
        let (before, words) = words.split_at_checked(inside).unwrap_or((words, &[]));
        let mut rank = rank + count_ones(before);
        if let Some(first) = words.first() {
            let first = u64::from_le_bytes(*first) & mask(range.start as u32 % 64);
            rank += first.count_ones() as usize;
        }
        Ok((words, rank))
    }

    /// Says that the bits of a range and their ranks are about to be read.
    pub fn prefetch<'a>(&self, source: impl Source<'a>, range: &Range<usize>) {
        source.prefetch(range.start / RANK_BITS * 4, 8);
        let bits = range.start / RANK_BITS * (RANK_BITS / 8)..range.end.div_ceil(8);
        source.prefetch(self.bits_offset() + bits.start, bits.len());
    }

    /// The set bits, counted from the first, of the blocks that hold a range.
    #[inline(always)]
    pub fn ranks_around<'a>(
        &self,
        source: impl Source<'a>,
        range: &Range<usize>,
    ) -> Result<Range<usize>> {
        let first = u32_at(source, 0, range.start / RANK_BITS)?;
        let end = u32_at(source, 0, range.end.div_ceil(RANK_BITS))?;
        Ok(first as usize..end.max(first) as usize)
    }

    /// The number of set bits before `position`, which is at most `len`.
    #[inline(always)]
    pub fn rank<'a>(&self, source: impl Source<'a>, position: usize) -> Result<usize> {
        if position > self.len {
            return Err(Error::corrupt("a position beyond its bitmap"));
        }
        let block = position / RANK_BITS;
        let rank = u32_at(source, 0, block)? as usize;
        let words = self.words(source, block * WORDS, position.div_ceil(64))?;
        let words = words.as_chunks::<8>().0;
        let Some((last, before)) = words.split_last() else {
            return Ok(rank);
        };
        let left = position % RANK_BITS - before.len() * 64;
        let last = u64::from_le_bytes(*last) & mask(left as u32);
        Ok(rank + count_ones(before) + last.count_ones() as usize)
    }
}

#[inline(always)]
fn count_ones(words: &[[u8; 8]]) -> usize {
    let ones = words
        .iter()
        .map(|word| u64::from_le_bytes(*word).count_ones());
    ones.sum::<u32>() as usize
}

fn rank_u32(rank: u64) -> Result<u32> {
    u32::try_from(rank).map_err(|_| Error::invalid("more than 2^32 set bits in one bitmap"))
}
