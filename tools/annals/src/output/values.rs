//! Values as JSON.

use annals::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value as JSON has it: a list for an impression, null for null.
struct JsonValue<'a>(&'a Value);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::String(text) => serializer.serialize_str(text),
            Value::Int(number) => serializer.serialize_i32(*number),
            Value::Long(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f32(*number),
            Value::Double(number) => serializer.serialize_f64(*number),
            Value::Boolean(flag) => serializer.serialize_bool(*flag),
            Value::Items(items) => serializer.collect_seq(items),
        }
    }
}

/// A row as an object, its keys in the order of the columns.
pub struct Entries<'a, S> {
    pub names: &'a [S],
    pub values: &'a [Value],
}

impl<S: AsRef<str>> Serialize for Entries<'_, S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut map = serializer.serialize_map(Some(self.names.len()))?;
        for (name, value) in self.names.iter().zip(self.values) {
            map.serialize_entry(name.as_ref(), &JsonValue(value))?;
        }
        map.end()
    }
}
