//! Differences between neighbours, class-coded, for values that mostly rise in small steps.
//!
//! Differences run over the whole stream modulo 2^width, so that neither the border between two
//! users nor a falling value needs a sign or a reset: decoding is a running sum and a mask. Each
//! block's head keeps the value before it, so a lookup starts at its own block, or counts back from the next
//! one's head where that is nearer. FORMAT.md section 6.7 has the bytes.

use std::ops::Range;

use super::BLOCK;
use super::bits::{load, mask, width_of};
use super::classes::{Block, Blocks, Classes, room};
use super::source::short;
use super::widths::{Histogram, Widths};
use super::word::Word;
use crate::types::{Error, Result};

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

    /// Appends the wanted values of `blocks`.
    #[inline(always)]
    pub(super) fn append<T: Word>(&self, blocks: &Blocks<'_>, out: &mut Vec<T>) -> Result<()> {
        let begin = out.len();
        let mut slots = room(blocks.range.len(), out);
        self.classes.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let Range { start, end } = block.wanted;
                let all = std::mem::take(&mut slots);
                match block.next_head {
                    Some(next) if start > 0 && BLOCK - start + DEARER < end => {
                        self.count_back(&block, next, all)?;
                    }
                    _ => {
                        let passed = self.classes.sum_of(&block, 0..start / 4, 0)?;
                        let before = self.head(block.head)?.wrapping_add(passed);
                        self.count(&block, start..end, before, all)?;
                    }
                }
                slots = all.get_mut(block.wanted.len()..).unwrap_or_default();
                Ok(())
            },
        )?;
        out.truncate(begin + blocks.range.len());
        Ok(())
    }

    /// Decodes the wanted values of a block from where the next one begins.
    #[inline(always)]
    fn count_back<T: Word>(&self, block: &Block<'_>, next: &[u8], slots: &mut [T]) -> Result<()> {
        let wanted = block.wanted.clone();
        let (last, bit) = self.count(block, wanted.clone(), 0, slots)?;
        let behind = wanted.end.div_ceil(4)..BLOCK / 4;
        let behind = self.classes.sum_of(block, behind, bit)?;
        let before = self.head(next)?.wrapping_sub(last.wrapping_add(behind));
        let mask = mask(self.width);
        for value in slots.get_mut(..wanted.len()).unwrap_or_default() {
            *value = T::of(value.wide().wrapping_add(before) & mask);
        }
        Ok(())
    }

    /// Decodes values of a block into the first of `slots`, as if `before` stood before the group of
    /// four that has the first; gives the last group's last, and the bit behind it.
    #[inline(always)]
    fn count<T: Word>(
        &self,
        block: &Block<'_>,
        range: Range<usize>,
        before: u64,
        slots: &mut [T],
    ) -> Result<(u64, usize)> {
        let mask = mask(self.width);
        self.classes.fill(
            block,
            range,
            slots,
            before,
            // From one group of four to the next the chain is one addition.
            #[inline(always)]
            |before, [a, b, c, d]| {
                let ab = a.wrapping_add(b);
                let abc = ab.wrapping_add(c);
                let sums = [a, ab, abc, ab.wrapping_add(c.wrapping_add(d))];
                let four = sums.map(|sum| before.wrapping_add(sum));
                (four[3], four.map(|value| T::of(value & mask)))
            },
        )
    }

    /// A block's head: the value before its first one.
    #[inline(always)]
    fn head(&self, bytes: &[u8]) -> Result<u64> {
        Ok(load(bytes, 0).ok_or_else(short)? & mask(8 * head_bytes(self.width) as u32))
    }
}

/// How many values more could be decoded for what it takes to count back from the next block.
const DEARER: usize = 16;

/// Each value less the one before it, modulo 2^width.
fn deltas<T: Word>(values: &[T], width: u32) -> impl Iterator<Item = u64> + '_ {
    let mask = mask(width);
    let before = std::iter::once(0).chain(values.iter().map(|value| value.wide()));
    values
        .iter()
        .zip(before)
        .map(move |(value, before)| value.wide().wrapping_sub(before) & mask)
}
