//! SQL over pinned stores by several processes.
//!
//! [`session`] plans queries by datafusion-distributed over the workers that it is told, each of which is a process that
//! [`serve`]s. A worker gets of each scan which pins to open and which users to read
//! ([`RemoteScan`](annals_datafusion::RemoteScan)); it reads the files itself, so that all processes see the folders
//! under the same paths. The table is [`Interactions::of_pin`](annals_datafusion::Interactions::of_pin).
//!
//! The command `annals-cluster` is made of these. There is no authentication: whoever reaches a worker's port can have
//! queries run over the stores below its root.

mod codec;
mod pins;
mod session;
mod worker;

pub use session::session;
pub use worker::serve;
