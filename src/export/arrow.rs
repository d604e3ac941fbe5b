//! Columns to Arrow record batches; dictionaries are shared with the segment where they can be.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    ListArray, RecordBatch, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema};
use bytes::Bytes;

use crate::api::Scan;
use crate::types::{
    Cell, Column, Columns, DataType, Error, ListColumn, NumberColumn, Result, Role, Schema,
    Strings, f32_of_bits,
};

/// A [`Scan`] as Arrow record batches.
///
/// Strings are dictionary columns (`Int32` keys, `Utf8` values); `IMPRESSION` is a list of such;
/// `TIMESTAMP` and long are `Int64`, int is `Int32`, float `Float32`, double `Float64`, boolean
/// `Boolean`. The dictionaries of one segment are not copied: all its batches share its memory map.
pub struct ArrowScan {
    scan: Scan,
    schema: Arc<ArrowSchema>,
    dictionaries: HashMap<usize, Known>,
}

/// A dictionary's values, and whose they are.
struct Known {
    strings: Arc<dyn Strings>,
    len: usize,
    values: ArrayRef,
}

/// The Arrow schema of a scan's batches: the asked fields in the schema's order.
pub fn arrow_schema(schema: &Schema, asked: &[bool]) -> ArrowSchema {
    let asked = asked.iter().copied().chain(std::iter::repeat(false));
    let fields = schema
        .fields()
        .iter()
        .zip(asked)
        .filter(|(_, asked)| *asked);
    ArrowSchema::new(
        fields
            .map(|(field, _)| {
                let data_type = match (field.role(), field.data_type()) {
                    (Role::Impression, _) => ArrowType::List(Arc::new(item_field())),
                    (_, DataType::String) => dictionary_type(),
                    (_, DataType::Int) => ArrowType::Int32,
                    (_, DataType::Long) => ArrowType::Int64,
                    (_, DataType::Float) => ArrowType::Float32,
                    (_, DataType::Double) => ArrowType::Float64,
                    (_, DataType::Boolean) => ArrowType::Boolean,
                };
                ArrowField::new(field.name(), data_type, field.is_nullable())
            })
            .collect::<Vec<_>>(),
    )
}

fn dictionary_type() -> ArrowType {
    ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8))
}

fn item_field() -> ArrowField {
    ArrowField::new("item", dictionary_type(), false)
}

