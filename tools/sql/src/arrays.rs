//! The engine's columns as arrays of DataFusion's Arrow.
//!
//! They are made from the engine's codes and numbers at once, not from its own Arrow batches, whose Arrow is
//! of another major: nothing has to cross between the two.

use std::sync::Arc;

use annals::columns::{Cell, Column, Columns, FieldId, NumberColumn, Strings, f32_of_bits};
use annals::{DataType, Schema};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    ListArray, RecordBatch, RecordBatchOptions, StringArray, StringBuilder,
};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{Int32Type, SchemaRef};
use datafusion::error::{DataFusionError, Result};

use crate::failure::{engine, internal};
use crate::schema::item_field;

/// A dictionary of more strings goes into a batch as the strings that the batch has: much that reads a
/// dictionary column looks at all its values, batch for batch.
const SHARED_STRINGS: usize = 1 << 15;

/// Makes the batches of one scan.
pub(crate) struct Batches {
    schema: Arc<Schema>,
    out: SchemaRef,
    /// The fields of the batches, in their order.
    fields: Vec<FieldId>,
    /// The last dictionary of each field, as it went into a batch.
    shared: Vec<Option<Shared>>,
    /// The place of each code among the strings of a batch, from 1; 0 for none.
    places: Vec<u32>,
}

struct Shared {
    strings: Arc<dyn Strings>,
    len: usize,
    values: ArrayRef,
}

impl Batches {
    /// Batches of `fields`, whose columns `out` describes.
    pub(crate) fn new(schema: Arc<Schema>, out: SchemaRef, fields: Vec<FieldId>) -> Self {
        let shared = schema.fields().iter().map(|_| None).collect();
        Self {
            schema,
            out,
            fields,
            shared,
            places: Vec::new(),
        }
    }

