//! Histories to Arrow arrays.

use std::ops::Range;
use std::sync::Arc;

use annals::columns::{Cell, Column, Columns, Strings, f32_of_bits};
use annals::query::TextBuffer;
use annals::{DataType, History, Role, Schema};
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray,
    StringArray,
};
use arrow_buffer::{
    BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{DataType as ArrowType, Field as ArrowField, Fields};

use crate::errors::Failed;

/// The rows of histories, one behind the other, of the fields that were asked for.
pub struct HistoryColumns {
    fields: Vec<FieldColumn>,
    rows: usize,
}

/// One field's values.
struct FieldColumn {
    field: usize,
    arrow: ArrowField,
    /// Whose dictionary a string's codes are of.
    dictionary: usize,
    values: Values,
}

enum Values {
    Times(Vec<i64>),
    Texts {
        texts: TextBuffer,
        codes: Vec<u32>,
        nulls: bool,
    },
    Numbers {
        bits: Vec<u64>,
        valid: Vec<bool>,
        data_type: DataType,
    },
    Lists {
        texts: TextBuffer,
        ends: Vec<i32>,
        codes: Vec<u32>,
    },
}

type Result<T> = std::result::Result<T, Failed>;

impl HistoryColumns {
    /// Columns of the fields whose flag is set, users aside.
    pub fn new(schema: &Schema, asked: &[bool]) -> Self {
        let all = annals::export::arrow_schema(
            schema,
            &vec![true; schema.fields().len()],
            annals::export::ArrowStrings::Plain,
        );
        let fields = schema
            .fields()
            .iter()
            .zip(all.fields())
            .zip(asked)
            .enumerate();
        let fields = fields.filter(|(id, (_, asked))| **asked && *id != schema.user());
        Self {
            fields: fields
                .map(|(id, ((field, arrow), _))| FieldColumn {
                    field: id,
                    arrow: arrow.as_ref().clone(),
                    dictionary: if field.role() == Role::Impression {
                        schema.item()
                    } else {
                        id
                    },
                    values: Values::of(field.role(), field.data_type()),
                })
                .collect(),
            rows: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds the rows of a history.
    pub fn append(&mut self, history: &History) -> Result<()> {
        let backwards = history.is_newest_first();
        for column in &mut self.fields {
            for (columns, rows) in history.parts() {
                column.append(columns, rows, backwards)?;
            }
        }
        self.rows += history.len();
        Ok(())
    }

    /// The fields and their arrays.
    pub fn finish(self) -> Result<(Fields, Vec<ArrayRef>)> {
        let rows = self.rows;
        let mut fields = Vec::with_capacity(self.fields.len());
        let mut arrays = Vec::with_capacity(self.fields.len());
        for column in self.fields {
            let array = column.values.array()?;
            if array.len() != rows {
                return Err(Failed::Bug("a column that lacks rows".to_owned()));
            }
            fields.push(column.arrow);
            arrays.push(array);
        }
        Ok((fields.into(), arrays))
    }
}

impl FieldColumn {
    fn append(&mut self, columns: &Columns, rows: Range<usize>, backwards: bool) -> Result<()> {
        let strings = || {
            let strings = columns.dictionaries.get(self.dictionary);
            strings.and_then(Option::as_deref).ok_or_else(lacking)
        };
        match (&mut self.values, columns.fields.get(self.field)) {
            (Values::Times(times), _) => {
                extend(times, &columns.timestamps, rows, backwards)?;
            }
            (
                Values::Texts {
                    texts,
                    codes,
                    nulls,
                },
                Some(Column::Strings(from)),
            ) => {
                let part = from.get(rows.clone()).ok_or_else(lacking)?;
                append_text(strings()?, part, backwards, texts)?;
                extend(codes, from, rows, backwards)?;
                *nulls |= part.contains(&0);
            }
            (Values::Numbers { bits, valid, .. }, Some(Column::Numbers(from))) => {
                if !from.valid.is_empty() || !valid.is_empty() {
                    valid.resize(bits.len(), true);
                }
                if !from.valid.is_empty() {
                    extend(valid, &from.valid, rows.clone(), backwards)?;
                }
                extend(bits, &from.bits, rows, backwards)?;
                if !valid.is_empty() {
                    valid.resize(bits.len(), true);
                }
            }
            (Values::Lists { texts, ends, codes }, Some(Column::Lists(from))) => {
                let strings = strings()?;
                let mut one = |row: usize| -> Result<()> {
                    let list = from.get(row);
                    strings.append_text(list, texts)?;
                    codes.push(list.len() as u32);
                    ends.push(i32::try_from(texts.len()).map_err(|_| too_long())?);
                    Ok(())
                };
                match backwards {
                    true => rows.rev().try_for_each(&mut one)?,
                    false => rows.into_iter().try_for_each(&mut one)?,
                }
            }
            _ => return Err(lacking()),
        }
        Ok(())
    }
}

fn append_text(
    strings: &dyn Strings,
    codes: &[u32],
    backwards: bool,
    out: &mut TextBuffer,
) -> annals::Result<()> {
    match backwards {
        true => strings.append_text_backwards(codes, out),
        false => strings.append_text(codes, out),
    }
}

/// Adds the values of rows, the last first where they come backwards.
fn extend<T: Copy>(
    out: &mut Vec<T>,
    from: &[T],
    rows: Range<usize>,
    backwards: bool,
) -> Result<()> {
    let values = from.get(rows).ok_or_else(lacking)?;
    match backwards {
        true => out.extend(values.iter().rev()),
        false => out.extend_from_slice(values),
    }
    Ok(())
}

fn lacking() -> Failed {
    Failed::Bug("a history that lacks a column".to_owned())
}

impl Values {
    fn of(role: Role, data_type: DataType) -> Self {
        match (role, data_type) {
            (Role::Timestamp, _) => Self::Times(Vec::new()),
            (Role::Impression, _) => Self::Lists {
                texts: TextBuffer::new(),
                ends: vec![0],
                codes: Vec::new(),
            },
            (_, DataType::String) => Self::Texts {
                texts: TextBuffer::new(),
                codes: Vec::new(),
                nulls: false,
            },
            (_, data_type) => Self::Numbers {
                bits: Vec::new(),
                valid: Vec::new(),
                data_type,
            },
        }
    }

    fn array(self) -> Result<ArrayRef> {
        match self {
            Self::Times(times) => Ok(Arc::new(Int64Array::new(times.into(), None))),
            Self::Texts {
                texts,
                codes,
                nulls,
            } => {
                let nulls = nulls.then(|| bits(codes.iter().map(|code| *code != 0)).into());
                Ok(Arc::new(strings(&texts, nulls)?))
            }
            Self::Numbers {
                bits: values,
                valid,
                data_type,
            } => {
                let nulls = (!valid.is_empty()).then(|| bits(valid.into_iter()).into());
                Ok(numbers(&values, nulls, data_type))
            }
            Self::Lists { texts, ends, codes } => {
                let items = Arc::new(strings(&texts, None)?);
                let nulls = bits(codes.iter().map(|len| *len != 0)).into();
                let item = ArrowField::new("item", ArrowType::Utf8, false);
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                let list = ListArray::try_new(Arc::new(item), offsets, items, Some(nulls));
                Ok(Arc::new(list.map_err(unfit)?))
            }
        }
    }
}

fn bits(flags: impl ExactSizeIterator<Item = bool>) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(flags.len());
    flags.for_each(|flag| bits.append(flag));
    bits.finish()
}

fn strings(texts: &TextBuffer, nulls: Option<NullBuffer>) -> Result<StringArray> {
    if i32::try_from(texts.text().len()).is_err() {
        return Err(too_long());
    }
    let offsets = std::iter::once(0).chain(texts.ends().iter().map(|end| *end as i32));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.collect::<Vec<i32>>()));
    let values = Buffer::from_slice_ref(texts.text().as_bytes());
    StringArray::try_new(offsets, values, nulls).map_err(unfit)
}

fn numbers(values: &[u64], nulls: Option<NullBuffer>, data_type: DataType) -> ArrayRef {
    let values = values.iter().copied();
    match data_type {
        DataType::Int => {
            let values = values.map(|bits| Cell::i64_of_bits(bits) as i32);
            Arc::new(Int32Array::new(values.collect(), nulls))
        }
        DataType::Float => Arc::new(Float32Array::new(values.map(f32_of_bits).collect(), nulls)),
        DataType::Double => Arc::new(Float64Array::new(
            values.map(f64::from_bits).collect(),
            nulls,
        )),
        DataType::Boolean => Arc::new(BooleanArray::new(bits(values.map(|bits| bits != 0)), nulls)),
        DataType::Long | DataType::String => Arc::new(Int64Array::new(
            values.map(Cell::i64_of_bits).collect(),
            nulls,
        )),
    }
}

/// An answer that one Arrow array cannot hold.
pub fn too_long() -> Failed {
    Failed::Rule(
        "the answer has more than 2^31 rows or bytes of strings, which one Arrow array cannot hold; ask for fewer \
         users at once, or scan"
            .to_owned(),
    )
}

pub fn unfit(error: arrow_schema::ArrowError) -> Failed {
    Failed::Bug(error.to_string())
}
