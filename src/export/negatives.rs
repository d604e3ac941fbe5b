//! Items that a user did not interact with.

use std::collections::HashSet;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::layout::{Negatives, NegativesFrom};
use super::learned::Learned;
use super::per_code::PerCode;
use super::select::{codes_of, dictionary};
use crate::column::{Column, Columns};
use crate::model::{Error, FieldId, Result};
use crate::text::TextRoom;

/// The items that negatives are drawn from, in the order of their text: so that a draw does not depend on
/// the order in which they were met. Memory: 4 bytes an item.
pub(super) struct Catalogue {
    /// Numbers of the vocabulary.
    sorted: Vec<u32>,
    /// The place of each number in `sorted`; `u32::MAX` for items with too few interactions.
    places: Vec<u32>,
}

impl Catalogue {
    /// Of the items that were learned and have so many interactions.
    pub(super) fn new(learned: &Learned, least: u64) -> Result<Self> {
        let items = learned.items.as_ref();
        let items = items.ok_or_else(|| Error::internal("negatives without items"))?;
        let enough = |number: &u32| {
            let count = items.counts.get(*number as usize).copied();
            count.unwrap_or(0) >= least
        };
        let numbers = 0..items.vocabulary.len() as u32;
        let mut sorted: Vec<u32> = numbers.filter(enough).collect();
        let text = |number: u32| items.vocabulary.text(number).unwrap_or("");
        sorted.sort_unstable_by(|a, b| text(*a).cmp(text(*b)));
        let mut places = vec![u32::MAX; items.vocabulary.len()];
        for (place, number) in sorted.iter().enumerate() {
            if let Some(slot) = places.get_mut(*number as usize) {
                *slot = place as u32;
            }
        }
        Ok(Self { sorted, places })
    }
}

/// Draws negatives, user by user.
pub(super) struct Drawing {
    negatives: Negatives,
    item: FieldId,
    impression: Option<FieldId>,
    /// The place in the catalogue of each item of a dictionary.
    places: PerCode<u32>,
    user: u64,
    /// What the user interacted with: places of the catalogue, or codes of the dictionary.
    consumed: HashSet<u32>,
    /// Where most of the catalogue is consumed, or wanted: what is left.
    left: Option<Vec<u32>>,
    drawn: Vec<u32>,
    swaps: Vec<(usize, usize)>,
}

/// Negatives that were drawn.
pub(super) enum Drawn<'a> {
    /// Places of the catalogue.
    Places(&'a [u32]),
    /// Codes of the items' dictionary.
    Codes(&'a [u32]),
}

impl Drawing {
    pub(super) fn new(negatives: Negatives, item: FieldId, impression: Option<FieldId>) -> Self {
        Self {
            negatives,
            item,
            impression,
            places: PerCode::default(),
            user: 0,
            consumed: HashSet::new(),
            left: None,
            drawn: Vec::new(),
            swaps: Vec::new(),
        }
    }

    /// Turns to a user, all of whose rows these are.
    pub(super) fn turn_to(
        &mut self,
        user: &str,
        columns: &Columns,
        rows: std::ops::Range<usize>,
        learned: &Learned,
        catalogue: &Catalogue,
    ) -> Result<()> {
        self.user = xxh3_64(user.as_bytes());
        self.consumed.clear();
        self.left = None;
        let codes = codes_of(columns, self.item)?;
        let codes = codes.get(rows).unwrap_or_default();
        if self.negatives.from == NegativesFrom::Impression {
            self.consumed.extend(codes);
            return Ok(());
        }
        self.places.turn_to(dictionary(columns, self.item)?);
        for code in codes {
            let place = self.places.get(*code, |text| {
                let items = learned.items.as_ref();
                let number = items.and_then(|items| items.vocabulary.find(text));
                let place = number.and_then(|number| catalogue.places.get(number as usize));
                Ok(place.copied().unwrap_or(u32::MAX))
            })?;
            if place != u32::MAX {
                self.consumed.insert(place);
            }
        }
        let all = catalogue.sorted.len();
        let taken = self.consumed.len() + self.negatives.count as usize;
        if taken * 2 > all {
            let left = (0..all as u32).filter(|place| !self.consumed.contains(place));
            self.left = Some(left.collect());
        }
        Ok(())
    }

    /// Draws for a row of the user, the `nth` that is taken.
    pub(super) fn draw(
        &mut self,
        columns: &Columns,
        row: usize,
        nth: usize,
        catalogue: &Catalogue,
    ) -> Drawn<'_> {
        let count = self.negatives.count as usize;
        let at = columns.timestamps.get(row).copied().unwrap_or(0);
        let mut target = [0u8; 24];
        for (slot, word) in target
            .chunks_exact_mut(8)
            .zip([self.user, at as u64, nth as u64])
        {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let mut random = Random(xxh3_64_with_seed(&target, self.negatives.seed));
        self.drawn.clear();
        if self.negatives.from == NegativesFrom::Impression {
            let lists = self.impression.and_then(|field| columns.fields.get(field));
            if let Some(Column::Lists(lists)) = lists {
                for code in lists.get(row) {
                    if !self.consumed.contains(code) && !self.drawn.contains(code) {
                        self.drawn.push(*code);
                    }
                }
            }
            random.shuffle_first(&mut self.drawn, count, &mut self.swaps);
            self.drawn.truncate(count);
            return Drawn::Codes(&self.drawn);
        }
        match &mut self.left {
            Some(left) => {
                random.shuffle_first(left, count, &mut self.swaps);
                self.drawn.extend(left.iter().take(count));
                // As it was, for the next target must not depend on this one.
                for (at, other) in self.swaps.iter().rev() {
                    left.swap(*at, *other);
                }
            }
            // At most half of the places are refused, so that each takes two tries on average.
            None => {
                while self.drawn.len() < count {
                    let place = random.below(catalogue.sorted.len()) as u32;
                    if !self.consumed.contains(&place) && !self.drawn.contains(&place) {
                        self.drawn.push(place);
                    }
                }
            }
        }
        Drawn::Places(&self.drawn)
    }
}

impl Drawn<'_> {
    /// Calls `see` with each item.
    pub(super) fn each(
        &self,
        columns: &Columns,
        item: FieldId,
        learned: &Learned,
        catalogue: &Catalogue,
        mut see: impl FnMut(&str),
    ) -> Result<()> {
        match self {
            Self::Codes(codes) => {
                let strings = dictionary(columns, item)?;
                let mut room = TextRoom::default();
                for code in *codes {
                    see(strings.read(*code, &mut room)?);
                }
            }
            Self::Places(places) => {
                for place in *places {
                    let number = catalogue.sorted.get(*place as usize).copied().unwrap_or(0);
                    let items = learned.items.as_ref();
                    let items = items.ok_or_else(|| Error::internal("negatives without items"))?;
                    see(items.vocabulary.text(number)?);
                }
            }
        }
        Ok(())
    }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`; the bias is below 2^-32 for what fits memory.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// Puts a random choice of `count` values first, and tells which were swapped.
    fn shuffle_first(&mut self, values: &mut [u32], count: usize, swaps: &mut Vec<(usize, usize)>) {
        swaps.clear();
        for at in 0..count.min(values.len()) {
            let other = at + self.below(values.len() - at);
            values.swap(at, other);
            swaps.push((at, other));
        }
    }
}
