//! What the codes of a column of numbers stand for.

use crate::codec::Word;
use crate::column::NumberColumn;

/// What the codes of a column stand for.
pub(in crate::segment) enum Words<'a> {
    Linear {
        min: u64,
        step: u64,
    },
    /// A table for any byte, in which code 0 is 0, and how many codes there are.
    Few(Box<[u64; 256]>, u64),
    Many(&'a [[u8; 8]]),
}

impl<'a> Words<'a> {
    pub(in crate::segment) fn of_table(words: &'a [[u8; 8]]) -> Self {
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
    pub(in crate::segment) fn append<T: Word>(&self, codes: &[T], out: &mut NumberColumn) -> bool {
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
