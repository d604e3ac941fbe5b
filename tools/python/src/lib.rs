//! The native part of the Python package `annalsdb`.
//!
//! Arguments are turned into the engine's words, the engine is called without the interpreter lock, and
//! answers go out as Arrow data, which other libraries take without a copy. What Python can say better than
//! Rust (schemas by keywords, polars, torch) stands in `python/annalsdb`.

mod attributes;
mod buffer;
mod capsule;
mod cast;
mod changes;
mod columns;
mod deletion;
mod errors;
mod export;
mod files;
mod held;
mod histories;
mod json;
mod kept;
mod long;
mod opened;
mod opening;
mod options;
mod partitions;
mod pinned;
mod query;
mod rows;
mod rows_in;
mod scan;
mod sequences;
mod shards;
mod snapshot;
mod store;
mod texts;
mod times;
mod view;
mod vocabulary;
mod writes;

#[pyo3::pymodule]
mod _annalsdb {
    #[pymodule_export]
    use crate::attributes::Attributes;
    #[pymodule_export]
    use crate::buffer::Buffer;
    #[pymodule_export]
    use crate::changes::Changes;
    #[pymodule_export]
    use crate::deletion::{check_purge, purge};
    #[pymodule_export]
    use crate::kept::{lease, leases, open_pin, pins, release_lease, unpin};
    #[pymodule_export]
    use crate::opening::{create, infer_schema, open, open_reader, verify};
    #[pymodule_export]
    use crate::partitions::{open_partition, partitions, pin, stores};
    #[pymodule_export]
    use crate::rows::Rows;
    #[pymodule_export]
    use crate::scan::{Batches, Scan};
    #[pymodule_export]
    use crate::sequences::SequenceBlock;
    #[pymodule_export]
    use crate::shards::ShardMap;
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::store::Store;
    #[pymodule_export]
    use crate::view::View;
    #[pymodule_export]
    use crate::vocabulary::Vocabulary;
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    #[pymodule_export]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
