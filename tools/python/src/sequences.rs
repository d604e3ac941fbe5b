//! Sequences of users, as numbers: what models are trained on.

use std::sync::Arc;

use annals::columns::{Cell, Column, Columns, Strings, f32_of_bits};
use annals::query::UserRange;
use annals::{DataType, Projection, ScanQuery, Snapshot, TimeRange};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict};

use crate::errors::Failed;
use crate::long::{self, AtSignal};
use crate::view::View;
use crate::vocabulary::{Codes, Vocabulary, is_same};
use crate::{query, times};

/// The sequences of a block of users, read at once, and given batch by batch.
#[pyclass(frozen, module = "annalsdb")]
pub struct SequenceBlock {
    block: Block,
}

/// What is read of each user.
struct Wanted {
    query: ScanQuery,
    columns: Vec<(String, Option<Arc<Codes>>)>,
    max_length: usize,
    min_length: usize,
}

/// Users and their rows.
#[derive(Default)]
struct Block {
    users: Vec<String>,
    /// Where the rows of each user begin and end.
    rows: Vec<(usize, usize)>,
    columns: Vec<(String, Numbers)>,
}

enum Numbers {
    Int64(Vec<i64>),
    Float32(Vec<f32>),
}

#[pymethods]
impl SequenceBlock {
    /// Reads the users of a range. `columns` are the fields to read; those of strings need a vocabulary. Of each
    /// user the newest `max_length` rows count; those with less than `min_length` are left out.
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[staticmethod]
    #[pyo3(signature = (view, users, columns, vocabularies, *, max_length, min_length=1, event_types=None,
                        since=None, until=None))]
    fn read(
        py: Python<'_>,
        view: &Bound<'_, View>,
        users: (Option<String>, Option<String>),
        columns: Vec<String>,
        vocabularies: &Bound<'_, PyDict>,
        max_length: usize,
        min_length: usize,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let snapshot = view.get().snapshot()?;
        let mut wanted = Vec::with_capacity(columns.len());
        for name in columns {
            let vocabulary = vocabularies.get_item(&name)?;
            let vocabulary = vocabulary.map(|given| -> PyResult<_> {
                Ok(given.cast::<Vocabulary>()?.get().codes().clone())
            });
            wanted.push((name, vocabulary.transpose()?));
        }
        let names = wanted.iter().map(|(name, _)| name.clone());
        let wanted = Wanted {
            query: ScanQuery::default()
                .users(UserRange::new(users.0, users.1))
                .event_types(query::list("event_types", event_types)?.unwrap_or_default())
                .time(TimeRange::new(
                    times::bound("since", since)?,
                    times::bound("until", until)?,
                ))
                .projection(Projection::names(names)),
            columns: wanted,
            max_length,
            min_length: min_length.max(1),
        };
        let block = long::run(py, AtSignal::Leave, long::quiet, move |_| {
            wanted.read(&snapshot)
        })?;
        Ok(Self { block })
    }

    /// The number of users.
    fn __len__(&self) -> usize {
        self.block.users.len()
    }

    /// The ids of users by their positions.
    fn users(&self, positions: Vec<usize>) -> PyResult<Vec<String>> {
        let user = |at: &usize| self.block.users.get(*at).cloned().ok_or_else(out_of_range);
        positions.iter().map(user).collect()
    }

    /// The rows of users, one user behind the other, oldest first: for each column its numbers, and as
    /// `offsets` where each user's begin, and the end. Each is memory of its own, as bytes.
    fn gather<'py>(&self, py: Python<'py>, positions: Vec<usize>) -> PyResult<Bound<'py, PyDict>> {
        let gathered = py
            .detach(|| self.block.gather(&positions))
            .ok_or_else(out_of_range)?;
        let answer = PyDict::new(py);
        for (name, bytes) in gathered {
            answer.set_item(name, PyByteArray::new(py, &bytes))?;
        }
        Ok(answer)
    }

    /// The columns, and whether their numbers are whole (64 bits) or floating point (32 bits).
    fn columns(&self) -> Vec<(String, bool)> {
        let columns = self.block.columns.iter();
        let is_whole = |numbers: &Numbers| matches!(numbers, Numbers::Int64(_));
        columns
            .map(|(name, numbers)| (name.clone(), is_whole(numbers)))
            .collect()
    }
}

