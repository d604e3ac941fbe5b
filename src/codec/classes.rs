//! Width classes: each value takes one of four widths, named by two bits.
//!
//! Values come in blocks of 128, so that a lookup decodes no more than the blocks it needs; four
//! values share a class byte, and a table by class byte tells how many bits the four take, so
//! the only chain from one group of four to the next is one addition. FORMAT.md section 6.5 has the
//! bytes; the head of a block is empty here, and delta.rs (section 6.7) keeps a value there.

use std::ops::Range;

use super::BLOCK;
use super::bits::{BitBuffer, MAX_LOAD_BITS, load, mask, width_of};
use super::group::Groups;
use super::places::Places;
use super::source::{Source, short};
use super::widths::Widths;
use super::word::{Word, add_to_each};
use crate::types::{Error, Result};

/// Bytes behind the last block: a group is loaded whole, also where a block ends inside it, so
/// three values of 57 bits may be looked for behind the last one, with a 64-bit load.
const SLACK: usize = 32;

/// Bytes that the payload of a block takes at most, and room for the last store.
const BLOCK_BYTES: usize = BLOCK * 8;

/// From so many values on for each that is wanted, each wanted one is looked up by itself.
const DENSE: usize = 3;

/// The class-coded blocks of a stream.
#[derive(Clone)]
pub(super) struct Classes {
    groups: Groups,
    widths: Widths,
    head: usize,
}

/// Neighbouring blocks of a stream.
pub(super) struct Blocks<'a> {
    /// Where each begins, and where the last ends.
    offsets: &'a [[u8; 4]],
    /// From the first block on, whose offset is `begin`.
    bytes: &'a [u8],
    begin: usize,
    /// The number of the first block.
    first: usize,
    /// The values of the stream.
    count: usize,
    /// The values that are wanted.
    pub(super) range: Range<usize>,
}

/// So many bytes are asked for in advance; of more the processor sees by itself what comes next.
const FEW_BYTES: usize = 8 * 64;

/// One block of a stream, and which of its values are wanted.
pub(super) struct Block<'a> {
    /// From its head on.
    pub(super) head: &'a [u8],
    /// From the head of the next block of the stream on, when there is one.
    pub(super) next_head: Option<&'a [u8]>,
    classes: &'a [u8],
    payload: &'a [u8],
    /// Both.
    bytes: &'a [u8],
    /// The position behind its last value, in the stream.
    pub(super) end: usize,
    /// Within the block.
    pub(super) wanted: Range<usize>,
}

impl Classes {
    /// Blocks with `head` bytes before their classes.
    pub(super) fn new(widths: Widths, head: usize) -> Self {
        Self {
            groups: Groups::new(widths),
            widths,
            head,
        }
    }

    /// Bytes of a stream of `count` values whose payloads take `bits`, at most.
    pub(super) fn bytes(count: usize, head: usize, bits: u64) -> usize {
        let blocks = count.div_ceil(BLOCK);
        (blocks + 1) * 4 + blocks * (head + 1) + count.div_ceil(4) + (bits / 8) as usize + SLACK
    }

    /// Appends the stream of `count` values; `block` appends a block's head and gives its values.
    pub(super) fn encode(
        &self,
        count: usize,
        mut block: impl FnMut(Range<usize>, &mut Vec<u8>, &mut [u64]),
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let blocks = count.div_ceil(BLOCK);
        let offsets_at = out.len();
        let blocks_at = offsets_at + (blocks + 1) * 4;
        out.resize(blocks_at, 0);
        let mut values = [0; BLOCK];
        let mut payload = BitBuffer::new();
        let classes = self.widths.classes();
        for index in 0..=blocks {
            let offset = u32::try_from(out.len() - blocks_at)
                .map_err(|_| Error::invalid("a column of more than 4 GiB in one segment"))?;
            let at = offsets_at + index * 4;
            if let Some(slot) = out.get_mut(at..at + 4) {
                slot.copy_from_slice(&offset.to_le_bytes());
            }
            if index == blocks {
                break;
            }
            let range = index * BLOCK..(index * BLOCK + BLOCK).min(count);
            if let Some(values) = values.get_mut(..range.len()) {
                block(range, out, values);
                self.encode_block(values, &classes, &mut payload, out);
            }
        }
        out.extend_from_slice(&[0; SLACK]);
        Ok(())
    }

    fn encode_block(
        &self,
        values: &[u64],
        classes: &[(u8, u32); 65],
        payload: &mut BitBuffer<BLOCK_BYTES>,
        out: &mut Vec<u8>,
    ) {
        payload.clear();
        let class_of = |value: u64| classes[width_of(value) as usize];
        let (groups, rest) = values.as_chunks::<4>();
        if self.widths.0[3] <= MAX_LOAD_BITS / 2 {
            for group in groups {
                let [(a, wa), (b, wb), (c, wc), (d, wd)] = group.map(class_of);
                out.push(a | b << 2 | c << 4 | d << 6);
                payload.put(group[0] | group[1] << wa, wa + wb);
                payload.put(group[2] | group[3] << wc, wc + wd);
            }
        } else {
            for group in groups {
                let [(a, wa), (b, wb), (c, wc), (d, wd)] = group.map(class_of);
                out.push(a | b << 2 | c << 4 | d << 6);
                for (value, width) in group.iter().zip([wa, wb, wc, wd]) {
                    payload.put(*value, width);
                }
            }
        }
        let mut byte = 0;
        for (lane, value) in rest.iter().enumerate() {
            let (class, width) = class_of(*value);
            byte |= class << (2 * lane);
            payload.put(*value, width);
        }
        if !rest.is_empty() {
            out.push(byte);
        }
        out.extend_from_slice(payload.bytes());
    }

