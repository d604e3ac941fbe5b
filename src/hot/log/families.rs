//! Every RocksDB option, with its reason. What is not here is left at RocksDB's default.

use rocksdb::statistics::StatsLevel;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompactionStyle, DBCompressionType,
    DBRecoveryMode, DEFAULT_COLUMN_FAMILY_NAME, MemtableFactory, Options, ReadOptions,
    SliceTransform, WriteOptions,
};

use super::table::{Table, TableKind};

const PREFIX: &str = "generation-";
const BLOCK_CACHE_BYTES: usize = 8 << 20;
const LEAST_WRITE_BUFFER_BYTES: u64 = 1 << 20;
const INFO_LOG_BYTES: usize = 1 << 20;
/// One lookup of a hundred reads a file in vain.
const FILTER_BITS: f64 = 10.0;
/// About as many as there are ids in a generation, at most; eight bytes each.
const ID_BUCKETS: usize = 1 << 18;
const ID_BYTES: usize = 16;

/// The column family of a generation (FORMAT.md section 7.1).
pub(super) fn name_of(generation: u64) -> String {
    format!("{PREFIX}{generation}")
}

/// The generation of a column family; `None` for RocksDB's own default family.
pub(super) fn generation_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Options of the database as a whole.
///
/// # Errors
/// When RocksDB does not know an option.
pub(in crate::hot) fn database() -> Result<Options, rocksdb::Error> {
    // RocksDB would set aside more than a write buffer for each log file, where a store that is seldom
    // written to holds a few rows. A file that grows costs a synced write nothing more.
    let mut options = Options::default().get_options_from_string("allow_fallocate=false")?;
    options.create_if_missing(true);
    // A damaged table or manifest must stop the opening, never shorten the answer.
    options.set_paranoid_checks(true);
    // What a crash tears is cut off before RocksDB sees it: any damage that it finds is an error.
    options.set_wal_recovery_mode(DBRecoveryMode::AbsoluteConsistency);
    // A generation starts a log of its own, after a sync of the one before (see
    // `RocksLog::create_generation`). RocksDB must not begin one by itself, without a sync: how many
    // generations wait to be sealed bounds the logs.
    options.set_max_total_wal_size(u64::MAX);
    // Dropped generations leave nothing to compact; flushes are rare.
    options.set_max_background_jobs(2);
    // The vector memtable takes one writer at a time, which the store's commit lock gives anyway.
    options.set_allow_concurrent_memtable_write(false);
    // Required of a secondary, and there are few files.
    options.set_max_open_files(-1);
    // Tickers only: timers would cost two clock reads a write.
    options.enable_statistics();
    options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    // The information log is for debugging RocksDB: two small files, no periodic dumps.
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(INFO_LOG_BYTES);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    Ok(options)
}

/// Room for blocks of the families that are read by key.
pub(super) fn cache() -> Cache {
    Cache::new_lru_cache(BLOCK_CACHE_BYTES)
}

/// RocksDB's own family, which holds one marker, and one for each generation and table.
pub(super) fn descriptors(
    names: &[String],
    generation_bytes: u64,
    cache: &Cache,
) -> Vec<ColumnFamilyDescriptor> {
    let mut families = vec![ColumnFamilyDescriptor::new(
        DEFAULT_COLUMN_FAMILY_NAME,
        marker(cache),
    )];
    families.extend(
        names
            .iter()
            .filter(|name| *name != DEFAULT_COLUMN_FAMILY_NAME)
            .map(|name| {
                let options = match Table::of_name(name) {
                    Some(of) => table(of.kind, generation_bytes, cache),
                    None => generation(generation_bytes),
                };
                ColumnFamilyDescriptor::new(name, options)
            }),
    );
    families
}

fn marker(cache: &Cache) -> Options {
    let mut options = Options::default();
    let mut tables = BlockBasedOptions::default();
    tables.set_block_cache(cache);
    options.set_block_based_table_factory(&tables);
    options.set_write_buffer_size(LEAST_WRITE_BUFFER_BYTES as usize);
    options
}

/// Options of a table's family.
pub(in crate::hot) fn table(kind: TableKind, generation_bytes: u64, cache: &Cache) -> Options {
    let mut options = Options::default();
    // Tables are flushed as generations begin. One that was flushed by itself would begin a log
    // file without a sync of the one before (see `RocksLog::change_logs`); what is written between
    // two generations counts as theirs, and so stays below this.
    let write_buffer = generation_bytes
        .saturating_mul(2)
        .max(LEAST_WRITE_BUFFER_BYTES);
    options.set_write_buffer_size(usize::try_from(write_buffer).unwrap_or(usize::MAX));
    // Nearly every lookup is of a key that is not there.
    let mut tables = BlockBasedOptions::default();
    tables.set_bloom_filter(FILTER_BITS, false);
    tables.set_block_cache(cache);
    options.set_compression_type(DBCompressionType::Lz4);
    if kind == TableKind::Ids {
        // Keys that are only added, at random places: merging files of like size writes them fewer
        // times than merging into sorted levels.
        options.set_compaction_style(DBCompactionStyle::Universal);
        // A hash table takes them with one miss of the cache, a skip list with many. Its prefix is
        // the whole key, which filters then need not hold twice.
        options.set_memtable_factory(MemtableFactory::HashLinkList {
            // Far below the write buffer, which they count against.
            bucket_count: ID_BUCKETS.min((write_buffer / 128) as usize),
        });
        options.set_prefix_extractor(SliceTransform::create_fixed_prefix(ID_BYTES));
        tables.set_whole_key_filtering(false);
    }
    options.set_block_based_table_factory(&tables);
    options
}

/// Options of a generation's family.
pub(in crate::hot) fn generation(generation_bytes: u64) -> Options {
    let mut options = Options::default();
    // Twice what a generation may hold: normally it is sealed and dropped before it is flushed,
    // and its bytes are written once, to the log.
    let write_buffer = generation_bytes
        .saturating_mul(2)
        .max(LEAST_WRITE_BUFFER_BYTES);
    options.set_write_buffer_size(usize::try_from(write_buffer).unwrap_or(usize::MAX));
    // Reads never come here but to replay everything in order: a vector that is sorted then takes
    // a write faster than a skip list.
    options.set_memtable_factory(MemtableFactory::Vector);
    // What is flushed after all (a recovery, sealing that lags) is read once.
    options.set_compression_type(DBCompressionType::Lz4);
    let mut tables = BlockBasedOptions::default();
    tables.disable_cache();
    options.set_block_based_table_factory(&tables);
    options
}

/// Written to the log and handed to the operating system, not synced.
pub(super) fn buffered_write() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(false);
    options.disable_wal(false);
    options
}

/// Everything once, in order, checked.
pub(super) fn full_read() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_verify_checksums(true);
    options.fill_cache(false);
    options.set_total_order_seek(true);
    options
}
