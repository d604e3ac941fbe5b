//! What the values of one column have in common.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::types::DataType;

const MAX_CATEGORIES: usize = 1000;
const MAX_CATEGORY_CHARS: usize = 1000;

/// The values seen, as far as a schema depends on them. Memory is bounded: categories are kept as
/// hashes, and no more than it takes to know that there are too many.
#[derive(Clone, Default)]
pub(super) struct Profile {
    values: u64,
    empty: u64,
    not_boolean: Option<String>,
    not_int: Option<String>,
    not_long: Option<String>,
    not_float: Option<String>,
    not_double: Option<String>,
    /// Whole numbers that look like seconds or milliseconds between 1980 and 2100.
    times: u64,
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
        refuse(&mut self.not_boolean, value, || {
            matches!(value, "true" | "false")
        });
        refuse(&mut self.not_int, value, || {
            is_plain(value) && value.parse::<i32>().is_ok()
        });
        refuse(&mut self.not_long, value, || {
            is_plain(value) && value.parse::<i64>().is_ok()
        });
        refuse(&mut self.not_float, value, || {
            value.parse::<f32>().is_ok_and(f32::is_finite)
        });
        refuse(&mut self.not_double, value, || is_double(value));
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
            DataType::Boolean,
            DataType::Int,
            DataType::Long,
            DataType::Double,
        ];
        types
            .into_iter()
            .find(|data_type| self.values > 0 && self.outside(*data_type).is_none())
            .unwrap_or(DataType::String)
    }

    /// The first value that a type does not hold.
    pub(super) fn outside(&self, data_type: DataType) -> Option<&str> {
        match data_type {
            DataType::String => None,
            DataType::Boolean => self.not_boolean.as_deref(),
            DataType::Int => self.not_int.as_deref(),
            DataType::Long => self.not_long.as_deref(),
            DataType::Float => self.not_float.as_deref(),
            DataType::Double => self.not_double.as_deref(),
        }
    }
}

fn refuse(slot: &mut Option<String>, value: &str, holds: impl FnOnce() -> bool) {
    if slot.is_none() && !holds() {
        // Long enough to be shown.
        *slot = Some(value.chars().take(64).collect());
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
