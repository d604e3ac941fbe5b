//! Stores side by side: users by the hash of their ids, each in one store.
//!
//! A [`ShardSet`] is a folder with `shards.json` and a store in each of its folders `shard-N`. What is asked
//! about a user goes to one store, [`ShardSet::shard_of`]; what is asked about all goes over all. Each store has one
//! writer process, and different ones may have different writers ([`ShardSetBuilder::only`]).
//!
//! Rows and digest of a set are those of one store with the same rows. What a set does not promise:
//! writes that are atomic across shards, and one sequence for all: a [`ShardSnapshot`] is a vector of moments.
//!
//! ```
//! use annals::shards::ShardSet;
//! use annals::{Durability, History, HistoryQuery, Interaction, Limits, Schema, WriteBatch};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("set");
//! let schema = Schema::parse(
//!     r#"{"type": "record", "name": "Interactions", "fields": [
//!         {"name": "USER_ID", "type": "string"},
//!         {"name": "ITEM_ID", "type": "string"},
//!         {"name": "TIMESTAMP", "type": "long"}
//!     ]}"#,
//!     &Limits::personalize(),
//! )?;
//! let set = ShardSet::create(&folder, &schema, 2)?;
//! let batch = WriteBatch::from_iter([
//!     Interaction::new("ada", "tea", 60),
//!     Interaction::new("ben", "cake", 70),
//! ]);
//! // All or nothing in each shard, and not across them.
//! set.write(batch, Durability::Synced)?;
//!
//! let snapshot = set.snapshot()?;
//! let mut history = History::new();
//! snapshot.history("ada", &HistoryQuery::default(), &mut history)?;
//! assert_eq!(history.len(), 1);
//! assert_eq!(snapshot.content()?.rows, 2);
//!
//! // A shard is a store like any other.
//! let store = set.store(set.shard_of("ben"))?;
//! assert_eq!(store.newest("ben", 10)?.len(), 1);
//! # Ok(())
//! # }
//! ```

mod builder;
mod commit;
mod copy;
mod folder;
mod import;
mod map;
mod moving;
mod partitions;
mod range;
mod reader;
mod reshape;
mod set;
mod snapshot;
mod verify;

pub use builder::ShardSetBuilder;
pub use commit::ShardCommit;
pub use import::ShardImport;
pub use map::{MOST_SHARDS, Shard, ShardMap};
pub use partitions::{partitions, pin, stores, unpin};
pub use range::{HashRange, user_hash};
pub use reader::ShardReader;
pub use reshape::Reshaped;
pub use set::{ShardEvents, ShardSet};
pub use snapshot::{ShardScan, ShardSnapshot};
pub use verify::{ShardReport, ShardSetReport};
