//! annals
#[allow(dead_code, unused_imports)]
mod import;
pub mod types;
