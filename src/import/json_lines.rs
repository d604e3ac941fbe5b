//! JSON lines to interactions.

use std::io::BufRead;

use super::{Lines, interaction_of_json};
use crate::check::Validator;
use crate::model::{Interaction, Result};

/// Interactions from JSON lines, one after another. Blank lines are skipped, a byte order mark is
/// dropped.
///
/// Memory is bounded by the longest line, at most
/// [`DEFAULT_MAX_RECORD_BYTES`](super::DEFAULT_MAX_RECORD_BYTES).
pub struct JsonLines<'a, R> {
    lines: Lines<R>,
    validator: &'a Validator,
}

impl<'a, R: BufRead> JsonLines<'a, R> {
    /// Interactions of the validator's schema.
    pub fn new(input: R, validator: &'a Validator) -> Self {
        Self {
            lines: Lines::new(input),
            validator,
        }
    }

    /// Bytes of one line beyond which it is refused. Default
    /// [`DEFAULT_MAX_RECORD_BYTES`](super::DEFAULT_MAX_RECORD_BYTES).
    #[must_use]
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.lines = self.lines.max_line_bytes(bytes);
        self
    }

    /// The input, to see what it has buffered.
    pub fn get_ref(&self) -> &R {
        self.lines.get_ref()
    }

    /// The line, from 1, of the newest interaction.
    pub fn line(&self) -> u64 {
        self.lines.line()
    }
}

impl<R: BufRead> Iterator for JsonLines<'_, R> {
    type Item = Result<Interaction>;

    /// The next interaction. After an error of `InvalidInput` the line after it can be read.
    fn next(&mut self) -> Option<Self::Item> {
        let validator = self.validator;
        let parsed = self.lines.next_line().and_then(|line| {
            line.map(|text| interaction_of_json(text, validator))
                .transpose()
        });
        let line = self.lines.line();
        parsed
            .map_err(|error| error.within(format_args!("line {line}")))
            .transpose()
    }
}

#[cfg(test)]
mod tests;
