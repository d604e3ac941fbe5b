//! What a store says of itself: statistics, verification, health, repair.

mod health;
mod inspect;
mod quarantine;
mod stats;
mod verify;
mod verify_beside;

pub use health::Health;
pub use inspect::{FormatVersions, GenerationReport, ManifestReport, SegmentReport};
pub use quarantine::{DamagedSegment, RepairReport, UnnamedFile};
pub use stats::{ColumnStats, Stats};
pub use verify::VerifyReport;
