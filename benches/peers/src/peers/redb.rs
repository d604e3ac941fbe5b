//! redb: a B-tree in one file.

use std::path::Path;

use anyhow::Result;
use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, TableDefinition, WriteTransaction,
};

use crate::checksum::Checksum;
use crate::data::{Event, Rows};
use crate::kv::{self, Decoder};
use crate::peer::{Batch, Form, HistoryBuffer, Peer, Reader, Scan, Store, Writer};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "redb",
    settings: "cache 8 GiB, a read transaction per lookup, or per 1,000 users in one call; load: sorted in memory, a transaction \
               per million rows with Durability::None, then a durable commit and compact(); \
               buffered writes: Durability::None, a transaction each (lost when the process dies)",
    load,
    open: |folder, _| Ok(Box::new(Redb { db: open(folder)? })),
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: true,
    cold: true,
};

const TRANSACTION_ROWS: usize = 1_000_000;
const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("interactions");

fn open(folder: &Path) -> Result<Database> {
    let mut builder = Database::builder();
    builder.set_cache_size(8 << 30);
    Ok(builder.create(folder.join("data.redb"))?)
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let mut db = open(folder)?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for chunk in sorted::order(rows).chunks(TRANSACTION_ROWS) {
        let transaction = begin(&db, false)?;
        let mut table = transaction.open_table(TABLE)?;
        for row in chunk {
            let event = rows.event(*row as usize);
            kv::key(event.user, event.timestamp, *row, &mut key);
            kv::value(&event, &mut value);
            table.insert(key.as_slice(), value.as_slice())?;
        }
        drop(table);
        transaction.commit()?;
    }
    begin(&db, true)?.commit()?;
    db.compact()?;
    Ok(())
}

fn begin(db: &Database, synced: bool) -> Result<WriteTransaction> {
    let mut transaction = db.begin_write()?;
    transaction.set_durability(match synced {
        true => Durability::Immediate,
        false => Durability::None,
    })?;
    Ok(transaction)
}

struct Redb {
    db: Database,
}

impl Peer for Redb {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(RedbReader {
            db: &self.db,
            from: Vec::new(),
            to: Vec::new(),
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        Ok(Box::new(RedbWriter {
            db: &self.db,
            synced,
            key: Vec::new(),
            value: Vec::new(),
        }))
    }
}

struct RedbReader<'a> {
    db: &'a Database,
    from: Vec<u8>,
    to: Vec<u8>,
    seen: Seen,
    out: HistoryBuffer,
}

impl RedbReader<'_> {
    fn of_user(
        &mut self,
        user: &str,
    ) -> Result<redb::Range<'static, &'static [u8], &'static [u8]>> {
        kv::bounds(user, &mut self.from, &mut self.to);
        let transaction: ReadTransaction = self.db.begin_read()?;
        let table = transaction.open_table(TABLE)?;
        Ok(table.range(self.from.as_slice()..self.to.as_slice())?)
    }
}

fn newest(
    rows: redb::Range<'_, &'static [u8], &'static [u8]>,
    out: &mut HistoryBuffer,
) -> Result<()> {
    out.clear();
    for row in rows.rev() {
        let (key, value) = row?;
        if !kv::push_history(key.value(), value.value(), out)? {
            break;
        }
    }
    Ok(())
}

impl Reader for RedbReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        let rows = self.of_user(user)?;
        newest(rows, &mut self.out)
    }

    fn many(&mut self, users: &[&str], mut sums: Option<&mut [Checksum]>) -> Result<()> {
        let table = self.db.begin_read()?.open_table(TABLE)?;
        for (position, user) in users.iter().enumerate() {
            kv::bounds(user, &mut self.from, &mut self.to);
            let rows = table.range(self.from.as_slice()..self.to.as_slice())?;
            newest(rows, &mut self.out)?;
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
        for row in self.of_user(user)? {
            kv::push_seen(row?.1.value(), &mut self.seen)?;
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let transaction = self.db.begin_read()?;
        let table = transaction.open_table(TABLE)?;
        let from = scan.from.unwrap_or("").as_bytes();
        // No user id is that high.
        let to = scan.to.map_or(&b"\xff"[..], str::as_bytes);
        let mut decoder = Decoder::new(scan, sink);
        for row in table.range(from..to)? {
            let (key, value) = row?;
            decoder.push(key.value(), value.value())?;
        }
        decoder.finish();
        Ok(())
    }
}

struct RedbWriter<'a> {
    db: &'a Database,
    synced: bool,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Writer for RedbWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()> {
        let transaction = begin(self.db, self.synced)?;
        let mut table = transaction.open_table(TABLE)?;
        for (number, event) in (first..).zip(events) {
            kv::key(event.user, event.timestamp, number, &mut self.key);
            kv::value(event, &mut self.value);
            table.insert(self.key.as_slice(), self.value.as_slice())?;
        }
        drop(table);
        Ok(transaction.commit()?)
    }
}
