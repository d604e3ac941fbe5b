//! Distinct numbers, as far as they are few.

use hashbrown::HashTable;

use super::NumberColumn;

/// The distinct numbers of a column, in the order in which they came; codes count from 1.
#[derive(Default)]
pub(crate) struct DistinctNumbers {
    values: Vec<u64>,
    codes: HashTable<u32>,
}

impl DistinctNumbers {
    /// How many are few enough for a table.
    pub(crate) const MAX: usize = 1 << 16;

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The number of a code.
    pub(crate) fn get(&self, code: u32) -> Option<u64> {
        self.values.get((code as usize).checked_sub(1)?).copied()
    }

    /// The numbers, by code.
    pub(crate) fn values(&self) -> &[u64] {
        &self.values
    }

    /// Puts the codes of a column's values into `out`, 0 for null; `false` when the numbers become
    /// more than `most`.
    pub(crate) fn codes_of(
        &mut self,
        column: &NumberColumn,
        most: usize,
        out: &mut Vec<u32>,
    ) -> bool {
        out.clear();
        out.reserve(column.bits.len());
        let (mut last, mut last_code) = (0, 0);
        for (row, bits) in column.bits.iter().enumerate() {
            if column.valid.get(row) == Some(&false) {
                out.push(0);
                continue;
            }
            if last_code == 0 || last != *bits {
                (last, last_code) = (*bits, self.code_of(*bits));
                if self.len() > most {
                    return false;
                }
            }
            out.push(last_code);
        }
        true
    }

    fn code_of(&mut self, bits: u64) -> u32 {
        let values = &self.values;
        let number = |code: &u32| values.get(*code as usize - 1).copied().unwrap_or(0);
        let hash = hash_of(bits);
        if let Some(code) = self.codes.find(hash, |code| number(code) == bits) {
            return *code;
        }
        let code = values.len() as u32 + 1;
        self.codes
            .insert_unique(hash, code, |code| hash_of(number(code)));
        self.values.push(bits);
        code
    }

    /// Bytes of memory taken.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.values.capacity() * 8 + self.codes.capacity() * 5
    }
}

/// The halves of a product: the table looks at the highest bits and at the lowest.
#[inline]
fn hash_of(bits: u64) -> u64 {
    let mixed = u128::from(bits ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (mixed >> 64) as u64 ^ mixed as u64
}
