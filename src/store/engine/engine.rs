//! The parts of an open store, and how its state moves from one version to the next.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};

use super::commit_lock::CommitLock;
use super::done::Done;
use super::group_sync::GroupSync;
use super::live_segment::open_segment;
use super::recovery_report::RecoveryReport;
use super::snapshot::{ReadView, Snapshot};
use super::version::Version;
use super::wake::Wake;
use crate::check::Validator;
use crate::column::RowSizes;
use crate::hot::{Generation, LogTail, Registry, Tier};
use crate::io::Storage;
use crate::model::{
    Error, ErrorKind, Limits, Process, Result, Retention, Role, Schema, Settings, StoreId, lifting,
    observe,
};
use crate::segment::Origin;
use crate::store::folder::{Account, Manifest, SegmentEntry, StoreLock};

/// An open store.
///
/// Locks are taken in this order: `purging`, `compacting`, `sealing`, `commit`, `next`, `manifest`.
pub(crate) struct Engine {
    pub(in crate::store) storage: Arc<dyn Storage>,
    /// The identity that its files carry.
    pub(in crate::store) store: StoreId,
    pub(in crate::store) schema: Arc<Schema>,
    pub(in crate::store) validator: Validator,
    pub(in crate::store) settings: Settings,
    /// What a run or a segment takes before the next is begun.
    pub(in crate::store) most: RowSizes,
    /// The hot tier; `None` when opened for reading.
    pub(in crate::store) tier: Option<Tier>,
    /// What the hot tier remembers beside rows; `None` when opened for reading.
    registry: Option<Registry>,
    pub(in crate::store) version: ArcSwap<Version>,
    /// Versions before it that something may still read.
    earlier: Mutex<Vec<Weak<Version>>>,
    /// The newest commit that reads see.
    pub(in crate::store) visible: AtomicU64,
    /// Held while a commit is numbered and appended.
    pub(in crate::store) commit: CommitLock,
    pub(in crate::store) group_sync: GroupSync,
    /// The generation that takes the writes after the active one, where it has been begun. Held
    /// while one is begun.
    pub(in crate::store) next: Mutex<Option<Arc<Generation>>>,
    /// Whether a writer has asked for it.
    pub(in crate::store) next_asked: AtomicBool,
    pub(in crate::store) manifest: Mutex<Manifest>,
    /// Held while the store is purged.
    pub(in crate::store) purging: Mutex<()>,
    /// Held while generations are sealed.
    pub(in crate::store) sealing: Mutex<()>,
    /// Held while runs are compacted.
    pub(in crate::store) compacting: Mutex<()>,
    pub(in crate::store) event_types: RwLock<BTreeSet<String>>,
    /// Why writes are refused, where they are.
    poison: OnceLock<String>,
    /// The damage that stopped compaction in the background.
    pub(in crate::store) compaction_stopped: Mutex<Option<String>>,
    pub(in crate::store) sealer: Wake,
    pub(in crate::store) compactor: Wake,
    report: RecoveryReport,
    /// The rules that hold, and when to look next for what they do not keep, in Unix epoch seconds.
    pub(in crate::store) retention: Mutex<Retention>,
    pub(in crate::store) next_expiry: AtomicU64,
    /// The commit up to which the newest interactions of each user alone were kept; 0 for none.
    pub(in crate::store) newest_swept: AtomicU64,
    /// Of a reader: where it stands in the log.
    pub(in crate::store) tail: Mutex<Option<LogTail>>,
    /// Bytes of memory that imports and compactions take.
    pub(in crate::store) work_memory: Arc<AtomicUsize>,
    /// Files that are being written, or wait for the edit that publishes them.
    pub(in crate::store) unpublished: Arc<Mutex<BTreeSet<String>>>,
    /// What seals and compactions have worked into the rows, and leases keep.
    pub(in crate::store) leased: Mutex<Done>,
    /// Of a reader: commits up to this may have been forgotten when it was opened.
    pub(in crate::store) forgotten: u64,
    _lock: Option<StoreLock>,
    /// The one that opened it.
    process: Process,
}

