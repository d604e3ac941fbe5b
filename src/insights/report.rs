//! What a report says.

use serde::Serialize;

use super::column::ColumnInsights;
use super::finding::Finding;
use super::users;

/// A report on a store's data.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Insights {
    /// Interactions. Exact.
    pub interactions: u64,
    /// Users. Exact.
    pub users: u64,
    /// Users with enough interactions ([`Thresholds::min_user_interactions`](super::Thresholds::min_user_interactions)). Exact.
    pub users_with_enough: u64,
    /// Rows that equal an earlier one in every field. Exact, but for the odd row in billions.
    pub duplicate_rows: u64,
    /// Rows of which too few values are not null ([`Thresholds::min_completeness`](super::Thresholds::min_completeness)). Exact.
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
}
