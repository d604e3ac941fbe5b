//! Text, line by line.

use std::io::{BufRead, Read};

use super::DEFAULT_MAX_RECORD_BYTES;
use crate::model::{Error, Result, not_text};

/// Lines of UTF-8, for readers of one record a line. A byte order mark is dropped, and so is a
/// line's end.
///
/// Memory is bounded by the longest line, at most [`DEFAULT_MAX_RECORD_BYTES`].
pub struct Lines<R> {
    input: R,
    max_bytes: usize,
    line: u64,
    bytes: Vec<u8>,
    /// Whether what is left of a line that was too long is still to be passed over.
    within_long: bool,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines of an input.
    pub fn new(input: R) -> Self {
        Self {
            input,
            max_bytes: DEFAULT_MAX_RECORD_BYTES,
            line: 0,
            bytes: Vec::new(),
            within_long: false,
            ended: false,
        }
    }

    /// Bytes of one line beyond which it is refused. Default [`DEFAULT_MAX_RECORD_BYTES`].
    #[must_use]
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The input, to see what it has buffered.
    pub fn get_ref(&self) -> &R {
        &self.input
    }

    /// The number, from 1, of the newest line.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// `InvalidInput` when the line is too long or no UTF-8; the line after it can be read.
    /// `InvalidInput` for a file that is compressed, UTF-16 or binary, and `Io` when reading fails; there
    /// is no line after it.
    pub fn next_line(&mut self) -> Result<Option<&str>> {
        while !self.ended {
            self.ended = true;
            self.ended = !self.read()?;
            if self.within_long {
                return Err(Error::invalid(format!(
                    "the line is longer than {} bytes; write one object a line",
                    self.max_bytes
                )));
            }
            if !self.ended && !self.bytes.trim_ascii().is_empty() {
                return self.text().map(Some);
            }
        }
        Ok(None)
    }

    /// Reads a line; `false` at the end.
    fn read(&mut self) -> Result<bool> {
        let failed = |error| Error::io("reading", error);
        self.line += 1;
        if std::mem::take(&mut self.within_long) {
            self.input.skip_until(b'\n').map_err(failed)?;
        }
        self.bytes.clear();
        let most = (self.max_bytes as u64).saturating_add(1);
        let read = (&mut self.input)
            .take(most)
            .read_until(b'\n', &mut self.bytes)
            .map_err(failed)?;
        self.within_long = self.bytes.len() > self.max_bytes && !self.bytes.ends_with(b"\n");
        if self.line == 1 && self.bytes.starts_with(BYTE_ORDER_MARK) {
            self.bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if let Some(rule) = not_text(&self.bytes).filter(|_| self.line == 1) {
            return Err(Error::invalid(rule));
        }
        Ok(read > 0)
    }

    fn text(&self) -> Result<&str> {
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            Error::invalid(format!(
                "column {}: not valid UTF-8; save the file as UTF-8",
                error.valid_up_to() + 1
            ))
        })?;
        Ok(text.trim_end_matches(['\n', '\r']))
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], max_bytes: usize) -> Vec<String> {
        let mut lines = Lines::new(text).max_line_bytes(max_bytes);
        let mut read = Vec::new();
        loop {
            let next = lines.next_line();
            read.push(match next {
                Ok(None) => return read,
                Ok(Some(text)) => text.to_owned(),
                Err(error) => error.to_string(),
            });
        }
    }

    #[test]
    fn blank_lines_and_marks_are_passed_over() {
        assert_eq!(read("\u{feff}a\r\n\n \t\nb".as_bytes(), 99), ["a", "b"]);
        assert_eq!(read("\u{feff}\n b \n".as_bytes(), 99), [" b "]);
        assert!(read(b"", 99).is_empty());
    }

    #[test]
    fn files_that_are_no_text_end_at_once() {
        for (bytes, what) in [
            (&b"\x1f\x8b\x08\n\n"[..], "compressed by gzip"),
            (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
            (b"BZh91AY&SY", "compressed by bzip2"),
            (b"\xfd7zXZ\0\n", "compressed by xz"),
            (b"\x04\x22\x4d\x18", "compressed by lz4"),
            (b"PK\x03\x04", "zip"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"Obj\x01\x04", "Avro"),
            (b"\xff\xfea\0\n\0b\0", "UTF-16"),
        ] {
            let found = read(bytes, 99);
            assert!(found[0].contains(what), "{found:?}");
            assert_eq!(found.len(), 1);
        }
        assert_eq!(read(b"PAR1\nObj\nBZh9", 99), ["PAR1", "Obj", "BZh9"]);
    }

    #[test]
    fn the_line_after_a_bad_one_is_read() {
        let found = read(b"one\n123456\n\xff\n1234\nend", 4);
        assert_eq!(
            found,
            [
                "one",
                "the line is longer than 4 bytes; write one object a line",
                "column 1: not valid UTF-8; save the file as UTF-8",
                "1234",
                "end",
            ]
        );
    }
}
