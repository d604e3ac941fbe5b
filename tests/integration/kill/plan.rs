//! The commits of a writer: each depends on its number alone, so that parent and child agree.

use annals::{Durability, ImportMode};

use crate::support::model::Model;
use crate::support::record::Record;

pub(super) enum Commit {
    Write(Vec<Record>, Durability),
    Import(Vec<Record>, ImportMode),
}

impl Commit {
    pub(super) fn add_to(&self, model: &mut Model) {
        match self {
            Self::Write(records, _) => model.write(records),
            Self::Import(records, mode) => model.import(records, *mode),
        }
    }
}

/// A small generator (splitmix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % bound
    }
}

/// The commit with this number: mostly batches, every eighth about an import, now and then a
/// FULL one or one that spills.
pub(super) fn commit(number: u64) -> Commit {
    let mut random = Random::new(number);
    let mut records = |rows: u64| -> Vec<Record> {
        (0..rows)
            .map(|row| {
                let user = format!("user {}", random.below(12));
                Record::numbered(&user, random.below(20) as i64, number * 1000 + row)
            })
            .collect()
    };
    match number % 17 {
        3 => Commit::Import(records(40), ImportMode::Incremental),
        7 => {
            let mut records = records(30);
            for (index, record) in records.iter_mut().enumerate() {
                record.location = Some(format!("{number}-{index} ").repeat(3000));
            }
            Commit::Import(records, ImportMode::Incremental)
        }
        11 => Commit::Import(records(25), ImportMode::Full),
        5 | 9 => Commit::Write(records(5), Durability::Synced),
        rest => Commit::Write(records(1 + rest), Durability::Buffered),
    }
}
