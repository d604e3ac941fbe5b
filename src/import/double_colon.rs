//! Two colons between values, as the first MovieLens files have them.

use std::io::{Error, ErrorKind, Read, Result};

/// The byte that stands for two colons: the separator of units in ASCII, which text does not hold.
pub(super) const STAND_IN: u8 = 0x1f;

/// A source in which [`STAND_IN`] stands for each two colons in a row.
pub(super) struct DoubleColons<R> {
    source: R,
    /// A colon that was read last, and is not given yet.
    colon: bool,
    buffer: Vec<u8>,
    taken: usize,
}

const BUFFER_BYTES: usize = 64 << 10;

impl<R: Read> DoubleColons<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            colon: false,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    /// Reads and converts what comes next; nothing at the end.
    fn fill(&mut self) -> Result<()> {
        self.taken = 0;
        while self.buffer.len() == self.taken {
            self.buffer.clear();
            let mut read = Vec::with_capacity(BUFFER_BYTES);
            (&mut self.source)
                .take(BUFFER_BYTES as u64)
                .read_to_end(&mut read)?;
            if read.is_empty() {
                if std::mem::take(&mut self.colon) {
                    self.buffer.push(b':');
                }
                return Ok(());
            }
            for byte in read {
                self.push(byte)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, byte: u8) -> Result<()> {
        let second = std::mem::take(&mut self.colon);
        match byte {
            b':' if second => self.buffer.push(STAND_IN),
            b':' => self.colon = true,
            STAND_IN => {
                let rule =
                    "the file holds the byte 0x1f, which stands for two colons here; remove it";
                return Err(Error::new(ErrorKind::InvalidData, rule));
            }
            byte => {
                if second {
                    self.buffer.push(b':');
                }
                self.buffer.push(byte);
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for DoubleColons<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.fill()?;
        }
        let mut rest = self.buffer.get(self.taken..).unwrap_or_default();
        let bytes = rest.read(out)?;
        self.taken += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_two_colons_become_one_byte() {
        for (text, expected) in [
            ("1::2::3\n", "1\u{1f}2\u{1f}3\n"),
            ("a:b::c:", "a:b\u{1f}c:"),
            (":::", "\u{1f}:"),
            ("::::", "\u{1f}\u{1f}"),
            ("", ""),
        ] {
            let mut read = String::new();
            DoubleColons::new(text.as_bytes())
                .read_to_string(&mut read)
                .unwrap();
            assert_eq!(read, expected);
        }
        let mut read = String::new();
        let error = DoubleColons::new(&b"a\x1fb"[..]).read_to_string(&mut read);
        assert!(error.unwrap_err().to_string().contains("0x1f"));
    }
}
