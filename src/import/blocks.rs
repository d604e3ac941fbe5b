//! A source in blocks that end where a record ends, so that each can be read by itself.

use std::io::Read;

use crate::types::{Error, Result};

/// Reads blocks one after another; put behind each other they are the source.
pub(super) struct BlockReader<R> {
    source: R,
    block_bytes: usize,
    max_record_bytes: usize,
    /// What was read behind the last block.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> BlockReader<R> {
    /// Blocks of `rest` and then `source`, of about `block_bytes` or one record.
    pub(super) fn new(
        rest: Vec<u8>,
        source: R,
        block_bytes: usize,
        max_record_bytes: usize,
    ) -> Self {
        Self {
            source,
            block_bytes,
            max_record_bytes,
            rest,
            ended: false,
        }
    }

    /// Fills `block` with the next block; `false` at the end. All but the last end with a line end,
    /// unless a record is longer than its bound: the block then begins with that record.
    ///
    /// # Errors
    /// `Io` when the source cannot be read.
    pub(super) fn next(&mut self, block: &mut Vec<u8>) -> Result<bool> {
        block.clear();
        block.append(&mut self.rest);
        let mut wanted = self.block_bytes;
        loop {
            self.fill(block, wanted)?;
            if self.ended {
                return Ok(!block.is_empty());
            }
            if let Some(end) = last_border(block) {
                self.rest.extend(block.drain(end..));
                return Ok(true);
            }
            if block.len() > self.max_record_bytes.saturating_add(2) {
                return Ok(true);
            }
            wanted = block.len().saturating_mul(2);
        }
    }

    /// Reads until there are so many bytes or no more.
    fn fill(&mut self, block: &mut Vec<u8>, wanted: usize) -> Result<()> {
        let missing = wanted.saturating_sub(block.len());
        block.reserve(missing);
        let read = (&mut self.source).take(missing as u64).read_to_end(block);
        let read = read.map_err(|error| Error::io("reading", error))?;
        self.ended = read < missing;
        Ok(())
    }
}

/// Where the last record that surely ended does so; a return at the very end may be the first half
/// of a line end.
fn last_border(block: &[u8]) -> Option<usize> {
    let sure = block.strip_suffix(b"\r").unwrap_or(block);
    let line_end = match sure.contains(&b'"') {
        true => last_unquoted_line_end(sure),
        false => sure.iter().rposition(is_line_end),
    };
    line_end.map(|position| position + 1)
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// What a byte means depends on what came before it.
#[derive(Clone, Copy)]
enum At {
    FieldStart,
    Unquoted,
    Quoted,
    /// Behind a quote inside of quotes: their end, or the first of two.
    Quote,
}

/// The last line end outside of quotes, read as the parser does: quotes count where a field begins,
/// and are plain text inside of one that began without.
fn last_unquoted_line_end(bytes: &[u8]) -> Option<usize> {
    let mut at = At::FieldStart;
    let mut last = None;
    for (position, byte) in bytes.iter().enumerate() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (At::FieldStart | At::Quote, b'"') => At::Quoted,
            (_, b',') => At::FieldStart,
            (_, byte) if is_line_end(byte) => {
                last = Some(position);
                At::FieldStart
            }
            _ => At::Unquoted,
        };
    }
    last
}

#[cfg(test)]
mod tests;
