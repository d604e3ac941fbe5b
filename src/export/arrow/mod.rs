//! Columns to Arrow record batches.

mod arrays;
mod copied;
mod memory;
mod shared;
#[cfg(test)]
mod tests;
mod unfit;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray,
    RecordBatch, RecordBatchOptions, StringArray, StringViewArray,
};
use arrow_buffer::{ArrowNativeType, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema};

pub(super) use self::arrays::Arrays;
use self::copied::{Bounds, Copies};
use self::memory::{Memory, Use};
use self::shared::Dictionaries;
pub(super) use self::unfit::unfit;
use crate::api::Scan;
use crate::column::{Column, Columns, ListColumn, NumberColumn, Strings};
use crate::model::{Cell, DataType, Error, Field, Result, Role, Schema, f32_of_bits};

/// How an [`ArrowScan`] gives strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArrowStrings {
    /// As dictionary columns: `Int32` keys, `Utf8` values. All batches of one segment share the values: its
    /// memory map, or a copy where they are ids that it keeps as numbers.
    #[default]
    Dictionary,
    /// As plain `Utf8`: each row's string is copied into the batch.
    ///
    /// Each string is looked up once: those of a segment are kept with it, in at most 16 MiB a
    /// dictionary, or 32 where they are long and had to be decoded, those of the hot tier with the scan, in at most 32 MiB.
    Plain,
    /// As `Utf8View`, made of plain strings.
    View,
}

/// A [`Scan`] as Arrow record batches.
///
/// Strings are as [`ArrowStrings`] says, dictionary columns by default; `IMPRESSION` is a list of
/// such; `TIMESTAMP` and long are `Int64`, int is `Int32`, float `Float32`, double `Float64`,
/// boolean `Boolean`.
///
/// A batch of the scan becomes one record batch, or several where an offset of 32 bits would not
/// reach the end of a column's strings. A batch that was dropped when the next is asked for leaves
/// its memory to that.
pub struct ArrowScan {
    scan: Scan,
    schema: Arc<ArrowSchema>,
    /// The scan's last batch, and the rows of it that are still to be given.
    columns: Columns,
    left: Range<usize>,
    texts: Texts,
    memory: Memory,
}

/// The maker of string arrays.
enum Texts {
    Dictionary(Dictionaries),
    Plain(Copies),
    View(Copies),
}

/// The farthest that the offsets of an array reach.
const MAX_OFFSET: usize = i32::MAX as usize;

/// The Arrow schema of a scan's batches: the asked fields in the schema's order.
pub fn arrow_schema(schema: &Schema, asked: &[bool], strings: ArrowStrings) -> ArrowSchema {
    let asked = asked.iter().copied().chain(std::iter::repeat(false));
    let fields = schema
        .fields()
        .iter()
        .zip(asked)
        .filter(|(_, asked)| *asked);
    ArrowSchema::new(
        fields
            .map(|(field, _)| arrow_field(field, strings))
            .collect::<Vec<_>>(),
    )
}

/// The Arrow field of a field of the schema.
pub(super) fn arrow_field(field: &Field, strings: ArrowStrings) -> ArrowField {
    let data_type = match (field.role(), field.data_type()) {
        (Role::Impression, _) => ArrowType::List(Arc::new(item_field(strings))),
        (_, DataType::String) => string_type(strings),
        (_, DataType::Int) => ArrowType::Int32,
        (_, DataType::Long) => ArrowType::Int64,
        (_, DataType::Float) => ArrowType::Float32,
        (_, DataType::Double) => ArrowType::Float64,
        (_, DataType::Boolean) => ArrowType::Boolean,
    };
    ArrowField::new(field.name(), data_type, field.is_nullable())
}

pub(super) fn string_type(strings: ArrowStrings) -> ArrowType {
    match strings {
        ArrowStrings::Dictionary => {
            ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8))
        }
        ArrowStrings::Plain => ArrowType::Utf8,
        ArrowStrings::View => ArrowType::Utf8View,
    }
}

fn item_field(strings: ArrowStrings) -> ArrowField {
    ArrowField::new("item", string_type(strings), false)
}

impl ArrowScan {
    /// Turns a scan into record batches, strings as dictionary columns.
    pub fn new(scan: Scan) -> Self {
        Self {
            columns: scan.new_batch(),
            left: 0..0,
            schema: Arc::new(ArrowSchema::empty()),
            scan,
            texts: Texts::Dictionary(Dictionaries::default()),
            memory: Memory::default(),
        }
        .strings(ArrowStrings::default())
    }

