//! One stream of integers: how it is encoded, and reading it back.

use std::ops::Range;

use super::BLOCK;
use super::bitmap::Bitmap;
use super::classes::Classes;
use super::delta::Delta;
use super::dispatch::dispatch;
use super::packed::Packed;
use super::runs::Runs;
use super::source::{Source, short};
use super::sparse::Sparse;
use super::widths::Widths;
use super::wire::{WireReader, WireWriter};
use super::word::{Word, add_to_each};
use crate::model::{Error, Result};

/// How a stream is encoded. The numbers are persisted and never reused (FORMAT.md section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// One value, repeated; takes no bytes.
    Constant = 1,
    /// Bit-packed with a frame of reference.
    Packed = 2,
    /// Runs of equal values.
    Runs = 3,
    /// Four width classes, blocks of 128.
    Classes = 4,
    /// A bitmap of what differs from the modal value, and the rest packed.
    Sparse = 5,
    /// Differences in four width classes, blocks of 128.
    Delta = 6,
}

impl Encoding {
    fn from_tag(tag: u8) -> Result<Self> {
        Ok(match tag {
            1 => Self::Constant,
            2 => Self::Packed,
            3 => Self::Runs,
            4 => Self::Classes,
            5 => Self::Sparse,
            6 => Self::Delta,
            _ => return Err(Error::corrupt(format!("stream encoding number {tag}"))),
        })
    }

    /// The name that the tool shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Packed => "packed",
            Self::Runs => "runs",
            Self::Classes => "classes",
            Self::Sparse => "sparse",
            Self::Delta => "delta",
        }
    }
}

/// What a footer keeps of a stream: its encoding, its number of values, and up to six parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descriptor {
    /// How it is encoded.
    pub encoding: Encoding,
    /// How many values it holds.
    pub count: usize,
    /// The encoding's parameters, in the order of FORMAT.md section 6.1.
    pub params: [u64; 6],
}

impl Descriptor {
    /// Appends the descriptor.
    pub fn write(&self, wire: &mut WireWriter) {
        wire.u8(self.encoding as u8);
        wire.varint(self.count as u64);
        for param in self.params {
            wire.varint(param);
        }
    }

    /// Where in the stream's `bytes` each block of 128 values begins, and where the last one ends; nothing
    /// where the encoding needs no such index.
    pub fn block_places<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        let index = match self.encoding {
            Encoding::Classes | Encoding::Delta => Classes::index_bytes(self.count),
            _ => 0,
        };
        let offsets = bytes.get(..index).unwrap_or_default();
        let offsets = offsets.as_chunks::<4>().0.iter();
        offsets.map(move |offset| index + u32::from_le_bytes(*offset) as usize)
    }

    /// Reads a descriptor.
    ///
    /// # Errors
    /// `Corruption` when it is cut short or its encoding is unknown.
    pub fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        let encoding = Encoding::from_tag(wire.u8()?)?;
        let count = wire.length()?;
        let mut params = [0; 6];
        for param in &mut params {
            *param = wire.varint()?;
        }
        Ok(Self {
            encoding,
            count,
            params,
        })
    }
}

/// A stream that can be read.
#[derive(Clone)]
pub struct Stream {
    kind: EncodingKind,
    count: usize,
}

#[derive(Clone)]
enum EncodingKind {
    Constant(u64),
    Packed(Packed),
    Runs(Runs),
    Classes(Classes, u64),
    Sparse(Sparse),
    Delta(Delta),
}

