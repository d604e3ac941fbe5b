//! annals
pub mod types;