impl ArrowScan {
    /// Turns a scan into record batches.
    pub fn new(scan: Scan) -> Self {
        Self {
            schema: Arc::new(arrow_schema(scan.schema(), scan.asked())),
            scan,
            dictionaries: HashMap::new(),
        }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> Arc<ArrowSchema> {
        self.schema.clone()
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let Some(columns) = self.scan.next_batch()? else {
            return Ok(None);
        };
        let schema = self.scan.schema().clone();
        let asked = self.scan.asked().to_vec();
        let arrays = (0..schema.fields().len())
            .filter(|field| asked.get(*field).copied().unwrap_or(false))
            .map(|field| self.array(&schema, &columns, field))
            .collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(unfit)?;
        Ok(Some(batch))
    }

    fn array(&mut self, schema: &Schema, columns: &Columns, field: usize) -> Result<ArrayRef> {
        if field == schema.timestamp() {
            return Ok(Arc::new(Int64Array::from(columns.timestamps.clone())));
        }
        if field == schema.user() {
            let strings = columns.user_ids.as_ref();
            return self.dictionary_array(field, &columns.users, strings);
        }
        let data_type = schema.fields().get(field).map(|field| field.data_type());
        match columns.fields.get(field) {
            Some(Column::Strings(codes)) => {
                let strings = columns.dictionaries.get(field).and_then(Option::as_ref);
                self.dictionary_array(field, codes, strings)
            }
            Some(Column::Numbers(numbers)) => {
                Ok(number_array(numbers, data_type.unwrap_or(DataType::Long)))
            }
            Some(Column::Lists(lists)) => {
                let strings = columns
                    .dictionaries
                    .get(schema.item())
                    .and_then(Option::as_ref);
                self.list_array(schema.item(), lists, strings)
            }
            Some(Column::Absent) | None => Err(Error::invalid("a column that was not asked for")),
        }
    }

    fn dictionary_array(
        &mut self,
        field: usize,
        codes: &[u32],
        strings: Option<&Arc<dyn Strings>>,
    ) -> Result<ArrayRef> {
        let strings = strings.ok_or_else(|| Error::invalid("codes without a dictionary"))?;
        let values = self.values(field, strings)?;
        Ok(Arc::new(keyed(codes, values)?))
    }

    fn list_array(
        &mut self,
        item: usize,
        lists: &ListColumn,
        strings: Option<&Arc<dyn Strings>>,
    ) -> Result<ArrayRef> {
        let strings = strings.ok_or_else(|| Error::invalid("codes without a dictionary"))?;
        let values = self.values(item, strings)?;
        let items = keyed(&lists.items, values)?;
        let ends = lists.ends.iter().map(|end| *end as i32);
        let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
        let valid = (0..lists.ends.len()).map(|row| !lists.get(row).is_empty());
        let array = ListArray::try_new(
            Arc::new(item_field()),
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Arc::new(items),
            Some(NullBuffer::from_iter(valid)),
        );
        Ok(Arc::new(array.map_err(unfit)?))
    }

    /// The values of a dictionary, made once for all batches that share it.
    fn values(&mut self, field: usize, strings: &Arc<dyn Strings>) -> Result<ArrayRef> {
        if let Some(known) = self.dictionaries.get(&field)
            && std::ptr::addr_eq(Arc::as_ptr(&known.strings), Arc::as_ptr(strings))
            && known.len == strings.len()
        {
            return Ok(known.values.clone());
        }
        let len = strings.len();
        let (offsets, text) = strings.buffers()?;
        let offsets = ScalarBuffer::<i32>::new(aligned(offsets), 0, len + 1);
        let values = StringArray::try_new(OffsetBuffer::new(offsets), Buffer::from(text), None);
        let values: ArrayRef = Arc::new(values.map_err(unfit)?);
        let strings = strings.clone();
        let known = Known {
            strings,
            len,
            values: values.clone(),
        };
        self.dictionaries.insert(field, known);
        Ok(values)
    }
}

impl Iterator for ArrowScan {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// Bytes as a buffer of 32-bit offsets: shared where they are aligned, else copied.
fn aligned(bytes: Bytes) -> Buffer {
    if bytes.as_ptr().cast::<i32>().is_aligned() {
        Buffer::from(bytes)
    } else {
        Buffer::from(bytes.to_vec())
    }
}

/// Codes as dictionary keys: from 0, null where the code is 0.
fn keyed(codes: &[u32], values: ArrayRef) -> Result<DictionaryArray<Int32Type>> {
    let keys: Vec<i32> = codes
        .iter()
        .map(|code| code.wrapping_sub(1) as i32)
        .collect();
    let nulls = codes
        .contains(&0)
        .then(|| NullBuffer::from_iter(codes.iter().map(|code| *code != 0)));
    let keys = match &nulls {
        None => keys,
        Some(_) => keys.into_iter().map(|key| key.max(0)).collect(),
    };
    let keys = Int32Array::try_new(ScalarBuffer::from(keys), nulls).map_err(unfit)?;
    DictionaryArray::try_new(keys, values).map_err(unfit)
}

fn number_array(numbers: &NumberColumn, data_type: DataType) -> ArrayRef {
    let nulls = match numbers.valid.as_slice() {
        [] => None,
        valid => Some(NullBuffer::new(BooleanBuffer::from(valid))),
    };
    let bits = || numbers.bits.iter();
    match data_type {
        DataType::Int => {
            let values: Vec<i32> = bits().map(|bits| Cell::i64_of_bits(*bits) as i32).collect();
            Arc::new(Int32Array::new(ScalarBuffer::from(values), nulls))
        }
        DataType::Float => {
            let values: Vec<f32> = bits().map(|bits| f32_of_bits(*bits)).collect();
            Arc::new(Float32Array::new(ScalarBuffer::from(values), nulls))
        }
        DataType::Double => {
            let values: Vec<f64> = bits().map(|bits| f64::from_bits(*bits)).collect();
            Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
        }
        DataType::Boolean => {
            let values: BooleanBuffer = bits().map(|bits| *bits != 0).collect();
            Arc::new(BooleanArray::new(values, nulls))
        }
        DataType::Long | DataType::String => {
            let values: Vec<i64> = bits().map(|bits| Cell::i64_of_bits(*bits)).collect();
            Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls))
        }
    }
}

fn unfit(error: ArrowError) -> Error {
    Error::corrupt("columns that do not make an Arrow batch").caused_by(error)
}
