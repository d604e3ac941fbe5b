//! The store, as a host holds it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::scratch::Scratch;
use super::{
    BlockReport, BulkImport, Changes, GenerationReport, Health, History, ImportMode,
    ImportRehearsal, Lease, ManifestReport, Pin, PurgeFinding, PurgeOptions, PurgeReceipt,
    RecoveryReport, Remembered, RepairReport, Scan, SegmentReport, Snapshot, Stats, Unseen,
    VerifyReport,
};
use crate::check::Validator;
use crate::column::{Columns, Strings};
use crate::model::{
    Commit, Deletion, Durability, Entropy, Error, EventsCommit, FieldId, HistoryQuery, Limits,
    PutEvents, Recommendation, Result, Retention, ScanQuery, Schema, Settings, StoreId, WriteBatch,
};
use crate::store::{Engine, Opening, Worker};

/// An embedded store of user-item interactions.
///
/// A handle: cloning it is cheap, and all clones are the same store. Any number of threads may
/// read and write at once. The store is closed when the last handle and import is dropped; nothing has
/// to be called before. Snapshots, scans and histories keep what they read, and no store open.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // Dropped first: the thread ends before the engine does.
    worker: Option<Worker>,
    engine: Arc<Engine>,
    path: PathBuf,
    scratch: Scratch,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.engine.process().is_this() {
            return;
        }
        #[expect(
            clippy::mem_forget,
            reason = "dropping would wait for threads that were not forked, unlock the parent's store and remove its files"
        )]
        std::mem::forget((
            self.worker.take(),
            self.engine.clone(),
            std::mem::replace(&mut self.scratch, Scratch::new(None)),
        ));
    }
}

