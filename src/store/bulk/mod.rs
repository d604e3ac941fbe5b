//! Imports: sort, spill beyond the budget, publish all or nothing.

mod bulk;
mod import_batch;
mod rehearsal;
mod sort;
mod spilled;

pub use bulk::{BulkImport, ImportMode};
pub use import_batch::ImportBatch;
pub use rehearsal::ImportRehearsal;
