//! annals
mod codec;
mod io;
mod segment;
pub mod types;
