//! The tier as a whole, over both logs.

pub(super) mod events;
mod mirror;
mod model;
mod rocks;
