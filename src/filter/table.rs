//! Attributes out of CSV files.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::attributes::{Attribute, AttributeField, Attributes};
use super::table_schema::{AttributeDataset, TableField, parse_schema};
use crate::column::{Dictionary, Strings};
use crate::csv::{DEFAULT_MAX_RECORD_BYTES, Header, Record, RecordReader, Step, read_names};
use crate::model::{DataType, Error, Result, shown};

/// Attributes of items or users out of a CSV file, in memory.
///
/// The file is as the Items or Users dataset of the contract has it, and CSV as strictly as an import
/// takes it ([`CsvImport`](crate::import::CsvImport)): UTF-8, a header that names the schema's fields,
/// in any order; an empty cell is null where the field allows null. A string of a
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
        let mut reader = RecordReader::new(csv, DEFAULT_MAX_RECORD_BYTES)?;
        let names = read_names(&mut reader, Header::Strict)?;
        let order = match_header(&names, &fields)?;
        let mut table = Self {
            columns: fields.iter().map(TableColumn::of).collect(),
            fields,
            rows: HashTable::new(),
            count: 0,
        };
        loop {
            match reader.advance()? {
                Step::Record => {}
                Step::Broken(fault) => return Err(fault.into_error(&names)),
                Step::End => return Ok(table),
            }
            let texts = texts(reader.record(), &names);
            texts
                .and_then(|texts| table.push(&order, &texts, dataset.id_field()))
                .map_err(|error| error.at_place(format_args!("line {}", reader.line())))?;
        }
    }

    /// Adds the row of a record; `order` has the column of each field.
    fn push(&mut self, order: &[usize], texts: &[&str], id_field: &str) -> Result<()> {
        let mut id = "";
        for ((field, column), at) in self.fields.iter().zip(&mut self.columns).zip(order) {
            let text = texts.get(*at).copied().unwrap_or_default();
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

    /// The fields, in the schema's order: the position of each is the field that
    /// [`Attributes::value`] knows it by.
    pub fn fields(&self) -> &[TableField] {
        &self.fields
    }

    /// The ids of the items or users, in no order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(id, _)| &**id)
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

/// A cell of a field that is no string.
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
        _ => match text {
            "true" => Some(Attribute::Boolean(true)),
            "false" => Some(Attribute::Boolean(false)),
            _ => None,
        },
    };
    parsed.ok_or_else(|| {
        let (value, data_type) = (shown(text), field.data_type.name());
        Error::of_field(
            &field.name,
            format_args!("value {value}: not of type {data_type}"),
        )
    })
}

/// The values of a record, one for each column.
fn texts<'a>(record: Record<'a>, names: &[String]) -> Result<Vec<&'a str>> {
    if record.len() != names.len() {
        return Err(Error::invalid(format!(
            "{} values, but the header has {} columns; correct the row, and quote values that hold \
             commas",
            record.len(),
            names.len()
        )));
    }
    let text = record.text().map_err(|column| {
        let name = names.get(column).map_or("?", String::as_str);
        Error::of_field(name, "not valid UTF-8; save the file as UTF-8")
    })?;
    Ok(text.fields().collect())
}

/// For each field the column that holds it.
fn match_header(header: &[String], fields: &[TableField]) -> Result<Vec<usize>> {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let names = names.join(", ");
    let rule = |rule: std::fmt::Arguments<'_>| {
        Error::invalid(format!("line 1: {rule}; the schema's fields are {names}"))
    };
    if let Some(name) = header
        .iter()
        .find(|name| !fields.iter().any(|field| field.name == **name))
    {
        return Err(rule(format_args!(
            "column {}: the schema has no such field",
            shown(name)
        )));
    }
    let column = |field: &TableField| {
        let column = header.iter().position(|name| *name == field.name);
        column.ok_or_else(|| rule(format_args!("the header lacks {}", field.name)))
    };
    fields.iter().map(column).collect()
}
