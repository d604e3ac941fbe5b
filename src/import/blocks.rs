//! A source in blocks that end where a record ends, so that each can be read by itself.

use std::io::Read;

use crate::csv::{At, Dialect};
use crate::model::{Error, Result};

/// Reads blocks one after another; put behind each other they are the source.
pub(super) struct BlockReader<R> {
    source: R,
    block_bytes: usize,
    max_record_bytes: usize,
    dialect: Dialect,
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
        dialect: Dialect,
    ) -> Self {
        Self {
            source,
            block_bytes,
            max_record_bytes,
            dialect,
            rest,
            ended: false,
        }
    }

    /// Fills `block` with the next block; `false` at the end. All but the last end with a line end,
    /// unless a record is broken, or longer than its bound: the block then begins with that record.
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
            let (end, sound) = last_border(block, self.dialect);
            if end > 0 {
                self.rest.extend(block.drain(end..));
                return Ok(true);
            }
            if !sound || block.len() > self.max_record_bytes.saturating_add(2) {
                return Ok(true);
            }
            wanted = block.len().saturating_mul(2);
        }
    }

    /// What was read behind the last block, and the source of the rest.
    pub(super) fn into_rest(self) -> (Vec<u8>, R) {
        (self.rest, self.source)
    }

    /// Reads until there are so many bytes or no more.
    fn fill(&mut self, block: &mut Vec<u8>, wanted: usize) -> Result<()> {
        let missing = wanted.saturating_sub(block.len());
        block.reserve(missing);
        let read = (&mut self.source).take(missing as u64).read_to_end(block);
        let read = read.map_err(Error::reading)?;
        self.ended = read < missing;
        Ok(())
    }
}

/// Where the last record that surely ended does so, 0 where none did, and whether no record is broken;
/// a return at the very end may be the first half of a line end.
fn last_border(block: &[u8], dialect: Dialect) -> (usize, bool) {
    let sure = block.strip_suffix(b"\r").unwrap_or(block);
    if dialect.quotes && sure.contains(&b'"') {
        return last_unquoted_line_end(sure, dialect);
    }
    let line_end = sure.iter().rposition(is_line_end);
    (line_end.map_or(0, |position| position + 1), true)
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// What [`last_border`] gives, where there are quotes: a line end inside of them is no border. Behind
/// a broken record nothing is known.
fn last_unquoted_line_end(bytes: &[u8], dialect: Dialect) -> (usize, bool) {
    let mut at = At::FieldStart;
    let mut border = 0;
    for (position, byte) in bytes.iter().enumerate() {
        let Some(next) = at.behind(*byte, dialect) else {
            return (border, false);
        };
        if next == At::FieldStart && is_line_end(byte) {
            border = position + 1;
        }
        at = next;
    }
    (border, true)
}

#[cfg(test)]
mod tests;
