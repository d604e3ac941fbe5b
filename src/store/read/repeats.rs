//! Codes that come again and again.

/// Codes below this are met often: those of a segment begin with the most frequent.
const FREQUENT: usize = 1 << 16;

/// Of so few codes hardly any comes again.
const FEW: usize = 32;

/// Memory for taking repeated codes away.
#[derive(Default)]
pub(in crate::store) struct Repeats {
    /// A bit for each frequent code; none of them is set between calls.
    met: Vec<u64>,
}

impl Repeats {
    /// Removes the frequent codes that stand further ahead already. No branch depends on which
    /// these are.
    pub(in crate::store) fn remove(&mut self, codes: &mut Vec<u32>) {
        if codes.len() < FEW {
            return;
        }
        self.met.resize(FREQUENT / 64, 0);
        let mut kept = 0;
        for at in 0..codes.len() {
            let code = codes.get(at).copied().unwrap_or_default();
            if let Some(slot) = codes.get_mut(kept) {
                *slot = code;
            }
            let bit = 1 << (code % 64);
            let met = match self.met.get_mut(code as usize / 64) {
                Some(word) => std::mem::replace(word, *word | bit) & bit != 0,
                None => false,
            };
            kept += usize::from(!met);
        }
        codes.truncate(kept);
        for code in codes {
            if let Some(word) = self.met.get_mut(*code as usize / 64) {
                *word = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_first_of_each_frequent_code_stays_and_all_others_do() {
        let mut repeats = Repeats::default();
        for factor in [1, 7, 4_000] {
            let given: Vec<u32> = (0..400_u32).map(|at| at * at % 61 * factor).collect();
            let mut met = HashSet::new();
            let is_first = |code: &&u32| **code as usize >= FREQUENT || met.insert(**code);
            let first: Vec<u32> = given.iter().filter(is_first).copied().collect();
            let mut codes = given.clone();
            repeats.remove(&mut codes);
            assert_eq!(codes, first);
            assert!(codes.len() < given.len());
        }
    }
}
