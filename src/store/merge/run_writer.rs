//! Rows in order, cut into the segments of one run.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::memory::needed_bytes;
use crate::column::{Columns, RowSizes, SortedRows, Strings};
use crate::io::Storage;
use crate::model::{Error, Proceed, Result, always, session_of};
use crate::segment::{
    Footer, ItemOrder, Ordered, OrderedUsers, Origin, PreparedSegment, RowOrder, SegmentInput,
    SegmentWriter,
};
use crate::store::engine::Engine;
use crate::store::folder::{SegmentEntry, TEMPORARY};

/// Files that no edit has published yet; those left when it is dropped are removed.
pub(in crate::store) struct Unpublished {
    storage: Arc<dyn Storage>,
    paths: Vec<String>,
    /// Those of the whole store.
    all: Arc<Mutex<BTreeSet<String>>>,
}

impl Unpublished {
    pub(in crate::store) fn new(engine: &Engine) -> Self {
        Self {
            storage: engine.storage.clone(),
            paths: Vec::new(),
            all: engine.unpublished.clone(),
        }
    }

    pub(in crate::store) fn add(&mut self, path: String) {
        self.all.lock().insert(path.clone());
        self.paths.push(path);
    }

    /// Those that were added, in that order.
    pub(in crate::store) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The files are published: they stay.
    pub(in crate::store) fn keep(&mut self) {
        let mut all = self.all.lock();
        for path in self.paths.drain(..) {
            all.remove(&path);
        }
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        for path in &self.paths {
            // A file that stays behind is removed at the next opening.
            let _ = self.storage.remove(path);
            self.all.lock().remove(path);
        }
    }
}

/// A segment whose footer waits for publication.
pub(in crate::store) struct Prepared {
    pub(in crate::store) id: u64,
    /// Users that are sessions.
    sessions: u64,
    pub(in crate::store) segment: PreparedSegment,
}

/// Writes one run.
pub(in crate::store) struct RunWriter<'a> {
    engine: &'a Engine,
    origin: Origin,
    rows: SortedRows,
    pub(in crate::store) files: Unpublished,
    prepared: Vec<Prepared>,
    /// Those of the last segment.
    items: Option<ItemOrder>,
    /// The footers of files that are not meant to be published, so that they need not survive power loss; each is
    /// finished at once, since what was not synced of it waits in memory.
    temporary: Option<Vec<Footer>>,
    proceed: Proceed<'a>,
}

impl<'a> RunWriter<'a> {
    /// A run without segments; `proceed` may end the writing.
    pub(in crate::store) fn new(engine: &'a Engine, origin: Origin, proceed: Proceed<'a>) -> Self {
        Self {
            engine,
            origin,
            rows: SortedRows::new(&engine.schema),
            files: Unpublished::new(engine),
            prepared: Vec::new(),
            items: None,
            temporary: None,
            proceed,
        }
    }

    /// A run of an import that waits to be merged.
    pub(in crate::store) fn temporary(engine: &'a Engine) -> Self {
        Self {
            temporary: Some(Vec::new()),
            ..Self::new(engine, Origin::Bulk, &always)
        }
    }

    /// Whether to go on.
    pub(in crate::store) fn proceed(&self) -> Result<()> {
        (self.proceed)()
    }

    /// Adds rows, which follow those added before; their dictionaries must be those of all rows
    /// since the last cut.
    pub(in crate::store) fn add(&mut self, batch: &Columns) -> Result<()> {
        self.rows.append(batch)
    }

    /// How much there is since the last cut, the dictionaries of the fields aside.
    pub(in crate::store) fn sizes(&self) -> RowSizes {
        self.rows.sizes()
    }

    /// Bytes of memory that it takes to write the rows since the last cut, with dictionaries of so
    /// many bytes.
    pub(super) fn needed_bytes(&self, dictionary_bytes: usize) -> usize {
        let threads = self.engine.settings.threads;
        let items = self.items.as_ref().map_or(0, ItemOrder::memory_bytes);
        needed_bytes(&self.rows, dictionary_bytes, threads) + items
    }

