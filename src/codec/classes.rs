//! Width classes: each value takes one of four widths, named by two bits.
//!
//! Values come in blocks of 128, so that a lookup decodes no more than the blocks it needs; four
//! values share a class byte, and a table by class byte tells how many bits the four take, so
//! the only chain from one group of four to the next is one addition. FORMAT.md section 6.5 has the
//! bytes; the head of a block is empty here, and delta.rs (section 6.7) keeps a value there.

use std::ops::Range;

use super::BLOCK;
use super::bits::{BitBuffer, MAX_LOAD_BITS, load, mask, width_of};
use super::source::{Source, short};
use super::word::Word;
use crate::types::{Error, Result};

/// Bytes behind the last block: a group is loaded whole, also where a block ends inside it, so
/// three values of 57 bits may be looked for behind the last one, with a 64-bit load.
const SLACK: usize = 32;

/// Bytes that the payload of a block takes at most, and room for the last store.
const BLOCK_BYTES: usize = BLOCK * 8;

/// The widths of the four classes, rising.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Widths(pub [u32; 4]);

/// How many values there are of each width.
pub(super) struct Histogram(pub [u64; 65]);

impl Histogram {
    pub(super) fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut counts = [0; 65];
        // Neighbours are counted apart: most have the same width, and an addition to the same
        // place waits for the one before it.
        let mut others = [0; 65];
        let mut values = values;
        while let Some(value) = values.next() {
            counts[width_of(value) as usize] += 1;
            if let Some(value) = values.next() {
                others[width_of(value) as usize] += 1;
            }
        }
        for (count, other) in counts.iter_mut().zip(others) {
            *count += other;
        }
        Self(counts)
    }

    fn count(&self, widths: std::ops::RangeInclusive<u32>) -> u64 {
        let (from, to) = (*widths.start() as usize, *widths.end() as usize);
        self.0
            .get(from..=to)
            .map_or(0, |counts| counts.iter().sum())
    }

    /// The widths that take the fewest bits, and those bits; `None` when a value is too wide.
    pub(super) fn best(&self) -> Option<(Widths, u64)> {
        let max = self.0.iter().rposition(|count| *count > 0).unwrap_or(0) as u32;
        if max > MAX_LOAD_BITS {
            return None;
        }
        let mut best = (Widths([max; 4]), u64::MAX);
        for a in 0..=max {
            let bits_a = self.count(0..=a) * u64::from(a);
            for b in a..=max {
                let bits_b = bits_a + self.between(a, b) * u64::from(b);
                for c in b..=max {
                    let bits = bits_b
                        + self.between(b, c) * u64::from(c)
                        + self.between(c, max) * u64::from(max);
                    if bits < best.1 {
                        best = (Widths([a, b, c, max]), bits);
                    }
                }
            }
        }
        Some(best)
    }

    /// Values wider than `a` and at most `b` wide.
    fn between(&self, a: u32, b: u32) -> u64 {
        if a >= b { 0 } else { self.count(a + 1..=b) }
    }
}

impl Widths {
    pub(super) fn checked(widths: [u64; 4]) -> Result<Self> {
        let bad = || Error::corrupt(format!("class widths {widths:?}"));
        let mut checked = [0; 4];
        for (slot, width) in checked.iter_mut().zip(widths) {
            *slot = u32::try_from(width).map_err(|_| bad())?;
        }
        if !checked.is_sorted() || checked[3] > MAX_LOAD_BITS {
            return Err(bad());
        }
        Ok(Self(checked))
    }

    /// The class and its width for values of each width.
    fn classes(&self) -> [(u8, u32); 65] {
        std::array::from_fn(|width| {
            let fits = |class: &u32| width as u32 <= *class;
            let class = self.0.iter().position(fits).unwrap_or(3);
            (class as u8, self.0[class])
        })
    }
}

/// Where four values with one class byte lie, when none is wider than [`NARROW_BITS`].
#[derive(Clone, Copy, Default)]
struct Group {
    masks: [u32; 4],
    /// Where each begins in its pair.
    shifts: [u8; 4],
    /// Bits of the first two, and of all four.
    pair: u8,
    total: u8,
}

/// The widest value of which two follow each other within one 64-bit load, whatever its bit offset.
const NARROW_BITS: u32 = MAX_LOAD_BITS / 2;

/// From so many values on for each that is wanted, each wanted one is looked up by itself.
const DENSE: usize = 3;

