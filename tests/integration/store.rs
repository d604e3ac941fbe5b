//! A store from end to end: what is written is read, in every state that its rows can be in.

#[cfg(feature = "arrow")]
mod arrow;
mod backups;
mod beside;
mod bounds;
mod candidates;
mod checkpoints;
mod csv_blocks;
mod dictionaries;
mod errors;
mod imports;
mod merges;
mod narrow;
mod pins;
mod short_forms;
mod snapshots;
mod ties;
mod writes;
