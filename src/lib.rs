//! annals
mod api;
mod codec;
pub mod export;
mod hot;
pub mod import;
mod io;
mod segment;
mod store;
mod types;

pub use api::*;
pub use types::*;
