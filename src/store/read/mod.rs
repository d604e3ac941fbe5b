//! What a snapshot answers: histories, unseen, newest, users, scans.

mod as_of;
mod candidates;
mod event;
mod history;
mod interacted;
mod lacking;
mod newest;
mod newest_kept;
mod repeats;
mod scan;
mod unseen;
mod user_shares;
mod users;

pub use event::{Event, value_at};
pub use history::History;
pub use interacted::Interacted;
pub use newest::{EventTypeNumbers, NewestPerEventType};
pub use scan::Scan;
pub use unseen::Unseen;
pub use user_shares::UserShare;
pub use users::Users;
