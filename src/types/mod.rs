//! The words that everybody uses: schema, values, batches, queries, errors.
//!
//! Rank 0: nothing here imports from another folder.

mod batch;
mod clock;
mod code_order;
mod columns;
mod columns_builder;
mod decimal;
mod deletion;
mod dictionary;
mod distinct_numbers;
mod entropy;
mod error;
mod hashed_key;
mod hint;
mod interaction;
mod interner;
mod limits;
mod long;
mod narrow;
mod narrow_builder;
mod narrow_slot;
mod narrow_sorted;
mod not_text;
pub(crate) mod observe;
mod odd_time;
mod ordered_word;
mod placeholder;
mod prefetch;
mod printable;
mod proceed;
mod process;
mod put_events;
mod query;
mod remedy;
mod retention;
mod row;
mod row_sizes;
mod schema;
mod schema_builder;
mod schema_json;
mod schema_names;
mod session_batch;
mod session_key;
mod settings;
mod shown;
mod store_id;
mod text;
mod text_pairs;
mod text_room;
mod text_slot;
mod text_slots;
mod thousands;
mod unique_json;
mod validate;

pub use batch::{Commit, Durability, WriteBatch};
pub(crate) use clock::Clock;
pub(crate) use code_order::{Backwards, CodeOrder, Forwards};
pub use columns::{Column, Columns, ListColumn, NumberColumn};
pub(crate) use columns_builder::ColumnsBuilder;
pub(crate) use decimal::Decimal;
pub use deletion::Deletion;
pub use dictionary::{Dictionary, Strings};
pub(crate) use dictionary::{index_of, no_such_code};
pub(crate) use distinct_numbers::DistinctNumbers;
pub(crate) use entropy::Entropy;
pub use error::{Error, ErrorKind, Result};
pub use hashed_key::HashedKey;
pub(crate) use hint::Test;
pub use hint::{FieldHint, Hint};
pub use interaction::{Interaction, Value};
pub(crate) use interner::Interner;
pub use limits::Limits;
pub(crate) use limits::lifting;
pub(crate) use narrow::{
    Codes, NarrowColumn, NarrowLists, NarrowNumbers, NarrowRows, Paged, Timestamps, with_pages,
};
pub(crate) use narrow_builder::NarrowBuilder;
pub(crate) use narrow_slot::{NARROW, NarrowSlot, narrow_slot};
pub(crate) use narrow_sorted::SortedRows;
pub(crate) use not_text::{SIGNATURE_BYTES, not_text};
pub use odd_time::{OddRows, OddTime, OddTimes};
pub(crate) use ordered_word::{number_of, ordered_word};
pub use placeholder::is_placeholder_id;
pub(crate) use prefetch::{prefetch, prefetch_line, prefetch_line_at};
pub use printable::printable;
pub(crate) use proceed::{Proceed, always};
pub(crate) use process::Process;
pub use put_events::{PutEvent, PutEvents};
pub use query::{
    HistoryQuery, Order, Origins, Projection, ScanOrder, ScanQuery, TierQuery, TimeRange, UserRange,
};
pub(crate) use remedy::{RESTORE_SEGMENT, RESTORE_STORE};
pub use retention::Retention;
pub(crate) use row::items_of;
pub use row::{Cell, CellBuffer, Row, bits_of_f32, f32_of_bits};
pub(crate) use row_sizes::RowSizes;
pub use schema::{DataType, Field, FieldId, Role, Schema};
pub use schema_builder::SchemaBuilder;
pub(crate) use schema_json::type_of;
pub use session_batch::{EventsCommit, Recommendation};
pub(crate) use session_batch::{SessionBatch, SessionEvent};
pub(crate) use session_key::{check_asked_user, holds_mark, session_key, session_of, shown_user};
pub use settings::Settings;
pub(crate) use shown::{shortened, shown};
pub use store_id::StoreId;
pub use text::TextBuffer;
pub(crate) use text_pairs::TextPairs;
pub(crate) use text_room::SPELLED_BYTES;
pub use text_room::TextRoom;
#[cfg(feature = "arrow")]
pub(crate) use text_slot::COPY_ROOM;
pub(crate) use text_slot::{TextSlot, WIDE, is_long, text_slot};
#[cfg(feature = "arrow")]
pub(crate) use text_slots::PIECE;
pub use text_slots::TextSlots;
pub(crate) use thousands::thousands;
pub(crate) use unique_json::unique_json;
pub use validate::{RowScratch, Validator};
pub(crate) use validate::{
    check_event_bytes, check_properties_chars, place_of_event, value_of_cell,
};