fn out_of_range() -> PyErr {
    pyo3::exceptions::PyIndexError::new_err("no user at this position")
}

impl Block {
    fn gather(&self, positions: &[usize]) -> Option<Vec<(&str, Vec<u8>)>> {
        let mut offsets = Vec::with_capacity(8 * (positions.len() + 1));
        let mut total = 0i64;
        offsets.extend(total.to_ne_bytes());
        let mut ranges = Vec::with_capacity(positions.len());
        for at in positions {
            let (start, end) = *self.rows.get(*at)?;
            total += (end - start) as i64;
            offsets.extend(total.to_ne_bytes());
            ranges.push(start..end);
        }
        let mut gathered = vec![("offsets", offsets)];
        for (name, numbers) in &self.columns {
            let mut bytes = Vec::with_capacity(8 * total as usize);
            for range in &ranges {
                match numbers {
                    Numbers::Int64(all) => {
                        let part = all.get(range.clone())?.iter();
                        bytes.extend(part.flat_map(|number| number.to_ne_bytes()));
                    }
                    Numbers::Float32(all) => {
                        let part = all.get(range.clone())?.iter();
                        bytes.extend(part.flat_map(|number| number.to_ne_bytes()));
                    }
                }
            }
            gathered.push((name, bytes));
        }
        Some(gathered)
    }
}

/// How a column becomes numbers.
struct Reader {
    field: usize,
    kind: Kind,
}

enum Kind {
    Time,
    Text(Known),
    Whole,
    Flag,
    Float,
    Double,
}

/// The codes of a vocabulary by those of the dictionary that batches share.
struct Known {
    vocabulary: Arc<Codes>,
    strings: Option<Arc<dyn Strings>>,
    codes: Vec<i64>,
}

const NOT_LOOKED_UP: i64 = -1;

impl Known {
    fn append(
        &mut self,
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        out: &mut Vec<i64>,
    ) -> Result<(), Failed> {
        if !self
            .strings
            .as_ref()
            .is_some_and(|known| is_same(known, strings))
        {
            self.strings = Some(strings.clone());
            self.codes.clear();
            self.codes.push(0);
        }
        self.codes.resize(strings.len() + 1, NOT_LOOKED_UP);
        for code in codes {
            let known = self.codes.get_mut(*code as usize);
            let known = known.ok_or_else(|| Failed::Bug("a code beyond its strings".to_owned()))?;
            if *known == NOT_LOOKED_UP {
                *known = self.vocabulary.code(strings.get(*code)?);
            }
            out.push(*known);
        }
        Ok(())
    }
}

impl Wanted {
    fn readers(&self, snapshot: &Snapshot) -> Result<Vec<Reader>, Failed> {
        let schema = snapshot.schema();
        let columns = self.columns.iter().map(|(name, vocabulary)| {
            let field = schema.position(name).filter(|id| *id != schema.user());
            let Some(field) = field else {
                return Err(Failed::Rule(format!(
                    "column {name}: no field of sequences"
                )));
            };
            let data_type = schema.fields().get(field).map(|field| field.data_type());
            let kind = match (data_type, vocabulary) {
                _ if field == schema.timestamp() => Kind::Time,
                (Some(DataType::String), Some(vocabulary)) => Kind::Text(Known {
                    vocabulary: vocabulary.clone(),
                    strings: None,
                    codes: Vec::new(),
                }),
                (Some(DataType::String) | None, _) => {
                    return Err(Failed::Rule(format!(
                        "column {name}: strings; give it a vocabulary"
                    )));
                }
                (Some(DataType::Float), _) => Kind::Float,
                (Some(DataType::Double), _) => Kind::Double,
                (Some(DataType::Boolean), _) => Kind::Flag,
                _ => Kind::Whole,
            };
            Ok(Reader { field, kind })
        });
        columns.collect()
    }

