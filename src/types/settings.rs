//! What a host can set about a store: plain data, with units in the names.

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Settings of an open store. They may differ from one opening to the next. None of them changes
/// what the store answers, but that retentions say how long it remembers what is not a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rows a hot generation takes before it is sealed into a segment. At least 1. Default 262,144.
    pub generation_rows: u64,
    /// Bytes of memory a hot generation takes before it is sealed, those of its log included. At
    /// least 1 KiB. Default 64 MiB.
    pub generation_bytes: u64,
    /// Generations that may wait to be sealed; when more wait, writes wait too. At least 1.
    /// Default 2.
    pub waiting_generations: usize,
    /// Memory that a bulk import or a compaction may take, in bytes; the rows of one user must fit.
    /// An import spills sorted runs to disk beyond it, and both cut their segments by it. At least
    /// 1 MiB. Default 1 GiB. A seal takes about as much as its generation. What is resident depends on
    /// the allocator, too: a third is left to what it keeps.
    pub memory_budget_bytes: u64,
    /// Sorted runs of one origin that a user's lookup may have to probe before the store compacts
    /// them; runs of single writes are merged before that where they are of about the same size. At
    /// least 1. Default 4.
    pub max_runs: usize,
    /// Threads that one import, seal or compaction may use, the caller's included. Default: the
    /// cores there are, at most 4. At least 1.
    pub threads: usize,
    /// How long the ids of events are remembered, in seconds: an event with an id that came before
    /// is a duplicate for so long at least, and for little more than twice as long at most while
    /// events come in. `None` for ever. At least 1. Default `None`. Cost: about 22 bytes of disk and
    /// 1.25 bytes of memory an id.
    pub event_id_retention_seconds: Option<u64>,
    /// How long it is remembered what was recommended, in seconds, for events that name it; in the
    /// same way. Impressions that events were given stay. `None` for ever. At least 1. Default
    /// `None`.
    pub recommendation_retention_seconds: Option<u64>,
    /// Whether generations are sealed and runs compacted on background threads. Without them the
    /// host calls `flush` and `compact`. Default true.
    pub background: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            generation_rows: 1 << 18,
            generation_bytes: 64 << 20,
            waiting_generations: 2,
            memory_budget_bytes: 1 << 30,
            max_runs: 4,
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
            event_id_retention_seconds: None,
            recommendation_retention_seconds: None,
            background: true,
        }
    }
}

impl Settings {
    /// Checks every figure against its range.
    ///
    /// # Errors
    /// `InvalidInput`, naming the setting, its value and its range.
    pub fn validate(&self) -> Result<()> {
        at_least("generation_rows", self.generation_rows, 1)?;
        at_least("generation_bytes", self.generation_bytes, 1 << 10)?;
        at_least("waiting_generations", self.waiting_generations as u64, 1)?;
        at_least("memory_budget_bytes", self.memory_budget_bytes, 1 << 20)?;
        at_least("threads", self.threads as u64, 1)?;
        at_least("max_runs", self.max_runs as u64, 1)?;
        for (name, retention) in [
            (
                "event_id_retention_seconds",
                self.event_id_retention_seconds,
            ),
            (
                "recommendation_retention_seconds",
                self.recommendation_retention_seconds,
            ),
        ] {
            at_least(name, retention.unwrap_or(1), 1)?;
        }
        Ok(())
    }
}

fn at_least(name: &str, value: u64, least: u64) -> Result<()> {
    if value < least {
        return Err(Error::invalid(format!(
            "setting {name} is {value}; it must be at least {least}"
        )));
    }
    Ok(())
}
