//! A column of strings.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::distinct::{Distinct, DistinctCounter};
use crate::column::Strings;
use crate::model::Result;

/// Distinct strings whose occurrences are counted; of a column with more, none is.
const COUNTED: usize = 1000;
/// Strings that are named.
const NAMED: usize = 10;

/// A value, and how often it occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Frequent {
    /// The value.
    pub value: String,
    /// Rows with it.
    pub count: u64,
}

/// Gathers figures about strings. Codes are counted, and looked up once a dictionary.
#[derive(Default)]
pub(super) struct TextProfile {
    dictionary: Option<Arc<dyn Strings>>,
    /// Occurrences by code.
    counts: Vec<u64>,
    distinct: DistinctCounter,
    /// Of a categorical field: the categories, which bars separate.
    categories: Option<DistinctCounter>,
    /// Occurrences by string; nothing once there are too many.
    occurrences: Option<BTreeMap<String, u64>>,
}

impl TextProfile {
    pub(super) fn new(categorical: bool) -> Self {
        Self {
            categories: categorical.then(DistinctCounter::default),
            occurrences: Some(BTreeMap::new()),
            ..Self::default()
        }
    }

    /// Adds codes of a dictionary; 0 is null.
    pub(super) fn add(&mut self, codes: &[u32], dictionary: &Arc<dyn Strings>) -> Result<()> {
        let known = self.dictionary.as_ref();
        if !known.is_some_and(|known| Arc::ptr_eq(known, dictionary)) {
            self.settle()?;
            self.dictionary = Some(dictionary.clone());
        }
        for code in codes {
            let at = *code as usize;
            if at >= self.counts.len() {
                // A damaged code is beyond the dictionary, and an error when it is looked up.
                self.counts.resize(at.min(dictionary.len()) + 1, 0);
            }
            match self.counts.get_mut(at) {
                Some(count) => *count += 1,
                None => dictionary.get(*code).map(drop)?,
            }
        }
        Ok(())
    }

    /// Looks up what was counted of the last dictionary.
    fn settle(&mut self) -> Result<()> {
        let Some(dictionary) = self.dictionary.take() else {
            return Ok(());
        };
        let counts = std::mem::take(&mut self.counts);
        let used = counts.iter().zip(0u32..).skip(1).filter(|(n, _)| **n > 0);
        for (count, code) in used {
            let text = dictionary.get(code)?;
            self.distinct.add(text.as_bytes());
            if let Some(categories) = &mut self.categories {
                for category in text.split('|') {
                    categories.add(category.as_bytes());
                }
            }
            if let Some(occurrences) = &mut self.occurrences {
                match occurrences.get_mut(text) {
                    Some(known) => *known += count,
                    None => drop(occurrences.insert(text.to_owned(), *count)),
                }
                if occurrences.len() > COUNTED {
                    self.occurrences = None;
                }
            }
        }
        Ok(())
    }

    /// The number of strings, of categories, and the most frequent strings.
    pub(super) fn finish(mut self) -> Result<(Distinct, Option<Distinct>, Vec<Frequent>)> {
        self.settle()?;
        let occurrences = self.occurrences.unwrap_or_default().into_iter();
        let mut frequent: Vec<Frequent> = occurrences
            .map(|(value, count)| Frequent { value, count })
            .collect();
        frequent.sort_by_key(|one| std::cmp::Reverse(one.count));
        frequent.truncate(NAMED);
        let categories = self.categories.map(|categories| categories.count());
        Ok((self.distinct.count(), categories, frequent))
    }
}
