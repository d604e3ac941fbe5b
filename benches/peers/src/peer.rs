//! What a store has to do, and the buffers that it does it with.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::checksum::{self, Checksum};
use crate::data::{Event, Rows};

/// Interactions that a history asks for.
pub const NEWEST: usize = 100;

/// A store in the benchmark.
pub struct Store {
    pub name: &'static str,
    /// How its own best users would set it up.
    pub settings: &'static str,
    /// Loads all rows into the empty folder; on return they are read-optimised and synced.
    pub load: fn(&Path, &Rows) -> Result<()>,
    /// Opens the loaded folder. The rows are for what keeps nothing on disk.
    pub open: fn(&Path, &Rows) -> Result<Box<dyn Peer>>,
    /// Loads a CSV file into the empty folder, where the store can.
    pub load_csv: Option<fn(&Path, &Path) -> Result<()>>,
    /// Whether a lookup takes so long that fewer are made.
    pub slow: bool,
    /// The forms in which its scans give columns.
    pub forms: &'static [Form],
    /// Whether a history can be had without copying it out.
    pub view: bool,
    /// Whether single events can be written.
    pub writes: bool,
    /// Whether opening leaves the rows on the disk, so that a first lookup after a restart is told.
    pub cold: bool,
}

/// How strings come out of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As codes, with the dictionary that they belong to.
    Codes,
    /// As strings.
    Strings,
    /// As strings of Arrow, where that is another way than the store's own.
    Arrow,
    /// As string views of Arrow.
    Views,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fields {
    All,
    /// User, item, timestamp.
    Three,
}

/// A part of the store in (user, timestamp) order.
pub struct Scan<'a> {
    pub fields: Fields,
    pub form: Form,
    /// First timestamp inside and first after.
    pub time: Option<(i64, i64)>,
    /// First user inside and first after: the part of one thread.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    /// The same part for stores that do not split by user: `part` of `parts`.
    pub part: usize,
    pub parts: usize,
}

impl Scan<'_> {
    pub fn holds(&self, timestamp: i64) -> bool {
        self.time
            .is_none_or(|(since, until)| (since..until).contains(&timestamp))
    }
}

/// An open store. Any number of threads read and write at once, each through its own handle.
pub trait Peer: Sync {
    fn reader(&self) -> Result<Box<dyn Reader + '_>>;

    /// A handle to write with, whose events are on disk when it returns (`synced`) or where the
    /// store puts them without a sync.
    fn writer(&self, synced: bool) -> Result<Box<dyn Writer + '_>>;

    /// What should be known of the state that was measured.
    fn note(&self) -> Option<String> {
        None
    }
}

pub trait Reader {
    /// The newest [`NEWEST`] interactions of a user, newest first: item, timestamp and event type
    /// copied out, strings as strings, into buffers that are used again.
    fn history(&mut self, user: &str) -> Result<()>;

    /// Adds the rows of the last history.
    fn check(&self, sum: &mut Checksum) -> Result<()>;

    /// The histories of many users in one call, each copied out and handed on before the next takes its place.
    /// The sums, where they are asked for, get the rows of each user by position.
    fn many(&mut self, users: &[&str], mut sums: Option<&mut [Checksum]>) -> Result<()> {
        for (position, user) in users.iter().enumerate() {
            self.history(user)?;
            if let Some(sum) = sums.as_mut().and_then(|sums| sums.get_mut(position)) {
                self.check(sum)?;
            }
        }
        Ok(())
    }

    /// The same history, not copied out.
    fn view(&mut self, _user: &str) -> Result<()> {
        anyhow::bail!("no view of a history")
    }

    /// Adds the rows of the last view.
    fn check_view(&self, _sum: &mut Checksum) -> Result<()> {
        anyhow::bail!("no view of a history")
    }

    /// A flag for each candidate: whether the user has neither bought nor watched it, ever.
    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()>;

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()>;
}

/// The event types that `unseen` goes by.
pub fn is_taken(event_type: &[u8]) -> bool {
    matches!(event_type, b"purchase" | b"watch")
}

pub trait Writer {
    /// Writes events together. The numbers of their arrival count from `first`.
    fn put(&mut self, events: &[Event<'_>], first: u32) -> Result<()>;
}

/// Rows of a scan.
pub trait Batch {
    fn rows(&self) -> usize;

    /// Adds every row.
    fn check(&self, fields: Fields, sum: &mut Checksum) -> Result<()>;
}

/// A column of texts, copied out.
#[derive(Default)]
pub struct Texts {
    pub bytes: Vec<u8>,
    pub ends: Vec<u32>,
}

impl Texts {
    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.close();
    }

    #[inline]
    pub fn close(&mut self) {
        self.ends.push(self.bytes.len() as u32);
    }

    #[inline]
    pub fn get(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// A history, copied out: what the caller owns afterwards.
#[derive(Default)]
pub struct HistoryBuffer {
    pub items: Texts,
    pub timestamps: Vec<i64>,
    pub event_types: Texts,
}

impl HistoryBuffer {
    pub fn clear(&mut self) {
        self.items.clear();
        self.timestamps.clear();
        self.event_types.clear();
    }

    #[inline]
    pub fn push(&mut self, item: &[u8], timestamp: i64, event_type: &[u8]) {
        self.items.push(item);
        self.timestamps.push(timestamp);
        self.event_types.push(event_type);
    }

    pub fn check(&self, sum: &mut Checksum) {
        for (row, timestamp) in self.timestamps.iter().enumerate() {
            let item = checksum::text(self.items.get(row), checksum::ITEM);
            let time = checksum::number(*timestamp as u64, checksum::TIMESTAMP);
            let kind = checksum::text(self.event_types.get(row), checksum::EVENT_TYPE);
            sum.push(item.wrapping_add(time).wrapping_add(kind));
        }
    }
}
