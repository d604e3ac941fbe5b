//! annals
mod api;
mod codec;
mod hot;
mod io;
mod segment;
mod store;
mod types;

pub use api::*;
pub use types::*;
