//! Numbers as codes: of a table of the distinct ones, or of steps from the lowest.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::format::{ColumnFooter, NumberTable};
use super::writer::{Output, common_divisor};
use crate::codec::Word;
use crate::types::{NumberColumn, Result};

/// What the codes of a column stand for.
pub(super) enum Words<'a> {
    Linear {
        min: u64,
        step: u64,
    },
    /// A table for any byte, in which code 0 is 0, and how many codes there are.
    Few(Box<[u64; 256]>, u64),
    Many(&'a [[u8; 8]]),
}

/// Distinct numbers up to which a table of them is considered.
const MAX_TABLE: usize = 1 << 16;

impl<'a> Words<'a> {
    pub(super) fn of_table(words: &'a [[u8; 8]]) -> Self {
        let mut table = Box::new([0; 256]);
        if words.len() >= table.len() {
            return Self::Many(words);
        }
        for (slot, word) in table.iter_mut().skip(1).zip(words) {
            *slot = u64::from_le_bytes(*word);
        }
        Self::Few(table, words.len() as u64)
    }

    /// Appends the words of codes; `false` when a code stands for nothing.
    pub(super) fn append<T: Word>(&self, codes: &[T], out: &mut NumberColumn) -> bool {
        let start = out.bits.len();
        let nulls = codes
            .iter()
            .fold(false, |nulls, code| nulls | (code.wide() == 0));
        if nulls || !out.valid.is_empty() {
            out.valid.resize(start, true);
            out.valid.extend(codes.iter().map(|code| code.wide() != 0));
        }
        match self {
            Self::Linear { min, step } => {
                let word = |code: u64| min.wrapping_add((code - 1).wrapping_mul(*step));
                let words = codes.iter().map(|code| match code.wide() {
                    0 => 0,
                    code => word(code),
                });
                out.bits.extend(words);
                true
            }
            Self::Few(table, count) => {
                let words = codes
                    .iter()
                    .map(|code| table[usize::from(code.wide() as u8)]);
                out.bits.extend(words);
                let count = T::of(*count);
                codes
                    .iter()
                    .fold(true, |known, code| known & (*code <= count))
            }
            Self::Many(words) => {
                let word = |code: u64| match code.checked_sub(1) {
                    Some(index) => words
                        .get(index as usize)
                        .map(|word| u64::from_le_bytes(*word)),
                    None => Some(0),
                };
                let known = codes.iter().map_while(|code| word(code.wide()));
                out.bits.extend(known);
                out.bits.len() == start + codes.len()
            }
        }
    }
}

/// Writes a column of numbers. Code 0 is null.
pub(super) fn write_numbers(numbers: &NumberColumn, out: &mut Output) -> Result<ColumnFooter> {
    let rows = 0..numbers.bits.len();
    let values = || rows.clone().filter_map(|row| numbers.get(row));
    let min = values().min().unwrap_or(0);
    let range = values().max().unwrap_or(0) - min;
    if let Some(distinct) = Distinct::of(numbers, range) {
        return distinct.write(out);
    }
    let step = common_divisor(values().map(|bits| bits - min));
    let codes: Vec<u64> = rows
        .clone()
        .map(|row| numbers.get(row).map_or(0, |bits| (bits - min) / step + 1))
        .collect();
    Ok(ColumnFooter::Numbers {
        table: NumberTable::Linear { min, step },
        codes: out.stream(&codes)?,
    })
}

/// The distinct values of a column and how often each occurs.
struct Distinct {
    values: Vec<u64>,
    counts: Vec<u64>,
    /// The position plus one among `values` of each row's value; 0 is null.
    codes: Vec<u32>,
}

impl Distinct {
    /// The distinct values, where codes of them are narrower than distances within `range`, or
    /// where those and null do not all fit 64 bits; `None` when there are too many.
    fn of(numbers: &NumberColumn, range: u64) -> Option<Self> {
        let too_wide = range == u64::MAX;
        let mut positions: HashTable<u32> = HashTable::new();
        let mut distinct = Self {
            values: Vec::new(),
            counts: Vec::new(),
            codes: Vec::with_capacity(numbers.bits.len()),
        };
        for row in 0..numbers.bits.len() {
            let code = match numbers.get(row) {
                Some(bits) => distinct.code_of(bits, &mut positions),
                None => 0,
            };
            distinct.codes.push(code);
            if distinct.values.len() > MAX_TABLE && !too_wide {
                return None;
            }
        }
        let range_bits = u64::BITS - range.leading_zeros();
        let code_bits = usize::BITS - distinct.values.len().leading_zeros();
        let saved = numbers.bits.len() as u64 * u64::from(range_bits.saturating_sub(code_bits));
        (too_wide || saved > distinct.values.len() as u64 * 64).then_some(distinct)
    }

    fn code_of(&mut self, bits: u64, positions: &mut HashTable<u32>) -> u32 {
        let hash_of = |bits: u64| xxh3_64(&bits.to_le_bytes());
        let values = &self.values;
        let same = |code: &u32| values.get(*code as usize - 1) == Some(&bits);
        let code = match positions.find(hash_of(bits), same) {
            Some(code) => *code,
            None => {
                self.values.push(bits);
                self.counts.push(0);
                let code = self.values.len() as u32;
                let values = &self.values;
                positions.insert_unique(hash_of(bits), code, |code| {
                    hash_of(values.get(*code as usize - 1).copied().unwrap_or(0))
                });
                code
            }
        };
        if let Some(count) = self.counts.get_mut(code as usize - 1) {
            *count += 1;
        }
        code
    }

    /// Writes the table, most frequent value first, and the codes of its order.
    fn write(mut self, out: &mut Output) -> Result<ColumnFooter> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        let key = |index: &usize| {
            let count = self.counts.get(*index).copied();
            (std::cmp::Reverse(count), self.values.get(*index).copied())
        };
        order.sort_by_key(key);
        let mut words = Vec::with_capacity(order.len() * 8);
        let mut ranks = vec![0u32; order.len() + 1];
        for (rank, index) in (1..).zip(order) {
            let bits = self.values.get(index).copied().unwrap_or(0);
            words.extend_from_slice(&bits.to_le_bytes());
            if let Some(slot) = ranks.get_mut(index + 1) {
                *slot = rank;
            }
        }
        for code in &mut self.codes {
            *code = ranks.get(*code as usize).copied().unwrap_or(0);
        }
        Ok(ColumnFooter::Numbers {
            table: NumberTable::Distinct(out.region(&words)),
            codes: out.stream(&self.codes)?,
        })
    }
}
