//! A part of a segment file, encoded in memory.

use super::format::{Handle, StreamHandle, StringsHandle};
use super::strings::{ends, item_hash};
use crate::codec::{Descriptor, Encoding, Word, encode, encode_packed};
use crate::types::{Dictionary, Error, Result, Strings};

/// A part of the file, encoded in memory: regions one behind the other, each padded to 8 bytes.
#[derive(Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
}

impl Output {
    /// Appends bytes as they are.
    pub(super) fn region(&mut self, bytes: &[u8]) -> Handle {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.close(offset)
    }

    /// Ends the region that began at `offset`.
    fn close(&mut self, offset: usize) -> Handle {
        let len = self.bytes.len() - offset;
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        Handle { offset, len }
    }

    /// Appends values in the smallest encoding.
    pub(super) fn stream<T: Word>(&mut self, values: &[T]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// The bytes of a region of it.
    pub(super) fn get(&self, region: Handle) -> Result<&[u8]> {
        let bytes = self.bytes.get(region.offset..region.offset + region.len);
        bytes.ok_or_else(|| Error::internal("a region beyond what was encoded"))
    }

    /// So many zeros, which take no bytes.
    pub(super) fn zeros(&mut self, count: usize) -> StreamHandle {
        StreamHandle {
            handle: self.region(&[]),
            descriptor: Descriptor {
                encoding: Encoding::Constant,
                count,
                params: [0; 6],
            },
        }
    }

    /// Appends values so that any one is read in constant time.
    pub(super) fn packed(&mut self, values: &[u64]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode_packed(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// Appends a dictionary, with hashes where strings are looked up.
    pub(super) fn strings(&mut self, strings: &Dictionary, hashed: bool) -> Result<StringsHandle> {
        let (offsets, text) = strings.buffers()?;
        let mut hashes = Vec::new();
        if hashed {
            for code in 1..=strings.len() as u32 {
                hashes.extend_from_slice(&item_hash(strings.get(code)?).to_le_bytes());
            }
        }
        Ok(StringsHandle {
            count: strings.len(),
            offsets: self.region(&offsets),
            text: self.region(&text),
            hashes: self.region(&hashes),
            width: common_width(&offsets),
        })
    }
}

/// Bytes of each string where all have as many, else 0.
fn common_width(offsets: &[u8]) -> usize {
    let ends = || ends(offsets);
    let mut widths = ends().zip(ends().skip(1)).map(|(start, end)| end - start);
    match widths.next() {
        Some(first) if widths.all(|width| width == first) => first,
        _ => 0,
    }
}
