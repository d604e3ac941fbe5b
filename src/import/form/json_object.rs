//! A JSON object to the values of columns.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::list::{check_bars, push_item, scalar};
use crate::import::json::{Entries, not_an_object};
use crate::model::{Error, Result};

/// The keys that are columns.
#[derive(Debug)]
pub(super) struct JsonObject {
    keys: BTreeMap<String, FieldKey>,
    /// What a key that is no column gives: an error, or nothing.
    refuses_others: bool,
}

#[derive(Debug, Default)]
struct FieldKey {
    column: Option<usize>,
    /// Keys of the object at this one.
    inner: Option<Box<JsonObject>>,
}

impl JsonObject {
    /// Keys in the order of the columns; `a.b` is `b` within `a`, too.
    pub(super) fn of(columns: &[String], refuses_others: bool) -> Self {
        let keys = columns.iter().enumerate();
        let mut object = Self::none(refuses_others);
        keys.for_each(|(column, key)| object.add(key, column));
        object
    }

    fn none(refuses_others: bool) -> Self {
        Self {
            keys: BTreeMap::new(),
            refuses_others,
        }
    }

    fn add(&mut self, key: &str, column: usize) {
        self.keys.entry(key.to_owned()).or_default().column = Some(column);
        if let Some((outer, inner)) = key.split_once('.') {
            let slot = &mut self.keys.entry(outer.to_owned()).or_default().inner;
            let object = slot.get_or_insert_with(|| Box::new(Self::none(false)));
            object.add(inner, column);
        }
    }

    /// The keys of an object, in its order; those within objects as `a.b`.
    ///
    /// # Errors
    /// `InvalidInput` where it is no object.
    pub(super) fn keys(json: &str) -> Result<Vec<String>> {
        let Entries(entries) =
            serde_json::from_str(json).map_err(|error| not_an_object(json, &error))?;
        let mut keys = Vec::new();
        for (name, value) in &entries {
            let inner: Option<Entries<'_>> = serde_json::from_str(value.get()).ok();
            match inner {
                Some(Entries(inner)) if !inner.is_empty() => {
                    keys.extend(inner.iter().map(|(key, _)| format!("{name}.{key}")));
                }
                _ => keys.push(name.to_string()),
            }
        }
        Ok(keys)
    }

    /// Hands each value to `take`: its column, its text, and whether it was a list, whose items are
    /// then joined by bars. Null is an empty text.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key and the rule; what `take` gives.
    pub(super) fn read(
        &self,
        json: &str,
        mut take: impl FnMut(usize, &str, bool) -> Result<()>,
    ) -> Result<()> {
        self.read_object(json, &mut take)
    }

    fn read_object(
        &self,
        json: &str,
        take: &mut dyn FnMut(usize, &str, bool) -> Result<()>,
    ) -> Result<()> {
        let Entries(entries) =
            serde_json::from_str(json).map_err(|error| not_an_object(json, &error))?;
        let mut seen = Vec::new();
        for (name, value) in &entries {
            let Some(key) = self.keys.get(name) else {
                if self.refuses_others {
                    return Err(Error::of_field(
                        name,
                        "the schema has no such field; say which keys are fields (--map)",
                    ));
                }
                continue;
            };
            if let (Some(inner), true) = (&key.inner, value.get().starts_with('{')) {
                inner.read_object(value.get(), take)?;
                continue;
            }
            let Some(column) = key.column else {
                continue;
            };
            if seen.contains(&column) {
                return Err(Error::of_field(name, "is given twice; give it once"));
            }
            seen.push(column);
            let (text, is_list) = text_of(name, value)?;
            take(column, &text, is_list)?;
        }
        Ok(())
    }
}

fn text_of(name: &str, value: &RawValue) -> Result<(String, bool)> {
    let json = value.get();
    let wrong = || {
        // Such as half of a surrogate pair, which the grammar allows.
        let what = match serde_json::from_str::<serde_json::Value>(json) {
            Err(error) => format!("holds no text ({error})"),
            Ok(_) => "is an object, or a list of lists or objects; name a value within it, as a.b (--map)".to_owned(),
        };
        Error::of_field(name, what)
    };
    match json.as_bytes().first() {
        Some(b'n') => Ok((String::new(), false)),
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| wrong())?;
            let mut joined = String::new();
            for value in values {
                let item = scalar(value.get()).ok_or_else(wrong)?;
                check_bars(&item).map_err(|error| Error::of_field(name, error.message()))?;
                push_item(&mut joined, 0, &item);
            }
            Ok((joined, true))
        }
        _ => Ok((scalar(json).ok_or_else(wrong)?, false)),
    }
}
