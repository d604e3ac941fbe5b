//! Equal strings to equal codes.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{Dictionary, Result, Strings};

/// A growing dictionary that gives equal strings equal codes: an open-addressing table of (tag,
/// code) beside the strings, so that a string that is known costs one probe and one comparison.
#[derive(Default)]
pub struct Interner {
    dictionary: Dictionary,
    /// The tag in the upper half, the code in the lower; 0 is free. Their number is a power of two
    /// or none, and at most 3/4 of them are taken.
    slots: Vec<u64>,
    /// Strings that [`Interner::undo`] keeps.
    kept: usize,
}

/// Slots of the first table.
const FIRST_SLOTS: usize = 64;

/// A part of the string's hash, by which it is told apart without reading it, and which alone says
/// where its slot is looked for.
fn tag_of(text: &[u8]) -> u32 {
    xxh3_64(text) as u32
}

/// Whether two strings are equal. Ids are short: two loads each, which may overlap, cost less than
/// a call.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        return a == b;
    }
    if let (Some(a0), Some(b0)) = (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        return a0 == b0 && a.last_chunk::<8>() == b.last_chunk::<8>();
    }
    if let (Some(a0), Some(b0)) = (a.first_chunk::<4>(), b.first_chunk::<4>()) {
        return a0 == b0 && a.last_chunk::<4>() == b.last_chunk::<4>();
    }
    a.iter().eq(b)
}

impl Interner {
    /// The code of `text`, new or known; `check` is asked about a new one first.
    ///
    /// # Errors
    /// What `check` gives; `InvalidInput` when the dictionary is full ([`Dictionary::MAX_BYTES`]).
    #[inline]
    pub fn intern(&mut self, text: &str, check: impl FnOnce() -> Result<()>) -> Result<u32> {
        let tag = tag_of(text.as_bytes());
        match self.find(tag, text.as_bytes()) {
            Some(code) => Ok(code),
            None => {
                check()?;
                self.insert(tag, text)
            }
        }
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.dictionary.len()
    }

    /// The strings so far.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Interns all strings of another and gives the code here of each code there.
    ///
    /// # Errors
    /// `InvalidInput` when the dictionary is full.
    pub fn absorb(&mut self, other: &Dictionary) -> Result<Vec<u32>> {
        let mut codes = Vec::with_capacity(other.len() + 1);
        codes.push(0);
        for code in 1..=other.len() as u32 {
            codes.push(self.intern(other.get(code)?, || Ok(()))?);
        }
        Ok(codes)
    }

    /// Removes every string and keeps the memory.
    pub fn clear(&mut self) {
        self.dictionary.clear();
        self.slots.fill(0);
        self.kept = 0;
    }

    /// Keeps what there is when strings are taken back.
    pub fn keep(&mut self) {
        self.kept = self.len();
    }

    /// Takes the strings since [`Interner::keep`] back.
    pub fn undo(&mut self) {
        while self.len() > self.kept {
            let code = self.len() as u32;
            let tag = self.dictionary.bytes(code).map(tag_of);
            let taken = tag.and_then(|tag| self.slot_of(u64::from(tag) << 32 | u64::from(code)));
            if let Some(slot) = taken {
                self.free(slot);
            }
            self.dictionary.pop();
        }
    }

    /// The finished dictionary.
    pub fn into_dictionary(self) -> Arc<Dictionary> {
        Arc::new(self.dictionary)
    }

    /// Bytes of memory taken.
    pub fn memory_bytes(&self) -> usize {
        self.dictionary.memory_bytes() + self.slots.capacity() * 8
    }

    /// Where the probes for a tag begin.
    #[inline]
    fn first_slot(&self, tag: u32) -> usize {
        // The upper bits of the tag, as many as there are slots for.
        (u64::from(tag) * self.slots.len() as u64 >> 32) as usize
    }

    #[inline]
    fn after(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len().wrapping_sub(1))
    }

    #[inline]
    fn find(&self, tag: u32, text: &[u8]) -> Option<u32> {
        let mut at = self.first_slot(tag);
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            let code = slot as u32;
            if (slot >> 32) as u32 == tag
                && self
                    .dictionary
                    .bytes(code)
                    .is_some_and(|known| same(known, text))
            {
                return Some(code);
            }
            at = self.after(at);
        }
    }

    #[inline(never)]
    fn insert(&mut self, tag: u32, text: &str) -> Result<u32> {
        if (self.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let code = self.dictionary.push(text)?;
        self.take_slot(u64::from(tag) << 32 | u64::from(code));
        Ok(code)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(FIRST_SLOTS);
        let taken = std::mem::replace(&mut self.slots, vec![0; slots]);
        let taken = taken.into_iter().filter(|slot| *slot != 0);
        taken.for_each(|slot| self.take_slot(slot));
    }

    fn take_slot(&mut self, value: u64) {
        let mut at = self.first_slot((value >> 32) as u32);
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = self.after(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = value;
        }
    }

    /// The slot that holds `value`.
    fn slot_of(&self, value: u64) -> Option<usize> {
        let mut at = self.first_slot((value >> 32) as u32);
        loop {
            match *self.slots.get(at)? {
                0 => return None,
                taken if taken == value => return Some(at),
                _ => at = self.after(at),
            }
        }
    }

    /// Frees a slot and takes those behind it, up to the next free one, anew: a probe must not end
    /// before what it looks for.
    fn free(&mut self, slot: usize) {
        let mut at = slot;
        let mut moved = Vec::new();
        while let Some(taken) = self.slots.get_mut(at).filter(|taken| **taken != 0) {
            moved.push(std::mem::take(taken));
            at = self.after(at);
        }
        moved
            .into_iter()
            .skip(1)
            .for_each(|value| self.take_slot(value));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::Interner;
    use crate::types::{Error, Strings};

    proptest! {
        /// Rows of strings, of which some are taken back, against a map.
        #[test]
        fn equal_strings_have_equal_codes(
            rows in proptest::collection::vec(
                (proptest::collection::vec("[ab]{0,6}", 0..6), any::<bool>()),
                0..60,
            ),
        ) {
            let mut interner = Interner::default();
            let mut model: HashMap<String, u32> = HashMap::new();
            for (texts, stays) in rows {
                let before = model.clone();
                interner.keep();
                for text in texts {
                    let fresh = model.len() as u32 + 1;
                    let code = *model.entry(text.clone()).or_insert(fresh);
                    let mut asked = false;
                    let found = interner.intern(&text, || {
                        asked = true;
                        Ok(())
                    });
                    prop_assert_eq!(found.unwrap(), code);
                    prop_assert_eq!(asked, code == fresh);
                }
                if !stays {
                    interner.undo();
                    model = before;
                }
                prop_assert_eq!(interner.len(), model.len());
                for (text, code) in &model {
                    prop_assert_eq!(interner.dictionary().get(*code).unwrap(), text);
                }
            }
            let mut other = Interner::default();
            other.intern("b", || Ok(())).unwrap();
            let codes = other.absorb(interner.dictionary()).unwrap();
            for (text, code) in &model {
                let there = codes[*code as usize];
                prop_assert_eq!(other.dictionary().get(there).unwrap(), text);
            }
        }
    }

    #[test]
    fn a_refused_string_gets_no_code() {
        let mut interner = Interner::default();
        assert!(interner.intern("no", || Err(Error::invalid("no"))).is_err());
        assert_eq!(interner.len(), 0);
        assert_eq!(interner.intern("yes", || Ok(())).unwrap(), 1);
    }
}
