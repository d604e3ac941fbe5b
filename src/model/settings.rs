//! What a host can set about a store: plain data, with units in the names.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Settings of an open store. They may differ from one opening to the next. None of them changes
/// what the store answers, but that retentions say how long it remembers what is not a row.
///
/// Each field has a method of its name, which sets it and tells its unit, its range and its default. A figure
/// outside its range is an `InvalidInput` error of whatever opens the store, and of [`Settings::validate`].
///
/// ```
/// use annals::Settings;
///
/// let settings = Settings::default().memory_bytes(256 << 20).background(false);
/// settings.validate()?;
/// # Ok::<(), annals::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Settings {
    /// Rows of a hot generation.
    pub generation_rows: u64,
    /// Bytes of memory of a hot generation.
    pub generation_bytes: u64,
    /// Generations that may wait to be sealed.
    pub waiting_generations: usize,
    /// Memory of a bulk import or a compaction, in bytes.
    pub memory_budget_bytes: u64,
    /// Memory of the store in all, in bytes; `None` where the settings above alone count.
    pub memory_bytes: Option<u64>,
    /// Sorted runs of one origin before the store compacts them.
    pub max_runs: usize,
    /// Threads of one import, seal or compaction.
    pub threads: usize,
    /// How long the ids of events are remembered, in seconds; `None` for ever.
    pub event_id_retention_seconds: Option<u64>,
    /// How long recommendations are remembered, in seconds; `None` for ever.
    pub recommendation_retention_seconds: Option<u64>,
    /// How long the user of a session is remembered, in seconds; `None` for ever.
    pub session_retention_seconds: Option<u64>,
    /// Whether the store seals and compacts on threads of its own.
    pub background: bool,
}

/// Bytes that one commit may take in the log, whatever the settings.
const LEAST_COMMIT_BYTES: u64 = 512 << 10;

/// Of the memory of all: a generation has one part in so many, and so has an import, or a compaction.
const GENERATION_PART: u64 = 16;
const BUDGET_PART: u64 = 4;
/// Generations that wait beside the one that takes the writes, the next, and the one that is being sealed.
const MOST_WAITING: usize = 2;

pub(crate) const GENERATION_BYTES: RangeInclusive<u64> = 1 << 10..=1 << 30;
const RETENTION_SECONDS: RangeInclusive<u64> = 1..=10_000_000_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            generation_rows: 1 << 18,
            generation_bytes: 64 << 20,
            waiting_generations: 2,
            memory_budget_bytes: 1 << 30,
            memory_bytes: None,
            max_runs: 4,
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
            event_id_retention_seconds: None,
            recommendation_retention_seconds: None,
            session_retention_seconds: None,
            background: true,
        }
    }
}

impl Settings {
    /// Rows a hot generation takes before it is sealed into a segment. 1 to 2^26. Default 262,144.
    #[must_use]
    pub fn generation_rows(mut self, rows: u64) -> Self {
        self.generation_rows = rows;
        self
    }

    /// Bytes of memory a hot generation takes before it is sealed, those of its log included. 1 KiB
    /// to 1 GiB. Default 64 MiB. One commit may take as much in the log, and 512 KiB at least: that
    /// is about the bytes of its values, and 70 a row.
    #[must_use]
    pub fn generation_bytes(mut self, bytes: u64) -> Self {
        self.generation_bytes = bytes;
        self
    }

    /// Generations that may wait to be sealed; when more wait, writes wait too. 1 to 1,024.
    /// Default 2.
    #[must_use]
    pub fn waiting_generations(mut self, generations: usize) -> Self {
        self.waiting_generations = generations;
        self
    }

    /// Memory that a bulk import or a compaction may take, in bytes; the rows of one user must fit.
    /// An import spills sorted runs to disk beyond it, and both cut their segments by it. 1 MiB to
    /// 16 TiB. Default 1 GiB. A seal takes about as much as its generation. What is resident depends on
    /// the allocator, too: a third is left to what it keeps.
    #[must_use]
    pub fn memory_budget_bytes(mut self, bytes: u64) -> Self {
        self.memory_budget_bytes = bytes;
        self
    }

