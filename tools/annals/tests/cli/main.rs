//! The tool end to end, as scripts drive it: arguments in, output, exit code and files out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails by panic says where, in its helper functions too"
)]

mod copies;
mod cut_off;
mod damage;
mod delete;
mod dump;
mod export;
mod filter;
mod forms;
mod generate;
mod history;
mod import;
mod insights;
mod limits;
mod listing;
mod live;
mod output;
mod parquet;
mod partitions;
mod put;
mod put_events;
mod round_trip;
mod schema;
mod shapes;
mod shard;
mod support;
mod training;
mod unmatched;
mod unseen;
mod usage;
