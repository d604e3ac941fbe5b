//! Bytes to CSV records, with memory bounded by the longest record.

use std::io::{ErrorKind, Read};

use super::at::At;
use super::dialect::Dialect;
use super::fault::Fault;
use super::record::Record;
use crate::model::{Error, Limits, Result, SIGNATURE_BYTES, not_text};

const BUFFER_BYTES: usize = 256 << 10;
/// No header has half as many. Where records are broken, it bounds how often a line is read.
const MAX_RECORD_FIELDS: usize = 2 * Limits::MAX_FIELDS;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record: [`RecordReader::record`].
    Record,
    /// Bytes that are no record. [`RecordReader::give_up_line`] goes on behind their first line;
    /// without it there is no next record.
    Broken(Fault),
    /// The end of the source.
    End,
}

/// Reads records one after another. Blank lines are skipped, a byte order mark is dropped.
pub(crate) struct RecordReader<R> {
    source: R,
    max_record_bytes: usize,
    dialect: Dialect,
    buffer: Vec<u8>,
    /// Where the current record begins in `buffer`; `start` between records.
    record: usize,
    /// The bytes of `buffer` that are read but not taken.
    start: usize,
    end: usize,
    ended: bool,
    bytes_read: u64,
    /// The physical line, from 1, that the next byte stands on.
    next_line: u64,
    /// The line on which the current record begins.
    line: u64,
    /// Whether it holds a value in quotes, and so perhaps line ends.
    quoted: bool,
    /// The bytes of the current record's fields, and where each field ends.
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> RecordReader<R> {
    /// Records of `source`, none longer than `max_record_bytes`.
    ///
    /// # Errors
    /// `Io` when the source cannot be read, `InvalidInput` when it is UTF-16, compressed or binary.
    pub(crate) fn new(source: R, max_record_bytes: usize) -> Result<Self> {
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
    pub(crate) fn from_line(source: R, max_record_bytes: usize, line: u64) -> Self {
        Self {
            source,
            max_record_bytes,
            dialect: Dialect::CSV,
            buffer: vec![0; BUFFER_BYTES],
            record: 0,
            start: 0,
            end: 0,
            ended: false,
            bytes_read: 0,
            next_line: line,
            line,
            quoted: false,
            unquoted: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Records of another dialect; commas and quotes by default.
    pub(crate) fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// How its values are told apart.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Bytes of the source that were taken so far.
    pub(crate) fn bytes_taken(&self) -> u64 {
        self.bytes_read - self.unread().len() as u64
    }

    /// Bytes of the source before the current record.
    pub(crate) fn bytes_before(&self) -> u64 {
        self.bytes_read - self.record_on().len() as u64
    }

    /// What was read but not taken, and the source of the rest.
    pub(crate) fn into_rest(self) -> (Vec<u8>, R) {
        (self.unread().to_vec(), self.source)
    }

    /// The physical line, from 1, that the next byte stands on.
    pub(crate) fn next_line(&self) -> u64 {
        self.next_line
    }

    /// Bytes read from the source so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The physical line, from 1, on which the current record begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The current record.
    pub(crate) fn record(&self) -> Record<'_> {
        Record::new(&self.unquoted, &self.ends)
    }

    /// Goes on to the next record.
    ///
    /// # Errors
    /// `Io` when the source cannot be read.
    pub(crate) fn advance(&mut self) -> Result<Step> {
        if !self.skip_line_ends()? {
            return Ok(Step::End);
        }
        self.line = self.next_line;
        self.record = self.start;
        self.quoted = false;
        self.unquoted.clear();
        self.ends.clear();
        let step = self.parse()?;
        if step == Step::Record {
            self.take_line_end()?;
        }
        Ok(step)
    }

    /// Gives up the line on which a broken record begins, and gives its bytes without the line end;
    /// the next record begins on the line after it.
    ///
    /// # Errors
    /// `InvalidInput`, naming the line, when it is longer than a record may be; `Io`.
    pub(crate) fn give_up_line(&mut self) -> Result<Vec<u8>> {
        self.start = self.record;
        self.next_line = self.line;
        let mut seen = 0;
        loop {
            let rest = self.unread().get(seen..).unwrap_or_default();
            if let Some(more) = rest.iter().position(is_line_end) {
                seen += more;
                break;
            }
            seen += rest.len();
            if seen > self.max_record_bytes {
                return Err(self.too_long().into_error::<&str>(&[]));
            }
            if !self.fill()? {
                break;
            }
        }
        let line = self.unread().get(..seen).unwrap_or_default().to_vec();
        self.start += seen;
        Ok(line)
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn record_on(&self) -> &[u8] {
        self.buffer.get(self.record..self.end).unwrap_or_default()
    }

    /// Reads more behind the unread bytes; `false` at the end of the source. The bytes of the current
    /// record stay: should it be broken, its first line is wanted.
    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.record > 0 {
            self.buffer.copy_within(self.record..self.end, 0);
            self.end -= self.record;
            self.start -= self.record;
            self.record = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end * 2, 0);
        }
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.source.read(free) {
                Ok(0) => self.ended = true,
                Ok(bytes) => {
                    self.end += bytes;
                    self.bytes_read += bytes as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::reading(error)),
            }
            return Ok(!self.ended);
        }
    }

    /// Takes line ends; `false` at the end of the source.
    fn skip_line_ends(&mut self) -> Result<bool> {
        loop {
            self.record = self.start;
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

    /// Takes the record that begins with the next byte, the byte that ends it included.
    fn parse(&mut self) -> Result<Step> {
        match self.dialect {
            Dialect {
                delimiter: b',',
                quotes: true,
                ..
            } => self.parse_in::<true>(),
            _ => self.parse_in::<false>(),
        }
    }

    /// The same, compiled for commas and quotes, and for any dialect.
    fn parse_in<const CSV: bool>(&mut self) -> Result<Step> {
        let most = self.max_record_bytes.saturating_add(1);
        let mut at = At::FieldStart;
        let dialect = if CSV { Dialect::CSV } else { self.dialect };
        loop {
            if self.start - self.record >= most {
                return Ok(Step::Broken(self.too_long()));
            }
            if self.start == self.end && !self.fill()? {
                return Ok(self.end_source(at));
            }
            let end = self.end.min(self.record.saturating_add(most));
            for byte in self.buffer.get(self.start..end).unwrap_or_default() {
                let Some(next) = at.behind(*byte, dialect) else {
                    return Ok(Step::Broken(self.behind_quote()));
                };
                self.start += 1;
                match (at, next) {
                    (At::FieldStart, At::Quoted) => self.quoted = true,
                    (_, At::Quote) => {}
                    (_, At::FieldStart) => {
                        self.ends.push(self.unquoted.len());
                        if is_line_end(byte) {
                            return Ok(Step::Record);
                        }
                        if self.ends.len() >= MAX_RECORD_FIELDS {
                            return Ok(Step::Broken(self.too_many_fields()));
                        }
                    }
                    _ => self.unquoted.push(*byte),
                }
                at = next;
            }
        }
    }

    fn end_source(&mut self, at: At) -> Step {
        if at == At::Quoted {
            return Step::Broken(self.open_quote());
        }
        self.ends.push(self.unquoted.len());
        Step::Record
    }

    /// Counts the lines of the record that was taken. Of a return and a newline behind it the newline
    /// counts, which is not taken yet.
    fn take_line_end(&mut self) -> Result<()> {
        let taken = self.taken();
        let (inside, end) = match taken.split_last() {
            Some((end, inside)) if is_line_end(end) => (inside, Some(*end)),
            _ => (taken, None),
        };
        if self.quoted && !self.dialect.counts_records {
            self.next_line += line_ends(inside);
        }
        if end == Some(b'\r') {
            if self.unread().is_empty() {
                self.fill()?;
            }
            let before_newline = self.unread().first() == Some(&b'\n');
            self.next_line += u64::from(!before_newline);
        } else {
            self.next_line += u64::from(end.is_some());
        }
        Ok(())
    }

    /// The bytes that were taken of the current record.
    fn taken(&self) -> &[u8] {
        self.buffer.get(self.record..self.start).unwrap_or_default()
    }

    fn fault(&self, rule: impl std::fmt::Display) -> Fault {
        let before = self.ends.last().copied().unwrap_or(0);
        let value = self.unquoted.get(before..).unwrap_or_default();
        Fault::of_value(self.line, self.ends.len(), value, rule)
    }

    fn behind_quote(&self) -> Fault {
        let taken = self.taken();
        let line = self.line + line_ends(taken);
        let line_start = taken.iter().rposition(is_line_end).map_or(0, |at| at + 1);
        let before = taken.get(line_start..).unwrap_or_default();
        let character = 1 + before.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.fault(format_args!(
            "text follows its closing quote (line {line}, character {character}); nothing may follow \
             a closing quote but {} or a line end: close the quote that opens the value, and \
             write a quote inside a value as two",
            self.dialect.delimiter_name()
        ))
    }

    fn open_quote(&self) -> Fault {
        self.fault(
            "its quote is not closed before the end of the file; close it, and write a quote inside \
             a value as two",
        )
    }

    fn too_long(&self) -> Fault {
        let rule = format!(
            "the record that begins here is longer than {} bytes; close its quotes, or raise the \
             bound on a record",
            self.max_record_bytes
        );
        Fault::of_record(self.line, rule)
    }

    fn too_many_fields(&self) -> Fault {
        let rule = format!(
            "the record that begins here has more than {MAX_RECORD_FIELDS} values; correct the row, \
             and close its quotes"
        );
        Fault::of_record(self.line, rule)
    }
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many lines end in `bytes`, by newlines, returns, or both in a row.
fn line_ends(bytes: &[u8]) -> u64 {
    let mut ends = 0;
    let mut before = 0;
    for byte in bytes {
        let second = *byte == b'\n' && before == b'\r';
        ends += u64::from(is_line_end(byte) && !second);
        before = *byte;
    }
    ends
}

#[cfg(test)]
mod tests;
