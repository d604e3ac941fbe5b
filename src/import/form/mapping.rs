//! Values of a record to the texts of a schema's fields.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::clicks::Clicks;
use super::json_object::JsonObject;
use super::list::{ListSeparator, push_item};
use super::scratch::{Scratch, Texts};
use super::time::TimeReader;
use crate::model::{Error, FieldId, Result, shown};

/// How the text of a field is made of a column's value.
#[derive(Clone, Debug)]
pub(super) enum Conversion {
    /// As it is.
    Keep,
    Time(TimeReader),
    List(ListSeparator),
    DecimalComma,
}

/// Which fields a record's values go to, and how.
#[derive(Debug)]
pub(in crate::import) struct Mapping {
    /// What messages call the columns.
    pub(super) columns: Vec<String>,
    /// The fields that each column goes to.
    pub(super) fields_of: Vec<Vec<FieldId>>,
    /// One a field.
    pub(super) conversions: Vec<Conversion>,
    /// Names of the fields.
    pub(super) names: Vec<String>,
    pub(super) constants: Vec<(FieldId, String)>,
    /// The field that takes the position of the record.
    pub(super) position: Option<FieldId>,
    /// Set where a record is one JSON object.
    pub(super) json: Option<JsonObject>,
    /// Where a record is one JSON object: for each column, whether any had its key.
    pub(super) found: Vec<AtomicBool>,
    /// Columns of fields that must have a value.
    pub(super) required: Vec<usize>,
    pub(super) clicks: Option<Clicks>,
}

impl Mapping {
    /// Every column that has a name, as it is.
    pub(in crate::import) fn of_all(columns: &[Option<String>], is_json: bool) -> Self {
        let names: Vec<String> = columns.iter().flatten().cloned().collect();
        let mut fields = 0..names.len();
        let fields_of = columns.iter().map(|name| match name {
            Some(_) => fields.next().into_iter().collect(),
            None => Vec::new(),
        });
        Self {
            fields_of: fields_of.collect(),
            conversions: vec![Conversion::Keep; names.len()],
            constants: Vec::new(),
            position: None,
            json: is_json.then(|| JsonObject::of(&names, false)),
            found: Vec::new(),
            required: Vec::new(),
            clicks: None,
            columns: names.clone(),
            names,
        }
    }

    /// How many values a record has.
    pub(in crate::import) fn values(&self) -> usize {
        if self.json.is_some() {
            1
        } else {
            self.columns.len()
        }
    }

    /// What messages call the values of a record.
    pub(in crate::import) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// Whether records must come one after another.
    pub(in crate::import) fn needs_order(&self) -> bool {
        self.position.is_some()
    }

