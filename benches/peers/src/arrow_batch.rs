//! Arrow batches: made from rows, and checked by value whatever form their strings have.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arrow::array::{
    Array, ArrayRef, AsArray, Float32Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{
    DataType, Field, Float32Type, Int32Type, Int64Type, Schema, SchemaRef, UInt32Type,
};

use crate::checksum::{self, Checksum, NULL};
use crate::data::Rows;
use crate::peer::{Batch, Fields};

/// The columns of all rows, strings as strings.
pub fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let item = Arc::new(Field::new("item", DataType::Utf8, false));
    Arc::new(Schema::new(vec![
        text("user", false),
        text("item", false),
        Field::new("ts", DataType::Int64, false),
        text("event_type", false),
        Field::new("value", DataType::Float32, true),
        text("location", false),
        text("device", true),
        Field::new("impression", DataType::List(item), true),
    ]))
}

/// The rows at the given positions.
pub fn batch(rows: &Rows, positions: impl Iterator<Item = usize>) -> Result<RecordBatch> {
    let mut users = StringBuilder::new();
    let mut items = StringBuilder::new();
    let mut times = Int64Builder::new();
    let mut kinds = StringBuilder::new();
    let mut values = Float32Builder::new();
    let mut locations = StringBuilder::new();
    let mut devices = StringBuilder::new();
    let field = Field::new("item", DataType::Utf8, false);
    let mut shown = ListBuilder::new(StringBuilder::new()).with_field(field);
    for position in positions {
        let event = rows.event(position);
        users.append_value(event.user);
        items.append_value(event.item);
        times.append_value(event.timestamp);
        kinds.append_value(event.event_type);
        values.append_option(event.value);
        locations.append_value(event.location);
        devices.append_option(event.device);
        for item in event.shown.iter() {
            shown.values().append_value(item);
        }
        shown.append(event.shown.len() > 0);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(users.finish()),
        Arc::new(items.finish()),
        Arc::new(times.finish()),
        Arc::new(kinds.finish()),
        Arc::new(values.finish()),
        Arc::new(locations.finish()),
        Arc::new(devices.finish()),
        Arc::new(shown.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// The words of a column of strings, whatever their form; [`NULL`] where there is none.
fn words(array: &dyn Array) -> Result<Vec<u64>> {
    let of = |text: Option<&str>| text.map_or(NULL, |text| checksum::word(text.as_bytes()));
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(of).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(of).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(of).collect(),
        DataType::Dictionary(key, _) => {
            let (keys, values): (Vec<Option<usize>>, _) = match **key {
                DataType::Int32 => {
                    let array = array.as_dictionary::<Int32Type>();
                    (array.keys_iter().collect(), array.values())
                }
                DataType::UInt32 => {
                    let array = array.as_dictionary::<UInt32Type>();
                    (array.keys_iter().collect(), array.values())
                }
                ref other => bail!("dictionary keys of type {other}"),
            };
            let values = words(values)?;
            keys.into_iter()
                .map(|key| key.map_or(Some(NULL), |key| values.get(key).copied()))
                .collect::<Option<_>>()
                .context("a key beyond its dictionary")?
        }
        other => bail!("a column of strings of type {other}"),
    })
}

fn times(column: &dyn Array, key: u64) -> impl Iterator<Item = u64> {
    let values = column.as_primitive::<Int64Type>().values().to_vec();
    values
        .into_iter()
        .map(move |time| checksum::number(time as u64, key))
}

fn lists(array: &dyn Array) -> Result<Vec<u64>> {
    let array = array.as_list::<i32>();
    let words = words(array.values())?;
    let rows = 0..array.len();
    Ok(rows
        .map(|row| {
            let range =
                array.value_offsets()[row] as usize..array.value_offsets()[row + 1] as usize;
            let items = words.get(range).unwrap_or_default();
            let places = (1u64..).zip(items);
            let sum = places.fold(0u64, |sum, (place, word)| {
                sum.wrapping_add(word.wrapping_mul(place))
            });
            let null = items.is_empty() || array.is_null(row);
            if null { NULL } else { sum }.wrapping_mul(checksum::SHOWN)
        })
        .collect())
}

impl Batch for RecordBatch {
    fn rows(&self) -> usize {
        self.num_rows()
    }

    fn check(&self, fields: Fields, sum: &mut Checksum) -> Result<()> {
        let mut rows = vec![0u64; self.num_rows()];
        let mut add = |values: &mut dyn Iterator<Item = u64>| {
            rows.iter_mut()
                .zip(values)
                .for_each(|(row, value)| *row = row.wrapping_add(value));
        };
        let texts = |column: usize, key: u64| -> Result<Vec<u64>> {
            let words = words(self.column(column))?;
            Ok(words
                .into_iter()
                .map(|word| word.wrapping_mul(key))
                .collect())
        };
        add(&mut texts(0, checksum::USER)?.into_iter());
        add(&mut texts(1, checksum::ITEM)?.into_iter());
        add(&mut times(self.column(2), checksum::TIMESTAMP));
        if fields == Fields::All {
            add(&mut texts(3, checksum::EVENT_TYPE)?.into_iter());
            let values = self.column(4).as_primitive::<Float32Type>();
            add(&mut values.iter().map(|value| {
                let bits = value.map_or(NULL, |value| u64::from(value.to_bits()));
                checksum::number(bits, checksum::VALUE)
            }));
            add(&mut texts(5, checksum::LOCATION)?.into_iter());
            add(&mut texts(6, checksum::DEVICE)?.into_iter());
            add(&mut lists(self.column(7))?.into_iter());
        }
        rows.into_iter().for_each(|row| sum.push(row));
        Ok(())
    }
}
