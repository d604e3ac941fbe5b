//! Strings as numbers, for models.

use std::collections::HashMap;
use std::sync::Arc;

use annals::columns::{Column, Strings};
use annals::query::ScanOrder;
use annals::{Projection, ScanQuery, Snapshot};
use pyo3::prelude::*;

use crate::buffer::{Buffer, Kind};
use crate::errors::{self, Failed};
use crate::long::{self, AtSignal};
use crate::texts::{self, Texts};
use crate::view::View;

/// Strings and their codes, from 1; 0 is a string that is not among them, or none. The most frequent string has
/// code 1.
#[pyclass(frozen, module = "annalsdb")]
pub struct Vocabulary {
    codes: Arc<Codes>,
}

pub struct Codes {
    strings: Vec<Box<str>>,
    by_string: HashMap<Box<str>, i64>,
}

impl Codes {
    fn new(strings: Vec<Box<str>>) -> Result<Self, String> {
        let mut by_string = HashMap::with_capacity(strings.len());
        for (string, code) in strings.iter().zip(1..) {
            if by_string.insert(string.clone(), code).is_some() {
                return Err(format!("{string:?}: given twice"));
            }
        }
        Ok(Self { strings, by_string })
    }

    pub fn code(&self, string: &str) -> i64 {
        self.by_string.get(string).copied().unwrap_or(0)
    }
}

impl Vocabulary {
    pub fn codes(&self) -> &Arc<Codes> {
        &self.codes
    }
}

#[pymethods]
impl Vocabulary {
    #[new]
    fn new(strings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let strings = texts::strings("strings", strings)?;
        let strings = strings.iter().map(|string| Box::from(&**string)).collect();
        Ok(Self {
            codes: Arc::new(Codes::new(strings).map_err(errors::invalid)?),
        })
    }

    /// Reads the strings of a column, the most frequent first; those that come less than `min_count` times are
    /// left out.
    #[staticmethod]
    #[pyo3(signature = (view, column="ITEM_ID", *, min_count=1))]
    fn of(py: Python<'_>, view: &Bound<'_, View>, column: &str, min_count: u64) -> PyResult<Self> {
        let snapshot = view.get().snapshot()?;
        let column = column.to_owned();
        let strings = long::run(py, AtSignal::Leave, long::quiet, move |_| {
            frequent(&snapshot, &column, min_count)
        })?;
        Ok(Self {
            codes: Arc::new(Codes::new(strings).map_err(errors::internal)?),
        })
    }

    fn __len__(&self) -> usize {
        self.codes.strings.len()
    }

    fn __contains__(&self, string: &str) -> bool {
        self.codes.code(string) != 0
    }

    fn __repr__(&self) -> String {
        format!(
            "<annalsdb.Vocabulary of {} strings>",
            self.codes.strings.len()
        )
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (Vec<String>,))> {
        let class = slf.get_type().into_any().unbind();
        Ok((class, (slf.get().to_list(),)))
    }

    /// The strings; that at position 0 has code 1.
    fn to_list(&self) -> Vec<String> {
        self.codes
            .strings
            .iter()
            .map(|string| string.to_string())
            .collect()
    }

    /// The codes of strings, for numpy and torch.
    fn encode(&self, strings: &Bound<'_, PyAny>) -> PyResult<Buffer> {
        let strings = Texts::of("strings", strings)?;
        let codes = strings
            .as_strs()?
            .into_iter()
            .map(|string| self.codes.code(string));
        let codes: Vec<i64> = codes.collect();
        Ok(Buffer::new(
            arrow_buffer::Buffer::from_vec(codes),
            Kind::Int64,
        ))
    }

    /// The strings of codes; `None` for 0.
    fn decode(&self, codes: &Bound<'_, PyAny>) -> PyResult<Vec<Option<String>>> {
        let string = |code: i64| match usize::try_from(code) {
            Ok(0) => Ok(None),
            Ok(code) if code <= self.codes.strings.len() => Ok(self
                .codes
                .strings
                .get(code - 1)
                .map(|string| string.to_string())),
            _ => Err(errors::invalid(format!(
                "code {code}: there are codes up to {}",
                self.codes.strings.len()
            ))),
        };
        codes
            .try_iter()?
            .map(|code| string(code?.extract()?))
            .collect()
    }
}

/// The strings of a column, by falling frequency, then in the order of their bytes.
fn frequent(snapshot: &Snapshot, column: &str, least: u64) -> Result<Vec<Box<str>>, Failed> {
    let schema = snapshot.schema();
    let query = ScanQuery::default()
        .projection(Projection::names([column]))
        .order(ScanOrder::Any);
    let mut scan = snapshot.scan(&query)?;
    let field = schema.position(column).unwrap_or_default();
    let mut counts: HashMap<Box<str>, u64> = HashMap::new();
    let mut part = Part::default();
    let mut batch = scan.new_batch();
    while scan.read(&mut batch)? {
        let (codes, strings) = if field == schema.user() {
            (&batch.users, batch.user_ids.as_ref())
        } else {
            match batch.fields.get(field) {
                Some(Column::Strings(codes)) => (
                    codes,
                    batch.dictionaries.get(field).and_then(Option::as_ref),
                ),
                _ => {
                    return Err(Failed::Rule(format!(
                        "column {column}: no column of strings"
                    )));
                }
            }
        };
        let strings = strings.ok_or_else(|| Failed::Bug("codes without strings".to_owned()))?;
        part.add(codes, strings, &mut counts)?;
    }
    part.pour(&mut counts)?;
    let mut found: Vec<(Box<str>, u64)> = counts.into_iter().collect();
    found.retain(|(_, count)| *count >= least);
    found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(found.into_iter().map(|(string, _)| string).collect())
}

/// Counts by code of the dictionary that batches share.
#[derive(Default)]
struct Part {
    strings: Option<Arc<dyn Strings>>,
    counts: Vec<u64>,
}

impl Part {
    fn add(
        &mut self,
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        all: &mut HashMap<Box<str>, u64>,
    ) -> annals::Result<()> {
        if !self
            .strings
            .as_ref()
            .is_some_and(|known| is_same(known, strings))
        {
            self.pour(all)?;
            self.strings = Some(strings.clone());
        }
        self.counts.resize(strings.len() + 1, 0);
        for code in codes {
            if let Some(count) = self.counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    fn pour(&mut self, all: &mut HashMap<Box<str>, u64>) -> annals::Result<()> {
        let Some(strings) = self.strings.take() else {
            return Ok(());
        };
        for (code, count) in self.counts.drain(..).enumerate().skip(1) {
            if count > 0 {
                let string = strings.get(code as u32)?;
                match all.get_mut(string) {
                    Some(known) => *known += count,
                    None => {
                        all.insert(string.into(), count);
                    }
                }
            }
        }
        Ok(())
    }
}

pub fn is_same(a: &Arc<dyn Strings>, b: &Arc<dyn Strings>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
}
