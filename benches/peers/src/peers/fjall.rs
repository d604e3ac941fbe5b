//! fjall: an LSM tree with a load path for sorted rows.

use std::path::Path;

use anyhow::Result;
use fjall::config::{BlockSizePolicy, CompressionPolicy};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::checksum::Checksum;
use crate::data::{Event, Rows};
use crate::kv::{self, Decoder};
use crate::peer::{Batch, Form, HistoryBuffer, Peer, Reader, Scan, Store, Writer};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "fjall",
    settings: "blocks of 16 KiB, lz4, cache 8 GiB, 2 workers; load: sorted in memory, \
               start_ingestion, persist(SyncAll); buffered writes: journal in the page cache",
    load,
    open: |folder, _| Ok(Box::new(Fjall::open(folder)?)),
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: true,
    cold: true,
};

struct Fjall {
    db: Database,
    rows: Keyspace,
}

impl Fjall {
    fn open(folder: &Path) -> Result<Self> {
        let db = Database::builder(folder)
            .cache_size(8 << 30)
            .worker_threads(2)
            .open()?;
        let rows = db.keyspace("interactions", || {
            KeyspaceCreateOptions::default()
                .data_block_size_policy(BlockSizePolicy::all(16 << 10))
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
        })?;
        Ok(Self { db, rows })
    }
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let fjall = Fjall::open(folder)?;
    let mut ingestion = fjall.rows.start_ingestion()?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for row in sorted::order(rows) {
        let event = rows.event(row as usize);
        kv::key(event.user, event.timestamp, row, &mut key);
        kv::value(&event, &mut value);
        ingestion.write(key.as_slice(), value.as_slice())?;
    }
    ingestion.finish()?;
    Ok(fjall.db.persist(PersistMode::SyncAll)?)
}

impl Peer for Fjall {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(FjallReader {
            rows: &self.rows,
            from: Vec::new(),
            to: Vec::new(),
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        Ok(Box::new(FjallWriter {
            fjall: self,
            synced,
            key: Vec::new(),
            value: Vec::new(),
        }))
    }
}

struct FjallReader<'a> {
    rows: &'a Keyspace,
    from: Vec<u8>,
    to: Vec<u8>,
    seen: Seen,
    out: HistoryBuffer,
}

impl FjallReader<'_> {
    fn of_user(&mut self, user: &str) -> fjall::Iter {
        kv::bounds(user, &mut self.from, &mut self.to);
        self.rows.range(self.from.as_slice()..self.to.as_slice())
    }
}

impl Reader for FjallReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.out.clear();
        for row in self.of_user(user).rev() {
            let (key, value) = row.into_inner()?;
            if !kv::push_history(&key, &value, &mut self.out)? {
                break;
            }
        }
        Ok(())
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum);
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        self.seen.clear();
        for row in self.of_user(user) {
            kv::push_seen(&row.value()?, &mut self.seen)?;
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let from = scan.from.unwrap_or("").as_bytes();
        // No user id is that high.
        let to = scan.to.map_or(&b"\xff"[..], str::as_bytes);
        let mut decoder = Decoder::new(scan, sink);
        for row in self.rows.range(from..to) {
            let (key, value) = row.into_inner()?;
            decoder.push(&key, &value)?;
        }
        decoder.finish();
        Ok(())
    }
}

struct FjallWriter<'a> {
    fjall: &'a Fjall,
    synced: bool,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Writer for FjallWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()> {
        // Without a mode a batch stays in the process, and is lost with it.
        let mode = match self.synced {
            true => PersistMode::SyncData,
            false => PersistMode::Buffer,
        };
        let mut batch = self.fjall.db.batch().durability(Some(mode));
        for (number, event) in (first..).zip(events) {
            kv::key(event.user, event.timestamp, number, &mut self.key);
            kv::value(event, &mut self.value);
            batch.insert(&self.fjall.rows, self.key.as_slice(), self.value.as_slice());
        }
        Ok(batch.commit()?)
    }
}
