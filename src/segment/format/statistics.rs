//! What is known of the values of 1,024 rows at once: how it is gathered, and where in the file it is.
//! FORMAT.md section 5.9 has the meaning.

use super::handles::StreamHandle;
use super::output::Output;
use crate::codec::{WireReader, WireWriter, Word};
use crate::model::{DataType, Error, Result, number_of, ordered_word};

/// Rows of which one set of statistics tells.
pub(in crate::segment) const SPAN: usize = 1 << 10;

/// A dictionary of more entries has no sets.
pub(in crate::segment) const SET_ENTRIES: usize = 64;

/// The statistics of one column in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsHandle {
    /// How many values of each span are null.
    pub nulls: StreamHandle,
    /// What is known of those that are not.
    pub values: ValuesHandle,
}

/// What is known of the values of a column, a span each.
#[derive(Clone, Debug, PartialEq)]
pub enum ValuesHandle {
    /// Nothing.
    Unknown,
    /// Which entries of the dictionary occur, a bit each.
    Sets(StreamHandle),
    /// Below and above which ordered words there is none.
    Bounds(Box<[StreamHandle; 2]>),
}

impl StatisticsHandle {
    /// Counts from `base` bytes earlier in the file.
    pub(in crate::segment) fn move_by(&mut self, base: usize) {
        self.streams_mut()
            .for_each(|stream| stream.handle.move_by(base));
    }

    /// Its streams.
    pub(in crate::segment) fn streams(&self) -> impl Iterator<Item = &StreamHandle> {
        let values = match &self.values {
            ValuesHandle::Unknown => &[][..],
            ValuesHandle::Sets(sets) => std::slice::from_ref(sets),
            ValuesHandle::Bounds(bounds) => &bounds[..],
        };
        std::iter::once(&self.nulls).chain(values)
    }

    fn streams_mut(&mut self) -> impl Iterator<Item = &mut StreamHandle> {
        let values = match &mut self.values {
            ValuesHandle::Unknown => &mut [][..],
            ValuesHandle::Sets(sets) => std::slice::from_mut(sets),
            ValuesHandle::Bounds(bounds) => &mut bounds[..],
        };
        std::iter::once(&mut self.nulls).chain(values)
    }

    pub(in crate::segment) fn write(&self, wire: &mut WireWriter) {
        wire.u8(match &self.values {
            ValuesHandle::Unknown => 0,
            ValuesHandle::Sets(_) => 1,
            ValuesHandle::Bounds(_) => 2,
        });
        self.streams().for_each(|stream| stream.write(wire));
    }

    pub(in crate::segment) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        let tag = wire.u8()?;
        let mut stream = || StreamHandle::read(wire);
        Ok(Self {
            nulls: stream()?,
            values: match tag {
                0 => ValuesHandle::Unknown,
                1 => ValuesHandle::Sets(stream()?),
                2 => ValuesHandle::Bounds(Box::new([stream()?, stream()?])),
                tag => return Err(Error::corrupt(format!("statistics kind {tag}"))),
            },
        })
    }
}

/// The statistics of one column, before they are encoded.
pub(in crate::segment) struct Statistics {
    nulls: Vec<u64>,
    values: SpanValues,
}

enum SpanValues {
    Unknown,
    Sets(Vec<u64>),
    Bounds([Vec<u64>; 2]),
}

/// How the statistics of a column are gathered from its codes, of which 0 is null.
pub(in crate::segment) trait Gather {
    fn gather<T: Word>(&self, codes: &[T]) -> Statistics;
}

/// Of strings whose dictionary has so many entries.
pub(in crate::segment) struct OfStrings(pub(in crate::segment) usize);

/// Of numbers: their type, and the word that each code stands for.
pub(in crate::segment) struct OfNumbers<F: Fn(u64) -> u64>(
    pub(in crate::segment) DataType,
    pub(in crate::segment) F,
);

