//! From where on figures are findings.

/// From where on a figure is a finding. The default is the service's.
///
/// ```
/// use annals::insights::Thresholds;
///
/// let mut thresholds = Thresholds::default();
/// thresholds.max_categories = 100;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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