/// What an engine is made of.
pub(in crate::store) struct Parts {
    pub storage: Arc<dyn Storage>,
    pub schema: Arc<Schema>,
    pub settings: Settings,
    pub tier: Option<Tier>,
    pub registry: Option<Registry>,
    pub retention: Retention,
    pub forgotten: u64,
    pub manifest: Manifest,
    pub version: Version,
    /// An empty generation behind those of the version.
    pub next: Option<Arc<Generation>>,
    pub last_sequence: u64,
    pub lock: Option<StoreLock>,
    pub tail: Option<LogTail>,
    pub report: RecoveryReport,
}

impl Engine {
    pub(in crate::store) fn assemble(parts: Parts) -> Result<Self> {
        let retention = parts.retention;
        let validator = Validator::new(parts.schema.clone(), parts.manifest.limits.clone());
        let engine = Self {
            storage: parts.storage,
            store: parts.manifest.identity.store,
            schema: parts.schema,
            validator,
            settings: parts.settings,
            most: RowSizes::MOST,
            tier: parts.tier,
            registry: parts.registry,
            version: ArcSwap::from_pointee(parts.version),
            earlier: Mutex::default(),
            visible: AtomicU64::new(parts.last_sequence),
            commit: CommitLock::default(),
            group_sync: GroupSync::default(),
            next_asked: AtomicBool::new(parts.next.is_some()),
            next: Mutex::new(parts.next),
            manifest: Mutex::new(parts.manifest),
            purging: Mutex::new(()),
            sealing: Mutex::new(()),
            compacting: Mutex::new(()),
            event_types: RwLock::default(),
            poison: OnceLock::new(),
            compaction_stopped: Mutex::new(None),
            sealer: Wake::default(),
            compactor: Wake::default(),
            report: parts.report,
            next_expiry: AtomicU64::new(match retention.is_for_ever() {
                true => u64::MAX,
                false => 0,
            }),
            newest_swept: AtomicU64::new(0),
            retention: Mutex::new(retention),
            tail: Mutex::new(parts.tail),
            work_memory: Arc::default(),
            unpublished: Arc::default(),
            leased: Mutex::default(),
            forgotten: parts.forgotten,
            _lock: parts.lock,
            process: Process::this(),
        };
        engine.refresh_event_types()?;
        Ok(engine)
    }

    pub(crate) fn id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    pub(crate) fn recovery_report(&self) -> &RecoveryReport {
        &self.report
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.validator.limits()
    }

    pub(crate) fn validator(&self) -> &Validator {
        &self.validator
    }

    /// Raises the limits in the manifest; this engine keeps to the old ones. Gives the new ones.
    pub(crate) fn raise_limits(&self, change: impl FnOnce(&mut Limits)) -> Result<Limits> {
        self.writable()?;
        let mut limits = self.limits().clone();
        change(&mut limits);
        limits.check_raises(self.limits())?;
        if limits != *self.limits() {
            let edit = |manifest: &mut Manifest| {
                manifest.limits = limits.clone();
                Ok(())
            };
            self.publish(edit, |current, _| Ok(current.clone()))?;
        }
        Ok(limits)
    }

    pub(crate) fn event_types(&self) -> Vec<String> {
        self.event_types.read().iter().cloned().collect()
    }