impl Stream {
    /// Checks a descriptor and prepares its tables.
    ///
    /// # Errors
    /// `Corruption` when a parameter is outside its range.
    pub fn open(descriptor: &Descriptor) -> Result<Self> {
        let [a, b, c, d, e, _] = descriptor.params;
        // Positions are 32 bits wide, so that no sum or product of them overflows.
        if u32::try_from(descriptor.count).is_err() {
            return Err(short());
        }
        let kind = match descriptor.encoding {
            Encoding::Constant => EncodingKind::Constant(a),
            Encoding::Packed => EncodingKind::Packed(Packed::checked(a, b)?),
            Encoding::Runs => EncodingKind::Runs(Runs {
                runs: usize::try_from(a)
                    .ok()
                    .filter(|runs| *runs <= descriptor.count)
                    .ok_or_else(short)?,
                values: Packed::checked(b, c)?,
            }),
            Encoding::Classes => {
                EncodingKind::Classes(Classes::new(Widths::checked([a, b, c, d])?, 0), e)
            }
            Encoding::Sparse => EncodingKind::Sparse(Sparse {
                modal: a,
                rest: Packed::checked(b, c)?,
            }),
            Encoding::Delta => EncodingKind::Delta(Delta::new(Widths::checked([a, b, c, d])?, e)?),
        };
        Ok(Self {
            kind,
            count: descriptor.count,
        })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The value that all have, where the encoding knows it.
    pub fn constant(&self) -> Option<u64> {
        match &self.kind {
            EncodingKind::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether the encoding's parameters leave room for no value beyond 32 bits.
    pub fn is_u32(&self) -> bool {
        let most = match &self.kind {
            EncodingKind::Constant(value) => Some(*value),
            EncodingKind::Packed(packed) => packed.most(),
            EncodingKind::Runs(runs) => runs.values.most(),
            EncodingKind::Sparse(sparse) => sparse.rest.most().map(|most| most.max(sparse.modal)),
            EncodingKind::Classes(classes, base) => base.checked_add(classes.most()),
            EncodingKind::Delta(delta) => Some(delta.most()),
        };
        most.is_some_and(|most| u32::try_from(most).is_ok())
    }

    /// Fills `out` with the values from `start`.
    ///
    /// # Errors
    /// `Corruption` when the range or the bytes are not those of the stream.
    pub fn fill<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        let range = start..start.saturating_add(out.len());
        if let EncodingKind::Packed(packed) = &self.kind
            && range.end <= self.count
        {
            return packed.fill(source, start, out);
        }
        let mut values = Vec::new();
        self.decode(source, range, &mut values)?;
        out.copy_from_slice(values.get(..out.len()).ok_or_else(short)?);
        Ok(())
    }

    /// Gives the values of `range` to `sink`, in order, in pieces.
    ///
    /// # Errors
    /// As [`Stream::fill`]; what came before the damage was given.
    pub fn visit<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        range: Range<usize>,
        sink: &mut dyn FnMut(&[T]),
    ) -> Result<()> {
        if range.end > self.count {
            return Err(short());
        }
        let mut values = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min((start / PIECE + 1) * PIECE);
            values.clear();
            self.decode(source, start..end, &mut values)?;
            sink(&values);
            start = end;
        }
        Ok(())
    }

