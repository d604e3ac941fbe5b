//! One stream of integers: how it is encoded, and reading it back.

use std::ops::Range;

use super::BLOCK;
use super::classes::{Classes, Widths};
use super::delta::Delta;
use super::packed::Packed;
use super::runs::Runs;
use super::source::{Source, short};
use super::sparse::Sparse;
use super::wire::{WireReader, WireWriter};
use super::word::Word;
use crate::types::{Error, Result};

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
    kind: Kind,
    count: usize,
}

#[derive(Clone)]
enum Kind {
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
            Encoding::Constant => Kind::Constant(a),
            Encoding::Packed => Kind::Packed(Packed::checked(a, b)?),
            Encoding::Runs => Kind::Runs(Runs {
                runs: usize::try_from(a)
                    .ok()
                    .filter(|runs| *runs <= descriptor.count)
                    .ok_or_else(short)?,
                values: Packed::checked(b, c)?,
            }),
            Encoding::Classes => Kind::Classes(Classes::new(Widths::checked([a, b, c, d])?, 0), e),
            Encoding::Sparse => Kind::Sparse(Sparse {
                modal: a,
                rest: Packed::checked(b, c)?,
            }),
            Encoding::Delta => Kind::Delta(Delta::new(Widths::checked([a, b, c, d])?, e)?),
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
            Kind::Constant(value) => Some(*value),
            _ => None,
        }
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
        if start
            .checked_add(out.len())
            .is_none_or(|end| end > self.count)
        {
            return Err(short());
        }
        match &self.kind {
            Kind::Constant(value) => {
                out.fill(T::of(*value));
                Ok(())
            }
            Kind::Packed(packed) => packed.decode(source, start, out),
            Kind::Runs(runs) => runs.decode(source, self.count, start, out),
            Kind::Sparse(sparse) => sparse.decode(source, self.count, start, out),
            Kind::Delta(delta) => delta.decode(source, self.count, start, out),
            Kind::Classes(classes, base) => {
                let mut slots = out;
                let len = slots.len();
                let mut block = [T::default(); BLOCK];
                Classes::for_blocks(source, self.count, start, len, |bytes, values, wanted| {
                    classes.decode_block(bytes, values, &wanted, *base, &mut block)?;
                    let (now, later) = std::mem::take(&mut slots)
                        .split_at_mut_checked(wanted.len())
                        .ok_or_else(short)?;
                    now.copy_from_slice(block.get(wanted).ok_or_else(short)?);
                    slots = later;
                    Ok(())
                })
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
        let start = out.len();
        if range.end > self.count {
            return Err(short());
        }
        out.resize(start + range.len(), T::default());
        let filled = match out.get_mut(start..) {
            Some(slots) => self.fill(source, range.start, slots),
            None => Ok(()),
        };
        if filled.is_err() {
            out.truncate(start);
        }
        filled
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
        if let Kind::Sparse(sparse) = &self.kind {
            return sparse.select(source, self.count, range, wanted, out);
        }
        let mut block = [0u32; BLOCK];
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min((start / BLOCK + 1) * BLOCK);
            let values = block.get_mut(..end - start).ok_or_else(short)?;
            self.fill(source, start, values)?;
            let hits = (start..)
                .zip(values)
                .filter(|(_, value)| wanted.get(**value as usize).copied().unwrap_or(false));
            out.extend(hits.map(|(position, _)| position));
            start = end;
        }
        Ok(())
    }

    /// Appends the values at rising `positions` to `out`, decoding each block of 128 once.
    ///
    /// # Errors
    /// As [`Stream::fill`].
    pub fn gather<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        positions: &[usize],
        out: &mut Vec<T>,
    ) -> Result<()> {
        let mut block = [T::default(); BLOCK];
        for group in positions.chunk_by(|a, b| a / BLOCK == b / BLOCK) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let span = last.checked_sub(*first).ok_or_else(short)? + 1;
            let slots = block.get_mut(..span).ok_or_else(short)?;
            self.fill(source, *first, slots)?;
            for position in group {
                out.push(slots.get(position - first).copied().ok_or_else(short)?);
            }
        }
        Ok(())
    }
}
