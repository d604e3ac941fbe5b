//! From where on figures are findings.

/// From where on a figure is a finding. The default is the service's. Each field has a method of its name, which sets
/// it and tells the service's figure; any is taken.
///
/// ```
/// use annals::insights::Thresholds;
///
/// let thresholds = Thresholds::default().max_categories(100);
/// assert_eq!(thresholds.max_categories, 100);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// Interactions that training needs.
    pub min_interactions: u64,
    /// Users with `min_user_interactions` that training needs.
    pub min_users: u64,
    /// Share of users with `min_user_interactions` that training needs.
    pub min_user_share: f64,
    /// Interactions of a user that count.
    pub min_user_interactions: u64,
    /// Share of a row's or a column's values that are not null.
    pub min_completeness: f64,
    /// Categories of a categorical field.
    pub max_categories: u64,
    /// Distinct event types.
    pub max_event_types: u64,
    /// How far outside the quartiles an outlier lies.
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

impl Thresholds {
    /// Interactions that training needs. Default 1,000.
    #[must_use]
    pub fn min_interactions(mut self, least: u64) -> Self {
        self.min_interactions = least;
        self
    }

    /// Users with `min_user_interactions` that training needs. Default 25.
    #[must_use]
    pub fn min_users(mut self, least: u64) -> Self {
        self.min_users = least;
        self
    }

    /// Share of users with `min_user_interactions` that training needs. Default 0.01.
    #[must_use]
    pub fn min_user_share(mut self, least: f64) -> Self {
        self.min_user_share = least;
        self
    }

    /// Interactions of a user that count. Default 2.
    #[must_use]
    pub fn min_user_interactions(mut self, least: u64) -> Self {
        self.min_user_interactions = least;
        self
    }

    /// Share of a row's or a column's values that are not null. Default 0.7.
    #[must_use]
    pub fn min_completeness(mut self, least: f64) -> Self {
        self.min_completeness = least;
        self
    }

    /// Categories of a categorical field. Default 30.
    #[must_use]
    pub fn max_categories(mut self, most: u64) -> Self {
        self.max_categories = most;
        self
    }

    /// Distinct event types. Default 10.
    #[must_use]
    pub fn max_event_types(mut self, most: u64) -> Self {
        self.max_event_types = most;
        self
    }

    /// How far outside the quartiles an outlier lies, in distances between them. Default 3 (Tukey's "far out").
    #[must_use]
    pub fn outlier_distance(mut self, distance: f64) -> Self {
        self.outlier_distance = distance;
        self
    }
}
