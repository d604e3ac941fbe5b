//! How a store is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{
    Lease, Pin, PurgeFinding, PurgeOptions, PurgeReceipt, Reader, Remembered, RepairReport, Store,
    VerifyReport,
};
use crate::hot::OnDamage;
use crate::io::Readers;
use crate::model::{Clock, Entropy, Error, ErrorKind, Limits, Result, Schema, Settings};
use crate::store::{Checkpoint, Engine, NewCheckpoint, NewStore, Opening, Sharing, is_store};

/// Chooses settings and limits, and opens or creates a store. By default both are the defaults of
/// [`Settings`] and [`Limits`].
#[derive(Clone, Debug, Default)]
pub struct StoreBuilder {
    settings: Settings,
    limits: Limits,
    scratch: Option<PathBuf>,
    clock: Clock,
    entropy: Entropy,
    into_nonempty: bool,
    readers: Readers,
    on_damage: OnDamage,
}

/// With the defaults.
impl Store {
    /// Chooses settings and limits before opening.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    /// Creates a store with the default settings and limits; see [`StoreBuilder::create`].
    ///
    /// # Errors
    /// As [`StoreBuilder::create`].
    pub fn create(path: impl AsRef<Path>, schema: &Schema) -> Result<Self> {
        Self::builder().create(path, schema)
    }

    /// Opens a store with the default settings; see [`StoreBuilder::open`].
    ///
    /// # Errors
    /// As [`StoreBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open(path)
    }

    /// Opens the store in the folder `path`, or creates it where there is none; see [`StoreBuilder::open`]
    /// and [`StoreBuilder::create`].
    ///
    /// # Errors
    /// Theirs; `InvalidInput` when the store that is there has another schema.
    pub fn open_or_create(path: impl AsRef<Path>, schema: &Schema) -> Result<Self> {
        Self::builder().open_or_create(path, schema)
    }

    /// Opens a store for reading; see [`StoreBuilder::open_read_only`].
    ///
    /// # Errors
    /// As [`StoreBuilder::open_read_only`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_read_only(path)
    }

    /// Opens a store for reading, and for following what is written; see [`StoreBuilder::open_reader`].
    ///
    /// # Errors
    /// As [`StoreBuilder::open_read_only`].
    pub fn open_reader(path: impl AsRef<Path>) -> Result<Reader> {
        Self::builder().open_reader(path)
    }

    /// Copies the store as it is now to the folder `to`, with links to files that never change; writes go
    /// on meanwhile. See [`StoreBuilder::checkpoint`].
    ///
    /// # Errors
    /// As [`StoreBuilder::checkpoint`].
    pub fn checkpoint(&self, to: impl AsRef<Path>) -> Result<Checkpoint> {
        Self::builder().checkpoint(self.path(), to, &Sharing::Link)
    }

    /// Keeps the store as it is now under a name, for `lasts` or until it is released. See
    /// [`StoreBuilder::pin`].
    ///
    /// # Errors
    /// As [`StoreBuilder::pin`].
    pub fn pin(&self, name: &str, lasts: Option<Duration>) -> Result<Pin> {
        let builder = match self.engine().now_seconds() {
            Some(now) => Self::builder().clock(move || now),
            None => Self::builder(),
        };
        builder.pin(self.path(), name, lasts)
    }
}