    /// Says how strings come. To be called before the first batch.
    ///
    /// ```
    /// use annals::export::{ArrowScan, ArrowStrings};
    /// # use annals::{Error, ScanQuery, Store};
    /// # fn rows(store: &Store) -> Result<usize, Error> {
    /// let scan = store.scan(&ScanQuery::default())?;
    /// let batches = ArrowScan::new(scan).strings(ArrowStrings::Plain);
    /// # batches.map(|batch| Ok(batch?.num_rows())).sum()
    /// # }
    /// ```
    #[must_use]
    pub fn strings(mut self, strings: ArrowStrings) -> Self {
        let schema = arrow_schema(self.scan.schema(), self.scan.asked(), strings);
        self.schema = Arc::new(schema);
        self.texts = Texts::new(strings);
        self
    }

    /// The schema of the batches.
    pub fn schema(&self) -> Arc<ArrowSchema> {
        self.schema.clone()
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        if self.left.is_empty() {
            self.left = 0..0;
            if !self.scan.read(&mut self.columns)? {
                return Ok(None);
            }
            self.left = 0..self.columns.rows();
        }
        let mut rows = self.left.clone();
        loop {
            if let Some(batch) = self.batch(rows.clone())? {
                self.left.start = rows.end;
                return Ok(Some(batch));
            }
            match rows.len() {
                0 | 1 => return Err(Error::invalid("a row of more than 2 GiB of strings")),
                len => rows.end -= len / 2,
            }
        }
    }

    /// A batch of some rows; `None` when an offset of theirs would be too high.
    fn batch(&mut self, rows: Range<usize>) -> Result<Option<RecordBatch>> {
        let schema = self.scan.schema();
        let asked = self.scan.asked().iter().enumerate();
        let mut arrays = Vec::new();
        for (field, _) in asked.filter(|(_, asked)| **asked) {
            let part = BatchRows {
                schema,
                columns: &self.columns,
                rows: rows.clone(),
            };
            match part.array(field, &mut self.texts, &mut self.memory)? {
                Some(array) => arrays.push(array),
                None => return Ok(None),
            }
        }
        // Without columns nothing else tells how many rows there are.
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        Ok(Some(batch.map_err(unfit)?))
    }
}

impl Iterator for ArrowScan {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// Rows that become one record batch.
struct BatchRows<'a> {
    schema: &'a Schema,
    columns: &'a Columns,
    rows: Range<usize>,
}