/// The class-coded blocks of a stream.
#[derive(Clone)]
pub(super) struct Classes {
    groups: Box<[Group; 256]>,
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
    range: Range<usize>,
}

/// So many bytes are asked for in advance; of more the processor sees by itself what comes next.
const FEW_BYTES: usize = 8 * 64;

/// One block of a stream, and which of its values are wanted.
pub(super) struct Block<'a> {
    pub(super) head: &'a [u8],
    /// That of the next block of the stream, when there is one.
    pub(super) next_head: Option<&'a [u8]>,
    classes: &'a [u8],
    payload: &'a [u8],
    /// The position behind its last value, in the stream.
    pub(super) end: usize,
    /// Within the block.
    pub(super) wanted: Range<usize>,
}

impl<'a> Blocks<'a> {
    /// The first block where its first values are not wanted, and the others.
    #[inline(always)]
    pub(super) fn split_cut(&self) -> (Self, Self) {
        let cut = usize::from(!self.range.start.is_multiple_of(BLOCK));
        let end = self.range.end.min((self.first + cut) * BLOCK);
        let of = |offsets: &'a [[u8; 4]], first, range| Self {
            offsets,
            first,
            range,
            ..*self
        };
        (
            of(
                self.offsets.get(..=cut).unwrap_or_default(),
                self.first,
                self.range.start..end,
            ),
            of(
                self.offsets.get(cut..).unwrap_or_default(),
                self.first + cut,
                end..self.range.end,
            ),
        )
    }
}

impl Classes {
    /// Blocks with `head` bytes before their classes.
    pub(super) fn new(widths: Widths, head: usize) -> Self {
        let mut groups = Box::new([Group::default(); 256]);
        for (byte, group) in groups.iter_mut().enumerate() {
            let width = |lane: usize| widths.0[byte >> (2 * lane) & 3];
            for (lane, slot) in group.masks.iter_mut().enumerate() {
                *slot = mask(width(lane)) as u32;
            }
            group.shifts = [0, width(0) as u8, 0, width(2) as u8];
            group.pair = (width(0) + width(1)) as u8;
            group.total = (0..4).map(width).sum::<u32>() as u8;
        }
        Self {
            groups,
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
            blocks.bytes.get(from..)?.split_at_checked(self.head)
        };
        // The last offset is the end of the last block.
        let ends = blocks.offsets.iter().skip(1);
        for (block, (begin, end)) in (blocks.first..).zip(blocks.offsets.iter().zip(ends)) {
            let first = block * BLOCK;
            let (head, bytes) = from(begin).ok_or_else(short)?;
            let class_bytes = (count - first).min(BLOCK).div_ceil(4);
            let (classes, payload) = bytes.split_at_checked(class_bytes).ok_or_else(short)?;
            let next = from(end).filter(|_| first + BLOCK < count);
            each(Block {
                head,
                next_head: next.map(|(head, _)| head),
                classes,
                payload,
                end: first + BLOCK,
                wanted: range.start.saturating_sub(first)..(range.end - first).min(BLOCK),
            })?;
        }
        Ok(())
    }

