//! Arguments that several commands share.

use annals::TimeRange;
use clap::{Args, ValueEnum};

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

/// A half-open range of timestamps.
#[derive(Args)]
pub struct Window {
    /// Only timestamps from this one on, in epoch seconds
    #[arg(long, value_name = "TS", allow_hyphen_values = true)]
    since: Option<i64>,
    /// Only timestamps before this one, in epoch seconds
    #[arg(long, value_name = "TS", allow_hyphen_values = true)]
    until: Option<i64>,
}

impl Window {
    pub fn range(&self) -> TimeRange {
        TimeRange::new(self.since, self.until)
    }
}

/// Which event types.
#[derive(Args)]
pub struct EventTypes {
    /// Only this event type, in any case of letters; may be given several times
    #[arg(long = "event-type", value_name = "T", allow_hyphen_values = true)]
    pub event_types: Vec<String>,
}
