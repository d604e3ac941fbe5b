//! Rows in order, cut into the segments of one run.

use std::sync::Arc;

use super::engine::Engine;
use super::manifest::SegmentEntry;
use crate::io::Storage;
use crate::segment::{Ordered, Origin, PreparedSegment, SegmentInput, SegmentWriter};
use crate::types::{Columns, Dictionary, Result, Strings, session_of};

/// Files that no edit has published yet; those left when it is dropped are removed.
pub(super) struct Unpublished {
    storage: Arc<dyn Storage>,
    paths: Vec<String>,
}

impl Unpublished {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            paths: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, path: String) {
        self.paths.push(path);
    }

    /// The files are published: they stay.
    pub(super) fn keep(&mut self) {
        self.paths.clear();
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        for path in &self.paths {
            // A file that stays behind is removed at the next opening.
            let _ = self.storage.remove(path);
        }
    }
}

/// A segment whose footer waits for publication.
pub(super) struct Prepared {
    pub(super) id: u64,
    /// Users that are sessions.
    sessions: u64,
    pub(super) segment: PreparedSegment,
}

/// Writes one run.
pub(super) struct RunWriter<'a> {
    engine: &'a Engine,
    origin: Origin,
    rows: Columns,
    users: Dictionary,
    pub(super) files: Unpublished,
    prepared: Vec<Prepared>,
}

impl<'a> RunWriter<'a> {
    pub(super) fn new(engine: &'a Engine, origin: Origin) -> Self {
        Self {
            engine,
            origin,
            rows: Columns::for_schema(&engine.schema),
            users: Dictionary::default(),
            files: Unpublished::new(engine.storage.clone()),
            prepared: Vec::new(),
        }
    }

    /// Adds rows, which follow those added before; their dictionaries must be those of all rows
    /// since the last cut.
    pub(super) fn add(&mut self, batch: &Columns) -> Result<()> {
        let start = self.rows.users.len();
        self.rows.append(batch)?;
        self.rows.dictionaries.clone_from(&batch.dictionaries);
        let Some(ids) = &batch.user_ids else {
            return Ok(());
        };
        let added = self.rows.users.get_mut(start..).unwrap_or_default();
        for run in added.chunk_by_mut(|a, b| a == b) {
            let user = ids.get(run.first().copied().unwrap_or(0))?;
            let last = self.users.len() as u32;
            let code = if last > 0 && self.users.get(last)? == user {
                last
            } else {
                self.users.push(user)?
            };
            run.fill(code);
        }
        Ok(())
    }

    /// Bytes that the rows since the last cut fill.
    pub(super) fn data_bytes(&self) -> usize {
        self.rows.data_bytes() + self.users.memory_bytes()
    }

    /// Writes the rows since the last cut into a segment.
    pub(super) fn cut(&mut self) -> Result<()> {
        if self.rows.rows() == 0 {
            return Ok(());
        }
        let empty = Columns::for_schema(&self.engine.schema);
        let mut rows = std::mem::replace(&mut self.rows, empty);
        rows.user_ids = Some(Arc::new(std::mem::take(&mut self.users)));
        self.write(&rows)
    }

    /// Writes sorted rows into a segment of the run.
    pub(super) fn write(&mut self, rows: &Columns) -> Result<()> {
        let sessions = match self.origin {
            Origin::Bulk => 0,
            Origin::Recorded => sessions_of(rows)?,
        };
        let base = rows.sequences.iter().min().copied().unwrap_or(0);
        self.prepare(rows, base, sessions)
    }

    /// Writes rows of an import into a segment of the run.
    pub(super) fn write_ordered(&mut self, mut rows: Ordered) -> Result<()> {
        self.prepare(rows.input(), 0, 0)
    }

    fn prepare<'r>(
        &mut self,
        rows: impl Into<SegmentInput<'r>>,
        sequence_base: u64,
        sessions: u64,
    ) -> Result<()> {
        let id = self.engine.manifest.lock().take_id();
        let path = SegmentEntry::path_of(id);
        self.files.add(path.clone());
        let writer = SegmentWriter {
            storage: &*self.engine.storage,
            schema: &self.engine.schema,
            origin: self.origin,
            durable: true,
            threads: self.engine.settings.threads,
        };
        let segment = writer.prepare(&path, rows, sequence_base)?;
        self.prepared.push(Prepared {
            id,
            sessions,
            segment,
        });
        Ok(())
    }

    /// The segments, whose footers are still to be written, and their files.
    pub(super) fn finish(mut self) -> Result<(Vec<Prepared>, Unpublished)> {
        self.cut()?;
        Ok((self.prepared, self.files))
    }
}

/// What the rows of a run are, as far as their writer does not see it.
#[derive(Clone, Copy)]
pub(super) enum RunOf {
    /// A bulk import, which is this commit.
    Import(u64),
    /// Commits, with their numbers; links and late records up to this one are worked in.
    Commits { joined: u64 },
}

fn sessions_of(rows: &Columns) -> Result<u64> {
    let Some(ids) = &rows.user_ids else {
        return Ok(0);
    };
    let mut sessions = 0;
    for code in 1..=ids.len() as u32 {
        sessions += u64::from(session_of(ids.get(code)?).is_some());
    }
    Ok(sessions)
}

/// Writes the footers of a run's segments and makes them durable.
pub(super) fn finish_run(
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
