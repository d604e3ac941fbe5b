//! A part of a segment file, encoded in memory.

use std::sync::Arc;

use super::handles::{Handle, StreamHandle, StringsHandle};
use super::strings::item_hash;
use crate::codec::{Descriptor, Encoding, Word, encode, encode_packed, spell};
use crate::column::{Dictionary, Strings};
use crate::model::{Error, Result};

/// A part of the file, encoded in memory: regions one behind the other, each padded to 8 bytes.
#[derive(Default)]
pub(in crate::segment) struct Output {
    pub(in crate::segment) bytes: Vec<u8>,
}

impl Output {
    /// Appends bytes as they are.
    pub(in crate::segment) fn region(&mut self, bytes: &[u8]) -> Handle {
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
    pub(in crate::segment) fn stream<T: Word>(&mut self, values: &[T]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// The bytes of a region of it.
    pub(in crate::segment) fn get(&self, region: Handle) -> Result<&[u8]> {
        let bytes = self.bytes.get(region.offset..region.offset + region.len);
        bytes.ok_or_else(|| Error::internal("a region beyond what was encoded"))
    }

    /// So many zeros, which take no bytes.
    pub(in crate::segment) fn zeros(&mut self, count: usize) -> StreamHandle {
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
    pub(in crate::segment) fn packed(&mut self, values: &[u64]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode_packed(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// Appends a dictionary, with hashes where strings are looked up: as what the strings are, where that
    /// takes fewer bytes than their text.
    pub(in crate::segment) fn strings(
        &mut self,
        strings: &Dictionary,
        hashed: bool,
    ) -> Result<StringsHandle> {
        let (offsets, text) = strings.buffers()?;
        let spelled = spell(Cut::new(&offsets, &text), offsets.len() + text.len());
        let mut hashes = Vec::new();
        if hashed {
            for string in Cut::new(&offsets, &text) {
                hashes.extend_from_slice(&item_hash(string).to_le_bytes());
            }
        }
        let (spelling, offsets, text) = match &spelled {
            Some((spelling, words)) => (Some(Arc::new(spelling.clone())), &[][..], &words[..]),
            None => (None, &offsets[..], &text[..]),
        };
        Ok(StringsHandle {
            count: strings.len(),
            offsets: self.region(offsets),
            text: self.region(text),
            hashes: self.region(&hashes),
            spelling,
        })
    }
}

/// The bytes of each string of a text.
#[derive(Clone)]
struct Cut<'a> {
    text: &'a [u8],
    ends: std::slice::Iter<'a, [u8; 4]>,
    start: usize,
}

impl<'a> Cut<'a> {
    /// The first of the offsets is where the first string begins.
    fn new(offsets: &'a [u8], text: &'a [u8]) -> Self {
        let mut ends = offsets.as_chunks().0.iter();
        ends.next();
        Self {
            text,
            ends,
            start: 0,
        }
    }
}

impl<'a> Iterator for Cut<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = u32::from_le_bytes(*self.ends.next()?) as usize;
        let start = std::mem::replace(&mut self.start, end);
        Some(self.text.get(start..end).unwrap_or_default())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for Cut<'_> {}
