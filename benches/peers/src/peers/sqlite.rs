//! SQLite: a clustered table by (user, timestamp, arrival).

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Result;
use parking_lot::Mutex;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use crate::checksum::Checksum;
use crate::data::{Event, Rows};
use crate::peer::{
    Batch, Fields, Form, HistoryBuffer, NEWEST, Peer, Reader, Scan, Store, Writer, is_taken,
};
use crate::plain::{BATCH, Columns, Decoded};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "sqlite",
    settings: "bundled, WITHOUT ROWID, PRIMARY KEY (user, ts, arrival), pages of 8 KiB, cache 2 GB, \
               mmap 16 GiB; load: sorted in memory, one transaction, no journal, fsync at the end; \
               then WAL, a connection per reader, one shared writer, prepared statements; buffered \
               writes: synchronous=OFF, synced: FULL",
    load,
    open: |folder, _| Ok(Box::new(Sqlite::open(folder)?)),
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: true,
    cold: true,
};

const FILE: &str = "data.sqlite";
const INSERT: &str = "INSERT INTO interactions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

fn connect(folder: &Path) -> Result<Connection> {
    let db = Connection::open(folder.join(FILE))?;
    db.pragma_update(None, "cache_size", -2_000_000)?;
    db.pragma_update(None, "mmap_size", 16i64 << 30)?;
    db.pragma_update(None, "locking_mode", "NORMAL")?;
    Ok(db)
}

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let mut db = connect(folder)?;
    db.pragma_update(None, "page_size", 8192)?;
    db.pragma_update(None, "journal_mode", "OFF")?;
    db.pragma_update(None, "synchronous", "OFF")?;
    db.execute_batch(
        "CREATE TABLE interactions (
            user TEXT NOT NULL, ts INTEGER NOT NULL, arrival INTEGER NOT NULL, item TEXT NOT NULL,
            event_type TEXT NOT NULL, value REAL, location TEXT NOT NULL, device TEXT,
            impression TEXT, PRIMARY KEY (user, ts, arrival)) WITHOUT ROWID, STRICT",
    )?;
    let transaction = db.transaction()?;
    let mut insert = transaction.prepare(INSERT)?;
    let mut shown = String::new();
    for row in sorted::order(rows) {
        put(&mut insert, &rows.event(row as usize), row, &mut shown)?;
    }
    drop(insert);
    transaction.commit()?;
    drop(db);
    File::open(folder.join(FILE))?.sync_all()?;
    connect(folder)?.pragma_update(None, "journal_mode", "WAL")?;
    Ok(())
}

fn put(
    insert: &mut rusqlite::Statement<'_>,
    event: &Event<'_>,
    number: u32,
    shown: &mut String,
) -> Result<()> {
    event.shown.join(shown);
    let impression = Some(shown.as_str()).filter(|shown| !shown.is_empty());
    insert.execute(params![
        event.user,
        event.timestamp,
        number,
        event.item,
        event.event_type,
        event.value,
        event.location,
        event.device,
        impression,
    ])?;
    Ok(())
}

struct Sqlite {
    folder: PathBuf,
    /// SQLite has one writer at a time: threads that share it wait less than those that poll.
    writer: Mutex<Connection>,
}

impl Sqlite {
    fn open(folder: &Path) -> Result<Self> {
        let writer = connect(folder)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        Ok(Self {
            folder: folder.to_owned(),
            writer: Mutex::new(writer),
        })
    }
}

impl Peer for Sqlite {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(SqliteReader {
            db: connect(&self.folder)?,
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>> {
        let mode = match synced {
            true => "FULL",
            false => "OFF",
        };
        self.writer
            .lock()
            .pragma_update(None, "synchronous", mode)?;
        Ok(Box::new(SqliteWriter {
            db: &self.writer,
            shown: String::new(),
        }))
    }
}

struct SqliteReader {
    db: Connection,
    seen: Seen,
    out: HistoryBuffer,
}

impl Reader for SqliteReader {
    fn history(&mut self, user: &str) -> Result<()> {
        self.out.clear();
        let mut query = self.db.prepare_cached(
            "SELECT item, ts, event_type FROM interactions WHERE user = ?1
             ORDER BY ts DESC, arrival DESC LIMIT ?2",
        )?;
        let mut rows = query.query(params![user, NEWEST as i64])?;
        while let Some(row) = rows.next()? {
            self.out.push(text(row, 0)?, row.get(1)?, text(row, 2)?);
        }
        Ok(())
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum);
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        self.seen.clear();
        let mut query = self
            .db
            .prepare_cached("SELECT item, event_type FROM interactions WHERE user = ?1")?;
        let mut rows = query.query(params![user])?;
        while let Some(row) = rows.next()? {
            if is_taken(text(row, 1)?) {
                self.seen.insert(text(row, 0)?);
            }
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let fields = match scan.fields {
            Fields::All => "user, item, ts, event_type, value, location, device, impression",
            Fields::Three => "user, item, ts",
        };
        // No user id is as high as the second default.
        let mut query = self.db.prepare_cached(&format!(
            "SELECT {fields} FROM interactions WHERE user >= ?1 AND user < ?2
             AND ts >= ?3 AND ts < ?4 ORDER BY user, ts, arrival"
        ))?;
        let (since, until) = scan.time.unwrap_or((i64::MIN, i64::MAX));
        let (from, to) = (scan.from.unwrap_or(""), scan.to.unwrap_or("\u{10ffff}"));
        let mut rows = query.query(params![from, to, since, until])?;
        let mut columns = Columns::default();
        while let Some(row) = rows.next()? {
            match scan.fields {
                Fields::Three => columns.push_three(text(row, 0)?, text(row, 1)?, row.get(2)?),
                Fields::All => push_all(row, &mut columns)?,
            }
            if columns.len() == BATCH {
                sink(&columns);
                columns.clear();
            }
        }
        sink(&columns);
        Ok(())
    }
}

fn push_all(row: &Row<'_>, columns: &mut Columns) -> Result<()> {
    let shown = match row.get_ref(7)? {
        ValueRef::Text(text) => text,
        _ => &[],
    };
    columns.push(Decoded {
        user: text(row, 0)?,
        item: text(row, 1)?,
        timestamp: row.get(2)?,
        event_type: text(row, 3)?,
        value: row.get(4)?,
        location: text(row, 5)?,
        device: match row.get_ref(6)? {
            ValueRef::Text(text) => Some(text),
            _ => None,
        },
        shown: shown
            .split(|byte| *byte == b'|')
            .filter(|item| !item.is_empty()),
    });
    Ok(())
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes()?)
}

struct SqliteWriter<'a> {
    db: &'a Mutex<Connection>,
    shown: String,
}

impl Writer for SqliteWriter<'_> {
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()> {
        let mut db = self.db.lock();
        if let [event] = events {
            let mut insert = db.prepare_cached(INSERT)?;
            return put(&mut insert, event, first, &mut self.shown);
        }
        let transaction = db.transaction()?;
        for (number, event) in (first..).zip(events) {
            let mut insert = transaction.prepare_cached(INSERT)?;
            put(&mut insert, event, number, &mut self.shown)?;
        }
        Ok(transaction.commit()?)
    }
}
