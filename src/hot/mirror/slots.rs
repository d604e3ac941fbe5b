//! Strings of a growing dictionary once more, as they are copied out.

use crate::text::{NarrowSlot, TextSlot, TextSlots, narrow_slot, text_slot};

/// Slots of strings by code, that of 0 empty. Half as wide where every string is short enough: twice as many are near
/// the processor.
pub(in crate::hot) enum Slots {
    Narrow(Box<[NarrowSlot]>),
    Wide(Box<[TextSlot]>),
}

impl Slots {
    /// Of the strings with codes from 1 on.
    pub(in crate::hot) fn of<'a>(strings: impl Iterator<Item = &'a str> + Clone) -> Self {
        // Code 0 is null, and copied as an empty string.
        let all = || {
            std::iter::once("")
                .chain(strings.clone())
                .map(str::as_bytes)
        };
        match all().map(narrow_slot).collect() {
            Some(slots) => Self::Narrow(slots),
            None => Self::Wide(all().map(|string| text_slot(string, 0)).collect()),
        }
    }

    pub(in crate::hot) fn get(&self) -> TextSlots<'_> {
        match self {
            Self::Narrow(slots) => TextSlots::narrow(slots),
            Self::Wide(slots) => TextSlots::new(slots, &[]),
        }
    }
}
