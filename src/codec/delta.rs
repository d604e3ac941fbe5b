//! Differences between neighbours, class-coded, for values that mostly rise in small steps.
//!
//! Differences run over the whole stream modulo 2^width, so that neither the border between two
//! users nor a falling value needs a sign or a reset: decoding is a running sum and a mask. Each
//! block's head keeps the value before it, so a lookup starts at its own block. FORMAT.md section
//! 6.7 has the bytes.

use super::BLOCK;
use super::bits::{mask, width_of};
use super::classes::{Classes, Histogram, Widths};
use super::source::{Source, short};
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

    /// Fills `out` with the values from `start`, of `count` in all.
    pub(super) fn decode<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        let mask = mask(self.width);
        let mut slots = out;
        let len = slots.len();
        let mut block = [0u64; BLOCK];
        Classes::for_blocks(source, count, start, len, |bytes, values, wanted| {
            let upto = 0..wanted.end;
            self.classes
                .decode_block(bytes, values, &upto, 0, &mut block)?;
            let mut value = self.head(bytes)?;
            let (skipped, rest) = block.split_at_mut_checked(wanted.start).ok_or_else(short)?;
            for delta in skipped {
                value = value.wrapping_add(*delta);
            }
            let (now, later) = std::mem::take(&mut slots)
                .split_at_mut_checked(wanted.len())
                .ok_or_else(short)?;
            for (slot, delta) in now.iter_mut().zip(rest) {
                value = value.wrapping_add(*delta);
                *slot = T::of(value & mask);
            }
            slots = later;
            Ok(())
        })
    }

    #[inline]
    fn head(&self, block: &[u8]) -> Result<u64> {
        let mut head = [0; 8];
        let bytes = head_bytes(self.width);
        let from = block.get(..bytes).ok_or_else(short)?;
        head.get_mut(..bytes)
            .ok_or_else(short)?
            .copy_from_slice(from);
        Ok(u64::from_le_bytes(head))
    }
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
