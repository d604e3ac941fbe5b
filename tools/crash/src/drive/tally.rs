//! Counts of verdicts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::verdict::Verdict;

/// Failures, and refusals, that are printed.
const SHOWN: usize = 40;

/// Verdicts by kind, and those that need a look by name.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    counts: BTreeMap<String, u64>,
    failures: Vec<String>,
    refusals: Vec<String>,
}

impl Tally {
    pub fn note(&mut self, name: &str, verdict: &Verdict) {
        let kind = match verdict {
            Verdict::Sound(_) => "sound".to_owned(),
            Verdict::NoStore => "no store".to_owned(),
            Verdict::Refused(_) | Verdict::ReadsAlone(_) => {
                self.refusals.push(format!("{name}: {verdict}"));
                match verdict {
                    Verdict::Refused(_) => "refused".to_owned(),
                    _ => "reads alone".to_owned(),
                }
            }
            Verdict::Failed(fault, _) => {
                self.failures.push(format!("{name}: {verdict}"));
                format!("FAILED {fault:?}")
            }
        };
        self.count(&kind);
    }

    pub fn count(&mut self, kind: &str) {
        *self.counts.entry(kind.to_owned()).or_default() += 1;
    }

    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        self.failures.extend(other.failures);
        self.refusals.extend(other.refusals);
    }

    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// Prints all of it; gives whether nothing failed.
    pub fn print(&self) -> bool {
        for list in [&self.refusals, &self.failures] {
            for line in list.iter().take(SHOWN) {
                println!("{line}");
            }
            if list.len() > SHOWN {
                println!("and {} more", list.len() - SHOWN);
            }
        }
        for (kind, count) in &self.counts {
            println!("{count:>8}  {kind}");
        }
        self.failures.is_empty()
    }
}
