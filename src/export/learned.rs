//! What a selection has to know of all rows before it judges one.

use super::vocabulary::Vocabulary;

/// What was learned by scans ahead of an export. Memory: the distinct items, where the selection counts
/// them or negatives are drawn; else a few bytes.
#[derive(Default)]
pub(super) struct Learned {
    /// The items, and how many interactions each has.
    pub(super) items: Option<Items>,
    pub(super) newest: Option<Cutoff>,
    /// First and last timestamp that is taken.
    pub(super) times: Option<(i64, i64)>,
}

/// Items by number.
#[derive(Default)]
pub(super) struct Items {
    pub(super) vocabulary: Vocabulary,
    pub(super) counts: Vec<u64>,
}

/// Where the newest interactions of the store begin.
pub(super) struct Cutoff {
    /// What is later is taken.
    pub(super) second: i64,
    /// Of this second, users before this one are taken, and so many rows of it.
    pub(super) user: String,
    pub(super) rows: u64,
}

impl Cutoff {
    /// How many rows of the second are taken of a user.
    pub(super) fn room_of(&self, user: &str) -> u64 {
        match user.cmp(&self.user) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => self.rows,
            std::cmp::Ordering::Greater => 0,
        }
    }
}

impl Learned {
    /// The interactions of an item, 0 where it has none.
    pub(super) fn count_of(&self, item: &str) -> u64 {
        let Some(items) = &self.items else { return 0 };
        let number = items.vocabulary.find(item);
        let count = number.and_then(|number| items.counts.get(number as usize));
        count.copied().unwrap_or(0)
    }
}
