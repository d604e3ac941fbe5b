//! annals
mod codec;
#[allow(dead_code, unused_imports)]
mod hot;
mod io;
mod segment;
pub mod types;
