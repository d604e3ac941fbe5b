//! What answers are compared by: every value of every row, weighted by the row's position.
//!
//! The same sums are computed by `python/common.py`, so they use nothing but wrapping arithmetic on
//! the bytes themselves.

use serde::{Deserialize, Serialize};

pub const USER: u64 = 0x9e37_79b9_7f4a_7c15;
pub const ITEM: u64 = 0xbf58_476d_1ce4_e5b9;
pub const TIMESTAMP: u64 = 0x94d0_49bb_1331_11eb;
pub const EVENT_TYPE: u64 = 0xd6e8_feb8_6659_fd93;
pub const VALUE: u64 = 0xa076_1d64_78bd_642f;
pub const LOCATION: u64 = 0xe703_7ed1_a0b4_28db;
pub const DEVICE: u64 = 0x8ebc_6af0_9c88_c6e3;
pub const SHOWN: u64 = 0x5899_65cc_7537_4cc3;

/// What stands for a value that is not there.
pub const NULL: u64 = 1;

/// Eight bytes as a number, little-endian, short ones filled up with zeros; longer texts are folded.
pub fn word(text: &[u8]) -> u64 {
    text.chunks(8).fold(0u64, |sum, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        sum.rotate_left(29) ^ u64::from_le_bytes(bytes)
    })
}

pub fn text(text: &[u8], column: u64) -> u64 {
    word(text).wrapping_mul(column)
}

pub fn number(bits: u64, column: u64) -> u64 {
    bits.wrapping_mul(column)
}

/// A list of texts, their order included; [`NULL`] where it is empty.
pub fn list<'a>(items: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut sum = 0u64;
    let mut place = 0u64;
    for item in items {
        place += 1;
        sum = sum.wrapping_add(word(item).wrapping_mul(place));
    }
    match place {
        0 => NULL,
        _ => sum,
    }
    .wrapping_mul(SHOWN)
}

/// Rows and a sum over them that changes with any value and any position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    pub rows: u64,
    sum: u64,
    weighted: u64,
}

impl Checksum {
    pub fn push(&mut self, row: u64) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(row);
        self.weighted = self.weighted.wrapping_add(row.wrapping_mul(self.rows));
    }

    /// Appends the rows of another.
    pub fn append(&mut self, other: Self) {
        let shifted = other.sum.wrapping_mul(self.rows);
        self.weighted = self
            .weighted
            .wrapping_add(other.weighted)
            .wrapping_add(shifted);
        self.sum = self.sum.wrapping_add(other.sum);
        self.rows += other.rows;
    }

    pub fn text(self) -> String {
        format!("{} rows {:016x}", self.rows, self.weighted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole_and_order_counts() {
        let of = |rows: &[u64]| {
            let mut sum = Checksum::default();
            rows.iter().for_each(|row| sum.push(*row));
            sum
        };
        let mut parts = of(&[3, 5]);
        parts.append(of(&[7, 11]));
        assert_eq!(parts, of(&[3, 5, 7, 11]));
        assert_ne!(of(&[3, 5]), of(&[5, 3]));
        assert_ne!(
            list([&b"a"[..], b"b"].into_iter()),
            list([&b"b"[..], b"a"].into_iter())
        );
    }
}
