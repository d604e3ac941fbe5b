//! Attributes out of CSV files.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::attributes::{Attribute, AttributeField, Attributes};
use super::table_schema::{AttributeDataset, TableField, parse_schema};
use crate::types::{DataType, Dictionary, Error, Result, Strings, shown};

/// Attributes of items or users out of a CSV file, in memory.
///
/// The file is as the Items or Users dataset of the contract has it: UTF-8, a header that names the
/// schema's fields, in any order; an empty cell is null where the field allows null. A string of a
/// categorical field holds categories joined by bars, and matches where any of them does. Of rows
/// with the same id the last counts.
///
/// Memory: for each row its id and its strings, and 8 bytes a string or 24 a number.
pub struct AttributeTable {
    fields: Vec<TableField>,
    columns: Vec<TableColumn>,
    /// Ids, and their rows.
    rows: HashTable<(Box<str>, usize)>,
    count: usize,
}

/// One field's values, a row each.
enum TableColumn {
    /// Codes of the strings, from 1; 0 is null.
    Strings(Vec<u32>, Dictionary),
    Numbers(Vec<Attribute<'static>>),
}

impl AttributeTable {
    /// Reads a file; see [`AttributeTable::read`].
    ///
    /// # Errors
    /// As [`AttributeTable::read`], and `Io` and `NotFound` for the file.
    pub fn open(dataset: AttributeDataset, schema: &str, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path)
            .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
        Self::read(dataset, schema, file).map_err(|error| error.within(path.display()))
    }

    /// Reads CSV under an Avro schema of the dataset.
    ///
    /// # Errors
    /// `InvalidInput`, with line, column, value and rule.
    pub fn read(dataset: AttributeDataset, schema: &str, csv: impl Read) -> Result<Self> {
        let fields = parse_schema(dataset, schema)?;
        let mut reader = csv::Reader::from_reader(csv);
        let header = reader.headers().map_err(csv_error)?.clone();
        let order = match_header(&header, &fields)?;
        let mut table = Self {
            columns: fields.iter().map(TableColumn::of).collect(),
            fields,
            rows: HashTable::new(),
            count: 0,
        };
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(csv_error)? {
            let line = record.position().map_or(0, csv::Position::line);
            table
                .push(&order, &record, dataset.id_field())
                .map_err(|error| error.at_place(format_args!("line {line}")))?;
        }
        Ok(table)
    }

    fn push(&mut self, order: &[usize], record: &csv::StringRecord, id_field: &str) -> Result<()> {
        let mut id = "";
        for ((field, column), at) in self.fields.iter().zip(&mut self.columns).zip(order) {
            let text = record.get(*at).unwrap_or_default();
            if text.is_empty() && !field.nullable {
                return Err(Error::of_field(
                    &field.name,
                    "empty, but the field is not nullable; give it a value",
                ));
            }
            if field.name == id_field {
                id = text;
            }
            column.push(field, text)?;
        }
        let hash = xxh3_64(id.as_bytes());
        match self.rows.find_mut(hash, |(known, _)| **known == *id) {
            Some((_, row)) => *row = self.count,
            None => {
                let of = |(known, _): &(Box<str>, usize)| xxh3_64(known.as_bytes());
                self.rows.insert_unique(hash, (id.into(), self.count), of);
            }
        }
        self.count += 1;
        Ok(())
    }

    /// The number of items or users.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Attributes for AttributeTable {
    fn field(&self, name: &str) -> Option<AttributeField> {
        let same = |field: &TableField| field.name.eq_ignore_ascii_case(name);
        let id = self.fields.iter().position(same)?;
        let field = self.fields.get(id)?;
        Some(AttributeField {
            id,
            data_type: field.data_type,
            categorical: field.categorical,
        })
    }

    fn value(&self, id: &str, field: usize) -> Result<Attribute<'_>> {
        let found = self
            .rows
            .find(xxh3_64(id.as_bytes()), |(known, _)| **known == *id);
        let row = found.map_or(usize::MAX, |(_, row)| *row);
        Ok(match self.columns.get(field) {
            Some(TableColumn::Strings(codes, strings)) => {
                match codes.get(row).copied().unwrap_or(0) {
                    0 => Attribute::Null,
                    code => Attribute::Text(Cow::Borrowed(strings.get(code)?)),
                }
            }
            Some(TableColumn::Numbers(numbers)) => {
                numbers.get(row).cloned().unwrap_or(Attribute::Null)
            }
            None => Attribute::Null,
        })
    }
}

impl TableColumn {
    fn of(field: &TableField) -> Self {
        match field.data_type {
            DataType::String => Self::Strings(Vec::new(), Dictionary::default()),
            _ => Self::Numbers(Vec::new()),
        }
    }

    fn push(&mut self, field: &TableField, text: &str) -> Result<()> {
        match self {
            Self::Strings(codes, _) if text.is_empty() => codes.push(0),
            Self::Strings(codes, strings) => codes.push(strings.push(text)?),
            Self::Numbers(numbers) => numbers.push(number(field, text)?),
        }
        Ok(())
    }
}

/// A cell of a field that is no string. Booleans are checked and not kept: no filter asks about
/// them.
fn number(field: &TableField, text: &str) -> Result<Attribute<'static>> {
    if text.is_empty() {
        return Ok(Attribute::Null);
    }
    let parsed = match field.data_type {
        DataType::Int => text
            .parse::<i32>()
            .ok()
            .map(|n| Attribute::Integer(n.into())),
        DataType::Long => text.parse().ok().map(Attribute::Integer),
        DataType::Float => {
            let real = text.parse().ok().filter(|real: &f32| real.is_finite());
            real.map(Attribute::Float)
        }
        DataType::Double => {
            let real = text.parse().ok().filter(|real: &f64| real.is_finite());
            real.map(Attribute::Double)
        }
        _ => matches!(text, "true" | "false").then_some(Attribute::Null),
    };
    parsed.ok_or_else(|| {
        let (value, data_type) = (shown(text), field.data_type.name());
        Error::of_field(
            &field.name,
            format_args!("value {value}: not of type {data_type}"),
        )
    })
}

/// For each field the column that holds it.
fn match_header(header: &csv::StringRecord, fields: &[TableField]) -> Result<Vec<usize>> {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let names = names.join(", ");
    let rule = |rule: std::fmt::Arguments<'_>| {
        Err(Error::invalid(format!(
            "line 1: {rule}; the schema's fields are {names}"
        )))
    };
    for name in header {
        if !fields.iter().any(|field| field.name == name) {
            return rule(format_args!(
                "column {}: the schema has no such field",
                shown(name)
            ));
        }
    }
    let mut order = Vec::with_capacity(fields.len());
    for field in fields {
        let mut columns = (0..).zip(header).filter(|(_, name)| *name == field.name);
        match (columns.next(), columns.next()) {
            (Some((at, _)), None) => order.push(at),
            (None, _) => return rule(format_args!("the header lacks {}", field.name)),
            _ => return rule(format_args!("the header names {} twice", field.name)),
        }
    }
    Ok(order)
}

fn csv_error(error: csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    let rule = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "line {line}: {len} values, but the header has {expected_len} columns; correct the row, \
             and quote values that hold commas"
        ),
        csv::ErrorKind::Utf8 { .. } => {
            format!("line {line}: not valid UTF-8; save the file as UTF-8")
        }
        _ => "reading CSV".to_owned(),
    };
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => Error::io(rule, cause),
        _ => Error::invalid(rule),
    }
}
