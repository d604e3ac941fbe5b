//! Bytes to CSV records, with memory bounded by the longest record.

use std::io::{ErrorKind, Read};

use csv_core::ReadRecordResult;

use super::record::Record;
use crate::types::{Error, Result, SIGNATURE_BYTES, not_text};

const BUFFER_BYTES: usize = 256 << 10;
const MAX_RECORD_FIELDS: usize = 1 << 16;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads records one after another. Blank lines are skipped, a byte order mark is dropped.
pub(super) struct RecordReader<R> {
    source: R,
    max_record_bytes: usize,
    buffer: Vec<u8>,
    /// The bytes of `buffer` that are read but not taken.
    start: usize,
    end: usize,
    ended: bool,
    bytes_read: u64,
    /// The physical line, from 1, that the next byte stands on.
    next_line: u64,
    parser: csv_core::Reader,
    /// The line on which the current record begins.
    line: u64,
    has_quotes: bool,
    /// The bytes of the current record's fields, and where each field ends.
    unquoted: Vec<u8>,
    ends: Vec<usize>,
    unquoted_bytes: usize,
    fields: usize,
}

impl<R: Read> RecordReader<R> {
    /// Records of `source`, none longer than `max_record_bytes`.
    ///
    /// # Errors
    /// `Io` when the source cannot be read, `InvalidInput` when it is UTF-16, compressed or binary.
    pub(super) fn new(source: R, max_record_bytes: usize) -> Result<Self> {
        let mut reader = Self::from_line(source, max_record_bytes, 1);
        while reader.end < SIGNATURE_BYTES && reader.fill()? {}
        let unread = reader.unread();
        if unread.starts_with(BOM) {
            reader.start = BOM.len();
        } else if let Some(rule) = not_text(unread) {
            return Err(Error::invalid(format!("line 1: {rule}")));
        }
        Ok(reader)
    }

    /// Records of a source that begins on the given line of a file.
    pub(super) fn from_line(source: R, max_record_bytes: usize, line: u64) -> Self {
        let mut parser = csv_core::Reader::new();
        // The parser drops a byte order mark before its first byte; ours may come later.
        let _ = parser.read_record(b"\n", &mut [0; 1], &mut [0; 1]);
        Self {
            source,
            max_record_bytes,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            ended: false,
            bytes_read: 0,
            next_line: line,
            parser,
            line,
            has_quotes: false,
            unquoted: vec![0; 1 << 10],
            ends: vec![0; 64],
            unquoted_bytes: 0,
            fields: 0,
        }
    }

    /// Bytes of the source that were taken so far.
    pub(super) fn bytes_taken(&self) -> u64 {
        self.bytes_read - self.unread().len() as u64
    }

    /// What was read but not taken, and the source of the rest.
    pub(super) fn into_rest(self) -> (Vec<u8>, R) {
        (self.unread().to_vec(), self.source)
    }

    /// The physical line, from 1, that the next byte stands on.
    pub(super) fn next_line(&self) -> u64 {
        self.next_line
    }

    /// Bytes read from the source so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The physical line, from 1, on which the current record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether the current record holds a quote.
    pub(super) fn has_quotes(&self) -> bool {
        self.has_quotes
    }

