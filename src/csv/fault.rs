//! What is wrong with a record.

use std::fmt;

use crate::model::{Error, shown};

/// Why bytes are no record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1, on which the record begins.
    line: u64,
    /// The column, from 0, in whose value the fault is, where it is in one.
    column: Option<usize>,
    rule: String,
}

impl Fault {
    /// Of a record as a whole.
    pub(super) fn of_record(line: u64, rule: String) -> Self {
        Self {
            line,
            column: None,
            rule,
        }
    }

    /// Of the value of a column, as far as it was read.
    pub(super) fn of_value(
        line: u64,
        column: usize,
        value: &[u8],
        rule: impl fmt::Display,
    ) -> Self {
        let value = shown(&String::from_utf8_lossy(value));
        Self {
            line,
            column: Some(column),
            rule: format!("value {value}: {rule}"),
        }
    }

    /// The error: `line N, column NAME: rule`. Columns that have no name are called by their number,
    /// from 1.
    pub(crate) fn into_error<N: AsRef<str>>(self, names: &[N]) -> Error {
        let place = format!("line {}", self.line);
        self.into_rule(names).at_place(place)
    }

    /// The same without the line.
    pub(crate) fn into_rule<N: AsRef<str>>(self, names: &[N]) -> Error {
        match self.column {
            None => Error::invalid(self.rule),
            Some(column) => match names.get(column) {
                Some(name) => Error::of_field(name.as_ref(), self.rule),
                None => Error::of_field(&(column + 1).to_string(), self.rule),
            },
        }
    }
}
