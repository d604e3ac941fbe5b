//! What a report points at.

use serde::Serialize;

/// What is probably not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing it is, for programs.
    pub kind: FindingKind,
    /// The field that it is about, where it is about one.
    pub field: Option<String>,
    /// The figure.
    pub figure: f64,
    /// The threshold that it crosses.
    pub threshold: f64,
    /// What it is, in words.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// Too few interactions to train. The figure counts interactions.
    FewInteractions,
    /// Too few users with enough interactions to train. The figure counts users.
    FewUsers,
    /// Too small a share of users with enough interactions to train. The figure is the share.
    SmallUserShare,
    /// Rows that equal an earlier one in every field. The figure counts them.
    DuplicateRows,
    /// Rows of which too few values are not null. The figure counts rows.
    IncompleteRows,
    /// A column of which too few values are not null. The figure is the share of those that are not.
    IncompleteColumn,
    /// Numbers far outside of the others. The figure counts values.
    Outliers,
    /// A categorical field with too many categories. The figure counts categories.
    ManyCategories,
    /// Too many event types. The figure counts them.
    ManyEventTypes,
    /// All interactions have the same timestamp. The figure is the timestamp.
    OneTimestamp,
    /// Timestamps that are 0, as missing ones often are. The figure counts rows.
    ZeroTimestamps,
    /// Timestamps that look like another unit than seconds. The figure counts rows.
    TimestampUnit,
}