    /// Decodes the groups of four values that hold values `from` to `upto` of a block into the same
    /// positions of `out`; `each` turns the bits of four values into values.
    #[inline(always)]
    pub(super) fn decode_block<T: Word>(
        &self,
        block: &Block<'_>,
        wanted: Range<usize>,
        out: &mut [T; BLOCK],
        mut each: impl FnMut([u64; 4]) -> [T; 4],
    ) -> Result<()> {
        let (first, last) = (wanted.start / 4, wanted.end.div_ceil(4));
        let before = block.classes.get(..first).ok_or_else(short)?;
        let mut bit: usize = before.iter().map(|class| self.total(*class)).sum();
        let classes = block.classes.get(first..last).ok_or_else(short)?;
        let slots = out.as_chunks_mut::<4>().0.get_mut(first..last);
        let groups = classes.iter().zip(slots.ok_or_else(short)?);
        if self.is_narrow() {
            for (class, slots) in groups {
                let group = &self.groups[usize::from(*class)];
                *slots = each(group.load(block.payload, bit).ok_or_else(short)?);
                bit += usize::from(group.total);
            }
        } else {
            for (class, slots) in groups {
                *slots = each(
                    self.load_wide(*class, block.payload, bit)
                        .ok_or_else(short)?,
                );
                bit += self.total(*class);
            }
        }
        Ok(())
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
        let mut values = [T::default(); BLOCK];
        self.for_blocks(
            blocks,
            #[inline(always)]
            |block| {
                let most = positions.get(..BLOCK).unwrap_or(positions);
                let inside = most.partition_point(|position| *position < block.end);
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
                self.decode_block(
                    &block,
                    span,
                    &mut values,
                    #[inline(always)]
                    |bits| bits.map(|bits| T::of(bits.wrapping_add(base))),
                )?;
                for (position, slot) in here.iter().zip(slots) {
                    *slot = values[position % BLOCK];
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
        let places = Places::new(&self.widths, block.classes);
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

    #[inline(always)]
    fn is_narrow(&self) -> bool {
        self.widths.0[3] <= NARROW_BITS
    }

    /// Bits of four values with one class byte.
    #[inline(always)]
    fn total(&self, class: u8) -> usize {
        usize::from(self.groups[usize::from(class)].total)
    }

    /// Four values of up to 57 bits.
    #[inline]
    fn load_wide(&self, class: u8, payload: &[u8], mut bit: usize) -> Option<[u64; 4]> {
        let mut values = [0; 4];
        for (lane, slot) in values.iter_mut().enumerate() {
            let width = self.widths.0[usize::from(class >> (2 * lane) & 3)];
            *slot = load(payload, bit / 8)? >> (bit % 8) & mask(width);
            bit += width as usize;
        }
        Some(values)
    }
}

/// Where each value of a block lies, by counting the classes of those before it.
struct Places {
    /// Class bytes of 32 values each, and the bits that all before them take.
    words: [(u64, usize); BLOCK / 32],
    width: usize,
    /// How much wider each class is than the one below.
    steps: [usize; 3],
}

/// The lower bit of each class in a word.
const LOWER: u64 = 0x5555_5555_5555_5555;

impl Places {
    #[inline(always)]
    fn new(Widths([a, b, c, d]): &Widths, classes: &[u8]) -> Self {
        let mut padded = [0; BLOCK / 4];
        for (slot, byte) in padded.iter_mut().zip(classes) {
            *slot = *byte;
        }
        let mut places = Self {
            words: [(0, 0); BLOCK / 32],
            width: *a as usize,
            steps: [b - a, c - b, d - c].map(|step| step as usize),
        };
        let mut before = 0;
        for (place, bytes) in (0..).zip(padded.as_chunks::<8>().0) {
            let word = u64::from_le_bytes(*bytes);
            places.words[place] = (word, before);
            before += places.bits(word, 32);
        }
        places
    }

    /// Bits that the first `count` values of a word take; the others' classes must be 0.
    #[inline(always)]
    fn bits(&self, word: u64, count: usize) -> usize {
        let (low, high) = (word & LOWER, word >> 1 & LOWER);
        let [one, two, three] = [low | high, high, low & high].map(|set| set.count_ones() as usize);
        let [a, b, c] = self.steps;
        count * self.width + one * a + two * b + three * c
    }

    /// The class of a value of the block, and the bit at which it begins.
    #[inline(always)]
    fn of(&self, value: usize) -> (usize, usize) {
        let (word, before) = self.words[value / 32 % (BLOCK / 32)];
        let at = value % 32;
        let bits = self.bits(word & mask(2 * at as u32), at);
        ((word >> (2 * at) & 3) as usize, before + bits)
    }
}

impl Group {
    /// Four values whose pairs fit one load each. The window that both lie in is looked up once.
    #[inline(always)]
    fn load(&self, payload: &[u8], bit: usize) -> Option<[u64; 4]> {
        let window = payload.get(bit / 8..bit / 8 + 16)?;
        let (low, second) = (bit % 8, bit % 8 + usize::from(self.pair));
        // The first pair takes at most 56 bits.
        let at = second / 8 % 8;
        let a = u64::from_le_bytes(window.get(..8)?.try_into().ok()?) >> low;
        let b = u64::from_le_bytes(window.get(at..at + 8)?.try_into().ok()?) >> (second % 8);
        let mut values = [a, a, b, b];
        for (lane, value) in values.iter_mut().enumerate() {
            *value = *value >> (self.shifts[lane] % 64) & u64::from(self.masks[lane]);
        }
        Some(values)
    }
}
