//! Figures about a store.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::Remembered;
use crate::model::{Clock, Result, UserRange};
use crate::segment::Origin;
use crate::store::engine::{Engine, Run, Snapshot};
use crate::store::folder::{Lease, leases};
use crate::store::merge::Owners;
use crate::store::open::{GiveScratch, read_remembered};
use crate::text::TextRoom;

/// Figures about a store at one moment.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Rows; those that a deletion or a rule of retention hides count until they are taken out of the files.
    pub rows: u64,
    /// Rows by bulk import.
    pub bulk_rows: u64,
    /// Rows in the hot tier.
    pub hot_rows: u64,
    /// Distinct users; a session that has no user counts as one.
    pub users: u64,
    /// Distinct items, those that stand in impressions alone included.
    pub items: u64,
    /// First timestamp, in epoch seconds.
    pub first_timestamp: Option<i64>,
    /// Last timestamp, in epoch seconds.
    pub last_timestamp: Option<i64>,
    /// Distinct event types, sorted; those that differ in case are different.
    pub event_types: Vec<String>,
    /// The newest commit.
    pub sequence: u64,
    /// Sorted runs of segments.
    pub runs: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of the segment files.
    pub segment_bytes: u64,
    /// Bytes of segment files per row in them.
    pub bytes_per_row: f64,
    /// Segments that are damaged or missing, so that they do not open. Nothing of them is in the other
    /// figures.
    pub lost_segments: u64,
    /// Rows of those segments.
    pub lost_rows: u64,
    /// Hot generations.
    pub generations: u64,
    /// Memory that the hot tier takes, in bytes, about.
    pub hot_bytes: u64,
    /// Memory that imports and compactions take at the moment, in bytes, about.
    pub work_bytes: u64,
    /// Memory that is held of segments beside their maps, in bytes, about.
    pub segment_memory_bytes: u64,
    /// What all of these may take together, where that was set.
    pub memory_bytes: Option<u64>,
    /// Bytes ever written to segments by imports, seals and compactions.
    pub segment_bytes_written: u64,
    /// Those bytes per byte that was written for the first time, by an import or a seal; 0 when
    /// nothing was.
    pub segment_write_amplification: f64,
    /// Bytes written by the hot tier since the store was opened; 0 where it is open read-only.
    pub hot_bytes_written: u64,
    /// Deletions, those of rules of retention included, that some files still hold rows of: reads leave them out, and
    /// figures above count them.
    pub deletions: u64,
    /// The lease that keeps most from being forgotten; `None` where there is none that holds.
    pub oldest_lease: Option<Lease>,
    /// The damage that stopped compaction in the background; writes and reads of what is sound go
    /// on. `None` while nothing did, and where the store is open read-only.
    pub compaction_stopped: Option<String>,
    /// The columns, with what else takes room in the files.
    pub columns: Vec<ColumnStats>,
}

/// Figures about one column over all segments.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ColumnStats {
    /// The field's name, or what it is in parentheses.
    pub name: String,
    /// Bytes of values, dictionaries and statistics.
    pub bytes: u64,
    /// Those bytes per row.
    pub bytes_per_row: f64,
    /// Entries of the largest dictionary.
    pub dictionary_entries: u64,
    /// The encodings, with the number of segments that have each.
    pub encodings: Vec<(String, u64)>,
}

impl Engine {
    /// Counts what the store in `root` remembers beside rows.
    pub(crate) fn remembered(root: &Path, scratch: &mut GiveScratch<'_>) -> Result<Remembered> {
        read_remembered(root, scratch)
    }

    /// Figures about now. Cost: user and item dictionaries are read.
    pub(crate) fn stats(&self) -> Result<Stats> {
        let snapshot = self.snapshot();
        let mut stats = snapshot.stats()?;
        stats.work_bytes = self.work_memory.load(Ordering::Relaxed) as u64;
        stats.memory_bytes = self.settings.memory_bytes;
        let manifest = self.manifest.lock();
        stats.segment_bytes_written = manifest.segment_bytes_written;
        stats.segment_write_amplification = ratio(
            manifest.segment_bytes_written,
            manifest.segment_bytes_ingested,
        );
        if let Some(tier) = &self.tier {
            let written = tier.written();
            stats.hot_bytes_written = written.log_bytes + written.table_bytes;
        }
        let now = self.now_seconds();
        let now = now.unwrap_or_else(|| Clock::default().now_seconds());
        stats.oldest_lease = leases::oldest(&*self.storage, now)?;
        stats.compaction_stopped = self.compaction_stopped.lock().clone();
        stats.event_types = self.event_types();
        Ok(stats)
    }
}

