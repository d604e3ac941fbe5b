//! annals
#[allow(dead_code)]
pub mod import;
pub mod types;
