//! Every integration test is a module of this one binary, so that the library is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails by panic says where, in its helper functions too"
)]

mod changes;
mod concurrency;
mod corruption;
mod events;
mod evolve;
#[cfg(feature = "files")]
mod export;
mod filter;
mod follow;
mod forked;
mod golden;
mod hints;
mod insights;
mod kill;
mod memory;
mod model;
mod numbers;
mod partitions;
mod ranks;
mod retention;
mod rocksdb;
#[cfg(feature = "files")]
mod shards;
mod store;
mod support;
