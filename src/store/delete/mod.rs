//! What goes: deletions, retention, purges.

mod delete;
mod expiry;
pub(super) mod purge;

pub use purge::{PurgeFinding, PurgeOptions, PurgeReceipt, PurgedId};
