//! One column: what it holds.

use serde::Serialize;

use super::distinct::Distinct;
use super::numbers::{NumberInsights, NumberProfile};
use super::texts::{Frequent, TextProfile};
use crate::column::{Column, Columns};
use crate::model::{Cell, DataType, Field, FieldId, Result, Role, f32_of_bits};

/// Figures about one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnInsights {
    /// The field's name.
    pub name: String,
    /// The Avro name of its type.
    pub data_type: &'static str,
    /// Whether the schema declares it categorical.
    pub categorical: bool,
    /// Values that are not null. Exact.
    pub values: u64,
    /// Nulls. Exact.
    pub nulls: u64,
    /// Share of the rows with a value; 1 in an empty store.
    pub completeness: f64,
    /// Distinct strings of a string field, impressions aside.
    pub distinct: Option<Distinct>,
    /// Distinct categories of a categorical field; one value may hold several, which bars separate.
    pub categories: Option<Distinct>,
    /// The most frequent strings or booleans, at most 10; none where there are more than 1,000
    /// distinct strings. Exact.
    pub frequent: Vec<Frequent>,
    /// Figures about the numbers of a field, the timestamp aside.
    pub numbers: Option<NumberInsights>,
    /// Items of an impression on average; none without impressions.
    pub items_per_impression: Option<f64>,
}

/// Gathers figures about one field.
pub(super) struct ColumnProfile {
    field: FieldId,
    data_type: DataType,
    values: u64,
    kind: ColumnKind,
}

enum ColumnKind {
    /// User and timestamp, which every row has.
    Apart,
    Texts(TextProfile),
    Numbers(NumberProfile),
    Flags([u64; 2]),
    /// Items of all lists.
    Lists(u64),
}

impl ColumnProfile {
    pub(super) fn new(id: FieldId, field: &Field) -> Self {
        Self {
            field: id,
            data_type: field.data_type(),
            values: 0,
            kind: match (field.role(), field.data_type()) {
                (Role::User | Role::Timestamp, _) => ColumnKind::Apart,
                (Role::Impression, _) => ColumnKind::Lists(0),
                (_, DataType::String) => {
                    ColumnKind::Texts(TextProfile::new(field.is_categorical()))
                }
                (_, DataType::Boolean) => ColumnKind::Flags([0; 2]),
                _ => ColumnKind::Numbers(NumberProfile::default()),
            },
        }
    }

    /// Adds a batch; counts for each row whether it has a value.
    pub(super) fn add(&mut self, batch: &Columns, filled: &mut [u32]) -> Result<()> {
        let before = self.values;
        match (&mut self.kind, batch.fields.get(self.field)) {
            (ColumnKind::Apart, _) => {
                self.values += batch.rows() as u64;
                filled.iter_mut().for_each(|count| *count += 1);
            }
            (ColumnKind::Texts(texts), Some(Column::Strings(codes))) => {
                if let Some(Some(dictionary)) = batch.dictionaries.get(self.field) {
                    texts.add(codes, dictionary)?;
                }
                let has = codes.iter().map(|code| *code != 0);
                self.values += fill(filled, has);
            }
            (ColumnKind::Numbers(numbers), Some(Column::Numbers(column))) => {
                let values = (0..column.bits.len()).map(|row| column.get(row));
                for bits in values.clone().flatten() {
                    numbers.add(number_of(self.data_type, bits));
                }
                self.values += fill(filled, values.map(|bits| bits.is_some()));
            }
            (ColumnKind::Flags(counts), Some(Column::Numbers(column))) => {
                let values = (0..column.bits.len()).map(|row| column.get(row));
                for bits in values.clone().flatten() {
                    if let Some(count) = counts.get_mut(bits as usize) {
                        *count += 1;
                    }
                }
                self.values += fill(filled, values.map(|bits| bits.is_some()));
            }
            (ColumnKind::Lists(items), Some(Column::Lists(lists))) => {
                *items += lists.items.len() as u64;
                let has = (0..lists.ends.len()).map(|row| !lists.get(row).is_empty());
                self.values += fill(filled, has);
            }
            _ => {}
        }
        debug_assert!(self.values - before <= batch.rows() as u64);
        Ok(())
    }

    pub(super) fn finish(self, field: &Field, rows: u64, distance: f64) -> Result<ColumnInsights> {
        let mut column = ColumnInsights {
            name: field.name().to_owned(),
            data_type: field.data_type().name(),
            categorical: field.is_categorical(),
            values: self.values,
            nulls: rows - self.values,
            completeness: match rows {
                0 => 1.0,
                rows => self.values as f64 / rows as f64,
            },
            distinct: None,
            categories: None,
            frequent: Vec::new(),
            numbers: None,
            items_per_impression: None,
        };
        match self.kind {
            ColumnKind::Apart => {}
            ColumnKind::Texts(texts) => {
                let (distinct, categories, frequent) = texts.finish()?;
                column.distinct = Some(distinct);
                column.categories = categories;
                column.frequent = frequent;
            }
            ColumnKind::Numbers(numbers) => column.numbers = numbers.finish(distance),
            ColumnKind::Flags(counts) => {
                let flags = ["false", "true"].into_iter().zip(counts);
                let used = flags.filter(|(_, count)| *count > 0);
                let frequent = used.map(|(value, count)| Frequent {
                    value: value.to_owned(),
                    count,
                });
                column.frequent = frequent.collect();
                column
                    .frequent
                    .sort_by_key(|one| std::cmp::Reverse(one.count));
            }
            ColumnKind::Lists(items) if self.values > 0 => {
                column.items_per_impression = Some(items as f64 / self.values as f64);
            }
            ColumnKind::Lists(_) => {}
        }
        Ok(column)
    }
}

/// Counts the rows with a value, for all and for each.
fn fill(filled: &mut [u32], has: impl Iterator<Item = bool>) -> u64 {
    let mut all = 0;
    for (count, has) in filled.iter_mut().zip(has) {
        *count += u32::from(has);
        all += u64::from(has);
    }
    all
}

fn number_of(data_type: DataType, bits: u64) -> f64 {
    match data_type {
        DataType::Float => f64::from(f32_of_bits(bits)),
        DataType::Double => f64::from_bits(bits),
        _ => Cell::i64_of_bits(bits) as f64,
    }
}
