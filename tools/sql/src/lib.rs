//! SQL over a store of interactions, by DataFusion.
//!
//! [`Interactions`] is a table over a snapshot of a store, or of the shards of a set. [`register`] gives a session that table and the functions
//! `history('user', n)` and `sequences(max_length)`; [`register_attributes`] the tables `items` and `users`.
//! [`session`] makes a session with settings that make use of the order of scans. The command `annals-sql` is
//! made of these.
//!
//! docs/sql.md has the queries of the field, and what the engine answers itself.

mod arrays;
mod attributes;
mod estimates;
mod exec;
mod failure;
mod functions;
mod live;
mod position;
mod pushdown;
mod remote;
mod schema;
mod sequences;
mod session;
mod shown;
mod table;
mod users;
mod values;
mod windows;

pub use attributes::attributes;
pub use failure::engine_error;
pub use functions::{HistoryFunction, SequencesFunction, history};
pub use live::Live;
pub use remote::RemoteScan;
pub use schema::table_schema;
pub use sequences::Sequences;
pub use session::{Options, config, register, register_attributes, session};
pub use table::Interactions;
pub use windows::sorted_windows;
