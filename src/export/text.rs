//! Values as a CSV cell has them.

use crate::model::{Cell, DataType, Value, f32_of_bits};

/// A value as a CSV cell has it, before quoting; null is empty.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Float(number) => ryu::Buffer::new().format(*number).to_owned(),
        Value::Double(number) => ryu::Buffer::new().format(*number).to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Items(items) => items.join("|"),
    }
}

pub(super) fn push_integer(number: i64, text: &mut Vec<u8>) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Adds a number or a boolean that its bits stand for.
#[inline]
pub(super) fn push_bits(data_type: DataType, bits: u64, text: &mut Vec<u8>) {
    let mut float = ryu::Buffer::new();
    match data_type {
        // All numbers are finite.
        DataType::Float => {
            text.extend_from_slice(float.format_finite(f32_of_bits(bits)).as_bytes());
        }
        DataType::Double => {
            text.extend_from_slice(float.format_finite(f64::from_bits(bits)).as_bytes());
        }
        DataType::Boolean => text.extend_from_slice(if bits == 0 { b"false" } else { b"true" }),
        DataType::Int | DataType::Long | DataType::String => {
            push_integer(Cell::i64_of_bits(bits), text);
        }
    }
}

/// Adds a cell, in quotes where it needs them.
#[inline]
pub(super) fn push_quoted(cell: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.extend_from_slice(cell);
    quote_from(start, text);
}

/// Puts the last cell, which begins at `start`, in quotes where it needs them.
#[inline]
pub(super) fn quote_from(start: usize, text: &mut Vec<u8>) {
    let cell = text.get(start..).unwrap_or_default();
    if cell
        .iter()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
    {
        quote(start, text);
    }
}

#[cold]
fn quote(start: usize, text: &mut Vec<u8>) {
    let cell = text.split_off(start);
    // The most it can take: every byte doubled.
    text.resize(start + 2 * cell.len() + 2, b'"');
    let inside = text.get_mut(start + 1..).unwrap_or_default();
    let (_, _, written) = csv_core::quote(&cell, inside, b'"', b'"', true);
    text.truncate(start + 1 + written);
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(cell: &str) -> String {
        let mut text = b"x,".to_vec();
        push_quoted(cell.as_bytes(), &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_need_it() {
        assert_eq!(quoted("plain|text"), "x,plain|text");
        assert_eq!(quoted("a,b"), "x,\"a,b\"");
        assert_eq!(quoted("a\nb"), "x,\"a\nb\"");
        assert_eq!(quoted("a\rb"), "x,\"a\rb\"");
        assert_eq!(quoted("\""), "x,\"\"\"\"");
        assert_eq!(quoted("\"\"\""), "x,\"\"\"\"\"\"\"\"");
    }

    #[test]
    fn floats_read_back_to_the_same_bits() {
        for float in [0.1f32, -0.0, 16_777_216.0, 1e-45, f32::MAX, 0.05472, 1e16] {
            let mut text = Vec::new();
            push_bits(DataType::Float, u64::from(float.to_bits()), &mut text);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.parse::<f32>().unwrap().to_bits(), float.to_bits());
            assert_eq!(text, text_of(&Value::Float(float)));
        }
        for double in [0.1f64, -0.0, 5e-324, f64::MAX, 9_007_199_254_740_993.0] {
            let mut text = Vec::new();
            push_bits(DataType::Double, double.to_bits(), &mut text);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), double.to_bits());
            assert_eq!(text, text_of(&Value::Double(double)));
        }
        assert_eq!(text_of(&Value::Float(0.1)), "0.1");
        assert_eq!(text_of(&Value::Float(4.0)), "4.0");
    }
}
