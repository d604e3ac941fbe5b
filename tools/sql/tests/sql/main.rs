//! SQL over real stores, compared with a model that is nothing but a list of rows.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says where"
)]

mod command;
mod data;
mod filters;
mod functions;
mod model;
mod plans;
mod queries;
mod running;
mod shards;
mod windows;
