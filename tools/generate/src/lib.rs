//! A realistic, reproducible stream of user-item interactions, in order of arrival.
//!
//! People come in sessions. Sessions start through the year along a daily curve; each belongs to one
//! user, keeps its device and location, and emits a few events seconds or minutes apart. How much a
//! user does follows a power law, how often an item is met follows Zipf's law, and neither follows
//! the numeric order of the ids. The open sessions wait in a heap by the time of their next event,
//! so rows leave in time order and memory is that of the users and items, never of the rows.
//!
//! The same [`Options`] give the same rows on every machine: the source is xoshiro256++, whose
//! values are stable across releases, and what a table of weights needs beyond the four operations
//! comes from `libm`, not from the platform.
//!
//! ```
//! use annals_generate::{Generator, Options, Row};
//!
//! let mut generator = Generator::new(Options::new(1000))?;
//! let mut row = Row::default();
//! let mut purchases = 0;
//! while generator.next(&mut row) {
//!     purchases += usize::from(row.event_type.name() == "purchase");
//! }
//! assert!(purchases > 0);
//! # Ok::<(), annals_generate::Error>(())
//! ```

mod arrivals;
mod csv;
mod generator;
mod mix;
mod names;
mod options;
mod popularity;
mod population;
mod shape;
mod slugs;
mod values;

pub use generator::{Generator, Row};
pub use names::{item_id, location, push_item_id, push_location, push_user_id, user_id};
pub use options::{Error, IMPRESSION_ITEMS, MAX_ITEMS, MAX_USERS, Options};
pub use shape::{Shape, UnknownShape};
pub use values::{Device, EVENT_VALUES, EventType, LOCATIONS};

/// First second of the year that the rows cover, in Unix seconds.
pub const START: i64 = 1_700_000_000;

/// First second after the year that the rows cover, in Unix seconds.
pub const END: i64 = START + 365 * 86_400;

/// The header of the CSV form, which is also the order of the fields in [`SCHEMA`].
pub const HEADER: &str =
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,LOCATION,DEVICE,IMPRESSION";

/// The Interactions schema of the rows, as Avro JSON (the interactions dataset contract).
pub const SCHEMA: &str = include_str!("schema.json");
