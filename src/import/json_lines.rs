//! JSON lines to interactions.

use std::io::{BufRead, Read};

use super::{DEFAULT_MAX_RECORD_BYTES, interaction_of_json};
use crate::types::{Error, Interaction, Result, Validator};

/// Interactions from JSON lines, one after another. Blank lines are skipped, a byte order mark is
/// dropped.
///
/// Memory is bounded by the longest line, at most [`DEFAULT_MAX_RECORD_BYTES`].
pub struct JsonLines<'a, R> {
    input: R,
    validator: &'a Validator,
    max_line_bytes: usize,
    line: u64,
    bytes: Vec<u8>,
    failed: bool,
}

impl<'a, R: BufRead> JsonLines<'a, R> {
    /// Interactions of the validator's schema.
    pub fn new(input: R, validator: &'a Validator) -> Self {
        Self {
            input,
            validator,
            max_line_bytes: DEFAULT_MAX_RECORD_BYTES,
            line: 0,
            bytes: Vec::new(),
            failed: false,
        }
    }

    /// Bytes of one line beyond which reading stops. Default [`DEFAULT_MAX_RECORD_BYTES`].
    #[must_use]
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes;
        self
    }

    /// The input, to see what it has buffered.
    pub fn get_ref(&self) -> &R {
        &self.input
    }

    /// The line, from 1, of the newest interaction.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line; `false` at the end.
    fn read_line(&mut self) -> Result<bool> {
        self.bytes.clear();
        self.line += 1;
        let most = (self.max_line_bytes as u64).saturating_add(1);
        let read = (&mut self.input)
            .take(most)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|error| Error::io("reading", error))?;
        let long = self.bytes.len() > self.max_line_bytes && !self.bytes.ends_with(b"\n");
        if long {
            return Err(Error::invalid(format!(
                "the line is longer than {} bytes; write one object a line",
                self.max_line_bytes
            )));
        }
        Ok(read > 0)
    }

    fn parse_line(&self) -> Result<Option<Interaction>> {
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            Error::invalid(format!(
                "column {}: not valid UTF-8; save the file as UTF-8",
                error.valid_up_to() + 1
            ))
        })?;
        let text = match self.line {
            1 => text.strip_prefix('\u{feff}').unwrap_or(text),
            _ => text,
        };
        match text.trim_end() {
            "" => Ok(None),
            text => interaction_of_json(text, self.validator).map(Some),
        }
    }
}

impl<R: BufRead> Iterator for JsonLines<'_, R> {
    type Item = Result<Interaction>;

    /// The next interaction. After an error of `InvalidInput` the line after it can be read; where
    /// a line is too long, or reading fails, the iteration ends.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let parsed = match self.read_line() {
                Ok(false) => return None,
                Ok(true) => self.parse_line(),
                Err(error) => {
                    self.failed = true;
                    Err(error)
                }
            };
            let place = format_args!("line {}", self.line);
            if let Some(result) = parsed.map_err(|error| error.within(place)).transpose() {
                return Some(result);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
