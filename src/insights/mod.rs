//! What a store's data lacks for training, with figures about each column.
//!
//! [`Insights::of`] looks at what the service looks at when it reports on a dataset: too few
//! interactions or users, incomplete rows and columns, outliers, too many categories or event types,
//! one timestamp for all, timestamps of 0 or in another unit than seconds, rows that are there twice. Each [`Finding`] has the figure, the [threshold](Thresholds) that it
//! crosses, and what to do about it.
//!
//! The store is read twice, in batches: all columns, once in row order, once by user and time.
//! Memory is bounded: that of a batch, 4 bytes for each distinct string of one segment and field, and
//! for each column at most a few megabytes. What does not fit that is estimated, and says so.

mod collect;
mod column;
mod distinct;
mod duplicates;
mod finding;
mod findings;
mod histogram;
mod numbers;
mod report;
mod texts;
mod thresholds;
mod users;

use crate::api::Snapshot;
use crate::model::Result;

pub use column::ColumnInsights;
pub use distinct::Distinct;
pub use finding::{Finding, FindingKind};
pub use numbers::NumberInsights;
pub use report::Insights;
pub use texts::Frequent;
pub use thresholds::Thresholds;

impl Insights {
    /// Reads everything that a snapshot shows, and reports on it.
    ///
    /// Cost: two scans of all columns, of which one is by user and time.
    ///
    /// # Errors
    /// `Corruption` when bytes it needs are damaged.
    pub fn of(snapshot: &Snapshot, thresholds: &Thresholds) -> Result<Self> {
        let users = users::count(snapshot, thresholds.min_user_interactions)?;
        let (mut insights, odd_times) = collect::collect(snapshot, &users, thresholds)?;
        insights.findings = findings::find(&insights, &odd_times, thresholds);
        Ok(insights)
    }
}
