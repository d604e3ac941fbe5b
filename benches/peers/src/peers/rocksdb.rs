//! RocksDB with the bulk load that its own users take: sorted, written as files on two threads, and
//! ingested. A lookup walks backwards inside the user's bounds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, IngestExternalFileOptions, Options,
    ReadOptions, SstFileWriter, WriteBatch, WriteOptions,
};

use crate::checksum::Checksum;
use crate::data::{Event, Rows};
use crate::kv::{self, Decoder};
use crate::peer::{Batch, Form, HistoryBuffer, Peer, Reader, Scan, Store, Writer};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "rocksdb",
    settings: "blocks of 16 KiB, zstd in the loaded files (lz4 above the last level), block cache \
               8 GiB, write buffers 4 x 256 MiB, 2 background jobs; load: sorted in memory, \
               SstFileWriter on 2 threads, ingest by move; buffered writes: log in the page cache",
    load,
    open: |folder, _| {
        Ok(Box::new(Rocks {
            db: DB::open(&options(false), folder)?,
        }))
    },
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: true,
    cold: true,
};

/// Rows of one ingested file.
const FILE_ROWS: usize = 1 << 20;

fn options(loading: bool) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_size(16 << 10);
    blocks.set_block_cache(&Cache::new_lru_cache(8 << 30));
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&blocks);
    options.set_compression_type(match loading {
        true => DBCompressionType::Zstd,
        false => DBCompressionType::Lz4,
    });
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_write_buffer_size(256 << 20);
    options.set_max_write_buffer_number(4);
    options.set_max_background_jobs(2);
    options
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let db = DB::open(&options(false), folder)?;
    let order = sorted::order(rows);
    let files: Vec<(PathBuf, &[u32])> = order
        .chunks(FILE_ROWS)
        .enumerate()
        .map(|(number, chunk)| (folder.join(format!("load{number}.sst")), chunk))
        .collect();
    let (even, odd) = files.split_at(files.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| write_files(odd, rows));
        write_files(even, rows)?;
        other.join().ok().context("a loading thread panicked")?
    })?;
    let mut ingest = IngestExternalFileOptions::default();
    ingest.set_move_files(true);
    db.ingest_external_file_opts(&ingest, files.iter().map(|(path, _)| path).collect())?;
    Ok(())
}

fn write_files(files: &[(PathBuf, &[u32])], rows: &Rows) -> Result<()> {
    let options = options(true);
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for (path, chunk) in files {
        let mut writer = SstFileWriter::create(&options);
        writer.open(path)?;
        for row in *chunk {
            let event = rows.event(*row as usize);
            kv::key(event.user, event.timestamp, *row, &mut key);
            kv::value(&event, &mut value);
            writer.put(&key, &value)?;
        }
        writer.finish()?;
    }
    Ok(())
}

struct Rocks {
    db: DB,
}

impl Peer for Rocks {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(RocksReader {
            db: &self.db,
            from: Vec::new(),
            to: Vec::new(),
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        let mut options = WriteOptions::default();
        options.set_sync(synced);
        Ok(Box::new(RocksWriter {
            db: &self.db,
            options,
            key: Vec::new(),
            value: Vec::new(),
        }))
    }
}

struct RocksReader<'a> {
    db: &'a DB,
    from: Vec<u8>,
    to: Vec<u8>,
    seen: Seen,
    out: HistoryBuffer,
}

impl RocksReader<'_> {
    fn of_user(&mut self, user: &str) -> ReadOptions {
        kv::bounds(user, &mut self.from, &mut self.to);
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(self.from.as_slice());
        options.set_iterate_upper_bound(self.to.as_slice());
        options
    }
}

impl Reader for RocksReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.out.clear();
        let options = self.of_user(user);
        let mut rows = self.db.raw_iterator_opt(options);
        rows.seek_to_last();
        while let Some((key, value)) = rows.item() {
            if !kv::push_history(key, value, &mut self.out)? {
                break;
            }
            rows.prev();
        }
        Ok(rows.status()?)
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum);
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        let options = self.of_user(user);
        self.seen.clear();
        let mut rows = self.db.raw_iterator_opt(options);
        rows.seek_to_first();
        while let Some((_, value)) = rows.item() {
            kv::push_seen(value, &mut self.seen)?;
            rows.next();
        }
        rows.status()?;
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let mut options = ReadOptions::default();
        options.set_readahead_size(2 << 20);
        if let Some(from) = scan.from {
            options.set_iterate_lower_bound(from);
        }
        if let Some(to) = scan.to {
            options.set_iterate_upper_bound(to);
        }
        let mut decoder = Decoder::new(scan, sink);
        let mut rows = self.db.raw_iterator_opt(options);
        rows.seek_to_first();
        while let Some((key, value)) = rows.item() {
            decoder.push(key, value)?;
            rows.next();
        }
        decoder.finish();
        Ok(rows.status()?)
    }
}

struct RocksWriter<'a> {
    db: &'a DB,
    options: WriteOptions,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Writer for RocksWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()> {
        let mut batch = WriteBatch::default();
        for (number, event) in (first..).zip(events) {
            kv::key(event.user, event.timestamp, number, &mut self.key);
            kv::value(event, &mut self.value);
            batch.put(&self.key, &self.value);
        }
        Ok(self.db.write_opt(batch, &self.options)?)
    }
}
