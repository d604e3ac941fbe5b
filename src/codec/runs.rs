//! Runs of equal values, for columns that hardly change.
//!
//! Runs end at every 1024th value at the latest, so that a run's end fits 16 bits and a lookup
//! searches one block. FORMAT.md section 6.4 has the bytes.

use super::packed::Packed;
use super::source::{Source, Tail, short, u32_at};
use super::word::Word;
use crate::types::{Error, Result};

const BLOCK_VALUES: usize = 1024;

/// Values of runs that are decoded at once.
const VALUES_AT_ONCE: usize = 32;

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

    /// Fills `out` with the values from `start`, of `count` in all.
    pub(super) fn decode<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        let mut at = start;
        let mut slots = out;
        while !slots.is_empty() {
            let block = at / BLOCK_VALUES;
            let skip = at % BLOCK_VALUES;
            let take = (BLOCK_VALUES - skip).min(slots.len());
            let (now, later) = slots.split_at_mut(take);
            self.decode_block(source, count, block, skip, now)?;
            at += take;
            slots = later;
        }
        Ok(())
    }

    fn decode_block<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        block: usize,
        skip: usize,
        out: &mut [T],
    ) -> Result<()> {
        let first = u32_at(source, 0, block)? as usize;
        let last = u32_at(source, 0, block + 1)? as usize;
        if first >= last || last > self.runs {
            return Err(Error::corrupt("a run index that is out of order"));
        }
        let ends = source.get(Self::ends_offset(count) + first * 2, (last - first) * 2)?;
        let ends = ends.as_chunks::<2>().0;
        let end_of = |end: &[u8; 2]| usize::from(u16::from_le_bytes(*end));
        let from = ends.partition_point(|end| end_of(end) <= skip);
        let ends = ends.get(from..).ok_or_else(short)?;
        let values = Tail(source, self.values_offset(count));
        let (mut at, mut slots) = (skip, out);
        for (chunk, ends) in ends.chunks(VALUES_AT_ONCE).enumerate() {
            let mut buffer = [0u64; VALUES_AT_ONCE];
            let buffer = buffer.get_mut(..ends.len()).ok_or_else(short)?;
            let run = first + from + chunk * VALUES_AT_ONCE;
            self.values.decode(values, run, buffer)?;
            for (end, value) in ends.iter().zip(buffer) {
                let length = end_of(end).saturating_sub(at).min(slots.len());
                let (now, later) = slots.split_at_mut(length);
                now.fill(T::of(*value));
                at += length;
                slots = later;
                if slots.is_empty() {
                    return Ok(());
                }
            }
        }
        Err(short())
    }
}

fn run_u32(run: usize) -> Result<u32> {
    u32::try_from(run).map_err(|_| Error::invalid("more than 2^32 runs in one column"))
}
