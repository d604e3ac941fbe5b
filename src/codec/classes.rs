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
use super::kernel::{Kernel, fold, with_kernel};
use super::places::Places;
use super::source::{Source, short};
use super::widths::Widths;
use super::word::Word;
use crate::model::{Error, Result};

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
    pub(super) classes: &'a [u8],
    pub(super) payload: &'a [u8],
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

    /// Bytes of the offsets of `count` values' blocks: where each begins, and where the last ends.
    pub(super) fn index_bytes(count: usize) -> usize {
        (count.div_ceil(BLOCK) + 1) * 4
    }

    /// Bytes of a stream of `count` values whose payloads take `bits`, at most.
    pub(super) fn bytes(count: usize, head: usize, bits: u64) -> usize {
        let blocks = count.div_ceil(BLOCK);
        Self::index_bytes(count)
            + blocks * (head + 1)
            + count.div_ceil(4)
            + (bits / 8) as usize
            + SLACK
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
        let blocks_at = offsets_at + Self::index_bytes(count);
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

    /// Says that the blocks that hold values of a short range, of `count` in all, are about to be read.
    pub(super) fn prefetch_values<'a>(source: impl Source<'a>, count: usize, range: &Range<usize>) {
        if let Ok((_, bytes)) = place_of(source, count, range) {
            source.prefetch(bytes.start, bytes.len().min(FEW_BYTES));
        }
    }

    /// The blocks that hold values of `range`, of `count` in all.
    #[inline(always)]
    pub(super) fn open<'a>(
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
    ) -> Result<Blocks<'a>> {
        let (offsets, bytes) = place_of(source, count, &range)?;
        let begin = offsets.first().ok_or_else(short)?;
        Ok(Blocks {
            offsets,
            begin: u32::from_le_bytes(*begin) as usize,
            bytes: source.get(bytes.start, bytes.len() + SLACK)?,
            first: range.start / BLOCK,
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
        with_kernel!(&self.groups, kernel => self.append_by(kernel, blocks, base, out))
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
        let mut values = [T::default(); BLOCK];
        self.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let wanted = &block.wanted;
                out.extend_from_slice(self.decode(kernel, &block, wanted, base, &mut values)?);
                Ok(())
            },
        )
    }

    /// The values of a block's range, with `base` added to each.
    #[inline(always)]
    fn decode<'v, K: Kernel, T: Word>(
        &self,
        kernel: K,
        block: &Block<'_>,
        range: &Range<usize>,
        base: u64,
        values: &'v mut [T; BLOCK],
    ) -> Result<&'v [T]> {
        let groups = groups_of(range);
        let classes = block.classes.get(groups.clone()).ok_or_else(short)?;
        fold(
            kernel,
            classes.iter().zip(values.as_chunks_mut::<4>().0),
            block.payload,
            ((), self.bits_before(block, groups.start)?),
            #[inline(always)]
            |(), slots, four| {
                *slots = four.map(
                    #[inline(always)]
                    |value| T::of(value.wide().wrapping_add(base)),
                );
            },
        )?;
        of_range(range, values)
    }

    /// Bits of the values in a block's first groups.
    #[inline(always)]
    pub(super) fn bits_before(&self, block: &Block<'_>, groups: usize) -> Result<usize> {
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
        positions: &[usize],
        base: u64,
        out: &mut [T],
    ) -> Result<()> {
        with_kernel!(&self.groups, kernel => self.gather_by(kernel, blocks, positions, base, out))
    }

    #[inline(always)]
    fn gather_by<'a, K: Kernel, T: Word>(
        &self,
        kernel: K,
        blocks: &Blocks<'a>,
        mut positions: &[usize],
        base: u64,
        mut out: &mut [T],
    ) -> Result<()> {
        let mut values = [T::default(); BLOCK];
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
                let values = self.decode(kernel, &block, &span, base, &mut values)?;
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

    /// How its groups are decoded.
    pub(super) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The highest value there can be, without a base.
    pub(super) fn most(&self) -> u64 {
        mask(self.widths.0[3])
    }
}

/// The offsets of the blocks that hold values of `range`, of `count` in all, with the end of the last;
/// and where the blocks lie.
#[inline(always)]
fn place_of<'a>(
    source: impl Source<'a>,
    count: usize,
    range: &Range<usize>,
) -> Result<(&'a [[u8; 4]], Range<usize>)> {
    let blocks = match range.is_empty() {
        true => 0..0,
        false => range.start / BLOCK..range.end.div_ceil(BLOCK),
    };
    let offsets = source.get(blocks.start * 4, (blocks.len() + 1) * 4)?;
    let offsets = offsets.as_chunks::<4>().0;
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
        return Err(short());
    };
    let [first, last] = [first, last].map(|offset| u32::from_le_bytes(*offset) as usize);
    if last < first {
        return Err(short());
    }
    let begin = Classes::index_bytes(count);
    Ok((offsets, begin + first..begin + last))
}

/// The groups that hold the values of a block's range.
#[inline(always)]
pub(super) fn groups_of(range: &Range<usize>) -> Range<usize> {
    range.start / 4..range.end.div_ceil(4)
}

/// Those of a range, of the values of its groups.
#[inline(always)]
pub(super) fn of_range<'v, V>(range: &Range<usize>, values: &'v [V]) -> Result<&'v [V]> {
    let first = range.start % 4;
    values.get(first..first + range.len()).ok_or_else(short)
}
