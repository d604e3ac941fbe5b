//! Strings of a growing dictionary once more, as they are copied out.

use crate::text::{NarrowSlot, TextPairs, TextSlot, TextSlots, narrow_slot, text_slot};

/// Slots of strings by code, that of 0 empty.
pub(in crate::hot) struct Slots {
    slots: SlotWidth,
    pairs: Option<Box<TextPairs>>,
}

/// Half as wide where every string is short enough: twice as many are near the processor.
enum SlotWidth {
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
        let slots = match all().map(narrow_slot).collect() {
            Some(slots) => SlotWidth::Narrow(slots),
            None => SlotWidth::Wide(all().map(|string| text_slot(string, 0)).collect()),
        };
        let mut slots = Self { slots, pairs: None };
        slots.pairs = TextPairs::of(slots.get());
        slots
    }

    pub(in crate::hot) fn get(&self) -> TextSlots<'_> {
        let slots = match &self.slots {
            SlotWidth::Narrow(slots) => TextSlots::narrow(slots),
            SlotWidth::Wide(slots) => TextSlots::new(slots, &[]),
        };
        slots.with_pairs(self.pairs.as_deref())
    }
}