    /// A consistent view of now: every commit up to its sequence number and none above.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.with_view(|view| view.to_snapshot())
    }

    /// Gives `read` a consistent view of now. What it sees is not counted: threads that read at the
    /// same time change no memory that they share.
    pub(crate) fn with_view<T>(&self, read: impl FnOnce(ReadView<'_>) -> T) -> T {
        // In this order: every commit that is visible is in the version that is current by then.
        let visible = self.visible.load(Ordering::Acquire);
        let version = self.version.load();
        read(ReadView {
            store: &self.store,
            schema: &self.schema,
            version: &version,
            visible: visible.max(version.floor),
        })
    }

    /// The process that opened it.
    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// The hot tier, for what writes.
    pub(in crate::store) fn writable(&self) -> Result<&Tier> {
        self.process.check()?;
        if self.commit.was_abandoned() {
            self.poison(Error::internal("a thread panicked while it committed"));
        }
        if let Some(reason) = self.poison.get() {
            return Err(Error::new(
                ErrorKind::Poisoned,
                format!("writes are refused since {reason}; reopen the store"),
            ));
        }
        self.tier.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "the store was opened for reading; open it for writing",
            )
        })
    }

    /// The time of the clock that the store was opened with, in Unix epoch seconds; `None` where it was
    /// opened for reading.
    pub(crate) fn now_seconds(&self) -> Option<u64> {
        self.registry.as_ref().map(Registry::now_seconds)
    }

    /// What the hot tier remembers beside rows, for what writes.
    pub(in crate::store) fn registry(&self) -> Result<&Registry> {
        self.writable()?;
        self.registry
            .as_ref()
            .ok_or_else(|| Error::internal("a hot tier that remembers nothing"))
    }

    /// What the hot tier remembers beside rows; `None` where it is opened for reading.
    pub(in crate::store) fn remembers(&self) -> Option<&Registry> {
        self.registry.as_ref()
    }

    /// Reads what the hot tier remembers beside rows.
    pub(in crate::store) fn verify_registry(&self) -> Result<()> {
        self.registry.as_ref().map_or(Ok(()), Registry::verify)
    }

    /// Whether a publication leaves its files in the store: also where it failed so that nobody
    /// knows whether the manifest on disk lists them. The next opening tells.
    pub(in crate::store) fn keeps_files<T>(&self, published: &Result<T>) -> bool {
        published.is_ok() || self.poison.get().is_some()
    }

    /// Why writes are refused, where they are.
    pub(in crate::store) fn poisoned(&self) -> Option<&str> {
        self.poison.get().map(String::as_str)
    }

    /// Refuses writes from now on: what is on disk may differ from what is in memory.
    pub(in crate::store) fn poison(&self, error: Error) -> Error {
        self.poison.get_or_init(|| {
            let why = error.full_message();
            observe::trouble(&why);
            why
        });
        error
    }

    /// Applies an edit to the manifest, durably, and swaps in the version that `next` makes of the
    /// current one. Readers see all of it or nothing.
    pub(in crate::store) fn publish(
        &self,
        edit: impl FnOnce(&mut Manifest) -> Result<()>,
        next: impl FnOnce(&Version, &Manifest) -> Result<Version>,
    ) -> Result<()> {
        let mut manifest = self.manifest.lock();
        let mut edited = manifest.clone();
        edit(&mut edited)?;
        edited.edit += 1;
        let version = next(&self.version.load(), &edited)?;
        edited
            .write(&*self.storage)
            .map_err(|error| self.poison(error))?;
        *manifest = edited;
        self.show(version);
        self.note(&manifest, false)
            .map_err(|error| self.poison(error))
    }

    /// Has reads see a version from now on; the manifest lock must be held.
    pub(in crate::store) fn show(&self, version: Version) {
        let before = self.version.swap(Arc::new(version));
        let mut earlier = self.earlier.lock();
        earlier.retain(|one| one.strong_count() > 0);
        earlier.push(Arc::downgrade(&before));
    }

    /// How many snapshots and scans keep segments that were replaced, and so their files.
    pub(in crate::store) fn readers_of_replaced(&self) -> usize {
        let earlier = self.earlier.lock().clone();
        let readers = earlier.iter().filter_map(|one| {
            let version = one.upgrade()?;
            let is_read = version.segments().any(|live| live.is_retired());
            // But for this look.
            is_read.then(|| Arc::strong_count(&version) - 1)
        });
        readers.sum()
    }

    /// Writes down what the hot tier holds, beside the manifest on disk.
    pub(in crate::store) fn note(&self, manifest: &Manifest, closed: bool) -> Result<()> {
        let Some(tier) = &self.tier else {
            return Ok(());
        };
        let noted = match closed {
            true => tier.close()?,
            false => tier.note()?,
        };
        Account::new(manifest, noted, closed).write(&*self.storage)
    }

    /// The version that a manifest describes, which follows `current`: live segments are taken over,
    /// others opened.
    pub(in crate::store) fn version_of(
        &self,
        manifest: &Manifest,
        current: &Version,
        generations: Vec<Arc<Generation>>,
    ) -> Result<Version> {
        let is_lost = |entry: &&SegmentEntry| current.has_lost(entry.id);
        let segments = manifest
            .segments
            .iter()
            .filter(|entry| !is_lost(entry))
            .map(|entry| {
                let known = current.segments().find(|live| live.entry.id == entry.id);
                match known {
                    Some(live) => Ok(live.clone()),
                    None => open_segment(&self.storage, &self.schema, self.store, entry),
                }
            })
            .collect::<Result<_>>()?;
        let (floor, joins) = (self.floor_after(current), current.joins.clone());
        let lost = current.lost_of(manifest);
        let version = Version::new(segments, generations, floor, joins).with_lost(lost);
        Ok(version.after_removing(manifest.removed))
    }

    /// The floor of a version that follows `current`, and so has every commit that is visible.
    pub(in crate::store) fn floor_after(&self, current: &Version) -> u64 {
        current.floor.max(self.visible.load(Ordering::Acquire))
    }

    /// Reads the distinct event types there are.
    pub(in crate::store) fn refresh_event_types(&self) -> Result<()> {
        let found = self.event_types_of(None)?;
        *self.event_types.write() = found;
        Ok(())
    }

    /// The distinct event types of all rows, or of those of one origin; without those that cannot be read
    /// for damage, which a read of their rows names.
    pub(in crate::store) fn event_types_of(
        &self,
        origin: Option<Origin>,
    ) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        let Some(field) = self.schema.position_of(Role::EventType) else {
            return Ok(found);
        };
        let version = self.version.load();
        let runs = version
            .runs
            .iter()
            .filter(|run| origin.is_none_or(|origin| run.origin == origin));
        let segments = runs
            .flat_map(|run| &run.segments)
            .map(|live| live.segment.dictionary(field));
        let generations = version.generations.iter().map(|hot| hot.dictionary(field));
        for strings in segments.chain(generations).flatten() {
            for code in 1..=strings.len() as u32 {
                match strings.get(code) {
                    Ok(name) => found.insert(name.to_owned()),
                    Err(error) if error.kind() == ErrorKind::Corruption => break,
                    Err(error) => return Err(error),
                };
            }
        }
        Ok(found)
    }

    /// Adds new event types to the known ones, after checking their number; the commit lock must
    /// be held.
    pub(in crate::store) fn admit_event_types<'a>(
        &self,
        event_types: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        let known = self.event_types.read();
        let mut fresh = event_types.filter(|name| !known.contains(*name)).peekable();
        if fresh.peek().is_none() {
            return Ok(());
        }
        let fresh: BTreeSet<&str> = fresh.collect();
        let distinct = known.len() + fresh.len();
        drop(known);
        let fresh: Vec<&str> = fresh.into_iter().collect();
        self.check_event_types(&fresh, distinct)?;
        let fresh = fresh.into_iter().map(str::to_owned);
        self.event_types.write().extend(fresh);
        Ok(())
    }

    /// The quota that another schema must keep, with the event types that are known.
    pub(in crate::store) fn check_quota(&self, schema: &Schema) -> Result<()> {
        let (fields, distinct) = (schema.quota_fields(), self.event_types.read().len());
        match self.limits().max_metadata_fields_and_event_types {
            Some(max) if fields + distinct > max => Err(Error::invalid(format!(
                "{fields} optional fields and {distinct} distinct event types make {}; the limit is {max} \
                 together; add fewer fields or {}",
                fields + distinct,
                lifting("max_metadata_fields_and_event_types")
            ))),
            _ => Ok(()),
        }
    }

    /// The quota of optional fields plus distinct event types; `fresh` are those that came last.
    pub(in crate::store) fn check_event_types(
        &self,
        fresh: &[&str],
        distinct: usize,
    ) -> Result<()> {
        let fields = self.schema.quota_fields();
        match self.limits().max_metadata_fields_and_event_types {
            Some(max) if fields + distinct > max => Err(Error::invalid(format!(
                "field EVENT_TYPE: value {:?}: {fields} optional fields and {distinct} distinct \
                 event types make {}; the limit is {max} together; use fewer event types or {}",
                fresh.join("\", \""),
                fields + distinct,
                lifting("max_metadata_fields_and_event_types")
            ))),
            _ => Ok(()),
        }
    }
}

impl Drop for Engine {
    /// Closes in order. What fails here costs no data, only that the next opening takes the store for
    /// one whose process died.
    fn drop(&mut self) {
        if self.poison.get().is_none() {
            let _ = self.note(&self.manifest.lock(), true);
        }
    }
}
