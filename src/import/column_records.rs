//! The columns of a file and its records, before there is a schema.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use super::contents::{Contents, contents};
use super::form::{Columns, FileForm, Mapping};
use super::json::{Entries, not_an_object};
use super::source::{Input, Source};
use crate::csv::{DEFAULT_MAX_RECORD_BYTES, RecordReader, RecordText, Step};
use crate::model::{Error, Limits, Result};

/// A file whose columns are known.
pub(super) struct ColumnRecords {
    reader: RecordReader<Source<'static>>,
    columns: Vec<Option<String>>,
    is_json: bool,
}

impl ColumnRecords {
    /// Opens a file, and reads its header, or the keys of all its JSON lines.
    ///
    /// # Errors
    /// As an import of the form.
    pub(super) fn open(path: &Path, form: &FileForm) -> Result<Self> {
        let contents = || -> Result<Contents<'static>> {
            let file = File::open(path).map_err(|error| Error::io("opening", error))?;
            contents(Input::File(file), form, DEFAULT_MAX_RECORD_BYTES, &|_| true)
        };
        let Contents {
            records,
            columns,
            is_json,
            ..
        } = contents()?;
        let mut reader = records.into_reader(DEFAULT_MAX_RECORD_BYTES);
        if !is_json {
            return Ok(Self {
                reader,
                columns,
                is_json,
            });
        }
        let keys = keys(&mut reader)?;
        Ok(Self {
            reader: contents()?.records.into_reader(DEFAULT_MAX_RECORD_BYTES),
            columns: keys.into_iter().map(Some).collect(),
            is_json,
        })
    }

    /// The names of the columns that have one.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().flatten().cloned().collect()
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        match self.is_json {
            true => Columns::Json,
            false => Columns::Named(&self.columns),
        }
    }

    /// The values of all columns that have a name.
    pub(super) fn all_columns(&self) -> Mapping {
        Mapping::of_all(&self.columns, self.is_json)
    }

    /// Hands out each record and its line.
    ///
    /// # Errors
    /// `InvalidInput` for a record that cannot be read, or with another number of values; `Io`.
    pub(super) fn each(&mut self, mut each: impl FnMut(u64, RecordText<'_>)) -> Result<()> {
        let dialect = self.reader.dialect();
        let values = if self.is_json { 1 } else { self.columns.len() };
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|name| name.as_deref().unwrap_or("_"))
            .collect();
        loop {
            match self.reader.advance()? {
                Step::Record => {}
                Step::Broken(fault) => return Err(fault.into_error(&names)),
                Step::End => return Ok(()),
            }
            let record = self.reader.record();
            let line = self.reader.line();
            let place = format_args!("{} {line}", dialect.unit());
            super::rows::check_count(record.len(), values, dialect)
                .map_err(|error| error.at_place(place))?;
            let text = record.text().map_err(|column| {
                let name = names.get(column).copied().unwrap_or("?");
                Error::of_field(name, "not valid UTF-8; save the file as UTF-8").at_place(place)
            })?;
            each(line, text);
        }
    }
}

/// The keys of all objects, in the order in which they come first.
fn keys(reader: &mut RecordReader<Source<'_>>) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut known = BTreeSet::new();
    while let Step::Record = reader.advance()? {
        let line = reader.line();
        let record = reader.record();
        // A line that is no object is named once its columns are known.
        let Ok(text) = record.text() else { continue };
        let json = text.fields().next().unwrap_or_default();
        let object = serde_json::from_str(json).map_err(|error| not_an_object(json, &error));
        let Entries(entries) =
            object.map_err(|error| error.at_place(format_args!("line {line}")))?;
        for (key, _) in entries {
            if known.insert(key.clone()) {
                keys.push(key);
            }
        }
        if keys.len() > Limits::MAX_FIELDS {
            return Err(Error::invalid(format!(
                "line {line}: more than {} keys; a store holds at most so many fields, so name those \
                 that are wanted (--map)",
                Limits::MAX_FIELDS
            )));
        }
    }
    Ok(keys)
}
