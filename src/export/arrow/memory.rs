//! Memory of arrays that is used again.

use std::collections::HashMap;

use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer};

/// The memory of the last batch's arrays. What the host has let go by the time of the next batch is
/// used for that: fresh memory would have to come from the system, page by page.
#[derive(Default)]
pub(super) struct Memory(HashMap<(usize, Use), Buffer>);

/// What a field's memory is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Use {
    Values,
    Offsets,
    Nulls,
    /// Where each list ends, and which rows have none.
    Lists,
    ListNulls,
}

impl Memory {
    /// What was given last for the same use, with the values that it had; where the host still has it,
    /// nothing, with room for as much.
    pub(super) fn take<T: ArrowNativeType>(&mut self, field: usize, what: Use) -> Vec<T> {
        let Some(last) = self.0.remove(&(field, what)) else {
            return Vec::new();
        };
        let len = last.len() / size_of::<T>();
        last.into_vec().unwrap_or_else(|_| Vec::with_capacity(len))
    }

    /// Values as a buffer.
    pub(super) fn give<T: ArrowNativeType>(
        &mut self,
        field: usize,
        what: Use,
        values: Vec<T>,
    ) -> Buffer {
        let buffer = Buffer::from_vec(values);
        self.0.insert((field, what), buffer.clone());
        buffer
    }

    /// Values, in memory that was used before.
    pub(super) fn collect<T: ArrowNativeType>(
        &mut self,
        field: usize,
        what: Use,
        values: impl Iterator<Item = T>,
    ) -> Buffer {
        let mut collected: Vec<T> = self.take(field, what);
        collected.clear();
        collected.extend(values);
        self.give(field, what, collected)
    }

    /// Flags as bits, the first in the lowest. They are asked for in order.
    pub(super) fn bits<V>(
        &mut self,
        field: usize,
        what: Use,
        values: &[V],
        mut flag: impl FnMut(&V) -> bool,
    ) -> BooleanBuffer {
        let mut word = |values: &[V]| {
            let bits = values.iter().zip(0..64);
            bits.fold(0u64, |word, (value, at)| {
                word | u64::from(flag(value)) << at
            })
        };
        let (words, rest) = values.as_chunks::<64>();
        let mut bits: Vec<u64> = self.take(field, what);
        bits.clear();
        bits.extend(words.iter().map(|values| word(values)));
        bits.push(word(rest));
        BooleanBuffer::new(self.give(field, what, bits), 0, values.len())
    }

    /// The nulls among codes, where there are any.
    pub(super) fn null_codes(&mut self, field: usize, codes: &[u32]) -> Option<NullBuffer> {
        // To the end, which takes several at once.
        let any = codes.iter().fold(false, |any, code| any | (*code == 0));
        any.then(|| NullBuffer::new(self.bits(field, Use::Nulls, codes, |code| *code != 0)))
    }
}
