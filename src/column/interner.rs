//! Equal strings to equal codes.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{Dictionary, Strings};
use crate::model::{Result, prefetch_line};

/// A growing dictionary that gives equal strings equal codes: a hash table beside the strings. A slot
/// holds the first bytes of its string, so that a short one that is known costs one cache line and no
/// look at the strings.
#[derive(Default)]
pub struct Interner {
    dictionary: Dictionary,
    /// Their number is a power of two or none, and at most 5/8 of their slots are taken.
    buckets: Vec<Bucket>,
    /// Strings that [`Interner::undo`] keeps.
    kept: usize,
}

/// Buckets of the first table.
const FIRST_BUCKETS: usize = 16;

/// Slots of a bucket.
const SLOTS: usize = 4;

/// Strings of neighbouring hashes, in one cache line. The first slots are taken; where all are, what
/// comes then is in the next bucket.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket {
    prefixes: [u64; SLOTS],
    tags: [u32; SLOTS],
    /// 0 where the slot is free.
    codes: [u32; SLOTS],
}

impl Bucket {
    /// A bit for each slot whose tag this is, free ones included.
    #[inline(always)]
    fn with_tag(&self, tag: u32) -> u32 {
        let tags = self.tags.iter().zip(0..);
        tags.fold(0, |hits, (taken, at)| hits | u32::from(*taken == tag) << at)
    }

    fn is_full(&self) -> bool {
        self.codes[SLOTS - 1] != 0
    }

    fn slots(&self) -> impl Iterator<Item = InternedSlot> {
        let slots = self.prefixes.into_iter().zip(self.tags).zip(self.codes);
        let slots = slots.map(|((prefix, tag), code)| InternedSlot {
            key: InternedKey { prefix, tag },
            code,
        });
        slots.take_while(|slot| slot.code != 0)
    }

    /// Takes the first free slot; `false` when there is none.
    fn put(&mut self, slot: InternedSlot) -> bool {
        let free = self.codes.iter().position(|code| *code == 0);
        let Some(at) = free.filter(|at| *at < SLOTS) else {
            return false;
        };
        self.prefixes[at] = slot.key.prefix;
        self.tags[at] = slot.key.tag;
        self.codes[at] = slot.code;
        true
    }
}

/// Strings of a group.
const GROUP: usize = 16;

