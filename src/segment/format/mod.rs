//! The parts of a file that both sides share.

mod decoded;
pub(super) mod directory;
mod footer;
mod handles;
mod kept_slots;
mod lines;
mod output;
mod region;
mod slot;
mod statistics;
mod strings;
mod words;

pub(super) use directory::{Directory, Entry, Seed};
pub(crate) use footer::LATEST_VERSION;
pub(super) use footer::header;
pub use footer::{ColumnFooter, Footer, NumberTable, Origin};
pub(super) use handles::{Handle, StreamHandle, StringsHandle};
pub(super) use lines::{BlockLines, Hints, LineSamples, lines_of};
pub(super) use output::Output;
pub(super) use region::{Located, Region};
pub(super) use slot::BUCKET_BYTES;
pub(super) use statistics::{
    Gather, OfNumbers, OfStrings, SET_ENTRIES, SPAN, Statistics, StatisticsHandle, ValuesHandle,
    region_of,
};
pub(super) use strings::MappedStrings;
pub(crate) use strings::item_hash;
pub(super) use words::Words;
