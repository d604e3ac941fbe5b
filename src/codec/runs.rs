//! Runs of equal values, for columns that hardly change.
//!
//! Runs end at every 1024th value at the latest, so that a run's end fits 16 bits and a lookup
//! searches one block. FORMAT.md section 6.4 has the bytes.

use std::ops::Range;

use super::packed::Packed;
use super::source::{Source, Tail, short, u32_at};
use super::word::Word;
use crate::model::{Error, Result};

const BLOCK_VALUES: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Runs {
    pub runs: usize,
    pub values: Packed,
}

/// The runs of `values`: (value, end within its block).
fn runs_of<T: Word>(values: &[T]) -> impl Iterator<Item = (u64, u16)> + '_ {
    values.chunks(BLOCK_VALUES).flat_map(|block| {
        let mut at = 0;
        block
            .chunk_by(|a, b| a.wide() == b.wide())
            .filter_map(move |run| {
                at += run.len();
                run.first().map(|value| (value.wide(), at as u16))
            })
    })
}

impl Runs {
    pub(super) fn count<T: Word>(values: &[T]) -> usize {
        values
            .chunks(BLOCK_VALUES)
            .map(|block| {
                1 + block
                    .windows(2)
                    .filter(|pair| matches!(pair, [a, b] if a.wide() != b.wide()))
                    .count()
            })
            .sum()
    }

    fn ends_offset(count: usize) -> usize {
        (count.div_ceil(BLOCK_VALUES) + 1) * 4
    }

    fn values_offset(&self, count: usize) -> usize {
        Self::ends_offset(count) + self.runs * 2
    }

    pub(super) fn bytes(&self, count: usize) -> usize {
        self.values_offset(count) + self.values.bytes(self.runs)
    }

    pub(super) fn encode<T: Word>(&self, values: &[T], out: &mut Vec<u8>) -> Result<()> {
        let mut first = 0usize;
        for block in values.chunks(BLOCK_VALUES) {
            out.extend_from_slice(&run_u32(first)?.to_le_bytes());
            first += Self::count(block);
        }
        out.extend_from_slice(&run_u32(first)?.to_le_bytes());
        out.extend(runs_of(values).flat_map(|(_, end)| end.to_le_bytes()));
        self.values
            .encode(runs_of(values).map(|(value, _)| value), out);
        Ok(())
    }

    /// Appends the values of `range`, of `count` in all.
    #[inline(always)]
    pub(super) fn append<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
        out: &mut Vec<T>,
    ) -> Result<()> {
        out.reserve(range.len() + SHORT);
        let mut start = range.start;
        while start < range.end {
            let block = start / BLOCK_VALUES;
            let begins = block * BLOCK_VALUES;
            let wanted = start - begins..(range.end - begins).min(BLOCK_VALUES);
            self.append_block(source, count, block, wanted, out)?;
            start = begins + BLOCK_VALUES;
        }
        Ok(())
    }

    pub(super) fn prefetch_index<'a>(source: impl Source<'a>, range: &Range<usize>) {
        source.prefetch(range.start / BLOCK_VALUES * 4, 8);
    }

    /// Says that the runs of the block in which a range begins are about to be read.
    pub(super) fn prefetch_values<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: &Range<usize>,
    ) {
        let Ok(first) = u32_at(source, 0, range.start / BLOCK_VALUES) else {
            return;
        };
        let first = first as usize;
        source.prefetch(Self::ends_offset(count) + first * 2, 64);
        let width = self.values.width as usize;
        source.prefetch(self.values_offset(count) + first * width / 8, 64);
    }

    /// Fills `out` with the values at rising `positions`. Runs between them are passed over by their
    /// ends.
    #[inline(always)]
    pub(super) fn gather<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        mut positions: &[usize],
        mut out: &mut [T],
    ) -> Result<()> {
        while let Some(first) = positions.first() {
            let block = first / BLOCK_VALUES;
            let most = positions.get(..BLOCK_VALUES).unwrap_or(positions);
            let inside = most.partition_point(|position| position / BLOCK_VALUES == block);
            let inside = inside.max(1);
            let (here, later) = positions.split_at_checked(inside).ok_or_else(short)?;
            let (slots, rest) = out.split_at_mut_checked(inside).ok_or_else(short)?;
            self.gather_block(source, count, block, here, slots)?;
            (positions, out) = (later, rest);
        }
        Ok(())
    }

    /// Fills `out` with the values at rising `positions`, which lie in one block.
    #[inline(always)]
    fn gather_block<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        block: usize,
        positions: &[usize],
        out: &mut [T],
    ) -> Result<()> {
        let (first, ends) = self.block(source, count, block)?;
        let values = Tail(source, self.values_offset(count));
        let values = self.values.open(values, first, ends.len())?;
        let mut run = 0;
        let (mut value, mut end) = (T::default(), 0);
        for (position, slot) in positions.iter().zip(out) {
            let at = position % BLOCK_VALUES;
            if at >= end {
                let is_before = |run: usize| ends.get(run).is_some_and(|end| end_of(end) <= at);
                while is_before(run + STRIDE - 1) {
                    run += STRIDE;
                }
                while is_before(run) {
                    run += 1;
                }
                end = end_of(ends.get(run).ok_or_else(short)?);
                value = T::of(values.ahead(run).ok_or_else(short)?);
            }
            *slot = value;
        }
        Ok(())
    }

    /// The number of a block's first run, and where each of its runs ends in it.
    #[inline(always)]
    fn block<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        block: usize,
    ) -> Result<(usize, &'a [[u8; 2]])> {
        let first = u32_at(source, 0, block)? as usize;
        let last = u32_at(source, 0, block + 1)? as usize;
        if first >= last || last > self.runs {
            return Err(Error::corrupt("a run index that is out of order"));
        }
        let ends = source.get(Self::ends_offset(count) + first * 2, (last - first) * 2)?;
        Ok((first, ends.as_chunks::<2>().0))
    }

    /// Appends the values `wanted` of a block.
    #[inline(always)]
    fn append_block<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        block: usize,
        wanted: Range<usize>,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let (first, ends) = self.block(source, count, block)?;
        let from = ends.partition_point(|end| end_of(end) <= wanted.start);
        let ends = ends.get(from..).ok_or_else(short)?;
        let values = Tail(source, self.values_offset(count));
        let mut values = self.values.open(values, first + from, ends.len())?;
        let mut at = wanted.start;
        for end in ends {
            let value = T::of(values.next().ok_or_else(short)?);
            let end = end_of(end).min(wanted.end);
            push_run(value, end.saturating_sub(at), out);
            at = at.max(end);
            if at == wanted.end {
                return Ok(());
            }
        }
        Err(short())
    }
}

/// Where a run ends in its block.
#[inline(always)]
fn end_of(end: &[u8; 2]) -> usize {
    usize::from(u16::from_le_bytes(*end))
}

/// So many runs are passed over with one look at the last of them.
const STRIDE: usize = 8;

/// Values of a short run, which is written whole whatever its length.
const SHORT: usize = 16;

/// Appends a value so often.
#[inline(always)]
fn push_run<T: Word>(value: T, count: usize, out: &mut Vec<T>) {
    let end = out.len() + count;
    // No processor could predict how often a loop over a short run goes round.
    match count <= SHORT {
        true => out.extend_from_slice(&[value; SHORT]),
        false => out.resize(end, value),
    }
    out.truncate(end);
}

fn run_u32(run: usize) -> Result<u32> {
    u32::try_from(run).map_err(|_| Error::invalid("more than 2^32 runs in one column"))
}
