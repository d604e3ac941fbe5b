//! What goes on behind writes: seals, compactions, expiry, and the thread that does them.

mod compaction;
mod seal;
mod trim;
mod worker;

pub(crate) use worker::Worker;
