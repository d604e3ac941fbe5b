//! Rows that an earlier import refused, to be imported once they are corrected.

use std::io::{Error, ErrorKind, Read, Result};

use super::rejects::COLUMNS;

/// Whether a file that begins so holds what an import refused.
pub(super) fn is_rejects(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let end = start.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.and_then(|end| start.get(..end)) == Some(COLUMNS.join(",").as_bytes())
}

/// The records of such a file behind their header, as the file had them that they are of. A line
/// stands where it does in the rejects.
pub(super) struct RejectedRecords<R> {
    reader: csv::Reader<R>,
    /// Of the first record.
    header: Option<Vec<u8>>,
    buffer: Vec<u8>,
    taken: usize,
}

const RECORD: usize = 4;
const HEADER: usize = 5;

impl<R: Read> RejectedRecords<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            reader: csv::Reader::from_reader(source),
            header: None,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    /// Reads the next record; nothing at the end.
    fn fill(&mut self) -> Result<()> {
        let mut record = csv::ByteRecord::new();
        self.buffer.clear();
        self.taken = 0;
        if !self.reader.read_byte_record(&mut record).map_err(broken)? {
            return Ok(());
        }
        let header = record.get(HEADER).unwrap_or_default();
        match &self.header {
            None => {
                self.buffer.extend_from_slice(header);
                self.buffer.push(b'\n');
                self.header = Some(header.to_vec());
            }
            Some(known) if known != header => {
                let line = self.reader.position().line();
                let rule = format!(
                    "the header of the record before line {line} is not that of the records before it; \
                     import rejects of files with different columns apart"
                );
                return Err(Error::new(ErrorKind::InvalidData, rule));
            }
            Some(_) => {}
        }
        self.buffer
            .extend_from_slice(record.get(RECORD).unwrap_or_default());
        self.buffer.push(b'\n');
        Ok(())
    }
}

/// What is wrong where a rejects file is no CSV file of its columns.
fn broken(error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { len, .. } => {
            let line = line.map_or_else(String::new, |line| format!("line {line}: "));
            let rule = format!(
                "{line}{len} values, but a rejects file has {} ({}); where a row was corrected, let its \
                 quotes stand doubled within those around the record",
                COLUMNS.len(),
                COLUMNS.join(", ")
            );
            Error::new(ErrorKind::InvalidData, rule)
        }
        _ => error.into(),
    }
}

impl<R: Read> Read for RejectedRecords<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.taken == self.buffer.len() {
            self.fill()?;
        }
        let mut rest = self.buffer.get(self.taken..).unwrap_or_default();
        let bytes = rest.read(out)?;
        self.taken += bytes;
        Ok(bytes)
    }
}