impl StoreBuilder {
    /// Settings other than the default, for this opening.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Limits other than [`Limits::personalize`], for [`StoreBuilder::create`]. They are kept in the store;
    /// those of an existing store stay; [`StoreBuilder::raise_limits`] raises them.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where the time comes from, in Unix epoch seconds; by default the system's clock. Nothing asks
    /// for it but the retentions of [`Settings`].
    #[must_use]
    pub fn clock(mut self, now_seconds: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now_seconds);
        self
    }

    /// Where random bytes come from; by default the operating system. Nothing asks for them but the
    /// making of a store, for its identity.
    #[must_use]
    pub fn entropy(
        mut self,
        fill: impl Fn(&mut [u8]) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.entropy = Entropy::new(fill);
        self
    }

    /// Whether a store may be made in a folder that holds files of others; by default it may not.
    /// What is there stays as it is.
    #[must_use]
    pub fn into_nonempty(mut self, allowed: bool) -> Self {
        self.into_nonempty = allowed;
        self
    }

    /// Whether the group of the folder may read a store that is made; by default its files are the
    /// owner's alone. An existing store stays as it is.
    #[must_use]
    pub fn group_may_read(mut self, allowed: bool) -> Self {
        self.readers = match allowed {
            true => Readers::Group,
            false => Readers::Owner,
        };
        self
    }

    /// Whether an opening for writing goes on where the hot tier's log is damaged, with what precedes
    /// the damage; by default it is refused. What is dropped is told by
    /// [`Store::recovery_report`](crate::Store::recovery_report), and copies of the damaged files stay
    /// in the folder of the hot tier. A torn end, as a crash leaves it, is no damage.
    #[must_use]
    pub fn drop_damaged_log(mut self, allowed: bool) -> Self {
        self.on_damage = match allowed {
            true => OnDamage::Drop,
            false => OnDamage::Refuse,
        };
        self
    }

    /// The folder in which a read-only opening keeps RocksDB's notes; by default a new folder
    /// among the system's temporary files, removed when the store is closed. It is needed only where
    /// the hot tier has table files.
    #[must_use]
    pub fn scratch(mut self, folder: impl Into<PathBuf>) -> Self {
        self.scratch = Some(folder.into());
        self
    }

    /// Creates a store in the folder `path`, which is made where it is missing, and opens it for
    /// writing.
    ///
    /// # Errors
    /// `InvalidInput` when the schema breaks a limit or a setting is out of its range,
    /// `AlreadyExists`, `Locked`, `Io`.
    pub fn create(self, path: impl AsRef<Path>, schema: &Schema) -> Result<Store> {
        let settings = self.settings.shared()?;
        let schema = Schema::parse(schema.json(), &self.limits)?;
        let new = NewStore {
            schema: &schema,
            limits: &self.limits,
            entropy: &self.entropy,
            generation_bytes: settings.generation_bytes,
            into_nonempty: self.into_nonempty,
            readers: self.readers,
        };
        new.create(path.as_ref())?;
        self.open(path)
    }

    /// Opens the store in the folder `path` for writing, after anything: what a crash left
    /// unpublished is removed, acknowledged writes come back. A segment that is damaged or missing does not
    /// stop it: see [`Store::damaged_segments`].
    ///
    /// Cost: the footers of all segments are read, and every row of the hot tier, into memory.
    ///
    /// # Errors
    /// `InvalidInput` when a setting is out of its range, `NotFound`, `Locked` when it is open for
    /// writing elsewhere, `Corruption`, `Unsupported` when a newer version wrote it or it is a backup in a
    /// folder of [`Backups`](crate::backup::Backups), `Io`.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Store> {
        let engine = Engine::open(path.as_ref(), self.opening())?;
        Store::writable(path.as_ref(), Arc::new(engine))
    }

    /// Opens the store in the folder `path`, or creates it where there is none.
    ///
    /// # Errors
    /// As [`StoreBuilder::open`] and [`StoreBuilder::create`]; `InvalidInput` when the store that is there
    /// has other fields than `schema`.
    pub fn open_or_create(self, path: impl AsRef<Path>, schema: &Schema) -> Result<Store> {
        let path = path.as_ref();
        let store = match self.clone().create(path, schema) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_store(path) => {
                self.open(path)?
            }
            created => return created,
        };
        match store.schema().fields() == schema.fields() {
            true => Ok(store),
            false => Err(Error::invalid(format!(
                "{}: the store that is there has another schema; open it as it is, or choose another \
                 folder",
                path.display()
            ))),
        }
    }

    /// Opens the store in the folder `path` for reading, also while another process writes to it.
    /// What it shows is the state at this moment; open it again for a later one. Cost: as
    /// [`StoreBuilder::open`].
    ///
    /// # Errors
    /// As [`StoreBuilder::open`], but `Locked` only when the writer publishes so often that a
    /// hundred attempts all fell between two states.
    pub fn open_read_only(self, path: impl AsRef<Path>) -> Result<Store> {
        Store::read_only(path.as_ref(), self.settings, self.scratch)
    }

    /// Opens the store in the folder `path` for reading, and for following what another process writes to
    /// it: see [`Reader`]. Cost: as [`StoreBuilder::open`].
    ///
    /// # Errors
    /// As [`StoreBuilder::open_read_only`].
    pub fn open_reader(self, path: impl AsRef<Path>) -> Result<Reader> {
        Reader::open(path.as_ref(), self.settings, self.scratch)
    }

    /// Copies the store in the folder `path` to the folder `to`, also while another process writes to it
    /// or this one does. The copy is closed, durable, and the whole store at one moment: every commit
    /// that was acknowledged before the call, and none behind one that it lacks. It is a store like any other,
    /// which may go its own way; its identity tells it from the original.
    ///
    /// Cost: a link or a copy of each segment, by `sharing`, and a copy of the log, which has about what the
    /// unsealed generations hold. The log is read once.
    ///
    /// # Errors
    /// `NotFound` when there is no store; `AlreadyExists` when `to` is there and not empty; `InvalidInput`
    /// when it lies in the store's folder; `Corruption`, naming the file, when the store is damaged; `Locked` when the
    /// writer publishes faster than it can be copied; `Io`. Nothing stays at `to` then.
    pub fn checkpoint(
        self,
        path: impl AsRef<Path>,
        to: impl AsRef<Path>,
        sharing: &Sharing,
    ) -> Result<Checkpoint> {
        let new = NewCheckpoint {
            entropy: &self.entropy,
            sharing,
        };
        new.make(path.as_ref(), to.as_ref())
    }

    /// Keeps the store in the folder `path` as it is now under a name, also while another process writes to
    /// it, so that readers in any process open the same snapshot by [`StoreBuilder::open_pin`]. The pin is
    /// a closed copy in the store's own folder, which shares its files: what seals, compactions and retention
    /// replace takes room until the pin goes. After `lasts`, where given, the next opening for writing or the
    /// next pin removes it. Cost: as [`StoreBuilder::checkpoint`] with [`Sharing::Link`].
    ///
    /// # Errors
    /// `InvalidInput` when the name is not of letters, digits, `_`, `-` and `.`; `AlreadyExists` when there is
    /// a pin of this name. Else as [`StoreBuilder::checkpoint`].
    pub fn pin(self, path: impl AsRef<Path>, name: &str, lasts: Option<Duration>) -> Result<Pin> {
        let new = NewCheckpoint {
            entropy: &self.entropy,
            sharing: &Sharing::Link,
        };
        let lasts = lasts.map(|lasts| lasts.as_secs());
        crate::store::pin(path.as_ref(), name, (self.clock.now_seconds(), lasts), &new)
    }

    /// Writes down that a consumer has taken the changes of the store in the folder `path` up to the commit
    /// `sequence` ([`Store::changes_since`]), in the place of an earlier lease of that name; also while another process
    /// writes to the store. What later commits do to earlier rows is remembered until the lease is renewed with a later
    /// commit, is released, or, after `lasts`, expires; a purge is refused before deletions were taken. Cost: one
    /// small file.
    ///
    /// # Errors
    /// `InvalidInput` when the name is not of letters, digits, `_`, `-` and `.`; `NotFound` when there is no
    /// store; `Io`.
    pub fn lease(
        self,
        path: impl AsRef<Path>,
        name: &str,
        sequence: u64,
        lasts: Option<Duration>,
    ) -> Result<Lease> {
        let now = self.clock.now_seconds();
        let lease = Lease {
            name: name.to_owned(),
            sequence,
            taken_seconds: now,
            expires_seconds: lasts.map(|lasts| now.saturating_add(lasts.as_secs())),
        };
        crate::store::lease(path.as_ref(), &lease)?;
        Ok(lease)
    }

    /// Opens a pin of the store in the folder `path` for reading.
    ///
    /// # Errors
    /// `NotFound` when there is no pin of this name: it was never made, released, or it expired. Else as
    /// [`StoreBuilder::open_read_only`].
    pub fn open_pin(self, path: impl AsRef<Path>, name: &str) -> Result<Store> {
        let path = crate::store::pinned(path.as_ref(), name)?;
        self.open_read_only(path)
    }

    /// Brings the store in the folder `path` to what can be trusted, durably, while no one has it open for
    /// writing: reads every segment, moves those that are damaged to the folder `quarantine`, and publishes
    /// the store without them and without those that are missing. Nothing is deleted. The report says what
    /// is lost; the folder keeps it, and the lists of users. A damaged log is given up only where that is
    /// allowed ([`StoreBuilder::drop_damaged_log`]). `progress` is told the bytes read so far.
    ///
    /// What a copy of the store has can be put back instead: restore first, where there is one.
    ///
    /// # Errors
    /// `Corruption` when something else is damaged than segments; else as [`StoreBuilder::open`].
    pub fn repair(
        self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<RepairReport> {
        let engine = Engine::open(path.as_ref(), self.opening())?;
        engine.repair(path.as_ref(), progress)
    }

    /// Finds what [`StoreBuilder::repair`] would move and give up, and changes nothing; also while another
    /// process writes to the store.
    ///
    /// # Errors
    /// As [`StoreBuilder::verify`].
    pub fn rehearse_repair(
        self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<RepairReport> {
        Store::rehearse_repair(path.as_ref(), self.scratch, progress)
    }

    /// Raises the limits of the store in the folder `path`, durably, while no one has it open for
    /// writing: `change` is given those it has, to change them. A limit that is lifted stays so. Gives the
    /// limits that hold from then on. Cost: as [`StoreBuilder::open`].
    ///
    /// # Errors
    /// `InvalidInput` when a limit would be lower; nothing was changed then. Else as
    /// [`StoreBuilder::open`].
    pub fn raise_limits(
        self,
        path: impl AsRef<Path>,
        change: impl FnOnce(&mut Limits),
    ) -> Result<Limits> {
        let engine = Engine::open(path.as_ref(), self.opening())?;
        engine.raise_limits(change)
    }

    /// Gives the store in the folder `path`, which nobody may have open for writing, another schema, in
    /// which fields were added that are nullable (reserved ones, too); int became long, or float double;
    /// metadata fields became nullable, or categorical. Their order may change. Segments stay as they are until a
    /// compaction rewrites them: what they lack is null. A float that becomes a double keeps its
    /// value, whose text may be longer (0.1 becomes 0.10000000149011612).
    ///
    /// What is open for reading keeps its schema. Nothing happens where the schema is the same. Cost: as
    /// [`StoreBuilder::open`], and the unsealed rows are sealed.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field and the rule, for any other change, and when the new schema breaks a
    /// limit of the store; nothing was changed then. Else as [`StoreBuilder::open`].
    pub fn evolve(self, path: impl AsRef<Path>, schema: &Schema) -> Result<()> {
        Engine::evolve(path.as_ref(), self.opening(), schema)
    }

    /// Takes what was deleted out of every file of the store in the folder `path`, which nobody may have
    /// open for writing: rewrites segments, tables and logs, forgets sessions of deleted users, and looks
    /// for the ids in all files, as values and as bytes. Keeps the receipt in the store, in `purges/`, and
    /// gives it; `None` where nothing was deleted since the last purge.
    ///
    /// Snapshots of readers in other processes, and checkpoints, keep what they share with the store until
    /// they go.
    ///
    /// Cost: as a compaction of the segments that hold any of it, and reading every file once.
    ///
    /// # Errors
    /// As [`Store::purge`], which purges a store that is open; else as [`StoreBuilder::open`].
    pub fn purge(self, path: impl AsRef<Path>) -> Result<Option<PurgeReceipt>> {
        let entropy = self.entropy.clone();
        let engine = Engine::open(path.as_ref(), self.opening())?;
        engine.purge(path.as_ref(), &PurgeOptions::default(), &entropy)
    }

    /// Looks in the store in the folder `path`, and in its pins, for ids that the receipt of a purge names, among all
    /// values. Bytes that are no value of any row are not looked at: who purges finds out about them, since only the purge knows the
    /// ids. Cost: each string of the store is hashed.
    ///
    /// # Errors
    /// `InvalidInput` when the receipt is another store's. Else as [`StoreBuilder::open`].
    pub fn check_purge(
        self,
        path: impl AsRef<Path>,
        receipt: &PurgeReceipt,
    ) -> Result<Vec<PurgeFinding>> {
        let scratch = self.scratch.clone();
        Store::check_purge(path.as_ref(), self.opening(), scratch, receipt)
    }

    /// Counts the event ids, sessions and recommendations that the store in the folder `path` remembers,
    /// also while another process writes to it. Cost: each of them is read, and the hot tier's log.
    ///
    /// # Errors
    /// As [`StoreBuilder::open_read_only`].
    pub fn remembered(self, path: impl AsRef<Path>) -> Result<Remembered> {
        Store::remembered(path.as_ref(), self.scratch)
    }

    fn opening(self) -> Opening {
        Opening {
            settings: self.settings,
            clock: self.clock,
            on_damage: self.on_damage,
        }
    }

    /// Reads every byte of the store in the folder `path` and checks every checksum and invariant,
    /// also while another process writes to it. Goes on past damage that no opening would pass:
    /// what is damaged is in the report. `progress` is told how many bytes were read so far.
    ///
    /// # Errors
    /// `NotFound` when there is no store; `Corruption` when its manifest is damaged, so that
    /// nothing else can be found; `Unsupported`, `Io`.
    pub fn verify(
        self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<VerifyReport> {
        Store::verify_files(path.as_ref(), self.scratch, progress)
    }
}