    /// The current record.
    pub(super) fn record(&self) -> Record<'_> {
        Record::new(
            self.unquoted.get(..self.unquoted_bytes).unwrap_or_default(),
            self.ends.get(..self.fields).unwrap_or_default(),
        )
    }

    /// Goes on to the next record; `false` at the end.
    ///
    /// # Errors
    /// `Io` when the source cannot be read; `InvalidInput`, naming the line, when a record exceeds
    /// its bound or a quote is not closed: where the next record begins is then unknown.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if !self.skip_line_ends()? {
            return Ok(false);
        }
        self.line = self.next_line;
        self.has_quotes = false;
        self.unquoted_bytes = 0;
        self.fields = 0;
        self.parse()?;
        self.take_return()?;
        Ok(true)
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more behind the unread bytes; `false` at the end of the source.
    fn fill(&mut self) -> Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        if free.is_empty() || self.ended {
            return Ok(false);
        }
        loop {
            match self.source.read(free) {
                Ok(0) => self.ended = true,
                Ok(bytes) => {
                    self.end += bytes;
                    self.bytes_read += bytes as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("reading", error)),
            }
            return Ok(!self.ended);
        }
    }

    /// Takes line ends; `false` at the end of the source.
    fn skip_line_ends(&mut self) -> Result<bool> {
        loop {
            match self.unread() {
                [b'\n', ..] => {
                    self.start += 1;
                    self.next_line += 1;
                }
                [b'\r'] if !self.ended => {
                    self.fill()?;
                }
                [b'\r', rest @ ..] => {
                    // A lone return ends a line too; before a newline the newline counts.
                    self.next_line += u64::from(rest.first() != Some(&b'\n'));
                    self.start += 1;
                }
                [] => {
                    if !self.fill()? {
                        return Ok(false);
                    }
                }
                _ => return Ok(true),
            }
        }
    }

    /// Reads the record that begins with the next byte.
    fn parse(&mut self) -> Result<()> {
        let mut taken = 0;
        self.parser.set_line(self.next_line);
        loop {
            if self.unread().is_empty() {
                self.fill()?;
            }
            // At the end a newline is lent, which only an open quote does not take for an end.
            let at_end = self.unread().is_empty();
            let most = (self.start + 1).saturating_add(self.max_record_bytes - taken);
            let input = match at_end {
                true => b"\n",
                false => self
                    .buffer
                    .get(self.start..self.end.min(most))
                    .unwrap_or_default(),
            };
            let (result, read, written, ended) = self.parser.read_record(
                input,
                self.unquoted
                    .get_mut(self.unquoted_bytes..)
                    .unwrap_or_default(),
                self.ends.get_mut(self.fields..).unwrap_or_default(),
            );
            self.has_quotes |= input.get(..read).unwrap_or_default().contains(&b'"');
            self.unquoted_bytes += written;
            self.fields += ended;
            if !at_end {
                self.start += read;
                taken += read;
                self.next_line = self.parser.line();
            }
            match result {
                ReadRecordResult::Record => return Ok(()),
                ReadRecordResult::OutputFull => {
                    let bytes = self.unquoted.len() * 2;
                    self.unquoted.resize(bytes, 0);
                }
                ReadRecordResult::OutputEndsFull if self.fields > MAX_RECORD_FIELDS => {
                    return Err(self.too_many_fields());
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                _ if at_end => return Err(self.open_quote()),
                _ => {}
            }
            if taken > self.max_record_bytes {
                return Err(self.too_long());
            }
        }
    }

    /// Counts the return that ended a record as a line, unless a newline follows and counts.
    fn take_return(&mut self) -> Result<()> {
        let last = self.start.checked_sub(1).and_then(|at| self.buffer.get(at));
        if last == Some(&b'\r') {
            if self.unread().is_empty() {
                self.fill()?;
            }
            let before_newline = self.unread().first() == Some(&b'\n');
            self.next_line += u64::from(!before_newline);
        }
        Ok(())
    }

    fn too_long(&self) -> Error {
        Error::invalid(format!(
            "line {}: the record that begins here is longer than {} bytes; \
             close its quotes, or raise the bound on a record",
            self.line, self.max_record_bytes
        ))
    }

    fn too_many_fields(&self) -> Error {
        Error::invalid(format!(
            "line {}: the record that begins here has more than {MAX_RECORD_FIELDS} fields; \
             correct the row",
            self.line
        ))
    }

    fn open_quote(&self) -> Error {
        Error::invalid(format!(
            "line {}: a quote opened in the record that begins here is not closed before the end \
             of the file; close it, and double quotes inside a value",
            self.line
        ))
    }
}

#[cfg(test)]
mod tests;
