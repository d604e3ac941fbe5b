//! What the values of one column have in common.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use super::form::pointed;
use crate::model::{DataType, OddTime};

const MAX_CATEGORIES: usize = 1000;
const MAX_CATEGORY_CHARS: usize = 1000;

/// The values seen, as far as a schema depends on them. Memory is bounded: categories are kept as
/// hashes, and no more than it takes to know that there are too many.
#[derive(Clone, Default)]
pub(super) struct Profile {
    values: u64,
    empty: u64,
    not_boolean: bool,
    not_int: bool,
    not_long: bool,
    not_double: bool,
    /// Of numbers if a comma is a decimal point.
    with_comma: u64,
    not_pointed: bool,
    /// Whole numbers that look like seconds or milliseconds between 1980 and 2100.
    times: u64,
    dates: u64,
    first_time: Option<i64>,
    categories: HashSet<u64>,
    category_values: u64,
    too_many_categories: bool,
}

impl Profile {
    pub(super) fn add(&mut self, value: &str) {
        if value.is_empty() {
            self.empty += 1;
            return;
        }
        self.values += 1;
        self.times += u64::from(is_time(value));
        self.dates += u64::from(is_date(value));
        if self.values == 1 {
            self.first_time = value.parse().ok();
        }
        self.not_boolean |= !matches!(value, "true" | "false");
        self.not_int |= !(is_plain(value) && value.parse::<i32>().is_ok());
        self.not_long |= !(is_plain(value) && value.parse::<i64>().is_ok());
        self.not_double |= !is_double(value);
        self.with_comma += u64::from(value.contains(','));
        self.not_pointed |= !is_double(&pointed(value));
        self.add_categories(value);
    }

    fn add_categories(&mut self, value: &str) {
        if self.too_many_categories {
            return;
        }
        for category in value.split('|') {
            self.category_values += 1;
            self.categories.insert(xxh3_64(category.as_bytes()));
        }
        let long = value.len() > MAX_CATEGORY_CHARS && value.chars().count() > MAX_CATEGORY_CHARS;
        if long || self.categories.len() > MAX_CATEGORIES {
            self.too_many_categories = true;
            self.categories = HashSet::new();
        }
    }

    /// How many cells held a value.
    pub(super) fn values(&self) -> u64 {
        self.values
    }

    /// Whether a cell was empty.
    pub(super) fn has_empty(&self) -> bool {
        self.empty > 0
    }

    /// Whether every value is a number.
    pub(super) fn is_numbers(&self) -> bool {
        self.values > 0 && !self.not_double
    }

    /// Whether every value is a number where a comma is a decimal point, and some have one.
    pub(super) fn has_decimal_commas(&self) -> bool {
        self.with_comma > 0 && !self.not_pointed
    }

    /// Whether every value begins as a date by ISO 8601 does.
    pub(super) fn is_dates(&self) -> bool {
        self.values > 0 && self.dates == self.values
    }

    /// What is odd about the first value, taken for a time.
    pub(super) fn odd_time(&self) -> Option<OddTime> {
        self.first_time
            .and_then(OddTime::of)
            .filter(|_| !self.not_long)
    }

    /// Whether every value looks like a time in Unix epoch seconds or milliseconds.
    pub(super) fn is_times(&self) -> bool {
        self.values > 0 && self.times == self.values
    }

    /// Whether strings like these are categories.
    pub(super) fn is_categorical(&self) -> bool {
        let few = !self.too_many_categories && !self.categories.is_empty();
        few && self.categories.len() as u64 * 2 <= self.category_values
    }

    /// The narrowest type that every value has.
    pub(super) fn data_type(&self) -> DataType {
        let types = [
            (DataType::Boolean, self.not_boolean),
            (DataType::Int, self.not_int),
            (DataType::Long, self.not_long),
            (DataType::Double, self.not_double),
        ];
        let mut held = types.into_iter().filter(|(_, refused)| !refused);
        match held.next().filter(|_| self.values > 0) {
            Some((data_type, _)) => data_type,
            None => DataType::String,
        }
    }
}

/// Whether the text of a whole number is the one that the number would be written as.
fn is_plain(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let leading = digits.len() > 1 && digits.starts_with('0');
    !leading && !value.starts_with('+') && value != "-0"
}

/// Whether a double holds the value: finite, and no whole number that it would round.
fn is_double(value: &str) -> bool {
    let whole = value.strip_prefix('-').unwrap_or(value);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return is_plain(value)
            && value
                .parse::<i64>()
                .is_ok_and(|n| n as f64 as i128 == n.into());
    }
    let integral = whole.split('.').next().unwrap_or(whole);
    is_plain(integral) && value.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_time(value: &str) -> bool {
    let Ok(number) = value.parse::<i64>() else {
        return false;
    };
    let seconds = 315_532_800..4_102_444_800;
    seconds.contains(&number) || seconds.contains(&(number / 1000))
}

fn is_date(value: &str) -> bool {
    let pattern = b"0000-00-00";
    let fits = |(byte, wanted): (u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    value.len() >= pattern.len() && value.bytes().zip(pattern).all(fits)
}
