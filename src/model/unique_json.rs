//! JSON in which no object has a key twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::{Error, Result};

/// Reads a JSON document. Of a key that is repeated, readers of JSON take the first value, the last,
/// or neither: which one is meant nobody can tell.
///
/// # Errors
/// `InvalidInput`, naming line and column, when it is no JSON, or a key stands twice in one object, at
/// any depth.
pub(crate) fn unique_json(text: &str) -> Result<Json> {
    serde_json::from_str(text)
        .map(|Unique(json)| json)
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if !error.is_data() {
                let message = format!("not valid JSON at line {line}, column {column}");
                return Error::invalid(message).caused_by(error);
            }
            let what = error.to_string();
            let end = what.rfind(" at line ").unwrap_or(what.len());
            let what = what.get(..end).unwrap_or_default();
            Error::invalid(format!("line {line}, column {column}: {what}"))
        })
}

struct Unique(Json);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Json, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Json, A::Error> {
        let mut entries = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.contains_key(&key) {
                let rule = format!("the key {key:?} stands twice in one object; keep one");
                return Err(A::Error::custom(rule));
            }
            let Unique(value) = map.next_value()?;
            entries.insert(key, value);
        }
        Ok(entries.into())
    }
}