    /// Says that the values of a short range are about to be asked for: where they lie is looked up then.
    pub fn prefetch_index<'a>(&self, source: impl Source<'a>, range: &Range<usize>) {
        match &self.kind {
            EncodingKind::Constant(_) => {}
            EncodingKind::Packed(packed) => packed.prefetch(source, range),
            EncodingKind::Runs(_) => Runs::prefetch_index(source, range),
            EncodingKind::Sparse(_) => Bitmap::new(self.count).prefetch(source, range),
            EncodingKind::Classes(..) | EncodingKind::Delta(_) => {
                Classes::prefetch_index(source, range)
            }
        }
    }

    /// Says that the values of a short range are about to be decoded. Where they lie should be near
    /// already, see [`Stream::prefetch_index`].
    pub fn prefetch_values<'a>(&self, source: impl Source<'a>, range: &Range<usize>) {
        match &self.kind {
            EncodingKind::Constant(_) | EncodingKind::Packed(_) => {}
            EncodingKind::Runs(runs) => runs.prefetch_values(source, self.count, range),
            EncodingKind::Sparse(sparse) => sparse.prefetch_values(source, self.count, range),
            EncodingKind::Classes(..) | EncodingKind::Delta(_) => {
                Classes::prefetch_values(source, self.count, range);
            }
        }
    }

    /// Appends the values of `range` to `out`.
    ///
    /// # Errors
    /// As [`Stream::fill`]; `out` is then as before.
    pub fn decode<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        range: Range<usize>,
        out: &mut Vec<T>,
    ) -> Result<()> {
        self.decode_above(source, range, 0, out)
    }

    /// The same with `base` added to each value.
    ///
    /// # Errors
    /// As [`Stream::decode`].
    pub fn decode_above<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        range: Range<usize>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        if range.end > self.count {
            return Err(short());
        }
        let start = out.len();
        let decoded = self.append(source, range, base, out);
        if decoded.is_err() {
            out.truncate(start);
        }
        decoded
    }

    /// A function for each encoding: their loops need all the registers that there are.
    fn append<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        range: Range<usize>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let (count, start) = (self.count, out.len());
        match &self.kind {
            EncodingKind::Constant(value) => {
                out.resize(start + range.len(), T::of(value.wrapping_add(base)));
                return Ok(());
            }
            EncodingKind::Delta(delta) => {
                return dispatch(
                    #[inline(always)]
                    || delta.append(&Classes::open(source, count, range)?, base, out),
                );
            }
            EncodingKind::Classes(classes, own) => {
                let base = own.wrapping_add(base);
                return dispatch(
                    #[inline(always)]
                    || classes.append(&Classes::open(source, count, range)?, base, out),
                );
            }
            EncodingKind::Packed(packed) => dispatch(
                #[inline(always)]
                || {
                    let mut values = packed.open(source, range.start, range.len())?;
                    values.append(range.len(), out)
                },
            )?,
            EncodingKind::Runs(runs) => dispatch(
                #[inline(always)]
                || runs.append(source, count, range, out),
            )?,
            EncodingKind::Sparse(sparse) => dispatch(
                #[inline(always)]
                || sparse.append(&mut sparse.open(source, count, range)?, out),
            )?,
        }
        if base != 0 {
            let values = out.get_mut(start..).unwrap_or_default();
            dispatch(
                #[inline(always)]
                || add_to_each(base, values),
            );
        }
        Ok(())
    }

    /// Appends the positions of `range` whose value is wanted, a flag for each value.
    ///
    /// # Errors
    /// As [`Stream::fill`].
    pub fn select<'a>(
        &self,
        source: impl Source<'a>,
        range: Range<usize>,
        wanted: &[bool],
        out: &mut Vec<usize>,
    ) -> Result<()> {
        if range.end > self.count {
            return Err(short());
        }
        if let EncodingKind::Sparse(sparse) = &self.kind {
            return dispatch(
                #[inline(always)]
                || {
                    let mut others = sparse.open(source, self.count, range)?;
                    sparse.select(&mut others, wanted, out)
                },
            );
        }
        let mut position = range.start;
        self.visit(source, range, &mut |values: &[u32]| {
            let hits = (position..)
                .zip(values)
                .filter(|(_, value)| wanted.get(**value as usize).copied().unwrap_or(false));
            out.extend(hits.map(|(position, _)| position));
            position += values.len();
        })
    }

    /// Appends the values at rising `positions` to `out`; what lies between is decoded only where the
    /// encoding has no other way, and only where it is short.
    ///
    /// # Errors
    /// As [`Stream::fill`].
    pub fn gather<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        positions: &[usize],
        out: &mut Vec<T>,
    ) -> Result<()> {
        if positions.last().is_some_and(|last| *last >= self.count) {
            return Err(short());
        }
        let start = out.len();
        out.resize(start + positions.len(), T::default());
        let slots = out.get_mut(start..).unwrap_or_default();
        let gathered = dispatch(
            #[inline(always)]
            || self.gather_into(source, positions, slots),
        );
        if gathered.is_err() {
            out.truncate(start);
        }
        gathered
    }

    /// [`Stream::gather`] into slots.
    #[inline(always)]
    fn gather_into<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        mut positions: &[usize],
        mut out: &mut [T],
    ) -> Result<()> {
        match &self.kind {
            EncodingKind::Constant(value) => {
                out.fill(T::of(*value));
                return Ok(());
            }
            EncodingKind::Runs(runs) => return runs.gather(source, self.count, positions, out),
            _ => {}
        }
        while let Some(first) = positions.first() {
            let count = count_near(positions);
            let (near, later) = positions.split_at_checked(count).ok_or_else(short)?;
            let (slots, rest) = out.split_at_mut_checked(count).ok_or_else(short)?;
            let span = *first..near.last().ok_or_else(short)? + 1;
            match &self.kind {
                EncodingKind::Packed(packed) => {
                    let values = packed.open(source, span.start, span.len())?;
                    values.gather(span.start, near, slots)?;
                }
                EncodingKind::Classes(classes, base) => {
                    Classes::prefetch_values(source, self.count, &span);
                    let blocks = Classes::open(source, self.count, span)?;
                    classes.gather(&blocks, near, *base, slots)?;
                }
                EncodingKind::Sparse(sparse) => {
                    let others = sparse.open(source, self.count, span)?;
                    sparse.gather(others, near, slots)?;
                }
                _ => self.gather_span(source, span, near, slots)?,
            }
            (positions, out) = (later, rest);
        }
        Ok(())
    }

    /// Fills `out` with the values at `positions` of a span that is decoded as a whole.
    fn gather_span<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        span: Range<usize>,
        positions: &[usize],
        out: &mut [T],
    ) -> Result<()> {
        let mut begins = span.start;
        let mut slots = positions.iter().zip(out).peekable();
        self.visit(source, span, &mut |values| {
            let ends = begins + values.len();
            while let Some((position, slot)) = slots.next_if(|(position, _)| **position < ends)
                && let Some(value) = values.get(position - begins)
            {
                *slot = *value;
            }
            begins = ends;
        })
    }
}

/// Values that [`Stream::visit`] gives at a time.
const PIECE: usize = 8 * BLOCK;

/// Positions less than so far apart are read in one go.
const NEAR: usize = 2 * BLOCK;

/// How many of the first of rising positions are read in one go.
#[inline(always)]
fn count_near(positions: &[usize]) -> usize {
    let is_near = |from: usize, to: usize| match (positions.get(from), positions.get(to)) {
        (Some(from), Some(to)) => to.wrapping_sub(*from) < NEAR,
        _ => false,
    };
    let mut last = 0;
    loop {
        // Where eight are near the first of them, each is near the one before.
        if is_near(last, last + 8) {
            last += 8;
        } else if is_near(last, last + 1) {
            last += 1;
        } else {
            return last + 1;
        }
    }
}
