//! Strings that were decoded to be lent.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::{Error, Result};
use crate::text::TextRoom;

/// Strings that are decoded together.
const PIECE: usize = 256;

/// Strings one behind the other.
type Piece = OnceLock<Box<[u8]>>;

/// Strings of a dictionary by pieces, each from when one of its strings was asked for first, for as long as the segment is
/// open. A string takes as many bytes as the longest may, and one that says how many it has.
#[derive(Default)]
pub(super) struct Decoded {
    pieces: OnceLock<Box<[Piece]>>,
    bytes: AtomicUsize,
}

impl Decoded {
    /// The string at a position, of `count` of at most `longest` bytes each, which `decode` puts into a room.
    ///
    /// # Errors
    /// Those of `decode`.
    pub(in crate::segment) fn get(
        &self,
        index: usize,
        count: usize,
        longest: usize,
        decode: impl FnMut(usize, &mut TextRoom) -> Result<()>,
    ) -> Result<&[u8]> {
        let none = || {
            (0..count.div_ceil(PIECE))
                .map(|_| OnceLock::new())
                .collect()
        };
        let piece = self.pieces.get_or_init(none).get(index / PIECE);
        let piece = piece.ok_or_else(beyond)?;
        let strings = match piece.get() {
            Some(strings) => strings,
            None => {
                let first = index / PIECE * PIECE;
                let made = piece_of(first..count.min(first + PIECE), longest + 1, decode)?;
                piece.get_or_init(|| {
                    self.bytes.fetch_add(made.len(), Ordering::Relaxed);
                    made
                })
            }
        };
        let string = strings.chunks_exact(longest + 1).nth(index % PIECE);
        let (len, string) = string.and_then(<[u8]>::split_last).ok_or_else(beyond)?;
        string.get(..usize::from(*len)).ok_or_else(beyond)
    }

    /// Bytes of memory taken.
    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        let pieces = self.pieces.get().map_or(0, |pieces| size_of_val(&**pieces));
        pieces + self.bytes.load(Ordering::Relaxed)
    }
}

fn piece_of(
    indexes: std::ops::Range<usize>,
    width: usize,
    mut decode: impl FnMut(usize, &mut TextRoom) -> Result<()>,
) -> Result<Box<[u8]>> {
    let mut strings = vec![0; indexes.len() * width].into_boxed_slice();
    let mut room = TextRoom::default();
    for (slot, index) in strings.chunks_exact_mut(width).zip(indexes) {
        decode(index, &mut room)?;
        let string = room.as_bytes();
        let (len, slot) = slot.split_last_mut().ok_or_else(beyond)?;
        *len = string.len() as u8;
        slot.get_mut(..string.len())
            .ok_or_else(beyond)?
            .copy_from_slice(string);
    }
    Ok(strings)
}

#[cold]
fn beyond() -> Error {
    Error::internal("a string beyond what was decoded of its dictionary")
}