    /// The first `rows` rows of the engine's columns.
    pub(crate) fn batch(&mut self, columns: &Columns, rows: usize) -> Result<RecordBatch> {
        let fields = std::mem::take(&mut self.fields);
        let arrays = fields.iter().map(|field| self.array(columns, *field, rows));
        let arrays = arrays.collect::<Result<Vec<_>>>();
        self.fields = fields;
        // Without columns nothing else tells how many rows there are.
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            self.out.clone(),
            arrays?,
            &options,
        )?)
    }

    fn array(&mut self, columns: &Columns, field: FieldId, rows: usize) -> Result<ArrayRef> {
        if field == self.schema.timestamp() {
            let values = part(&columns.timestamps, rows)?.to_vec();
            return Ok(Arc::new(Int64Array::new(values.into(), None)));
        }
        if field == self.schema.user() {
            let ids = columns.user_ids.as_ref().ok_or_else(no_dictionary)?;
            return self.codes(field, part(&columns.users, rows)?, ids);
        }
        match columns.fields.get(field) {
            Some(Column::Strings(codes)) => {
                let strings = dictionary(columns, field)?;
                self.codes(field, part(codes, rows)?, strings)
            }
            Some(Column::Numbers(numbers)) => self.numbers(field, numbers, rows),
            Some(Column::Lists(lists)) => {
                let item = self.schema.item();
                let ends = part(&lists.ends, rows)?;
                let items = ends.last().map_or(0, |end| *end as usize);
                let items =
                    self.codes(item, part(&lists.items, items)?, dictionary(columns, item)?)?;
                lists_of(ends, items)
            }
            Some(Column::Absent) | None => Err(internal("a column that was not asked for")),
        }
    }

    fn numbers(&self, field: FieldId, numbers: &NumberColumn, rows: usize) -> Result<ArrayRef> {
        let nulls = match numbers.valid.as_slice() {
            [] => None,
            valid => Some(NullBuffer::from(part(valid, rows)?)),
        };
        let bits = part(&numbers.bits, rows)?.iter().copied();
        let data_type = self
            .schema
            .fields()
            .get(field)
            .map(|field| field.data_type());
        Ok(match data_type {
            Some(DataType::Int) => {
                let values: Vec<i32> = bits.map(|bits| Cell::i64_of_bits(bits) as i32).collect();
                Arc::new(Int32Array::new(values.into(), nulls))
            }
            Some(DataType::Long) => {
                let values: Vec<i64> = bits.map(Cell::i64_of_bits).collect();
                Arc::new(Int64Array::new(values.into(), nulls))
            }
            Some(DataType::Float) => {
                let values: Vec<f32> = bits.map(f32_of_bits).collect();
                Arc::new(Float32Array::new(values.into(), nulls))
            }
            Some(DataType::Double) => {
                let values: Vec<f64> = bits.map(f64::from_bits).collect();
                Arc::new(Float64Array::new(values.into(), nulls))
            }
            Some(DataType::Boolean) => {
                let values: BooleanBuffer = bits.map(|bits| bits != 0).collect();
                Arc::new(BooleanArray::new(values, nulls))
            }
            Some(DataType::String) | None => return Err(internal("numbers of a field of strings")),
        })
    }

    /// Codes as a dictionary column. A small dictionary is shared by all batches that have it, and that of a
    /// segment with the segment; of a large one a batch has the strings that it needs.
    fn codes(
        &mut self,
        field: FieldId,
        codes: &[u32],
        strings: &Arc<dyn Strings>,
    ) -> Result<ArrayRef> {
        if strings.len() > SHARED_STRINGS {
            return self.picked(codes, &**strings);
        }
        let values = self.shared(field, strings)?;
        let keys: Vec<i32> = codes.iter().map(|code| (*code).max(1) as i32 - 1).collect();
        dictionary_array(keys, codes, values)
    }

    fn shared(&mut self, field: FieldId, strings: &Arc<dyn Strings>) -> Result<ArrayRef> {
        let len = strings.len();
        let slot = self.shared.get_mut(field);
        let slot = slot.ok_or_else(|| internal("a dictionary of no field"))?;
        if let Some(known) = slot
            && std::ptr::addr_eq(Arc::as_ptr(&known.strings), Arc::as_ptr(strings))
            && known.len == len
        {
            return Ok(known.values.clone());
        }
        let (offsets, text) = strings.buffers().map_err(engine)?;
        let offsets = if offsets.as_ptr().cast::<i32>().is_aligned() {
            ScalarBuffer::new(Buffer::from(offsets), 0, len + 1)
        } else {
            let (words, _) = offsets.as_chunks::<4>();
            words.iter().map(|word| i32::from_le_bytes(*word)).collect()
        };
        let values = StringArray::try_new(OffsetBuffer::new(offsets), Buffer::from(text), None)?;
        let values: ArrayRef = Arc::new(values);
        *slot = Some(Shared {
            strings: strings.clone(),
            len,
            values: values.clone(),
        });
        Ok(values)
    }

    fn picked(&mut self, codes: &[u32], strings: &dyn Strings) -> Result<ArrayRef> {
        let places = &mut self.places;
        if places.len() <= strings.len() {
            places.resize(strings.len() + 1, 0);
        }
        let mut used: Vec<u32> = Vec::new();
        let mut values = StringBuilder::new();
        let mut keys: Vec<i32> = Vec::with_capacity(codes.len());
        let mut add = |code: u32, used: &mut Vec<u32>, places: &mut Vec<u32>| -> Result<u32> {
            let place = places.get_mut(code as usize);
            let place = place.ok_or_else(|| internal("a code beyond its dictionary"))?;
            if *place == 0 {
                values.append_value(strings.get(code).map_err(engine)?);
                used.push(code);
                *place = used.len() as u32;
            }
            Ok(*place)
        };
        let mut failure = None;
        for code in codes {
            // A null has any key.
            let place = if *code == 0 {
                Ok(1)
            } else {
                add(*code, &mut used, places)
            };
            match place {
                Ok(place) => keys.push(place as i32 - 1),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        for code in &used {
            if let Some(place) = places.get_mut(*code as usize) {
                *place = 0;
            }
        }
        match failure {
            Some(error) => Err(error),
            None => dictionary_array(keys, codes, Arc::new(values.finish())),
        }
    }
}

/// Keys into `values`, null where the code is 0.
fn dictionary_array(keys: Vec<i32>, codes: &[u32], values: ArrayRef) -> Result<ArrayRef> {
    let nulls = codes
        .contains(&0)
        .then(|| codes.iter().map(|code| *code != 0).collect::<NullBuffer>());
    let keys = Int32Array::try_new(keys.into(), nulls)?;
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys, values,
    )?))
}

/// Lists that end where `ends` says; an empty one is null.
fn lists_of(ends: &[u32], items: ArrayRef) -> Result<ArrayRef> {
    let mut before = 0;
    let present = ends
        .iter()
        .map(|end| *end != std::mem::replace(&mut before, *end));
    let nulls: NullBuffer = present.collect();
    let ends = ends.iter().map(|end| i32::try_from(*end));
    let offsets = std::iter::once(Ok(0))
        .chain(ends)
        .collect::<Result<Vec<i32>, _>>();
    let offsets = offsets.map_err(|_| {
        DataFusionError::ResourcesExhausted(
            "a batch of more than 2^31 items of impressions".to_owned(),
        )
    })?;
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(
        item_field(),
        offsets,
        items,
        Some(nulls),
    )?))
}

fn dictionary(columns: &Columns, field: FieldId) -> Result<&Arc<dyn Strings>> {
    let strings = columns.dictionaries.get(field);
    strings.and_then(Option::as_ref).ok_or_else(no_dictionary)
}

fn part<T>(column: &[T], rows: usize) -> Result<&[T]> {
    column
        .get(..rows)
        .ok_or_else(|| internal("columns of different lengths"))
}

fn no_dictionary() -> DataFusionError {
    internal("codes without a dictionary")
}