impl Store {
    pub(super) fn writable(path: &Path, engine: Arc<Engine>) -> Result<Self> {
        let worker = match engine.settings().background {
            true => Some(Worker::start(&engine)?),
            false => None,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                worker,
                engine,
                path: absolute(path)?,
                scratch: Scratch::new(None),
            }),
        })
    }

    pub(super) fn read_only(
        path: &Path,
        settings: Settings,
        scratch: Option<PathBuf>,
    ) -> Result<Self> {
        let mut scratch = Scratch::new(scratch);
        let engine = Engine::open_read_only(path, &mut || scratch.folder(), settings)?;
        Ok(Self {
            inner: Arc::new(Inner {
                worker: None,
                engine: Arc::new(engine),
                path: absolute(path)?,
                scratch,
            }),
        })
    }

    /// Reads the store anew, for what has changed since this handle was opened for reading.
    pub(super) fn read_again(&self, settings: Settings, scratch: Option<PathBuf>) -> Result<Self> {
        let mut scratch = Scratch::new(scratch);
        let path = self.path().to_owned();
        let engine = self
            .engine()
            .read_again(&path, &mut || scratch.folder(), settings)?;
        Ok(Self {
            inner: Arc::new(Inner {
                worker: None,
                engine: Arc::new(engine),
                path,
                scratch,
            }),
        })
    }

    /// See [`Engine::catch_up`].
    pub(super) fn catch_up(&self, is_published: impl Fn() -> Result<bool>) -> Result<bool> {
        self.engine().catch_up(is_published)
    }

    pub(super) fn verify_files(
        path: &Path,
        scratch: Option<PathBuf>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<VerifyReport> {
        let mut scratch = Scratch::new(scratch);
        Engine::verify_files(path, &mut || scratch.folder(), progress)
    }

    pub(super) fn check_purge(
        path: &Path,
        opening: Opening,
        scratch: Option<PathBuf>,
        receipt: &PurgeReceipt,
    ) -> Result<Vec<PurgeFinding>> {
        let mut scratch = Scratch::new(scratch);
        Engine::check_purge(path, opening, &mut || scratch.folder(), receipt)
    }

    pub(super) fn rehearse_repair(
        path: &Path,
        scratch: Option<PathBuf>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<RepairReport> {
        let mut scratch = Scratch::new(scratch);
        Engine::rehearse_repair(path, &mut || scratch.folder(), progress)
    }

    pub(super) fn remembered(path: &Path, scratch: Option<PathBuf>) -> Result<Remembered> {
        let mut scratch = Scratch::new(scratch);
        Engine::remembered(path, &mut || scratch.folder())
    }

    pub(super) fn engine(&self) -> &Arc<Engine> {
        &self.inner.engine
    }

    /// The store's folder, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// What tells it from other stores; its copies have the same.
    pub fn id(&self) -> StoreId {
        self.engine().id()
    }

    /// That of the store in a folder, which is not opened.
    ///
    /// # Errors
    /// `NotFound`, `Corruption` when its manifest is damaged, `Unsupported`, `Io`.
    pub fn id_of(path: impl AsRef<Path>) -> Result<StoreId> {
        crate::store::id_of(path.as_ref())
    }

    /// Whether the store does all that it should, and if not, why. Cost: none.
    pub fn health(&self) -> Health {
        self.engine().health()
    }

    /// What happened since a commit, for who has the rows that there were then: deletions and what else changed
    /// them, and a snapshot that has what arrived since. See [`Changes`].
    /// Since commit 0 everything arrived: there are no steps then, and nothing is refused.
    ///
    /// Cost: all deletions that were not purged are read; a writer's other commits wait.
    ///
    /// # Errors
    /// `InvalidInput`, telling to start over, where that can no longer be told: a FULL import, a repair or a purge
    /// came since, or what happened to sessions and late recommendations was forgotten, which a lease
    /// ([`StoreBuilder::lease`](crate::StoreBuilder::lease)) prevents.
    pub fn changes_since(&self, sequence: u64) -> Result<Changes> {
        self.engine().changes_since(sequence)
    }

    /// The leases of the store in the folder `path`, by name; those included that have expired.
    ///
    /// # Errors
    /// `NotFound` when there is no store; `Corruption`, naming the file; `Io`.
    pub fn leases(path: impl AsRef<Path>) -> Result<Vec<Lease>> {
        crate::store::leases(path.as_ref())
    }

    /// Releases a lease of the store in the folder `path`, also while another process writes to it.
    ///
    /// # Errors
    /// `NotFound` when there is no such lease, or no store; `Io`.
    pub fn release_lease(path: impl AsRef<Path>, name: &str) -> Result<()> {
        crate::store::release(path.as_ref(), name)
    }

    /// The pins of the store in the folder `path`, by name; those included that have expired and are not
    /// removed yet.
    ///
    /// # Errors
    /// `NotFound` when there is no store; `Corruption`, naming the file; `Io`.
    pub fn pins(path: impl AsRef<Path>) -> Result<Vec<Pin>> {
        crate::store::pins(path.as_ref())
    }

    /// Lets go of a pin of the store in the folder `path`, also while another process writes to it. Who
    /// has it open for reading keeps it until then.
    ///
    /// # Errors
    /// `NotFound` when there is no such pin, or no store; `Io`.
    pub fn unpin(path: impl AsRef<Path>, name: &str) -> Result<()> {
        crate::store::unpin(path.as_ref(), name)
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        self.engine().schema()
    }

    /// The limits that writes are held to; those that the store was created with.
    pub fn limits(&self) -> &Limits {
        self.engine().limits()
    }

    /// What the opening found in the hot tier, and what one for writing did about it.
    pub fn recovery_report(&self) -> &RecoveryReport {
        self.engine().recovery_report()
    }

    /// The segments that are damaged or missing, a line each: the file, what is wrong, what is lost and what
    /// to do. The store opens without them; reads of users who may have rows there are errors of the same
    /// words, and so are compactions.
    pub fn damaged_segments(&self) -> Vec<String> {
        self.engine().damaged_segments()
    }

    /// The distinct event types that the store has had since it was opened, sorted; those that differ in
    /// case are different. Cost: they are kept in memory and copied.
    pub fn event_types(&self) -> Vec<String> {
        self.engine().event_types()
    }

    /// Checks values as writes do. The readers of [`import`](crate::import) take it.
    pub fn validator(&self) -> &Validator {
        self.engine().validator()
    }

    /// Writes interactions, all or none of them. On return they are visible to every read, and
    /// durable as `durability` says. Concurrent synced writers share syncs.
    ///
    /// An empty batch writes nothing; with [`Durability::Synced`] it waits until everything written
    /// before survives power loss. Where too many generations wait to be sealed
    /// ([`Settings::waiting_generations`]), the call waits for one.
    ///
    /// # Errors
    /// `InvalidInput`, naming interaction, field, value and rule, and for a batch that takes more in
    /// the log than a generation may ([`Settings::generation_bytes`]); nothing was written then.
    /// `Unsupported` on a read-only store. `Poisoned` after an earlier failure; `Io` when the disk
    /// refuses, which poisons the store.
    pub fn write(&self, batch: impl Into<WriteBatch>, durability: Durability) -> Result<Commit> {
        self.engine().write(batch.into(), durability)
    }

    /// Records what was recommended, for the events that name it: they get its items as their
    /// impression and its source, unless they bring their own. Events that were written before are
    /// given them, too. An id that is known keeps its first record; how long it is known says
    /// [`Settings::recommendation_retention_seconds`](crate::Settings).
    ///
    /// A commit of no rows: on return reads see it, and it is as durable as `durability` says. Where
    /// the id was known, the newest commit is given.
    ///
    /// # Errors
    /// `InvalidInput`, naming value and rule; otherwise as [`Store::write`].
    pub fn record_recommendation(
        &self,
        recommendation: &Recommendation,
        durability: Durability,
    ) -> Result<Commit> {
        self.engine()
            .record_recommendation(recommendation, durability)
    }

    /// Hides interactions from all later reads, as one commit: those of commits before it that the
    /// deletion says. What is written later stays, and so does what earlier snapshots see. Users and items
    /// that are not there are no error.
    ///
    /// Rows of a session that becomes a user's only later are not the user's yet, and stay. Event ids stay
    /// known, and so does whose a session is. The bytes lie in the files until seals and compactions have
    /// rewritten them.
    ///
    /// A commit of no rows: on return reads see it, and it is as durable as `durability` says. Cost: an
    /// append to the log. Later lookups of users that no deletion names take a test of a small filter; of
    /// those that one names, the rows that it hides are read and left out, until a compaction. A deletion
    /// of an item for everybody is looked for in every row that is read, until a compaction.
    ///
    /// # Errors
    /// `InvalidInput` for a deletion without users, of no time, of an id that there cannot be, or of more
    /// users than the log takes at once ([`Settings::generation_bytes`]). Else as [`Store::write`].
    pub fn delete(&self, deletion: &Deletion, durability: Durability) -> Result<Commit> {
        self.engine().delete(deletion, durability)
    }

    /// Takes what was deleted out of every file of the store, while other threads read and write: rewrites
    /// segments, tables and logs, forgets sessions of deleted users, and looks for the ids in all files, as values
    /// and as bytes. Keeps the receipt in the store, in `purges/`, and gives it; `None` where nothing was deleted
    /// since the last purge. One purge runs at a time.
    ///
    /// Deletions of later commits are left for the next purge. An id that is used again, before the purge or during
    /// it, is named apart. Not searched are imports that are not committed, which come later than the deletions.
    /// Snapshots and scans of this process that were made before keep files with what was deleted: they are waited for
    /// ([`PurgeOptions::wait`]). Histories keep the text that they have, and no file. Readers in
    /// other processes, and checkpoints, keep what they share with the store until they go.
    ///
    /// Cost: as a compaction of the segments that hold any of it, and reading every file once. Writers wait while the
    /// tables of sessions and recommendations are read and written anew and the log is opened again (with neither, a few
    /// syncs); reads do not.
    ///
    /// # Errors
    /// `Unsupported`, naming them, where the store has pins ([`StoreBuilder::pin`](crate::StoreBuilder::pin)), which may
    /// hold some of it, or leases whose consumers have not taken the deletions, unless
    /// [`PurgeOptions::force`] releases them. `Locked`, with their number, where snapshots and scans are still there
    /// after the wait: drop them and purge again, and the next purge goes on with the search. What was deleted
    /// stays hidden either way. Else as [`Store::write`].
    pub fn purge(&self, options: &PurgeOptions) -> Result<Option<PurgeReceipt>> {
        self.engine()
            .purge(self.path(), options, &Entropy::default())
    }

    /// Has rules on how long interactions are kept hold from now on, durably, in the place of those before,
    /// and drops what they do not keep. They stay with the store. What was dropped does not come back when rules are
    /// loosened.
    ///
    /// What becomes too old later is dropped by commits of the store's own, as it opens for writing and by a
    /// background thread: after a hundredth of the shortest age, and after a minute at the latest. Snapshots keep what they
    /// see. Compactions give the space back, in the background once a quarter of a run is too old.
    ///
    /// Where the newest interactions of each user are kept, a look costs a scan of all timestamps, and is left out
    /// where nothing was written since the last one; a user who has older ones costs a commit, and some 300 bytes of memory until a
    /// compaction has left them out.
    ///
    /// # Errors
    /// `InvalidInput` for an age out of its range. Else as [`Store::write`].
    pub fn set_retention(&self, retention: &Retention) -> Result<()> {
        self.engine().set_retention(retention)
    }

    /// The rules on how long interactions are kept; of a store that is open for reading, as of its opening.
    pub fn retention(&self) -> Retention {
        self.engine().retention()
    }

    /// Drops now what the rules of retention do not keep; without background threads the host calls it
    /// from time to time. Nothing happens where there are no rules. Cost: an append to the log for each
    /// rule; with a rule on sessions, a look at each session that has no user; with one on the newest interactions, as
    /// told at [`Store::set_retention`].
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn expire(&self) -> Result<()> {
        self.engine().expire()
    }

    /// Records the events of a session, all or none of them, as one commit; in all else as
    /// [`Store::write`]. An event whose id came before is not written again, and named in the
    /// answer.
    ///
    /// The rules are those of the interactions dataset contract for the service's PutEvents
    /// request. Parameters that the schema has no field for are checked and not kept.
    /// [`import::put_events_of_json`](crate::import::put_events_of_json) reads a request in JSON.
    ///
    /// # Errors
    /// `InvalidInput`, naming event, field, value and rule; nothing was written then. Else as
    /// [`Store::write`].
    pub fn put_events(
        &self,
        request: &PutEvents<'_>,
        durability: Durability,
    ) -> Result<EventsCommit> {
        let (batch, skipped) = self.validator().checked_events(request)?;
        let taken = |position: &usize| !skipped.contains(position);
        let taken: Vec<usize> = (0..request.events.len()).filter(taken).collect();
        let mut done = match skipped.is_empty() {
            true => self.engine().put_events(batch, durability)?,
            false => self.engine().put_events_left(batch, durability)?,
        };
        let duplicates = done.duplicates.into_iter();
        done.duplicates = duplicates.filter_map(|at| taken.get(at).copied()).collect();
        done.skipped = skipped;
        Ok(done)
    }

    /// Begins a bulk import with the memory budget of the settings. Several may be under way at
    /// once; each is published when it is committed.
    ///
    /// # Errors
    /// `Unsupported` on a read-only store, `Poisoned`.
    pub fn import(&self, mode: ImportMode) -> Result<BulkImport> {
        let budget = self.engine().settings().memory_budget_bytes;
        BulkImport::new(self.engine().clone(), mode, budget)
    }

    /// Begins a rehearsal of a bulk import: each row is held to what an import holds it to, and nothing is
    /// written. The store may be open for reading alone.
    ///
    /// # Errors
    /// `Corruption` when a dictionary of event types is damaged.
    pub fn rehearse_import(&self, mode: ImportMode) -> Result<ImportRehearsal> {
        ImportRehearsal::new(self.engine().clone(), mode)
    }

    /// A consistent view of now. Cost: a few atomic operations; no file is touched.
    pub fn snapshot(&self) -> Snapshot {
        self.engine().snapshot()
    }

    /// Fills `out` with interactions of a user; see [`Snapshot::history`].
    ///
    /// # Errors
    /// As [`Snapshot::history`].
    pub fn history(&self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        self.engine()
            .with_view(|view| view.history(user, query, out))
    }

    /// The newest `limit` interactions of a user; see [`Snapshot::newest`].
    ///
    /// # Errors
    /// As [`Snapshot::newest`].
    pub fn newest(&self, user: &str, limit: usize) -> Result<History> {
        self.snapshot().newest(user, limit)
    }

    /// Tells which candidates a user has not interacted with; see [`Snapshot::unseen`], which
    /// fills a buffer that is used again instead of allocating.
    ///
    /// # Errors
    /// As [`Snapshot::unseen`].
    pub fn unseen<S: AsRef<str>>(
        &self,
        user: &str,
        candidates: &[S],
        event_types: &[String],
    ) -> Result<Vec<bool>> {
        let mut buffer = Unseen::new();
        let unseen = self.snapshot();
        let unseen = unseen.unseen(user, candidates, event_types, &mut buffer)?;
        Ok(unseen.to_vec())
    }

    /// Reads the whole store as columnar batches; see [`Snapshot::scan`].
    ///
    /// # Errors
    /// As [`Snapshot::scan`].
    pub fn scan(&self, query: &ScanQuery) -> Result<Scan> {
        self.snapshot().scan(query)
    }

    /// Seals every row written so far into segments, durably, and waits for it. Cost: the rows of
    /// the hot tier are sorted, encoded and written.
    ///
    /// # Errors
    /// `Unsupported` on a read-only store, `Poisoned`, `Io`.
    pub fn flush(&self) -> Result<()> {
        self.engine().flush()
    }

    /// Seals every row written so far and merges the runs of each origin (bulk, recorded) into one,
    /// of as few segments as the memory budget allows, and waits for it. Snapshots are not
    /// disturbed. Cost: every row of an origin with more than one run is read and written again;
    /// the old files stay until no snapshot reads them.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub fn compact(&self) -> Result<()> {
        self.engine().compact()
    }

    /// Does the work of the background threads now, and waits for it: drops what the rules of retention do not
    /// keep, seals the generations that are full, and compacts runs of single writes of about the same size, and
    /// where there are more runs than [`Settings::max_runs`](crate::Settings).
    /// For a program that opens a store only to write something and to close it again.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub fn maintain(&self) -> Result<()> {
        self.engine().maintain()
    }

    /// Figures about the store. Cost: the item dictionaries are read, and with several runs the
    /// user ids; memory grows with the distinct ones.
    ///
    /// # Errors
    /// `Corruption` when they are damaged.
    pub fn stats(&self) -> Result<Stats> {
        self.engine().stats()
    }

    /// Reads every page of every segment and the hot tier's log again, and checks checksums and
    /// invariants. The manifest is checked when a store is opened, so damage there stops the opening;
    /// segments that did not open then are named again. A store that is open
    /// read-only has read the log at its opening, and does not read it again.
    ///
    /// `progress` is told after each segment how many bytes were read so far. Damage is in the
    /// report, not an error.
    ///
    /// # Errors
    /// None at present.
    pub fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<VerifyReport> {
        self.engine().verify(progress)
    }

    /// What the manifest holds. Cost: no file is read.
    pub fn manifest(&self) -> ManifestReport {
        self.engine().manifest_report()
    }

    /// The hot generations, oldest first. Cost: no file is read.
    pub fn generations(&self) -> Vec<GenerationReport> {
        self.engine().generation_reports()
    }

    /// The segments, run by run, in a run by user. Cost: no file is read.
    pub fn segments(&self) -> Vec<SegmentReport> {
        self.engine().segment_reports()
    }

    /// The blocks of 128 rows of the segment with this number. Cost: its zone map is read.
    ///
    /// # Errors
    /// `NotFound` when the store has no such segment, `Corruption` when its zone map is damaged.
    pub fn segment_blocks(&self, segment: u64) -> Result<Vec<BlockReport>> {
        self.engine().segment_blocks(segment)
    }

    /// Rows of a segment by position, as they lie, with sequence numbers, users and dictionaries.
    /// Memory: that of the rows.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` when the range leaves the segment, or `Corruption`.
    pub fn segment_rows(&self, segment: u64, rows: std::ops::Range<usize>) -> Result<Columns> {
        self.engine().segment_rows(segment, rows)
    }

    /// The dictionary of a string field in a segment, most frequent string first. Impressions have
    /// no dictionary of their own but the item field's; users none. That of items may begin with the
    /// dictionary of the segment before in its run, whose items need not all occur in this one.
    ///
    /// # Errors
    /// `NotFound`, or `InvalidInput` when the field is not a string.
    pub fn segment_dictionary(&self, segment: u64, field: FieldId) -> Result<Arc<dyn Strings>> {
        self.engine().segment_dictionary(segment, field)
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io(format!("find {}", path.display()), error))
}
