//! annals
mod codec;
mod io;
pub mod types;