    /// Writes the rows since the last cut into a segment.
    pub(in crate::store) fn cut(&mut self) -> Result<()> {
        if self.rows.len() == 0 {
            return Ok(());
        }
        let empty = SortedRows::new(&self.engine.schema);
        let sorted = std::mem::replace(&mut self.rows, empty).finish();
        let ids = sorted.rows.user_ids.clone();
        let sessions = self.sessions_among(ids.as_ref())?;
        let base = sorted.sequences.iter().min().copied().unwrap_or(0);
        let mut rows = Ordered {
            order: RowOrder::Kept {
                rows: sorted.rows.len(),
            },
            users: OrderedUsers {
                codes: (1..=sorted.user_ends.len() as u32).collect(),
                ends: sorted.user_ends,
            },
            sequences: sorted.sequences,
            rows: sorted.rows,
        };
        self.prepare(rows.input(), base, sessions)
    }

    /// Writes sorted rows into a segment of the run.
    pub(in crate::store) fn write(&mut self, rows: &Columns) -> Result<()> {
        let sessions = self.sessions_among(rows.user_ids.as_ref())?;
        let base = rows.sequences.iter().min().copied().unwrap_or(0);
        self.prepare(rows, base, sessions)
    }

    /// Writes rows of an import into a segment of the run.
    pub(in crate::store) fn write_ordered(&mut self, mut rows: Ordered) -> Result<()> {
        self.prepare(rows.input(), 0, 0)
    }

    /// How many of the users are sessions.
    fn sessions_among(&self, ids: Option<&Arc<dyn Strings>>) -> Result<u64> {
        let (Origin::Recorded, Some(ids)) = (self.origin, ids) else {
            return Ok(0);
        };
        let mut sessions = 0;
        for code in 1..=ids.len() as u32 {
            sessions += u64::from(session_of(ids.get(code)?).is_some());
        }
        Ok(sessions)
    }

    fn prepare<'r>(
        &mut self,
        rows: impl Into<SegmentInput<'r>>,
        sequence_base: u64,
        sessions: u64,
    ) -> Result<()> {
        let id = self.engine.manifest.lock().take_id();
        let path = match self.temporary {
            Some(_) => format!("{TEMPORARY}/{id:08}.run"),
            None => SegmentEntry::path_of(id),
        };
        self.files.add(path.clone());
        let writer = SegmentWriter {
            storage: &*self.engine.storage,
            schema: &self.engine.schema,
            store: self.engine.store,
            origin: self.origin,
            durable: self.temporary.is_none(),
            threads: self.engine.settings.threads,
            before: self.items.as_ref(),
            proceed: self.proceed,
        };
        let (segment, items) = writer.prepare(&path, rows, sequence_base)?;
        self.items = Some(items);
        match &mut self.temporary {
            Some(footers) => footers.push(segment.finish(None)?.0),
            None => self.prepared.push(Prepared {
                id,
                sessions,
                segment,
            }),
        }
        Ok(())
    }

    /// The segments, whose footers are still to be written, and their files.
    pub(in crate::store) fn finish(mut self) -> Result<(Vec<Prepared>, Unpublished)> {
        self.cut()?;
        Ok((self.prepared, self.files))
    }

    /// The footers of temporary segments, and their files.
    pub(in crate::store) fn finish_temporary(mut self) -> Result<(Vec<Footer>, Unpublished)> {
        self.cut()?;
        let footers = self.temporary;
        let footers = footers.ok_or_else(|| Error::internal("a run that is not temporary"))?;
        Ok((footers, self.files))
    }
}

/// What the rows of a run are, as far as their writer does not see it.
#[derive(Clone, Copy)]
pub(in crate::store) enum RunOf {
    /// A bulk import, which is this commit.
    Import(u64),
    /// Commits, with their numbers; links and late records up to this one are worked in.
    Commits { joined: u64 },
}

/// Writes the footers of a run's segments and makes them durable.
pub(in crate::store) fn finish_run(
    storage: &dyn Storage,
    prepared: Vec<Prepared>,
    of: RunOf,
) -> Result<Vec<SegmentEntry>> {
    let (sequence, joined) = match of {
        RunOf::Import(sequence) => (Some(sequence), 0),
        RunOf::Commits { joined } => (None, joined),
    };
    let run = prepared.first().map_or(0, |first| first.id);
    let entries = prepared
        .into_iter()
        .map(|one| {
            let (footer, bytes) = one.segment.finish(sequence)?;
            // The first commit is number 1.
            if footer.sequence_range()[0] == 0 {
                return Err(Error::internal("rows without the number of their commit"));
            }
            Ok(SegmentEntry {
                sessions: one.sessions,
                joined,
                ..SegmentEntry::new(one.id, run, &footer, bytes)
            })
        })
        .collect::<Result<_>>()?;
    storage.sync_folder("segments")?;
    Ok(entries)
}