    /// Memory that the store takes in all, in bytes, about; 16 MiB to 16 TiB. Each of the three settings above is then
    /// at most its share: a generation a sixteenth, of which five can be in memory at once, an import and a compaction
    /// a quarter each, where one import is open at a time. The rest is for what is held of segments (their footers, and tables for copying
    /// strings) and for what is remembered of deletions and sessions, which `stats` shows and which grow with the store. Memory maps of
    /// segments are not counted: the system takes their pages back. Default `None`: the settings above alone count.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.memory_bytes = bytes.into();
        self
    }

    /// Sorted runs of one origin that a user's lookup may have to probe before the store compacts
    /// them; runs of single writes are merged before that where they are of about the same size. 1 to
    /// 1,024. Default 4.
    #[must_use]
    pub fn max_runs(mut self, runs: usize) -> Self {
        self.max_runs = runs;
        self
    }

    /// Threads that one import, seal or compaction may use, the caller's included. 1 to 1,024.
    /// Default: the cores there are, at most 4.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How long the ids of events are remembered, in seconds: an event with an id that came before
    /// is a duplicate for so long at least, and for little more than twice as long at most while
    /// events come in. `None` for ever. 1 to 10^10. Default `None`. Cost: about 22 bytes of disk and
    /// 1.25 bytes of memory an id.
    #[must_use]
    pub fn event_id_retention_seconds(mut self, seconds: impl Into<Option<u64>>) -> Self {
        self.event_id_retention_seconds = seconds.into();
        self
    }

    /// How long it is remembered what was recommended, in seconds, for events that name it; in the
    /// same way. Impressions that events were given stay. `None` for ever. 1 to 10^10. Default
    /// `None`.
    #[must_use]
    pub fn recommendation_retention_seconds(mut self, seconds: impl Into<Option<u64>>) -> Self {
        self.recommendation_retention_seconds = seconds.into();
        self
    }

    /// How long the user of a session is remembered, in seconds, from the session's last event on; in
    /// the same way, or until a compaction has worked the user into the session's earlier rows. Events
    /// that come later without a user belong to the session again, until one with a user comes; rows
    /// that were given to a user stay that user's. `None` for ever. 1 to 10^10. Default `None`. Cost:
    /// about the bytes of both ids on disk for each session.
    #[must_use]
    pub fn session_retention_seconds(mut self, seconds: impl Into<Option<u64>>) -> Self {
        self.session_retention_seconds = seconds.into();
        self
    }

    /// Whether generations are sealed and runs compacted on background threads. Without them the
    /// host calls `flush` and `compact`. Default true.
    #[must_use]
    pub fn background(mut self, background: bool) -> Self {
        self.background = background;
        self
    }
}

impl Settings {
    /// Checks every figure against its range.
    ///
    /// # Errors
    /// `InvalidInput`, naming the setting, its value and its range.
    pub fn validate(&self) -> Result<()> {
        check("generation_rows", self.generation_rows, &(1..=1 << 26))?;
        check("generation_bytes", self.generation_bytes, &GENERATION_BYTES)?;
        let waiting = self.waiting_generations as u64;
        check("waiting_generations", waiting, &(1..=1 << 10))?;
        let budget = self.memory_budget_bytes;
        check("memory_budget_bytes", budget, &(1 << 20..=1 << 44))?;
        let memory = self.memory_bytes.unwrap_or(1 << 30);
        check("memory_bytes", memory, &(1 << 24..=1 << 44))?;
        check("threads", self.threads as u64, &(1..=1 << 10))?;
        check("max_runs", self.max_runs as u64, &(1..=1 << 10))?;
        let retentions = [
            ("event_id", self.event_id_retention_seconds),
            ("recommendation", self.recommendation_retention_seconds),
            ("session", self.session_retention_seconds),
        ];
        for (what, retention) in retentions {
            let name = format!("{what}_retention_seconds");
            check(&name, retention.unwrap_or(1), &RETENTION_SECONDS)?;
        }
        Ok(())
    }

    /// The settings with their shares of the memory of all.
    ///
    /// # Errors
    /// As [`Settings::validate`].
    pub(crate) fn shared(&self) -> Result<Self> {
        self.validate()?;
        let mut shared = self.clone();
        if let Some(memory) = self.memory_bytes {
            shared.generation_bytes = self.generation_bytes.min(memory / GENERATION_PART);
            shared.waiting_generations = self.waiting_generations.min(MOST_WAITING);
            shared.memory_budget_bytes = self.memory_budget_bytes.min(memory / BUDGET_PART);
        }
        Ok(shared)
    }

    /// Bytes that one commit may take in the log. The log keeps room for twice what a generation may
    /// hold, and begins another file by itself beyond that, without a sync of the one before.
    pub(crate) fn max_commit_bytes(&self) -> u64 {
        self.generation_bytes.max(LEAST_COMMIT_BYTES)
    }
}

fn check(name: &str, value: u64, range: &RangeInclusive<u64>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Error::invalid(format!(
        "setting {name} is {value}; it must be at least {least} and at most {most}"
    )))
}
