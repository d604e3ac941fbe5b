//! Differences between neighbours, class-coded, for values that mostly rise in small steps.
//!
//! Differences run over the whole stream modulo 2^width, so that neither the border between two
//! users nor a falling value needs a sign or a reset: decoding is a running sum and a mask. Each
//! block's head keeps the value before it, so a lookup starts at its own block, or counts back from the next
//! one's head where that is nearer. FORMAT.md section 6.7 has the bytes.

use std::ops::Range;

use super::BLOCK;
use super::bits::{mask, width_of};
use super::classes::{Block, Blocks, Classes, Histogram, Widths};
use super::source::short;
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

    /// Gives the wanted values of `blocks`, in order.
    #[inline(always)]
    pub(super) fn visit<T: Word>(
        &self,
        blocks: &Blocks<'_>,
        sink: &mut dyn FnMut(&[T]),
    ) -> Result<()> {
        let mut values = [T::default(); BLOCK];
        let (cut, whole) = blocks.split_cut();
        self.classes.for_blocks(
            &cut,
            #[inline(always)]
            |block| {
                let Range { start, end } = block.wanted;
                match block.next_head {
                    Some(next) if BLOCK - start + DEARER < end => {
                        self.count_back(&block, next, &mut values)?;
                    }
                    _ => drop(self.sum(&block, 0..end, head(block.head)?, &mut values)?),
                }
                sink(values.get(start..end).ok_or_else(short)?);
                Ok(())
            },
        )?;
        self.classes.for_blocks(
            &whole,
            #[inline(always)]
            |block| {
                let upto = 0..block.wanted.end;
                self.sum(&block, upto, head(block.head)?, &mut values)?;
                sink(values.get(block.wanted).ok_or_else(short)?);
                Ok(())
            },
        )
    }

    /// Decodes the wanted values of a block and those behind them, from where the next block begins.
    #[inline(always)]
    fn count_back<T: Word>(
        &self,
        block: &Block<'_>,
        next: &[u8],
        out: &mut [T; BLOCK],
    ) -> Result<()> {
        let start = block.wanted.start;
        let last = self.sum(block, start..BLOCK, 0, out)?;
        let (base, mask) = (head(next)?.wrapping_sub(last), mask(self.width));
        for value in out.get_mut(start..).ok_or_else(short)? {
            *value = T::of(value.wide().wrapping_add(base) & mask);
        }
        Ok(())
    }

    /// Decodes values of a block, as if `before` stood before the group of four that has the first, and
    /// gives the last group's last.
    #[inline(always)]
    fn sum<T: Word>(
        &self,
        block: &Block<'_>,
        wanted: Range<usize>,
        mut before: u64,
        out: &mut [T; BLOCK],
    ) -> Result<u64> {
        let mask = mask(self.width);
        self.classes.decode_block(
            block,
            wanted,
            out,
            // From one group of four to the next the chain is one addition.
            #[inline(always)]
            |[a, b, c, d]| {
                let ab = a.wrapping_add(b);
                let abc = ab.wrapping_add(c);
                let sums = [a, ab, abc, ab.wrapping_add(c.wrapping_add(d))];
                let four = sums.map(|sum| before.wrapping_add(sum));
                before = four[3];
                four.map(|value| T::of(value & mask))
            },
        )?;
        Ok(before)
    }
}

/// How many values more could be decoded for what it takes to count back from the next block.
const DEARER: usize = 16;

/// A block's head: the value before its first one.
#[inline]
fn head(bytes: &[u8]) -> Result<u64> {
    let mut head = [0; 8];
    head.get_mut(..bytes.len())
        .ok_or_else(short)?
        .copy_from_slice(bytes);
    Ok(u64::from_le_bytes(head))
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
