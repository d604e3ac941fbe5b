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

/// The error for a header without required columns: for each, which columns may hold it, by their names
/// and, for the timestamp, by their values.
pub(super) fn candidates(roles: &[Role], names: &[String], profiles: &[Profile]) -> Error {
    let lacking: Vec<String> = roles
        .iter()
        .map(|role| {
            let (field, found) = candidates_of(*role, names, profiles);
            match found.is_empty() {
                true => format!("{field} (no column looks like it)"),
                false => format!("{field} (it may be {})", found.join(" or ")),
            }
        })
        .collect();
    Error::invalid(format!(
        "line 1: the header lacks {}, which every schema must have; rename the columns that hold them; \
         the header has {}",
        lacking.join(", "),
        names.join(", ")
    ))
}

/// The field of a required role, and the columns that may hold it.
fn candidates_of<'a>(
    role: Role,
    names: &'a [String],
    profiles: &[Profile],
) -> (&'static str, Vec<&'a str>) {
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
    let found = names
        .iter()
        .zip(profiles)
        .filter(|(name, _)| Role::of_name(name) == Role::Metadata)
        .filter(|(name, profile)| alike(name) || (role == Role::Timestamp && profile.is_times()))
        .map(|(name, _)| name.as_str());
    (field, found.collect())
}
