//! The rows of the log in memory, by user.

mod generation;
mod layout;
mod row_chunks;
mod row_columns;
mod slots;
mod strings;
mod text;
mod user_rows;
mod view;

pub(crate) use generation::Generation;
pub(crate) use strings::SharedDictionary;
