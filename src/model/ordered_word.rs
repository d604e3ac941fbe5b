//! Words of numbers in the order of the numbers, whatever their type.

use super::{DataType, f32_of_bits};

const SIGN: u64 = 1 << 63;

/// The word of a number, turned so that words are ordered as the numbers are (FORMAT.md section 5.9): that of a float
/// is that of the same double; -0.0 comes before 0.0.
#[inline]
pub(crate) fn ordered_word(data_type: DataType, word: u64) -> u64 {
    match data_type {
        DataType::Float => ordered_double(f64::from(f32_of_bits(word))),
        DataType::Double => ordered_double(f64::from_bits(word)),
        DataType::Int | DataType::Long | DataType::Boolean | DataType::String => word,
    }
}

/// The ordered word of a double.
#[inline]
pub(crate) fn ordered_double(value: f64) -> u64 {
    let bits = value.to_bits();
    match bits & SIGN {
        0 => bits | SIGN,
        _ => !bits,
    }
}

/// About which number an ordered word stands for.
pub(crate) fn number_of(data_type: DataType, ordered: u64) -> f64 {
    match data_type {
        DataType::Float | DataType::Double => f64::from_bits(match ordered & SIGN {
            0 => !ordered,
            _ => ordered ^ SIGN,
        }),
        DataType::Boolean => ordered as f64,
        DataType::Int | DataType::Long | DataType::String => (ordered ^ SIGN) as i64 as f64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Cell, bits_of_f32};
    use super::*;

    proptest! {
        #[test]
        fn words_are_ordered_as_numbers_are(a in any::<f64>(), b in any::<f64>(), c in any::<i64>(), d in any::<i64>()) {
            let double = |value: f64| ordered_word(DataType::Double, value.to_bits());
            prop_assert_eq!(double(a).cmp(&double(b)), a.total_cmp(&b));
            prop_assert_eq!(number_of(DataType::Double, double(a)).to_bits(), a.to_bits());
            let float = |value: f64| ordered_word(DataType::Float, bits_of_f32(value as f32));
            prop_assert_eq!(float(a), double(f64::from(a as f32)));
            let long = |value: i64| match Cell::of_i64(value) {
                Cell::Bits(word) => ordered_word(DataType::Long, word),
                _ => 0,
            };
            prop_assert_eq!(long(c).cmp(&long(d)), c.cmp(&d));
            prop_assert_eq!(number_of(DataType::Long, long(c)), c as f64);
        }
    }
}
