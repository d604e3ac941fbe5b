//! A file as bytes: mapped whole, or read in frames.
//!
//! A file is mapped twice. The system reads ahead in the map that scans go through, as far as it is told to for the
//! disk; in that of lookups it reads what is touched, and what [`FileBytes::ask`] asks for. So what a cold lookup reads
//! does not depend on the disk, and what of the file is in memory is so for both.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use memmap2::Advice;
use parking_lot::Mutex;

use super::ReadAt;
use super::file_map::FileMap;
use crate::model::{Error, Result};

/// Bytes that are read at once.
const FRAME_BYTES: usize = 1 << 14;

/// Bytes that the disk is asked for at once: of more, systems leave out what is beyond their own measure.
const ASK_BYTES: usize = 1 << 17;

/// The bytes of an immutable file.
pub enum FileBytes {
    /// In a memory map: warm reads cost nothing, and the system decides what stays in memory.
    Mapped(FileMap),
    /// Read into memory frame by frame as they are asked for, until this is dropped: for files
    /// that are read once from front to back by a process whose memory has a bound. A map would
    /// do, but systems that cache files in large folios count megabytes for each byte touched.
    Framed(Box<Frames>),
}

/// Frames of a file that were read.
pub struct Frames {
    file: Box<dyn ReadAt>,
    len: usize,
    frames: Vec<OnceLock<Box<[u8]>>>,
    /// Ranges that no frame holds whole, and where each is among them.
    spans: boxcar::Vec<Box<[u8]>>,
    known: Mutex<HashMap<Range<usize>, usize>>,
    loaded: AtomicUsize,
}

impl<M: Into<FileMap>> From<M> for FileBytes {
    fn from(mapped: M) -> Self {
        Self::Mapped(mapped.into())
    }
}

impl FileBytes {
    /// Reads `file` in frames.
    ///
    /// # Errors
    /// `Io` when its length cannot be told.
    pub fn framed(file: Box<dyn ReadAt>) -> Result<Self> {
        let len = file.len()?;
        let frames = len.div_ceil(FRAME_BYTES);
        Ok(Self::Framed(Box::new(Frames {
            file,
            len,
            frames: (0..frames).map(|_| OnceLock::new()).collect(),
            spans: boxcar::Vec::new(),
            known: Mutex::default(),
            loaded: AtomicUsize::new(0),
        })))
    }

    /// The length of the file.
    pub fn len(&self) -> usize {
        match self {
            Self::Mapped(map) => map.bytes.len(),
            Self::Framed(frames) => frames.len,
        }
    }

    /// Asks the disk for bytes that are about to be read, without waiting for them. Where the system reads ahead by
    /// itself, it is left to that.
    pub fn ask(&self, range: Range<usize>) {
        if let Self::Mapped(FileMap { map: Some(map), .. }) = self {
            let end = range.end.min(map.len());
            for start in range.step_by(ASK_BYTES).take_while(|start| *start < end) {
                // What is not asked for is read when it is touched.
                let _ = map.advise_range(Advice::WillNeed, start, ASK_BYTES.min(end - start));
            }
        }
    }

    /// The same file for scans, where they have a map of their own.
    pub fn for_scans(&self) -> Option<Self> {
        match self {
            Self::Mapped(FileMap { scans, .. }) => scans.clone().map(Self::from),
            Self::Framed(_) => None,
        }
    }

    /// The bytes of a range where they are mapped.
    pub fn mapped(&self, range: Range<usize>) -> Option<Bytes> {
        match self {
            Self::Mapped(map) => {
                map.bytes.get(range.clone())?;
                Some(map.bytes.slice(range))
            }
            Self::Framed(_) => None,
        }
    }

    /// Bytes of memory that frames take.
    pub fn loaded_bytes(&self) -> usize {
        match self {
            Self::Mapped(_) => 0,
            Self::Framed(frames) => frames.loaded.load(Ordering::Relaxed),
        }
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// `Corruption` when it leaves the file, `Io` when it cannot be read.
    #[inline]
    pub fn get(&self, range: Range<usize>) -> Result<&[u8]> {
        match self {
            Self::Mapped(map) => match map.bytes.get(range.clone()) {
                Some(slice) => Ok(slice),
                None => Err(outside(&range, map.bytes.len())),
            },
            Self::Framed(frames) => frames.get(range),
        }
    }

    /// The bytes of a range, sharing the memory where they are mapped.
    ///
    /// # Errors
    /// As [`FileBytes::get`].
    pub fn share(&self, range: Range<usize>) -> Result<Bytes> {
        let slice = self.get(range)?;
        Ok(match self {
            Self::Mapped(map) => map.bytes.slice_ref(slice),
            Self::Framed(_) => Bytes::copy_from_slice(slice),
        })
    }
}

impl Frames {
    fn get(&self, range: Range<usize>) -> Result<&[u8]> {
        if range.start > range.end || range.end > self.len {
            return Err(outside(&range, self.len));
        }
        if range.is_empty() {
            // Also at the end, where there may be no frame.
            return Ok(&[]);
        }
        let frame = range.start / FRAME_BYTES;
        let begins = frame * FRAME_BYTES;
        if range.end > begins + FRAME_BYTES {
            let mut known = self.known.lock();
            let span = match known.get(&range) {
                Some(span) => *span,
                None => {
                    let span = self.spans.push(self.read(range.clone())?);
                    known.insert(range, span);
                    span
                }
            };
            let bytes = self.spans.get(span).map(|bytes| &**bytes);
            return bytes.ok_or_else(lost);
        }
        let slot = self.frames.get(frame).ok_or_else(lost)?;
        let bytes = match slot.get() {
            Some(bytes) => bytes,
            None => {
                let bytes = self.read(begins..(begins + FRAME_BYTES).min(self.len))?;
                slot.get_or_init(|| bytes)
            }
        };
        let inside = range.start - begins..range.end - begins;
        bytes.get(inside).ok_or_else(|| outside(&range, self.len))
    }

    fn read(&self, range: Range<usize>) -> Result<Box<[u8]>> {
        let mut bytes = vec![0; range.len()].into_boxed_slice();
        self.file.read_at(range.start as u64, &mut bytes)?;
        self.loaded.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes)
    }
}

#[cold]
fn lost() -> Error {
    Error::internal("bytes that were read from a file and not kept")
}

#[cold]
fn outside(range: &Range<usize>, len: usize) -> Error {
    Error::corrupt(format!(
        "bytes {}..{} lie outside a file of {len} bytes",
        range.start, range.end
    ))
}