impl Snapshot {
    fn stats(&self) -> Result<Stats> {
        let mut stats = Stats {
            sequence: self.visible,
            runs: self.version.runs.len() as u64,
            generations: self.version.generations.len() as u64,
            deletions: self.version.pending_deletions(),
            ..Stats::default()
        };
        for lost in &*self.version.lost {
            stats.lost_segments += 1;
            stats.lost_rows += lost.entry.rows;
        }
        for live in self.version.segments() {
            let footer = live.segment.footer();
            stats.segments += 1;
            stats.segment_bytes += live.entry.file_bytes;
            stats.segment_memory_bytes += live.segment.memory_bytes() as u64;
            stats.rows += footer.rows as u64;
            if footer.origin == Origin::Bulk {
                stats.bulk_rows += footer.rows as u64;
            }
            stats.span(footer.timestamps);
            for report in live.segment.columns(&self.schema) {
                stats.add_column(&report);
            }
        }
        let segment_rows = stats.rows;
        for generation in &self.version.generations {
            stats.hot_rows += generation.rows();
            stats.hot_bytes += generation.memory_bytes() as u64;
            if let Some((first, last)) = generation.timestamps() {
                stats.span([first, last]);
            }
        }
        stats.rows += stats.hot_rows;
        stats.bytes_per_row = ratio(stats.segment_bytes, segment_rows);
        for column in &mut stats.columns {
            column.bytes_per_row = ratio(column.bytes, segment_rows);
        }
        stats.users = self.distinct_users()?;
        stats.items = self.distinct_items()?;
        Ok(stats)
    }

    /// Distinct users. One run alone is counted from its footers; otherwise the ids are gathered.
    fn distinct_users(&self) -> Result<u64> {
        let mut gathered: BTreeSet<Arc<str>> = BTreeSet::new();
        let owners = Owners::shown(&self.schema, &self.version.joins, self.visible);
        let sessions = self.version.holds_sessions();
        let owner = |key: Arc<str>| match sessions {
            true => owners.of(&key).into(),
            false => key,
        };
        let (counted, alone) = match self.version.runs.as_slice() {
            [run] if !sessions => (users_of_run(run), Some(run)),
            _ => (0, None),
        };
        if alone.is_none() {
            for live in self.version.segments() {
                let ids = live.segment.user_ids();
                let mut room = TextRoom::default();
                for code in 1..=ids.len() as u32 {
                    gathered.insert(owner(ids.read(code, &mut room)?.into()));
                }
            }
        }
        for generation in &self.version.generations {
            for user in generation.users(&UserRange::default()) {
                if !alone.map_or(Ok(false), |run| has_user(run, &user))? {
                    gathered.insert(owner(user));
                }
            }
        }
        Ok(counted + gathered.len() as u64)
    }

    fn distinct_items(&self) -> Result<u64> {
        let field = self.schema.item();
        let mut items: BTreeSet<String> = BTreeSet::new();
        let segments = self
            .version
            .segments()
            .map(|live| live.segment.dictionary(field));
        let generations = self
            .version
            .generations
            .iter()
            .map(|hot| hot.dictionary(field));
        let mut room = TextRoom::default();
        for strings in segments.chain(generations).flatten() {
            for code in 1..=strings.len() as u32 {
                items.insert(strings.read(code, &mut room)?.to_owned());
            }
        }
        Ok(items.len() as u64)
    }
}

impl Stats {
    fn span(&mut self, [first, last]: [i64; 2]) {
        let known = self.first_timestamp.unwrap_or(first);
        self.first_timestamp = Some(known.min(first));
        let known = self.last_timestamp.unwrap_or(last);
        self.last_timestamp = Some(known.max(last));
    }

    fn add_column(&mut self, report: &crate::segment::ColumnReport) {
        let known = self
            .columns
            .iter()
            .position(|column| column.name == report.name);
        let index = known.unwrap_or_else(|| {
            self.columns.push(ColumnStats {
                name: report.name.clone(),
                ..ColumnStats::default()
            });
            self.columns.len() - 1
        });
        let Some(column) = self.columns.get_mut(index) else {
            return;
        };
        column.bytes += report.value_bytes + report.dictionary_bytes + report.statistics_bytes;
        column.dictionary_entries = column.dictionary_entries.max(report.dictionary_entries);
        match column
            .encodings
            .iter_mut()
            .find(|(name, _)| *name == report.encoding)
        {
            Some((_, count)) => *count += 1,
            None => column.encodings.push((report.encoding.clone(), 1)),
        }
    }
}

/// The users of a run: distinct but for one that two neighbours may share.
fn users_of_run(run: &Run) -> u64 {
    let listed: u64 = run
        .segments
        .iter()
        .map(|live| live.segment.users() as u64)
        .sum();
    let last_and_first = run.segments.windows(2).filter(|pair| match pair {
        [a, b] => a.segment.footer().users[1] == b.segment.footer().users[0],
        _ => false,
    });
    listed - last_and_first.count() as u64
}

fn has_user(run: &Run, user: &str) -> Result<bool> {
    for live in run.of_user(user) {
        if live.segment.has_user(user)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
