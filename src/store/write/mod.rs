//! One commit: rows, events of sessions, recommendations, and the next generation.

mod events;
mod recommendations;
mod rotation;
mod write;

pub(super) use rotation::waiting;
