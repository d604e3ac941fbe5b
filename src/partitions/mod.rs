//! A pinned snapshot in parts, for engines that read it by many processes, on machines that see the same folder.
//!
//! A [`Partition`] names a pin and a range of users. It is plain data, as JSON too: the process that plans makes the list,
//! [`Store::partitions`](crate::Store::partitions), and whoever gets one reads it, [`Partition::scan`]. All partitions of a list together are
//! the scan of the pin: each user is in exactly one. Since a pin stays as it is, nothing that is written, deleted, sealed
//! or compacted meanwhile changes what they give, and a purge waits for the pin to be released.
//!
//! ```
//! use annals::partitions::Partition;
//! use annals::{Durability, Interaction, Limits, ScanQuery, Schema, Store, WriteBatch};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().join("store");
//! let schema = Schema::builder().build(&Limits::personalize())?;
//! let store = Store::create(&folder, &schema)?;
//! let batch = WriteBatch::from_iter([
//!     Interaction::new("ada", "tea", 60),
//!     Interaction::new("ben", "cake", 70),
//! ]);
//! store.write(batch, Durability::Synced)?;
//! store.pin("training", None)?;
//!
//! let partitions = Store::partitions(&folder, "training", 2)?;
//! let mut rows = 0;
//! for partition in &partitions {
//!     let sent = serde_json::to_string(partition)?;
//!     let received: Partition = serde_json::from_str(&sent)?;
//!     for batch in received.scan(&ScanQuery::default())? {
//!         rows += batch?.rows();
//!     }
//! }
//! assert_eq!((partitions.len(), rows), (2, 2));
//! # Ok(())
//! # }
//! ```

mod partition;
mod plan;

pub use partition::{Partition, PinnedSnapshot};
#[cfg(feature = "arrow")]
pub(crate) use plan::check_parts;
