//! Exports, compared with one simple model.

mod digests;
mod examples;
mod forms;
pub(crate) mod model;
mod random;
mod selection;
mod to_files;
