//! annals
#[allow(dead_code, unused_imports)]
mod hot;
pub mod types;
