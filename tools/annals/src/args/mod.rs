//! Arguments that several commands share.

mod candidates;
mod event_rules;
mod event_types;
mod moment;
mod quotas;
mod window;

use std::io::IsTerminal;

use annals::Durability;
use clap::ValueEnum;

pub use candidates::read_candidates;
pub use event_rules::EventRules;
pub use event_types::EventTypes;
pub use moment::{age_in_seconds, epoch_seconds};
pub use quotas::{AllQuotas, Quotas, SingleQuotas, values as limit_values};
pub use window::Window;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// A header and a row each; null is an empty cell
    Csv,
    /// One array
    Json,
    /// One value a line
    Jsonl,
}

impl Format {
    /// What was asked for, or a table on a terminal and CSV elsewhere.
    pub fn or_usual(asked: Option<Self>) -> Self {
        asked.unwrap_or(if std::io::stdout().is_terminal() {
            Self::Table
        } else {
            Self::Csv
        })
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Table,
    /// One object
    Json,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeForm {
    /// Seconds since 1970, as they are stored
    Epoch,
    /// Date and time in UTC, as ISO 8601 has them
    Iso,
}

/// When something counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Safety {
    /// When the disk has it: survives power loss
    Synced,
    /// When the operating system has it: survives the end of the process
    Buffered,
}

impl From<Safety> for Durability {
    fn from(safety: Safety) -> Self {
        match safety {
            Safety::Synced => Self::Synced,
            Safety::Buffered => Self::Buffered,
        }
    }
}