    /// Puts the fields of a record together, and hands the texts of each of its rows to `each`, one a
    /// field in the order of the schema.
    ///
    /// # Errors
    /// `InvalidInput`, naming field, value and rule, before any row is handed out; what `each` gives.
    pub(in crate::import) fn rows_of<'r>(
        &self,
        mut values: impl Iterator<Item = &'r str>,
        scratch: &mut Scratch,
        each: &mut impl FnMut(&Texts, &mut Scratch) -> Result<()>,
    ) -> Result<()> {
        let mut texts = std::mem::take(&mut scratch.texts);
        texts.clear(self.conversions.len());
        scratch.records += 1;
        for (field, constant) in &self.constants {
            texts.set(*field, constant);
        }
        if let Some(field) = self.position {
            scratch.told.positions += 1;
            let start = texts.text.len();
            // Writing to a string does not fail.
            let _ = write!(texts.text, "{}", scratch.records);
            texts.set_from(field, start);
        }
        let done = match &self.json {
            Some(json) => {
                let object = values.next().unwrap_or_default();
                self.read_object(json, object, &mut texts, scratch)
            }
            None => values
                .enumerate()
                .try_for_each(|(column, text)| self.take(column, text, false, &mut texts, scratch)),
        };
        let done = done.and_then(|()| match &self.clicks {
            Some(clicks) => clicks.rows_of(&mut texts, scratch, each),
            None => each(&texts, scratch),
        });
        scratch.texts = texts;
        done
    }

    fn read_object(
        &self,
        json: &JsonObject,
        object: &str,
        texts: &mut Texts,
        scratch: &mut Scratch,
    ) -> Result<()> {
        json.read(object, |column, text, is_list| {
            if let Some(found) = self.found.get(column).filter(|found| !found.load(Relaxed)) {
                found.store(true, Relaxed);
            }
            self.take(column, text, is_list, texts, scratch)
        })?;
        let mut required = self.required.iter().flat_map(|column| {
            let fields = self.fields_of.get(*column).into_iter().flatten();
            fields.map(|field| (*column, *field))
        });
        let lacking = required.find(|(_, field)| texts.get(*field).is_empty());
        match lacking {
            Some((column, field)) => self.check_key(object, column, field),
            None => Ok(()),
        }
    }

    /// Refuses an object that lacks the key of a column whose field must have a value.
    fn check_key(&self, object: &str, column: usize, field: FieldId) -> Result<()> {
        let keys = JsonObject::keys(object)?;
        let key = self.columns.get(column).map_or("?", String::as_str);
        if keys.iter().any(|known| known == key) {
            return Ok(());
        }
        Err(Error::of_field(
            self.name(field),
            format_args!(
                "there is no key {}, and the field is not nullable; the object has {}",
                shown(key),
                keys.join(", ")
            ),
        ))
    }

    /// Where records are JSON objects: the fields whose keys none of them had, with the keys.
    pub(in crate::import) fn without_key(&self) -> Vec<(&str, &str)> {
        let columns = self.columns.iter().zip(&self.fields_of);
        let columns = columns.zip(&self.found);
        let unfound = columns.filter(|(_, found)| !found.load(Relaxed));
        let fields = unfound.flat_map(|((key, fields), _)| {
            fields.iter().map(|field| (self.name(*field), key.as_str()))
        });
        fields.collect()
    }

    fn take(
        &self,
        column: usize,
        text: &str,
        is_list: bool,
        texts: &mut Texts,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let fields = self.fields_of.get(column).map_or(&[][..], Vec::as_slice);
        for field in fields {
            self.convert(*field, text, is_list, texts, scratch)
                .map_err(|error| match error.field() {
                    Some(_) => error,
                    None => Error::of_field(self.name(*field), error.message()),
                })?;
        }
        Ok(())
    }

    fn convert(
        &self,
        field: FieldId,
        text: &str,
        is_list: bool,
        texts: &mut Texts,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let conversion = self.conversions.get(field).unwrap_or(&Conversion::Keep);
        let start = texts.text.len();
        match conversion {
            // An empty value is null whatever it would be otherwise.
            _ if text.is_empty() => return Ok(()),
            Conversion::Time(reader) => {
                let read = reader.read(text)?;
                scratch.told.takes_utc += u64::from(read.takes_utc);
                let _ = write!(texts.text, "{}", read.seconds);
            }
            Conversion::List(separator) if !is_list => separator.items(text, |item| {
                push_item(&mut texts.text, start, item);
                Ok(())
            })?,
            Conversion::DecimalComma => texts.text.push_str(&pointed(text)),
            Conversion::Keep | Conversion::List(_) => texts.text.push_str(text),
        }
        texts.set_from(field, start);
        Ok(())
    }

    pub(super) fn name(&self, field: FieldId) -> &str {
        self.names.get(field).map_or("?", String::as_str)
    }
}

/// A number with a point where it has a comma before its fraction.
pub(in crate::import) fn pointed(text: &str) -> Cow<'_, str> {
    match text.split_once(',') {
        Some((whole, fraction)) if !whole.contains('.') => format!("{whole}.{fraction}").into(),
        _ => text.into(),
    }
}