    fn read(&self, snapshot: &Snapshot) -> Result<Block, Failed> {
        let mut readers = self.readers(snapshot)?;
        let columns = self
            .columns
            .iter()
            .zip(&readers)
            .map(|((name, _), reader)| {
                let numbers = match reader.kind {
                    Kind::Float | Kind::Double => Numbers::Float32(Vec::new()),
                    _ => Numbers::Int64(Vec::new()),
                };
                (name.clone(), numbers)
            });
        let mut block = Block {
            columns: columns.collect(),
            ..Block::default()
        };
        let mut scan = snapshot.scan(&self.query)?;
        let mut batch = scan.new_batch();
        let mut rows = 0;
        while scan.read(&mut batch)? {
            for (reader, (name, numbers)) in readers.iter_mut().zip(&mut block.columns) {
                reader.append(&batch, name, numbers)?;
            }
            let ids = batch.user_ids.as_ref();
            let ids = ids.ok_or_else(|| Failed::Bug("a batch without user ids".to_owned()))?;
            for run in batch.users.chunk_by(|a, b| a == b) {
                let id = ids.get(run.first().copied().unwrap_or_default())?;
                match (block.users.last(), block.rows.last_mut()) {
                    (Some(last), Some((_, end))) if last == id => *end += run.len(),
                    _ => {
                        block.users.push(id.to_owned());
                        block.rows.push((rows, rows + run.len()));
                    }
                }
                rows += run.len();
            }
        }
        block.cut(self.max_length, self.min_length);
        Ok(block)
    }
}

impl Block {
    /// Leaves the newest rows of each user, and the users who have enough.
    fn cut(&mut self, most: usize, least: usize) {
        let long_enough = |(start, end): &(usize, usize)| end - start >= least;
        let kept: Vec<bool> = self.rows.iter().map(long_enough).collect();
        let mut flags = kept.iter();
        self.users
            .retain(|_| flags.next().copied().unwrap_or(false));
        self.rows.retain(long_enough);
        for (start, end) in &mut self.rows {
            *start = (*start).max(end.saturating_sub(most));
        }
    }
}

impl Reader {
    fn append(&mut self, batch: &Columns, name: &str, out: &mut Numbers) -> Result<(), Failed> {
        let field = batch.fields.get(self.field);
        let is_flag = matches!(self.kind, Kind::Flag);
        let number = |bits: u64| match is_flag {
            true => bits as i64,
            false => Cell::i64_of_bits(bits),
        };
        let is_double = matches!(self.kind, Kind::Double);
        let float = |bits: u64| match is_double {
            true => f64::from_bits(bits) as f32,
            false => f32_of_bits(bits),
        };
        match (&mut self.kind, field, out) {
            (Kind::Time, _, Numbers::Int64(out)) => out.extend_from_slice(&batch.timestamps),
            (Kind::Text(known), Some(Column::Strings(codes)), Numbers::Int64(out)) => {
                let strings = batch.dictionaries.get(self.field).and_then(Option::as_ref);
                let strings =
                    strings.ok_or_else(|| Failed::Bug("codes without strings".to_owned()));
                known.append(codes, strings?, out)?;
            }
            (Kind::Whole | Kind::Flag, Some(Column::Numbers(numbers)), Numbers::Int64(out)) => {
                for row in 0..numbers.bits.len() {
                    let bits = numbers.get(row).ok_or_else(|| {
                        Failed::Rule(format!(
                            "column {name}: a null, which whole numbers cannot hold; leave the column out"
                        ))
                    })?;
                    out.push(number(bits));
                }
            }
            (Kind::Float | Kind::Double, Some(Column::Numbers(numbers)), Numbers::Float32(out)) => {
                let values = (0..numbers.bits.len()).map(|row| numbers.get(row));
                out.extend(values.map(|bits| bits.map_or(f32::NAN, float)));
            }
            _ => {
                return Err(Failed::Rule(format!(
                    "column {name}: no numbers and no strings"
                )));
            }
        }
        Ok(())
    }
}
