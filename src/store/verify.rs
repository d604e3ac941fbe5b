//! Every byte read, every checksum and invariant checked.

use super::engine::Engine;
use crate::segment::Damage;
use crate::types::Result;

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifyReport {
    /// Segments that were read.
    pub segments: u64,
    /// Bytes of these segments.
    pub bytes: u64,
    /// Damaged parts of segments.
    pub damage: Vec<Damage>,
    /// Rules that do not hold, and failures of the hot tier.
    pub problems: Vec<String>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty() && self.problems.is_empty()
    }
}

impl Engine {
    /// Reads everything again. `progress` is told the bytes read so far.
    pub(crate) fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<VerifyReport> {
        let snapshot = self.snapshot();
        let mut report = VerifyReport::default();
        for live in snapshot.version.segments() {
            let damage = live.segment.damage(&self.schema);
            if damage.is_empty() {
                // Damaged bytes would only be reported a second time.
                if let Err(error) = live.segment.check_invariants(&self.schema) {
                    report.problems.push(error.to_string());
                }
            }
            report.damage.extend(damage);
            report.segments += 1;
            report.bytes += live.entry.file_bytes;
            progress(report.bytes);
        }
        if let Some(tier) = &self.tier
            && let Err(error) = tier.verify()
        {
            report.problems.push(format!("hot tier: {error}"));
        }
        Ok(report)
    }
}
