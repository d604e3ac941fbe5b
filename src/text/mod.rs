//! Strings that are copied fast: one table of slots, one buffer. Rank 1.

mod narrow_slot;
mod text;
mod text_room;
mod text_slot;
mod text_slots;

pub(crate) use narrow_slot::{NARROW, NarrowSlot, narrow_slot};
pub use text::TextBuffer;
pub(crate) use text_room::SPELLED_BYTES;
pub use text_room::TextRoom;
#[cfg(feature = "arrow")]
pub(crate) use text_slot::COPY_ROOM;
pub(crate) use text_slot::{TextSlot, WIDE, is_long, text_slot};
#[cfg(feature = "arrow")]
pub(crate) use text_slots::PIECE;
pub use text_slots::TextSlots;