/// A few strings that are all looked for before any is waited for.
#[derive(Default)]
struct Group<'t> {
    texts: [(InternedKey, &'t str); GROUP],
    len: usize,
}

impl<'t> Group<'t> {
    /// Adds a string; a full group takes none.
    fn add(&mut self, text: &'t str) {
        if let Some(slot) = self.texts.get_mut(self.len) {
            *slot = (InternedKey::of(text.as_bytes()), text);
            self.len += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.len == GROUP
    }
}

/// A string in the table.
#[derive(Clone, Copy, PartialEq)]
struct InternedSlot {
    key: InternedKey,
    code: u32,
}

/// What tells strings apart without reading them: strings of equal keys are equal when they are
/// short.
#[derive(Clone, Copy, Default, PartialEq)]
struct InternedKey {
    /// The first bytes, zeros behind a short string.
    prefix: u64,
    /// A part of the hash, which alone says where the slot is looked for, and in the lowest bits the
    /// length of a short string or [`InternedKey::LONG`].
    tag: u32,
}

impl InternedKey {
    const LENGTH_BITS: u32 = 0xf;
    const LONG: u32 = 0xf;

    #[inline(always)]
    fn of(text: &[u8]) -> Self {
        let prefix = prefix_of(text);
        let (hash, length) = match text.len() {
            short @ 0..=8 => (hash_of_short(prefix, short), short as u32),
            _ => (xxh3_64(text), Self::LONG),
        };
        Self {
            prefix,
            tag: (hash as u32 & !Self::LENGTH_BITS) | length,
        }
    }

    /// Whether it is all there is of its string.
    #[inline]
    fn is_whole(self) -> bool {
        self.tag & Self::LENGTH_BITS != Self::LONG
    }
}

/// The first eight bytes, least significant first.
#[inline]
fn prefix_of(text: &[u8]) -> u64 {
    if let Some(first) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*first);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        // Both halves; where they overlap they are the same bytes.
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return first | last << ((text.len() - 4) * 8);
    }
    text.iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The hash of a string that its first bytes and its length tell whole: the halves of a product.
#[inline]
fn hash_of_short(prefix: u64, length: usize) -> u64 {
    let mixed = u128::from(prefix ^ (length as u64) << 56 ^ 0x9e37_79b9_7f4a_7c15)
        * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (mixed >> 64) as u64 ^ mixed as u64
}

impl Interner {
    /// The code of `text`, new or known; `check` is asked about a new one first.
    ///
    /// # Errors
    /// What `check` gives; `InvalidInput` when the dictionary is full ([`Dictionary::MAX_BYTES`]).
    #[inline]
    pub fn intern(&mut self, text: &str, check: impl FnOnce() -> Result<()>) -> Result<u32> {
        let key = InternedKey::of(text.as_bytes());
        match self.find(key, text.as_bytes()) {
            Some(code) => Ok(code),
            None => {
                check()?;
                self.insert(key, text)
            }
        }
    }

    /// Says that the code of `text` is about to be asked for.
    #[inline]
    pub fn prefetch(&self, text: &str) {
        let first = self.first_bucket(InternedKey::of(text.as_bytes()));
        prefetch_line(self.buckets.get(first..).unwrap_or_default());
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.dictionary.len()
    }

    /// Bytes of all strings.
    pub(crate) fn text_bytes(&self) -> usize {
        self.dictionary.text_bytes()
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
        let mut group = Group::default();
        for code in 1..=other.len() as u32 {
            group.add(other.get(code)?);
            if group.is_full() || code == other.len() as u32 {
                self.intern_group(&mut group, &mut codes)?;
            }
        }
        Ok(codes)
    }

    /// Appends the codes of a group's strings and empties it.
    fn intern_group(&mut self, group: &mut Group<'_>, codes: &mut Vec<u32>) -> Result<()> {
        let mut found = [0; GROUP];
        let texts = group.texts.iter().take(std::mem::take(&mut group.len));
        for (code, (key, _)) in found.iter_mut().zip(texts.clone()) {
            *code = self.glance(*key);
        }
        for (code, (key, text)) in found.into_iter().zip(texts) {
            codes.push(match code {
                0 => match self.find(*key, text.as_bytes()) {
                    Some(code) => code,
                    None => self.insert(*key, text)?,
                },
                code => code,
            });
        }
        Ok(())
    }

    /// Removes every string and keeps the memory.
    pub fn clear(&mut self) {
        self.dictionary.clear();
        self.buckets.fill(Bucket::default());
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
            let key = self.dictionary.bytes(code).map(InternedKey::of);
            if let Some(key) = key {
                self.free(InternedSlot { key, code });
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
        self.dictionary.memory_bytes() + self.buckets.capacity() * size_of::<Bucket>()
    }

    /// The bucket that a key's slot is looked for in first.
    #[inline(always)]
    fn first_bucket(&self, key: InternedKey) -> usize {
        // The upper bits of the tag, as many as there are buckets for.
        ((u64::from(key.tag) * self.buckets.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, bucket: usize) -> usize {
        (bucket + 1) & (self.buckets.len().wrapping_sub(1))
    }

    /// The code of a short string that is in its first bucket, or 0. No branch depends on memory, so that
    /// a processor can go on to the next string.
    #[inline(always)]
    fn glance(&self, key: InternedKey) -> u32 {
        let Some(bucket) = self.buckets.get(self.first_bucket(key)) else {
            return 0;
        };
        let whole = u32::from(key.is_whole()).wrapping_neg();
        let slots = bucket.prefixes.iter().zip(&bucket.tags).zip(&bucket.codes);
        slots.fold(0, |found, ((prefix, tag), code)| {
            let same = u32::from((*prefix == key.prefix) & (*tag == key.tag));
            found | (code & same.wrapping_neg() & whole)
        })
    }

    #[inline(always)]
    fn find(&self, key: InternedKey, text: &[u8]) -> Option<u32> {
        let mut at = self.first_bucket(key);
        loop {
            let bucket = self.buckets.get(at)?;
            let mut hits = bucket.with_tag(key.tag);
            while hits != 0 {
                let slot = hits.trailing_zeros() as usize % SLOTS;
                let code = bucket.codes[slot];
                let same = bucket.prefixes[slot] == key.prefix && code != 0;
                if same && (key.is_whole() || self.dictionary.bytes(code) == Some(text)) {
                    return Some(code);
                }
                hits &= hits - 1;
            }
            if !bucket.is_full() {
                return None;
            }
            at = self.after(at);
        }
    }

    #[inline(never)]
    fn insert(&mut self, key: InternedKey, text: &str) -> Result<u32> {
        if (self.len() + 1) * 8 > self.buckets.len() * SLOTS * 5 {
            self.grow();
        }
        let code = self.dictionary.push(text)?;
        self.take_slot(InternedSlot { key, code });
        Ok(code)
    }

    fn grow(&mut self) {
        let buckets = (self.buckets.len() * 2).max(FIRST_BUCKETS);
        let taken = std::mem::replace(&mut self.buckets, vec![Bucket::default(); buckets]);
        let slots = taken.iter().flat_map(Bucket::slots);
        slots.for_each(|slot| self.take_slot(slot));
    }

    fn take_slot(&mut self, slot: InternedSlot) {
        let mut at = self.first_bucket(slot.key);
        while let Some(bucket) = self.buckets.get_mut(at) {
            if bucket.put(slot) {
                return;
            }
            at = self.after(at);
        }
    }

    /// Frees a string's slot, and takes those of its bucket and of the buckets behind it, as far as they
    /// are full, anew: a search must not end before what it looks for.
    fn free(&mut self, slot: InternedSlot) {
        let mut moved = Vec::new();
        let mut at = self.first_bucket(slot.key);
        while let Some(bucket) = self.buckets.get_mut(at) {
            let bucket = std::mem::take(bucket);
            moved.extend(bucket.slots());
            if !bucket.is_full() {
                break;
            }
            at = self.after(at);
        }
        moved.retain(|taken| *taken != slot);
        moved.into_iter().for_each(|slot| self.take_slot(slot));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::Strings;
    use super::Interner;
    use crate::model::Error;

    proptest! {
        /// Rows of strings, of which some are taken back, against a map.
        #[test]
        fn equal_strings_have_equal_codes(
            rows in proptest::collection::vec(
                (proptest::collection::vec("[ab\0]{0,11}", 0..6), any::<bool>()),
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
