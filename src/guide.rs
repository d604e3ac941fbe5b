//! The documents for users, as the repository has them in `docs/`. Their examples are tests.

#[doc = include_str!("../docs/events.md")]
pub mod events {}

#[doc = include_str!("../docs/reading.md")]
pub mod reading {}

#[doc = include_str!("../docs/filters.md")]
pub mod filters {}

#[doc = include_str!("../docs/exports.md")]
pub mod exports {}

#[doc = include_str!("../docs/import.md")]
pub mod import {}

#[doc = include_str!("../docs/operating.md")]
pub mod operating {}

#[doc = include_str!("../docs/shards.md")]
pub mod shards {}

#[doc = include_str!("../docs/contract.md")]
pub mod contract {}

#[doc = include_str!("../docs/tool.md")]
pub mod tool {}
