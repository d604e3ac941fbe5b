//! The in-memory limit: plain columns sorted by (user, timestamp), and a hash from user to rows. No
//! disk, no codes, no checksums. A scan copies into fresh columns.

use std::ops::Range;

use anyhow::{Result, bail};
use hashbrown::HashMap;

use crate::checksum::Checksum;
use crate::data::Rows;
use crate::peer::{
    Batch, Fields, Form, HistoryBuffer, NEWEST, Peer, Reader, Scan, Store, Texts, Writer, is_taken,
};
use crate::plain::{BATCH, Columns, Decoded};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: super::LIMIT,
    settings: "plain columns of strings and numbers sorted by (user, ts) in memory, a hash from \
               user to rows; nothing on disk; scans copy into fresh columns",
    load: |_, rows| {
        std::hint::black_box(Memory::new(rows));
        Ok(())
    },
    open: |_, rows| Ok(Box::new(Memory::new(rows))),
    load_csv: None,
    slow: false,
    forms: &[Form::Strings],
    view: false,
    writes: false,
    cold: false,
};

struct Memory {
    columns: Columns,
    users: HashMap<String, Range<usize>>,
}

impl Memory {
    fn new(rows: &Rows) -> Self {
        let mut columns = Columns::default();
        let mut users: HashMap<String, Range<usize>> = HashMap::new();
        for (at, row) in sorted::order(rows).into_iter().enumerate() {
            let event = rows.event(row as usize);
            match users.get_mut(event.user) {
                Some(range) => range.end = at + 1,
                None => {
                    users.insert(event.user.to_owned(), at..at + 1);
                }
            }
            columns.push(Decoded {
                user: event.user.as_bytes(),
                item: event.item.as_bytes(),
                timestamp: event.timestamp,
                event_type: event.event_type.as_bytes(),
                value: event.value,
                location: event.location.as_bytes(),
                device: event.device.map(str::as_bytes),
                shown: event.shown.iter().map(str::as_bytes),
            });
        }
        Self { columns, users }
    }

    fn of_user(&self, user: &str) -> Range<usize> {
        self.users.get(user).cloned().unwrap_or(0..0)
    }

    /// The first row of a user at or after the bound.
    fn bound(&self, user: Option<&str>, missing: usize) -> usize {
        let Some(user) = user else {
            return missing;
        };
        let (mut low, mut high) = (0, self.columns.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.columns.users.get(middle) < user.as_bytes() {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

impl Peer for Memory {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(MemoryReader {
            memory: self,
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, _synced: bool) -> Result<Box<dyn Writer + '_>> {
        bail!("plain columns take no writes")
    }
}

struct MemoryReader<'a> {
    memory: &'a Memory,
    seen: Seen,
    out: HistoryBuffer,
}

impl Reader for MemoryReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        let columns = &self.memory.columns;
        let range = self.memory.of_user(user);
        self.out.clear();
        for row in range.rev().take(NEWEST) {
            let (item, kind) = (columns.items.get(row), columns.event_types.get(row));
            self.out.push(item, columns.timestamps[row], kind);
        }
        Ok(())
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum);
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        let columns = &self.memory.columns;
        self.seen.clear();
        for row in self.memory.of_user(user) {
            if is_taken(columns.event_types.get(row)) {
                self.seen.insert(columns.items.get(row));
            }
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let from = self.memory.bound(scan.from, 0);
        let to = self.memory.bound(scan.to, self.memory.columns.len());
        let mut out = Columns::default();
        let mut start = from;
        while start < to {
            let end = (start + BATCH).min(to);
            out.clear();
            match scan.time {
                None => copy(&self.memory.columns, start..end, scan.fields, &mut out),
                Some(_) => copy_some(&self.memory.columns, start..end, scan, &mut out),
            }
            sink(&out);
            start = end;
        }
        Ok(())
    }
}

/// Copies a range of rows, column by column.
fn copy(from: &Columns, rows: Range<usize>, fields: Fields, out: &mut Columns) {
    copy_texts(&from.users, rows.clone(), &mut out.users);
    copy_texts(&from.items, rows.clone(), &mut out.items);
    out.timestamps
        .extend_from_slice(&from.timestamps[rows.clone()]);
    if fields == Fields::Three {
        return;
    }
    copy_texts(&from.event_types, rows.clone(), &mut out.event_types);
    out.values.extend_from_slice(&from.values[rows.clone()]);
    out.value_valid
        .extend_from_slice(&from.value_valid[rows.clone()]);
    copy_texts(&from.locations, rows.clone(), &mut out.locations);
    copy_texts(&from.devices, rows.clone(), &mut out.devices);
    out.device_valid
        .extend_from_slice(&from.device_valid[rows.clone()]);
    let first = before(&from.lists, rows.start);
    let last = before(&from.lists, rows.end);
    copy_texts(&from.shown, first as usize..last as usize, &mut out.shown);
    out.lists
        .extend(from.lists[rows].iter().map(|end| end - first));
}

fn before(ends: &[u32], at: usize) -> u32 {
    at.checked_sub(1).map_or(0, |at| ends[at])
}

fn copy_texts(from: &Texts, rows: Range<usize>, out: &mut Texts) {
    let first = before(&from.ends, rows.start);
    let last = before(&from.ends, rows.end);
    out.bytes
        .extend_from_slice(&from.bytes[first as usize..last as usize]);
    out.ends
        .extend(from.ends[rows].iter().map(|end| end - first));
}

/// Copies the rows whose timestamp the scan holds.
fn copy_some(from: &Columns, rows: Range<usize>, scan: &Scan<'_>, out: &mut Columns) {
    for row in rows.filter(|row| scan.holds(from.timestamps[*row])) {
        let shown = before(&from.lists, row)..from.lists[row];
        out.push(Decoded {
            user: from.users.get(row),
            item: from.items.get(row),
            timestamp: from.timestamps[row],
            event_type: from.event_types.get(row),
            value: from.value_valid[row].then(|| from.values[row]),
            location: from.locations.get(row),
            device: from.device_valid[row].then(|| from.devices.get(row)),
            shown: shown.map(|item| from.shown.get(item as usize)),
        });
    }
}
