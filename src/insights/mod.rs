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
mod findings;
mod histogram;
mod numbers;
mod texts;
mod users;

use serde::Serialize;

use crate::api::Snapshot;
use crate::types::Result;

pub use column::ColumnInsights;
pub use distinct::Distinct;
pub use findings::{Finding, FindingKind};
pub use numbers::NumberInsights;
pub use texts::Frequent;

/// From where on a figure is a finding. The default is the service's.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// Interactions that training needs. Default 1,000.
    pub min_interactions: u64,
    /// Users with `min_user_interactions` that training needs. Default 25.
    pub min_users: u64,
    /// Share of users with `min_user_interactions` that training needs. Default 0.01.
    pub min_user_share: f64,
    /// Interactions of a user that count. Default 2.
    pub min_user_interactions: u64,
    /// Share of a row's or a column's values that are not null. Default 0.7.
    pub min_completeness: f64,
    /// Categories of a categorical field. Default 30.
    pub max_categories: u64,
    /// Distinct event types. Default 10.
    pub max_event_types: u64,
    /// How far outside the quartiles an outlier lies, in distances between them. Default 3 (Tukey's
    /// "far out").
    pub outlier_distance: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_interactions: 1000,
            min_users: 25,
            min_user_share: 0.01,
            min_user_interactions: 2,
            min_completeness: 0.7,
            max_categories: 30,
            max_event_types: 10,
            outlier_distance: 3.0,
        }
    }
}

/// A report on a store's data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Insights {
    /// Interactions. Exact.
    pub interactions: u64,
    /// Users. Exact.
    pub users: u64,
    /// Users with enough interactions ([`Thresholds::min_user_interactions`]). Exact.
    pub users_with_enough: u64,
    /// Rows that equal an earlier one in every field. Exact, but for the odd row in billions.
    pub duplicate_rows: u64,
    /// Rows of which too few values are not null ([`Thresholds::min_completeness`]). Exact.
    pub incomplete_rows: u64,
    /// First and last timestamp, in epoch seconds; none in an empty store. Exact.
    pub timestamps: Option<(i64, i64)>,
    /// Whether there are enough interactions and users to train.
    pub trainable: bool,
    /// What is probably not as it should be; empty when all is well.
    pub findings: Vec<Finding>,
    /// The fields, in the schema's order.
    pub columns: Vec<ColumnInsights>,
}

impl Insights {
    /// The share of users with enough interactions; 0 where there are no users.
    pub fn share_with_enough(&self) -> f64 {
        users::share(self.users_with_enough, self.users)
    }

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
