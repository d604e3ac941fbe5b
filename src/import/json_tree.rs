//! JSON as a tree that borrows its text and keeps repeated keys, and how its parts become values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::{Error, Result, Value, shown};

/// A JSON value. Memory: at most 64 times the text, which is that of many small objects.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Entries<'a>),
}

/// Digits of which every number is the nearest to one double at most.
const EXACT_DIGITS: usize = 15;

/// Whether the nearest double need not be shown as what was sent.
fn is_near(number: f64) -> bool {
    let shown = format!("{number:e}");
    let mantissa = shown.split('e').next().unwrap_or_default();
    mantissa.bytes().filter(u8::is_ascii_digit).count() > EXACT_DIGITS
}

/// An object's entries as they stand.
pub(super) type Entries<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

impl<'a> Json<'a> {
    /// For messages: the value, or what it is.
    fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) if is_near(*number) => format!("about {number:?}"),
            Self::Number(number) => format!("{number:?}"),
            Self::Text(text) => shown(text),
            Self::List(_) => "[...]".to_owned(),
            Self::Object(_) => "{...}".to_owned(),
        }
    }

    /// The error of a value that is not what the field wants.
    pub(super) fn is_not(&self, name: &str, want: &str) -> Error {
        let value = self.shown();
        Error::of_field(name, format!("value {value}: must be {want}"))
    }

    /// The text of the field `name`.
    pub(super) fn into_text(self, name: &str) -> Result<Cow<'a, str>> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other.is_not(name, "a string; write the value in quotes")),
        }
    }

    /// The entries of the object `name`.
    pub(super) fn into_entries(self, name: &str) -> Result<Entries<'a>> {
        match self {
            Self::Object(entries) => Ok(entries),
            other => Err(other.is_not(name, "an object")),
        }
    }

    /// The entries of the list `name`.
    pub(super) fn into_list(self, name: &str) -> Result<Vec<Self>> {
        match self {
            Self::List(values) => Ok(values),
            other => Err(other.is_not(name, "a list")),
        }
    }

    /// The value of the field `name`, which is neither list nor object.
    pub(super) fn into_value(self, name: &str) -> Result<Value> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Boolean(flag),
            Self::Whole(number) => Value::Long(number),
            Self::Number(number) => Value::Double(number),
            Self::Text(text) => Value::String(text.into_owned()),
            other => return Err(other.is_not(name, "a string, a number or a boolean")),
        })
    }
}

/// Entries by known keys.
pub(super) struct EntriesByKey<'a, const N: usize> {
    /// A value for each key; none where it is absent or null.
    pub(super) values: [Option<Json<'a>>; N],
    /// Other keys.
    pub(super) unknown: Vec<Cow<'a, str>>,
}

impl<'a, const N: usize> EntriesByKey<'a, N> {
    /// Sorts entries by keys.
    ///
    /// # Errors
    /// `InvalidInput` for a key that stands twice.
    pub(super) fn of(entries: Entries<'a>, keys: [&str; N]) -> Result<Self> {
        let mut known = Self {
            values: [const { None }; N],
            unknown: Vec::new(),
        };
        let mut seen = [false; N];
        for (key, value) in entries {
            let at = keys.iter().position(|known| *known == key);
            let slots = at.and_then(|at| Some((known.values.get_mut(at)?, seen.get_mut(at)?)));
            match slots {
                Some((slot, seen)) => {
                    if std::mem::replace(seen, true) {
                        return Err(Error::of_field(&key, "is given twice; give it once"));
                    }
                    *slot = Some(value).filter(|value| *value != Json::Null);
                }
                None => known.unknown.push(key),
            }
        }
        Ok(known)
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// Entries that most objects of a request do not exceed.
const OBJECT_ENTRIES: usize = 8;

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Json<'de>, E> {
        let whole = i64::try_from(number).map(Json::Whole);
        Ok(whole.unwrap_or(Json::Number(number as f64)))
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Json<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Json<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((JsonKey(key), value)) = map.next_entry()? {
            if entries.is_empty() {
                entries.reserve(OBJECT_ENTRIES);
            }
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }
}

/// Text that is borrowed where it has no escapes; `Cow` by itself never borrows.
struct JsonKey<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for JsonKey<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = JsonKey<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> std::result::Result<JsonKey<'de>, E> {
        Ok(JsonKey(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<JsonKey<'de>, E> {
        Ok(JsonKey(Cow::Owned(text.to_owned())))
    }
}
