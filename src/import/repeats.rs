//! How many rows are equal to an earlier one, in bounded memory.

use hashbrown::HashTable;

use super::distinct::RowHashes;

/// Hashes that are kept, at most.
const MOST: usize = 1 << 20;

/// Counts hashes that came before: all of them at first, and from [`MOST`] distinct ones on of an ever
/// smaller part of all hashes.
#[derive(Default)]
struct Sample {
    hashes: HashTable<u64>,
    /// Only hashes with so many zeros at their end are kept.
    zeros: u32,
    repeats: u64,
}

impl Sample {
    fn add(&mut self, hash: u64) {
        if hash.trailing_zeros() < self.zeros {
            return;
        }
        // The high bits tell apart what the low ones have in common.
        let slot = |hash: &u64| hash.rotate_left(32);
        if self
            .hashes
            .find(slot(&hash), |known| *known == hash)
            .is_some()
        {
            self.repeats += 1;
            return;
        }
        if self.hashes.len() == MOST {
            self.zeros += 1;
            self.repeats /= 2;
            let zeros = self.zeros;
            self.hashes.retain(|known| known.trailing_zeros() >= zeros);
            return self.add(hash);
        }
        self.hashes.insert_unique(slot(&hash), hash, slot);
    }

    /// The number in words, if there are any.
    fn count(&self) -> Option<String> {
        let repeats = self.repeats << self.zeros;
        let about = if self.zeros > 0 { "about " } else { "" };
        (repeats > 0).then(|| format!("{about}{repeats}"))
    }
}

/// Rows that are equal to an earlier one: in all fields, and in user, item and time.
#[derive(Default)]
pub(super) struct Repeats {
    rows: Sample,
    keys: Sample,
}

impl Repeats {
    pub(super) fn add(&mut self, hashes: impl IntoIterator<Item = RowHashes>) {
        for (row, key) in hashes {
            self.rows.add(row);
            self.keys.add(key);
        }
    }

    /// What is to be told of them.
    pub(super) fn warning(&self) -> Option<String> {
        let keys = self.keys.count()?;
        let rows = self.rows.count().unwrap_or_else(|| "none".to_owned());
        Some(format!(
            "{keys} rows are equal to an earlier one in user, item and time, of these {rows} in all \
             fields; they are kept, and can be left out (--distinct user-item-time, --distinct full)"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_at_first_and_near_later() {
        let mut repeats = Repeats::default();
        repeats.add((0..1000_u64).map(|n| (n, n % 10)));
        assert!(repeats.warning().unwrap().starts_with(
            "990 rows are equal to an earlier one in user, item and time, of these none"
        ));
        let mut repeats = Repeats::default();
        let hash = |n: u64| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
        let twice = (0..4_000_000_u64).flat_map(|n| [n, n]);
        repeats.add(twice.map(|n| (hash(n), 1)));
        let counted = repeats.rows.repeats << repeats.rows.zeros;
        assert!((3_900_000..4_100_000).contains(&counted), "{counted}");
        assert!(repeats.rows.hashes.len() <= MOST);
    }
}
