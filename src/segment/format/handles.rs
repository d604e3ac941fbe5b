//! Where in the file bytes, streams and strings are.

use std::sync::Arc;

use crate::codec::{Descriptor, Spelling, WireReader, WireWriter};
use crate::model::{Error, Result};

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handle {
    /// From the start of the file.
    pub offset: usize,
    /// In bytes.
    pub len: usize,
}

impl Handle {
    /// No file is as long.
    const MAX: usize = usize::MAX >> 8;

    /// Counts from `base` bytes earlier in the file.
    pub(in crate::segment) fn move_by(&mut self, base: usize) {
        self.offset += base;
    }

    pub(in crate::segment) fn write(self, wire: &mut WireWriter) {
        wire.varint(self.offset as u64);
        wire.varint(self.len as u64);
    }

    pub(in crate::segment) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        let handle = Self {
            offset: wire.length()?,
            len: wire.length()?,
        };
        // So that no sum of them overflows.
        if handle.offset.max(handle.len) > Self::MAX {
            return Err(Error::corrupt("a place beyond any file"));
        }
        Ok(handle)
    }
}

/// An encoded stream of integers in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamHandle {
    /// Its bytes.
    pub handle: Handle,
    /// Its encoding.
    pub descriptor: Descriptor,
}

impl StreamHandle {
    pub(in crate::segment) fn write(&self, wire: &mut WireWriter) {
        self.handle.write(wire);
        self.descriptor.write(wire);
    }

    pub(in crate::segment) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(Self {
            handle: Handle::read(wire)?,
            descriptor: Descriptor::read(wire)?,
        })
    }
}

/// Strings in the file (FORMAT.md section 5.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StringsHandle {
    /// How many strings.
    pub count: usize,
    /// The offsets; empty where the strings are spelled.
    pub offsets: Handle,
    /// The text, or the words of the spelling.
    pub text: Handle,
    /// One 32-bit hash a string; empty where nobody looks strings up.
    pub hashes: Handle,
    /// How the strings are kept as numbers; `None` where they are text.
    pub spelling: Option<Arc<Spelling>>,
}

impl StringsHandle {
    pub(in crate::segment) fn move_by(&mut self, base: usize) {
        for handle in [&mut self.offsets, &mut self.text, &mut self.hashes] {
            handle.move_by(base);
        }
    }

    pub(in crate::segment) fn write(&self, wire: &mut WireWriter) {
        wire.varint(self.count as u64);
        self.offsets.write(wire);
        self.text.write(wire);
        self.hashes.write(wire);
        match &self.spelling {
            Some(spelling) => spelling.write(wire),
            None => wire.u8(0),
        }
    }

    pub(in crate::segment) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(Self {
            count: wire.length()?,
            offsets: Handle::read(wire)?,
            text: Handle::read(wire)?,
            hashes: Handle::read(wire)?,
            spelling: Spelling::open(wire)?.map(Arc::new),
        })
    }
}
