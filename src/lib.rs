//! An embedded store for what users did to items.
//!
//! # The model
//!
//! An **[`Interaction`]** is what one user did to one item at one moment: a user id, an item id, a
//! timestamp in Unix epoch seconds, and the other fields of the store's **[`Schema`]**: an event
//! type, a value, context such as a device, and the items that were on the screen (the impression).
//! The schema is the Avro document of the interactions dataset contract (that of Amazon
//! Personalize's Interactions dataset), checked against **[`Limits`]**.
//!
//! A **[`Store`]** is a folder that one process at a time writes to. Interactions come in one by one
//! or in a **[`WriteBatch`]**, as the events of a session in a **[`PutEvents`](events::PutEvents)** request, or in bulk by
//! a **[`BulkImport`]**. Each batch, request and import is one **[`Commit`]** with the next sequence
//! number: the order of arrival, which is not that of the timestamps. Rows are only ever added, but for
//! a FULL import, which replaces earlier bulk rows.
//!
//! A **[`Snapshot`]** is the store as of one commit, for as long as it is held. Every read goes
//! through one; the reads of [`Store`] make their own. There are three:
//!
//! - [`Snapshot::history`]: the newest (or oldest) interactions of a user;
//! - [`Snapshot::unseen`]: which candidates the user has no interaction with;
//! - [`Snapshot::scan`]: all rows, or a part of them, as columns.
//!
//! # Two tiers
//!
//! Single writes go to the **hot tier**: a log in RocksDB, which makes them durable, and an index in
//! memory, which serves every read. The hot tier consists of **generations**, of which the last
//! takes the writes. A full one is *sealed*: its rows become a segment, and it is dropped whole.
//!
//! A **segment** is an immutable file of rows in (user, timestamp, arrival) order, column by column,
//! memory-mapped, with dictionaries, a hash directory of its users, and a checksum for each page.
//! Bulk imports write segments directly. Segments that do not overlap in users form a **run**; a
//! lookup probes one segment a run. When there are many runs, *compaction* merges them.
//!
//! A read merges both tiers, and sees a write as soon as the write has returned.
//!
//! # Strings
//!
//! Strings are codes, which belong to the dictionary of one segment or generation ([`Strings`](columns::Strings)).
//! Codes begin at 1; 0 is null. Nothing copies a string that is not asked for: [`Event::item`]
//! borrows it from the segment, [`History::copy_text`] copies a whole column, and batches of a
//! [`Scan`](query::Scan) carry the dictionaries, which [`export`] hands on to Arrow.
//!
//! # Errors
//!
//! There is one [`Error`], of few [kinds](ErrorKind), each of which says what the caller can do.
//! Bytes from disk are verified before they are used; damage is an error, never a wrong answer.
//! After a failed sync a store refuses writes and goes on reading.
//!
//! # Example
//!
//! ```
//! use annals::{Durability, History, HistoryQuery, Interaction, Limits, Order, Schema, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let schema = Schema::parse(
//!     r#"{"type": "record", "name": "Interactions", "fields": [
//!         {"name": "USER_ID", "type": "string"},
//!         {"name": "ITEM_ID", "type": "string"},
//!         {"name": "TIMESTAMP", "type": "long"}
//!     ]}"#,
//!     &Limits::personalize(),
//! )?;
//! let store = Store::create(folder, &schema)?;
//! store.write(Interaction::new("ada", "tea", 60), Durability::Synced)?;
//! let before = store.snapshot();
//! store.write(Interaction::new("ada", "cake", 30), Durability::Buffered)?;
//!
//! let query = HistoryQuery::default().order(Order::OldestFirst);
//! let mut history = History::new();
//! store.history("ada", &query, &mut history)?;
//! let items: Vec<&str> = history.iter().map(|event| event.item()).collect::<Result<_, _>>()?;
//! assert_eq!(items, ["cake", "tea"]);
//!
//! before.history("ada", &query, &mut history)?;
//! assert_eq!(history.len(), 1);
//! # Ok(())
//! # }
//! ```

mod api;
pub mod backup;
mod check;
mod codec;
mod column;
mod csv;
pub mod export;
pub mod filter;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hot;
pub mod import;
pub mod insights;
mod io;
mod model;
pub mod partitions;
#[cfg(feature = "report")]
pub mod report;
mod segment;
#[cfg(feature = "arrow")]
pub mod shards;
mod store;
mod text;

// The store, and views of it.
pub use api::{Reader, Snapshot, Store, StoreBuilder};
pub use model::{Limits, Retention, Settings};

// What it holds.
pub use model::{DataType, Field, Interaction, Role, Schema, SchemaBuilder, Value};

// Writing.
pub use api::{BulkImport, ImportMode};
pub use model::{Commit, Deletion, Durability, WriteBatch};

// Reading.
pub use api::{Event, History};
pub use model::{HistoryQuery, Order, Projection, ScanQuery, TimeRange};

pub use model::{Error, ErrorKind, Result};

/// Events of sessions, and recommendations: requests of the service's clients.
pub mod events {
    pub use crate::model::{EventsCommit, PutEvent, PutEvents, Recommendation};
}

/// What reads may ask for beyond the plain case, and what they give.
pub mod query {
    pub use crate::api::{
        EventTypeNumbers, Interacted, NewestPerEventType, Scan, Unseen, UserShare, Users, value_at,
    };
    pub use crate::model::{Hint, Origins, ScanOrder, UserRange};
    pub use crate::text::TextBuffer;
}

/// Rows and columns as they are: for bulk imports from memory, and for scans.
pub mod columns {
    pub use crate::check::Validator;
    pub use crate::column::{Column, Columns, Dictionary, ListColumn, NumberColumn, Strings};
    pub use crate::model::{Cell, FieldId, Row, bits_of_f32, f32_of_bits};
    pub use crate::text::TextRoom;
}

/// Copies of a store, and what keeps or follows one: checkpoints, pins, leases, changes.
pub mod copies {
    pub use crate::api::{Change, Changes, Checkpoint, Following, Lease, Pin, Sharing};
    pub use crate::model::StoreId;
}

/// What a store says of itself: statistics, health, verification, repair, receipts of purges.
pub mod inspect {
    pub use crate::api::{
        BlockReport, ColumnReport, ColumnStats, Damage, DamagedSegment, FormatVersions,
        GenerationReport, Health, ManifestReport, PurgeFinding, PurgeOptions, PurgeReceipt,
        PurgedId, RecoveryReport, Remembered, RepairReport, SegmentReport, Stats, UnnamedFile,
        VerifyReport,
    };
    pub use crate::model::printable;
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(any(doc, doctest))]
pub mod guide;
