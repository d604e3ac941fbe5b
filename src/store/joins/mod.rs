//! What was recorded after the rows that it changes: users of sessions, late recommendations, deletions.

mod deletions;
mod joins;
mod late_join;
mod late_records;
mod links;
mod presented;

pub(super) use deletions::{DeletedItems, Deletions, left_of};
pub(super) use joins::Joins;
pub(super) use late_join::LateJoin;
pub(super) use presented::ShownUsers;