impl BatchRows<'_> {
    fn array(
        &self,
        field: usize,
        texts: &mut Texts,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        if field == self.schema.timestamp() {
            let values = self.of(&self.columns.timestamps)?.iter().copied();
            let values = ScalarBuffer::from(memory.collect(field, Use::Values, values));
            return Ok(Some(Arc::new(Int64Array::new(values, None))));
        }
        if field == self.schema.user() {
            let codes = self.of(&self.columns.users)?;
            let ids = self.columns.user_ids.as_ref().ok_or_else(no_dictionary)?;
            return texts.users(field, codes, ids, memory);
        }
        match self.columns.fields.get(field) {
            Some(Column::Strings(codes)) => {
                let strings = self.dictionary(field)?;
                texts.strings([field; 2], self.of(codes)?, strings, memory)
            }
            Some(Column::Numbers(numbers)) => {
                let data_type = self.schema.fields().get(field);
                let data_type = data_type.map_or(DataType::Long, |field| field.data_type());
                self.numbers(field, numbers, data_type, memory).map(Some)
            }
            Some(Column::Lists(lists)) => self.lists(field, lists, texts, memory),
            Some(Column::Absent) | None => Err(Error::internal("a column that was not asked for")),
        }
    }

    /// The rows' part of a column.
    fn of<'a, T>(&self, column: &'a [T]) -> Result<&'a [T]> {
        column.get(self.rows.clone()).ok_or_else(too_short)
    }

    fn dictionary(&self, field: usize) -> Result<&Arc<dyn Strings>> {
        let strings = self.columns.dictionaries.get(field);
        strings.and_then(Option::as_ref).ok_or_else(no_dictionary)
    }

    fn lists(
        &self,
        field: usize,
        lists: &ListColumn,
        texts: &mut Texts,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        let first = match self.rows.start.checked_sub(1) {
            Some(before) => *lists.ends.get(before).ok_or_else(too_short)?,
            None => 0,
        };
        let ends = self.of(&lists.ends)?;
        let last = ends.last().copied().unwrap_or(first);
        if last.wrapping_sub(first) as usize > MAX_OFFSET {
            return Ok(None);
        }
        let codes = lists.items.get(first as usize..last as usize);
        let (codes, item) = (codes.ok_or_else(too_short)?, self.schema.item());
        let strings = self.dictionary(item)?;
        let Some(items) = texts.strings([field, item], codes, strings, memory)? else {
            return Ok(None);
        };
        let offsets = std::iter::once(&first).chain(ends);
        let offsets = offsets.map(|end| end.wrapping_sub(first) as i32);
        let offsets = ScalarBuffer::<i32>::from(memory.collect(field, Use::Lists, offsets));
        let mut before = first;
        let nulls = memory.bits(field, Use::ListNulls, ends, |end| {
            *end != std::mem::replace(&mut before, *end)
        });
        let item = ArrowField::new("item", items.data_type().clone(), false);
        let array = ListArray::try_new(
            Arc::new(item),
            OffsetBuffer::new(offsets),
            items,
            Some(NullBuffer::new(nulls)),
        );
        Ok(Some(Arc::new(array.map_err(unfit)?)))
    }

    fn numbers(
        &self,
        field: usize,
        numbers: &NumberColumn,
        data_type: DataType,
        memory: &mut Memory,
    ) -> Result<ArrayRef> {
        let nulls = match numbers.valid.as_slice() {
            [] => None,
            valid => {
                let valid = memory.bits(field, Use::Nulls, self.of(valid)?, |valid| *valid);
                Some(NullBuffer::new(valid))
            }
        };
        let bits = self.of(&numbers.bits)?;
        let mut values = Values {
            field,
            bits,
            memory,
        };
        Ok(match data_type {
            DataType::Int => {
                let values = values.of(|bits| Cell::i64_of_bits(bits) as i32);
                Arc::new(Int32Array::new(values, nulls))
            }
            DataType::Float => Arc::new(Float32Array::new(values.of(f32_of_bits), nulls)),
            DataType::Double => Arc::new(Float64Array::new(values.of(f64::from_bits), nulls)),
            DataType::Boolean => {
                let values = memory.bits(field, Use::Values, bits, |bits| *bits != 0);
                Arc::new(BooleanArray::new(values, nulls))
            }
            DataType::Long | DataType::String => {
                Arc::new(Int64Array::new(values.of(Cell::i64_of_bits), nulls))
            }
        })
    }
}

/// The numbers of a field, as bits.
struct Values<'a> {
    field: usize,
    bits: &'a [u64],
    memory: &'a mut Memory,
}

impl Values<'_> {
    fn of<T: ArrowNativeType>(&mut self, value: impl Fn(u64) -> T) -> ScalarBuffer<T> {
        let values = self.bits.iter().map(|bits| value(*bits));
        ScalarBuffer::from(self.memory.collect(self.field, Use::Values, values))
    }
}

impl Texts {
    fn new(strings: ArrowStrings) -> Self {
        match strings {
            ArrowStrings::Dictionary => Self::Dictionary(Dictionaries::default()),
            ArrowStrings::Plain => Self::Plain(Copies::new(Bounds::default())),
            ArrowStrings::View => Self::View(Copies::new(Bounds::default())),
        }
    }

    /// The array of `field`, whose codes come in runs.
    fn users(
        &mut self,
        field: usize,
        codes: &[u32],
        ids: &Arc<dyn Strings>,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        match self {
            Self::Dictionary(shared) => shared.array([field; 2], codes, ids, memory).map(Some),
            Self::Plain(copies) => copies.runs(field, codes, &**ids, memory),
            Self::View(copies) => viewed(copies.runs(field, codes, &**ids, memory)?),
        }
    }

    /// The array of the first field, whose codes are those of the dictionary of the second; `None`
    /// when it would be too long.
    fn strings(
        &mut self,
        fields: [usize; 2],
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        match self {
            Self::Dictionary(shared) => shared.array(fields, codes, strings, memory).map(Some),
            Self::Plain(copies) => copies.array(fields, codes, strings, memory),
            Self::View(copies) => viewed(copies.array(fields, codes, strings, memory)?),
        }
    }
}

/// Plain strings as views of them.
pub(super) fn viewed(plain: Option<ArrayRef>) -> Result<Option<ArrayRef>> {
    let Some(plain) = plain else { return Ok(None) };
    let strings = plain.as_any().downcast_ref::<StringArray>();
    let strings = strings.ok_or_else(|| Error::internal("strings that are no string array"))?;
    Ok(Some(Arc::new(StringViewArray::from(strings))))
}

fn no_dictionary() -> Error {
    Error::internal("codes without a dictionary")
}

fn too_short() -> Error {
    Error::internal("columns of different lengths")
}
