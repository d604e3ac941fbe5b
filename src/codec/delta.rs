//! Differences between neighbours, class-coded, for values that mostly rise in small steps.
//!
//! Differences run over the whole stream modulo 2^width, so that neither the border between two
//! users nor a falling value needs a sign or a reset: decoding is a running sum and a mask. Each
//! block's head keeps the value before it, so a lookup starts at its own block, or counts back from the next
//! one's head where that is nearer. FORMAT.md section 6.7 has the bytes.

use std::ops::Range;

use super::BLOCK;
use super::bits::{load, mask, width_of};
use super::classes::{Block, Blocks, Classes, groups_of, of_range};
use super::kernel::{Kernel, fold, plus, with_kernel};
use super::source::short;
use super::widths::{Histogram, Widths};
use super::word::Word;
use crate::model::{Error, Result};

#[derive(Clone)]
pub(super) struct Delta {
    classes: Classes,
    width: u32,
}

fn head_bytes(width: u32) -> usize {
    width.div_ceil(8) as usize
}

impl Delta {
    /// Bytes that so many values up to `max` take at least.
    pub(super) fn least_bytes(count: usize, max: u64) -> usize {
        Classes::bytes(count, head_bytes(width_of(max)), 0)
    }

    /// The encoding for values up to `max`, and its bytes at most; `None` when it cannot hold them.
    pub(super) fn plan<T: Word>(values: &[T], max: u64) -> Option<(Widths, u32, usize)> {
        let width = width_of(max);
        let (widths, bits) = Histogram::of(deltas(values, width)).best()?;
        let bytes = Classes::bytes(values.len(), head_bytes(width), bits);
        Some((widths, width, bytes))
    }

    pub(super) fn new(widths: Widths, width: u64) -> Result<Self> {
        match u32::try_from(width) {
            Ok(width) if width <= 64 => Ok(Self {
                classes: Classes::new(widths, head_bytes(width)),
                width,
            }),
            _ => Err(Error::corrupt(format!("a delta stream of width {width}"))),
        }
    }

    /// The highest value there can be.
    pub(super) fn most(&self) -> u64 {
        mask(self.width)
    }

    pub(super) fn encode<T: Word>(&self, values: &[T], out: &mut Vec<u8>) -> Result<()> {
        let mut before = 0u64;
        let mask = mask(self.width);
        self.classes.encode(
            values.len(),
            |range, out, block| {
                let head = before.to_le_bytes();
                out.extend_from_slice(head.get(..head_bytes(self.width)).unwrap_or(&head));
                let values = values.get(range).unwrap_or_default();
                for (slot, value) in block.iter_mut().zip(values) {
                    *slot = value.wide().wrapping_sub(before) & mask;
                    before = value.wide();
                }
            },
            out,
        )
    }

    /// Appends the wanted values of `blocks`, with `base` added to each.
    #[inline(always)]
    pub(super) fn append<T: Word>(
        &self,
        blocks: &Blocks<'_>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        with_kernel!(self.classes.groups(), kernel => self.append_by(kernel, blocks, base, out))
    }

    #[inline(always)]
    fn append_by<K: Kernel, T: Word>(
        &self,
        kernel: K,
        blocks: &Blocks<'_>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        out.reserve(blocks.range.len());
        let mut sums = [K::Value::default(); BLOCK];
        let mask = mask(self.width);
        self.classes.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let before = self.sums(kernel, &block, &mut sums)?;
                let sums = of_range(&block.wanted, &sums)?;
                out.extend(sums.iter().map(
                    #[inline(always)]
                    |sum| T::of((before.wrapping_add(sum.wide()) & mask).wrapping_add(base)),
                ));
                Ok(())
            },
        )
    }

    /// Sums up the differences of the groups that hold a block's wanted values. Gives the value before
    /// the first of them: counted from the block's head, or back from the next one's where that is
    /// nearer.
    #[inline(always)]
    fn sums<K: Kernel>(
        &self,
        kernel: K,
        block: &Block<'_>,
        sums: &mut [K::Value; BLOCK],
    ) -> Result<u64> {
        let groups = groups_of(&block.wanted);
        let behind = groups.end..BLOCK / 4;
        let next = block.next_head.filter(|_| behind.len() < groups.start);
        let (passed, bit) = match next {
            None => sum_of(kernel, block, 0..groups.start, 0)?,
            Some(_) => (0, self.classes.bits_before(block, groups.start)?),
        };
        let sums = sums.as_chunks_mut::<4>().0;
        let sums = sums.get_mut(..groups.len()).ok_or_else(short)?;
        let classes = block.classes.get(groups).ok_or_else(short)?;
        let (_, bit) = fold(
            kernel,
            classes.iter().zip(sums.iter_mut()),
            block.payload,
            (kernel.zero(), bit),
            #[inline(always)]
            |before, slots, four| {
                let sum;
                (*slots, sum) = kernel.sums(before, four);
                sum
            },
        )?;
        match next {
            None => Ok(self.head(block.head)?.wrapping_add(passed)),
            Some(next) => {
                let last = sums.last().map_or(0, |last| last[3].wide());
                let (behind, _) = sum_of(kernel, block, behind, bit)?;
                Ok(self.head(next)?.wrapping_sub(last.wrapping_add(behind)))
            }
        }
    }

    /// A block's head: the value before its first one.
    #[inline(always)]
    fn head(&self, bytes: &[u8]) -> Result<u64> {
        Ok(load(bytes, 0).ok_or_else(short)? & mask(8 * head_bytes(self.width) as u32))
    }
}

/// The sum of the values of a block's groups, of which the first begins at `bit`, and the bit behind
/// them.
#[inline(always)]
fn sum_of<K: Kernel>(
    kernel: K,
    block: &Block<'_>,
    groups: Range<usize>,
    bit: usize,
) -> Result<(u64, usize)> {
    let classes = block.classes.get(groups).ok_or_else(short)?;
    let (sums, bit) = fold(
        kernel,
        classes.iter().map(|class| (class, ())),
        block.payload,
        ([K::Value::default(); 4], bit),
        #[inline(always)]
        |[a, b, c, d], (), [e, f, g, h]| [plus(a, e), plus(b, f), plus(c, g), plus(d, h)],
    )?;
    let sum = sums
        .iter()
        .fold(0u64, |sum, lane| sum.wrapping_add(lane.wide()));
    Ok((sum, bit))
}

/// Each value less the one before it, modulo 2^width.
fn deltas<T: Word>(values: &[T], width: u32) -> impl Iterator<Item = u64> + '_ {
    let mask = mask(width);
    let before = std::iter::once(0).chain(values.iter().map(|value| value.wide()));
    values
        .iter()
        .zip(before)
        .map(move |(value, before)| value.wide().wrapping_sub(before) & mask)
}