    pub(super) fn prefetch_index<'a>(source: impl Source<'a>, range: &Range<usize>) {
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
        source.prefetch(blocks.start * 4, (blocks.len() + 1) * 4);
    }

    /// The blocks that hold values of `range`, of `count` in all; the first are asked for.
    #[inline(always)]
    pub(super) fn open<'a>(
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
    ) -> Result<Blocks<'a>> {
        let blocks = match range.is_empty() {
            true => 0..0,
            false => range.start / BLOCK..range.end.div_ceil(BLOCK),
        };
        let offsets = source.get(blocks.start * 4, (blocks.len() + 1) * 4)?;
        let offsets = offsets.as_chunks::<4>().0;
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
            return Err(short());
        };
        let begin = u32::from_le_bytes(*first) as usize;
        let len = (u32::from_le_bytes(*last) as usize).checked_sub(begin);
        let len = len.ok_or_else(short)?;
        let at = (count.div_ceil(BLOCK) + 1) * 4 + begin;
        source.prefetch(at, len.min(FEW_BYTES));
        Ok(Blocks {
            offsets,
            bytes: source.get(at, len + SLACK)?,
            begin,
            first: blocks.start,
            count,
            range,
        })
    }

    /// Calls `each` with every block.
    #[inline(always)]
    pub(super) fn for_blocks<'a>(
        &self,
        blocks: &Blocks<'a>,
        mut each: impl FnMut(Block<'a>) -> Result<()>,
    ) -> Result<()> {
        let Blocks {
            count, ref range, ..
        } = *blocks;
        let from = |offset: &[u8; 4]| {
            let from = (u32::from_le_bytes(*offset) as usize).checked_sub(blocks.begin)?;
            blocks.bytes.get(from..)
        };
        // The last offset is the end of the last block.
        let ends = blocks.offsets.iter().skip(1);
        for (block, (begin, end)) in (blocks.first..).zip(blocks.offsets.iter().zip(ends)) {
            let first = block * BLOCK;
            let head = from(begin).ok_or_else(short)?;
            let bytes = head.get(self.head..).ok_or_else(short)?;
            let class_bytes = (count - first).min(BLOCK).div_ceil(4);
            let (classes, payload) = bytes.split_at_checked(class_bytes).ok_or_else(short)?;
            each(Block {
                head,
                next_head: from(end).filter(|_| first + BLOCK < count),
                classes,
                payload,
                bytes,
                end: first + BLOCK,
                wanted: range.start.saturating_sub(first)..(range.end - first).min(BLOCK),
            })?;
        }
        Ok(())
    }

    /// Appends the wanted values of `blocks`, with `base` added to each.
    #[inline(always)]
    pub(super) fn append<T: Word>(
        &self,
        blocks: &Blocks<'_>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let start = out.len();
        let mut slots = room(blocks.range.len(), out);
        self.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let wanted = block.wanted.clone();
                let (here, all) = (wanted.len(), std::mem::take(&mut slots));
                self.fill(
                    &block,
                    wanted,
                    all,
                    (),
                    #[inline(always)]
                    |(), four| ((), four.map(T::of)),
                )?;
                slots = all.get_mut(here..).unwrap_or_default();
                Ok(())
            },
        )?;
        out.truncate(start + blocks.range.len());
        if base != 0 {
            add_to_each(base, out.get_mut(start..).unwrap_or_default());
        }
        Ok(())
    }

    /// Puts the values of a block's range into the first of `slots`, of which whole groups are
    /// written. `four` turns the bits of four values into values, with what it gave for those before,
    /// at first `state`. Gives what it gave for the last, and the bit behind them.
    #[inline(always)]
    pub(super) fn fill<T: Word, S>(
        &self,
        block: &Block<'_>,
        range: Range<usize>,
        mut slots: &mut [T],
        state: S,
        four: impl Fn(S, [u64; 4]) -> (S, [T; 4]) + Copy,
    ) -> Result<(S, usize)> {
        let Range { mut start, end } = range;
        let mut from = (state, self.bits_before(block, start / 4)?);
        let skipped = start % 4;
        if skipped > 0 {
            // All four are written, from the first that is wanted on.
            let mut group = [T::default(); 8];
            let (first, _) = group.split_at_mut(4);
            from = self.groups_of(block, start / 4, first, from, four)?;
            let wanted = group.get(skipped..skipped + 4).ok_or_else(short)?;
            slots
                .get_mut(..4)
                .ok_or_else(short)?
                .copy_from_slice(wanted);
            let taken = (4 - skipped).min(end.saturating_sub(start));
            slots = slots.get_mut(taken..).ok_or_else(short)?;
            start += taken;
        }
        let left = end.saturating_sub(start);
        let whole = slots
            .get_mut(..left.next_multiple_of(4))
            .ok_or_else(short)?;
        self.groups_of(block, start.div_ceil(4), whole, from, four)
    }

    /// Fills `slots` with groups of a block, of which the first is number `first`.
    #[inline(always)]
    fn groups_of<T: Word, S>(
        &self,
        block: &Block<'_>,
        first: usize,
        slots: &mut [T],
        from: (S, usize),
        four: impl Fn(S, [u64; 4]) -> (S, [T; 4]),
    ) -> Result<(S, usize)> {
        let slots = slots.as_chunks_mut::<4>().0;
        let classes = block.classes.get(first..first + slots.len());
        self.groups.fold(
            classes.ok_or_else(short)?.iter().zip(slots),
            block.payload,
            from,
            #[inline(always)]
            |state, slots, bits| {
                let (state, values) = four(state, bits);
                *slots = values;
                state
            },
        )
    }

    /// The sum of the values of a block's groups, of which the first begins at `bit`, modulo 2^64.
    #[inline(always)]
    pub(super) fn sum_of(
        &self,
        block: &Block<'_>,
        groups: Range<usize>,
        bit: usize,
    ) -> Result<u64> {
        let classes = block.classes.get(groups).ok_or_else(short)?.iter();
        let (sum, _) = self.groups.fold(
            classes.map(|class| (class, ())),
            block.payload,
            (0u64, bit),
            #[inline(always)]
            |sum, (), [a, b, c, d]| {
                let (ab, cd) = (a.wrapping_add(b), c.wrapping_add(d));
                sum.wrapping_add(ab.wrapping_add(cd))
            },
        )?;
        Ok(sum)
    }

    /// Bits of the values in a block's first groups.
    #[inline(always)]
    fn bits_before(&self, block: &Block<'_>, groups: usize) -> Result<usize> {
        let (widths, mut bits) = (self.widths, 0);
        let mut at = 0;
        while at < groups {
            let here = (groups - at).min(8);
            // Behind the classes there are always as many bytes.
            let word = load(block.bytes, at).ok_or_else(short)?;
            bits += widths.bits(word & mask(8 * here as u32), 4 * here);
            at += here;
        }
        Ok(bits)
    }

    /// Fills `out` with the values at rising `positions` of `blocks`.
    #[inline(always)]
    pub(super) fn gather<'a, T: Word>(
        &self,
        blocks: &Blocks<'a>,
        mut positions: &[usize],
        base: u64,
        mut out: &mut [T],
    ) -> Result<()> {
        let mut values = [T::default(); BLOCK + 4];
        self.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let most = positions.get(..BLOCK).unwrap_or(positions);
                // Mostly few, and a search would wait for each of its steps.
                let inside = most.iter().take_while(|position| **position < block.end);
                let inside = inside.count();
                let (here, later) = positions.split_at_checked(inside).ok_or_else(short)?;
                let (slots, rest) = std::mem::take(&mut out)
                    .split_at_mut_checked(inside)
                    .ok_or_else(short)?;
                (positions, out) = (later, rest);
                let (Some(first), Some(last)) = (here.first(), here.last()) else {
                    return Ok(());
                };
                if here.len() * DENSE < last - first {
                    return self.pick(&block, here, base, slots);
                }
                let span = first % BLOCK..last % BLOCK + 1;
                self.fill(
                    &block,
                    span,
                    &mut values,
                    (),
                    #[inline(always)]
                    |(), four| ((), four.map(|value| T::of(value.wrapping_add(base)))),
                )?;
                for (position, slot) in here.iter().zip(slots) {
                    *slot = *values.get(position - first).ok_or_else(short)?;
                }
                Ok(())
            },
        )
    }

    /// Fills `out` with the values of a block at `positions` of the whole stream, each by itself.
    #[inline(always)]
    fn pick<T: Word>(
        &self,
        block: &Block<'_>,
        positions: &[usize],
        base: u64,
        out: &mut [T],
    ) -> Result<()> {
        let places = Places::new(self.widths, block.bytes).ok_or_else(short)?;
        for (position, slot) in positions.iter().zip(out) {
            let (class, bit) = places.of(position % BLOCK);
            let bits = load(block.payload, bit / 8).ok_or_else(short)? >> (bit % 8);
            let value = bits & mask(self.widths.0[class]);
            *slot = T::of(value.wrapping_add(base));
        }
        Ok(())
    }

    /// The highest value there can be, without a base.
    pub(super) fn most(&self) -> u64 {
        mask(self.widths.0[3])
    }
}

/// Room for so many values behind those of `out`, and for the group of which a cut leaves some away.
#[inline(always)]
pub(super) fn room<T: Word>(count: usize, out: &mut Vec<T>) -> &mut [T] {
    let start = out.len();
    out.resize(start + count + 4, T::default());
    out.get_mut(start..).unwrap_or_default()
}
