//! Columns that may be meant by a required field.

use super::profile::Profile;
use crate::types::{Error, Role};

const USER_WORDS: &[&str] = &[
    "user", "customer", "visitor", "client", "member", "account", "session",
];
const ITEM_WORDS: &[&str] = &[
    "item", "product", "article", "movie", "video", "content", "sku", "asin", "track", "offer",
];
const TIME_WORDS: &[&str] = &["time", "date", "ts", "epoch", "created", "_at", "sent"];

/// The error for a header without a required column: which columns may hold it, by their names
/// and, for the timestamp, by their values.
pub(super) fn candidates(role: Role, names: &[String], profiles: &[Profile]) -> Error {
    let (field, words) = match role {
        Role::User => ("USER_ID", USER_WORDS),
        Role::Item => ("ITEM_ID", ITEM_WORDS),
        _ => ("TIMESTAMP", TIME_WORDS),
    };
    let alike = |name: &str| {
        let name = name.to_ascii_lowercase();
        words.iter().any(|word| match *word {
            "ts" => name.split('_').any(|part| part == "ts"),
            word => name.contains(word),
        })
    };
    let found: Vec<&str> = names
        .iter()
        .zip(profiles)
        .filter(|(name, _)| Role::of_name(name) == Role::Metadata)
        .filter(|(name, profile)| alike(name) || (role == Role::Timestamp && profile.is_times()))
        .map(|(name, _)| name.as_str())
        .collect();
    let hint = if found.is_empty() {
        format!(
            "no column looks like it; the header has {}",
            names.join(", ")
        )
    } else {
        format!(
            "rename the column that holds it; it may be {}",
            found.join(" or ")
        )
    };
    Error::of_field(
        field,
        format_args!("required, but the header lacks it; {hint}"),
    )
    .at_place("line 1")
}