fn nulls_of<T: Word>(codes: &[T]) -> Vec<u64> {
    let null = T::of(0);
    let spans = codes.chunks(SPAN);
    let count = |span: &[T]| span.iter().filter(|code| **code == null).count() as u64;
    spans.map(count).collect()
}

impl Gather for OfStrings {
    fn gather<T: Word>(&self, codes: &[T]) -> Statistics {
        let bit = |code: u64| u64::from(code != 0) << (code.wrapping_sub(1) & 63);
        let set = |span: &[T]| {
            let codes = span.iter().map(|code| code.wide());
            codes.fold(0, |set, code| set | bit(code))
        };
        Statistics {
            nulls: nulls_of(codes),
            values: match self.0 <= SET_ENTRIES {
                true => SpanValues::Sets(codes.chunks(SPAN).map(set).collect()),
                false => SpanValues::Unknown,
            },
        }
    }
}

impl<F: Fn(u64) -> u64> Gather for OfNumbers<F> {
    fn gather<T: Word>(&self, codes: &[T]) -> Statistics {
        let Self(data_type, word) = self;
        let bounds = |span: &[T]| {
            let codes = span.iter().map(|code| code.wide());
            let words = codes.filter(|code| *code != 0).map(word);
            let words = words.map(|word| ordered_word(*data_type, word));
            words.fold([u64::MAX, 0], |[low, high], word| {
                [low.min(word), high.max(word)]
            })
        };
        let bounds: Vec<_> = codes.chunks(SPAN).map(bounds).collect();
        Statistics {
            nulls: nulls_of(codes),
            values: SpanValues::Bounds(worthwhile(*data_type, &bounds)),
        }
    }
}

/// The lows and the highs of spans, of which one without values has none. Where spans reach on average
/// nearly as far as all of them together, every one gets the bounds of all: these take no bytes.
fn worthwhile(data_type: DataType, bounds: &[[u64; 2]]) -> [Vec<u64>; 2] {
    let known = || bounds.iter().filter(|[low, high]| low <= high).copied();
    let widen = |a: [u64; 2], b: [u64; 2]| [a[0].min(b[0]), a[1].max(b[1])];
    let all = known().reduce(widen).unwrap_or_default();
    let reach = |[low, high]: [u64; 2]| number_of(data_type, high) - number_of(data_type, low);
    let reached: f64 = known().map(|span| reach(span) / reach(all)).sum();
    let says_little = reached > known().count() as f64 * 15.0 / 16.0;
    let filled = bounds.iter().map(|[low, high]| match low <= high {
        _ if says_little => all,
        true => [*low, *high],
        false => [all[0]; 2],
    });
    let (lows, highs) = filled.map(|[low, high]| (low, high)).unzip();
    [lows, highs]
}

impl Statistics {
    /// Appends the streams.
    pub(in crate::segment) fn write(&self, out: &mut Output) -> Result<StatisticsHandle> {
        Ok(StatisticsHandle {
            nulls: out.stream(&self.nulls)?,
            values: match &self.values {
                SpanValues::Unknown => ValuesHandle::Unknown,
                SpanValues::Sets(sets) => ValuesHandle::Sets(out.stream(sets)?),
                SpanValues::Bounds([low, high]) => {
                    ValuesHandle::Bounds(Box::new([out.stream(low)?, out.stream(high)?]))
                }
            },
        })
    }
}

/// The statistics of columns as the bytes of one region, and the handle of each, which counts from its start.
pub(in crate::segment) fn region_of(
    statistics: &[Option<Statistics>],
) -> Result<(Vec<u8>, Vec<Option<StatisticsHandle>>)> {
    let mut out = Output::default();
    let columns = statistics.iter();
    let handles = columns.map(|one| one.as_ref().map(|one| one.write(&mut out)).transpose());
    let handles = handles.collect::<Result<_>>()?;
    Ok((out.bytes, handles))
}
