//! Rows by column: codes, numbers, lists, and the dictionaries that codes belong to. Rank 2.

mod columns;
mod columns_builder;
mod dictionary;
mod distinct_numbers;
mod interner;
mod long;
mod narrow;
mod narrow_builder;
mod narrow_sorted;
mod row_sizes;

pub use columns::{Column, Columns, ListColumn, NumberColumn};
pub(crate) use columns_builder::ColumnsBuilder;
pub use dictionary::{Dictionary, Strings};
pub(crate) use dictionary::{index_of, no_such_code};
pub(crate) use distinct_numbers::DistinctNumbers;
pub(crate) use interner::Interner;
pub(crate) use narrow::{
    Codes, NarrowColumn, NarrowLists, NarrowNumbers, NarrowRows, Paged, Timestamps, with_pages,
};
pub(crate) use narrow_builder::NarrowBuilder;
pub(crate) use narrow_sorted::SortedRows;
pub(crate) use row_sizes::RowSizes;
