//! LMDB through heed: the map is the cache, rows are appended in order.

use std::ops::Bound;
use std::path::Path;

use anyhow::{Context, Result};
use heed::types::Bytes;
use heed::{
    CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, FlagSetMode, PutFlags, RoTxn, WithTls,
};

use crate::checksum::Checksum;
use crate::data::{Event, Rows};
use crate::kv::{self, Decoder};
use crate::peer::{Batch, Form, HistoryBuffer, Peer, Reader, Scan, Store, Writer};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "lmdb",
    settings: "heed, map of 64 GiB, a read transaction per lookup, or per 1,000 users in one call; load: sorted in memory, \
               MDB_APPEND, a transaction per million rows, MDB_NOSYNC, then a sync; buffered \
               writes: MDB_NOSYNC, a transaction each (an OS crash may damage the file)",
    load,
    open: |folder, _| Ok(Box::new(Lmdb::open(folder)?)),
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: true,
    cold: true,
};

const TRANSACTION_ROWS: usize = 1_000_000;

type Table = Database<'static, Bytes, Bytes>;

struct Lmdb {
    env: Env,
    table: Table,
}

impl Lmdb {
    #[expect(
        unsafe_code,
        reason = "opening a memory map: the folder is this process's own"
    )]
    fn open(folder: &Path) -> Result<Self> {
        let env = unsafe { EnvOpenOptions::new().map_size(64 << 30).open(folder)? };
        let transaction = env.write_txn()?;
        let made = env.create_databases_and_commit(transaction, |opener, transaction| {
            let table = opener.create_database::<Bytes, Bytes>(transaction, None)?;
            anyhow::Ok(CommitOrAbort::<_, ()>::Commit(table))
        })?;
        let table = made.commit().context("the table was not made")?;
        Ok(Self { env, table })
    }

    #[expect(
        unsafe_code,
        reason = "NO_SYNC risks the file in an OS crash, which is part of the figure"
    )]
    fn sync(&self, synced: bool) -> Result<()> {
        let mode = match synced {
            true => FlagSetMode::Disable,
            false => FlagSetMode::Enable,
        };
        unsafe { self.env.set_flags(EnvFlags::NO_SYNC, mode)? };
        Ok(())
    }
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let lmdb = Lmdb::open(folder)?;
    lmdb.sync(false)?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for chunk in sorted::order(rows).chunks(TRANSACTION_ROWS) {
        let mut transaction = lmdb.env.write_txn()?;
        for row in chunk {
            let event = rows.event(*row as usize);
            kv::key(event.user, event.timestamp, *row, &mut key);
            kv::value(&event, &mut value);
            let append = PutFlags::APPEND;
            lmdb.table
                .put_with_flags(&mut transaction, append, &key, &value)?;
        }
        transaction.commit()?;
    }
    Ok(lmdb.env.force_sync()?)
}

impl Peer for Lmdb {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(LmdbReader {
            lmdb: self,
            from: Vec::new(),
            to: Vec::new(),
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        self.sync(synced)?;
        Ok(Box::new(LmdbWriter {
            lmdb: self,
            key: Vec::new(),
            value: Vec::new(),
        }))
    }
}

type Range<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

fn bounds<'a>(from: &'a [u8], to: &'a [u8]) -> Range<'a> {
    (Bound::Included(from), Bound::Excluded(to))
}

struct LmdbReader<'a> {
    lmdb: &'a Lmdb,
    from: Vec<u8>,
    to: Vec<u8>,
    seen: Seen,
    out: HistoryBuffer,
}

impl LmdbReader<'_> {
    fn newest(&mut self, transaction: &RoTxn<'_, WithTls>, user: &str) -> Result<()> {
        self.out.clear();
        kv::bounds(user, &mut self.from, &mut self.to);
        let range = bounds(&self.from, &self.to);
        for row in self.lmdb.table.rev_range(transaction, &range)? {
            let (key, value) = row?;
            if !kv::push_history(key, value, &mut self.out)? {
                break;
            }
        }
        Ok(())
    }
}

impl Reader for LmdbReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.newest(&self.lmdb.env.read_txn()?, user)
    }

    fn many(&mut self, users: &[&str], mut sums: Option<&mut [Checksum]>) -> Result<()> {
        let transaction = self.lmdb.env.read_txn()?;
        for (position, user) in users.iter().enumerate() {
            self.newest(&transaction, user)?;
            if let Some(sum) = sums.as_mut().and_then(|sums| sums.get_mut(position)) {
                self.out.check(sum);
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
        kv::bounds(user, &mut self.from, &mut self.to);
        let range = bounds(&self.from, &self.to);
        let transaction = self.lmdb.env.read_txn()?;
        for row in self.lmdb.table.range(&transaction, &range)? {
            kv::push_seen(row?.1, &mut self.seen)?;
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let from = scan
            .from
            .map_or(Bound::Unbounded, |user| Bound::Included(user.as_bytes()));
        let to = scan
            .to
            .map_or(Bound::Unbounded, |user| Bound::Excluded(user.as_bytes()));
        let mut decoder = Decoder::new(scan, sink);
        let transaction = self.lmdb.env.read_txn()?;
        for row in self.lmdb.table.range(&transaction, &(from, to))? {
            let (key, value) = row?;
            decoder.push(key, value)?;
        }
        decoder.finish();
        Ok(())
    }
}

struct LmdbWriter<'a> {
    lmdb: &'a Lmdb,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Writer for LmdbWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()> {
        let mut transaction = self.lmdb.env.write_txn()?;
        for (number, event) in (first..).zip(events) {
            kv::key(event.user, event.timestamp, number, &mut self.key);
            kv::value(event, &mut self.value);
            self.lmdb
                .table
                .put(&mut transaction, &self.key, &self.value)?;
        }
        Ok(transaction.commit()?)
    }
}
