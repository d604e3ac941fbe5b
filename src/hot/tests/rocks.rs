//! The log on RocksDB.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::events::{append, append_with, full_schema, numbered};
use super::model::{Model, assert_holds, insert, write};
use crate::hot::Tier;
use crate::hot::log::{Holdings, Log, Noted, Notes, OnDamage, ReadLog, RocksLog};
use crate::hot::mirror::Generation;
use crate::hot::registry::{KnownRecommendation, Link, Registry};
use crate::model::{Clock, ErrorKind, Settings};

const GENERATION_BYTES: u64 = 1 << 20;

/// A folder with a log, and its last note.
struct LogFolder {
    folder: tempfile::TempDir,
    holdings: Holdings,
    noted: Option<Noted>,
}

impl LogFolder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            holdings: Holdings::default(),
            noted: None,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self, on_damage: OnDamage) -> crate::model::Result<Arc<RocksLog>> {
        let log = match &self.noted {
            None => RocksLog::create(self.path(), GENERATION_BYTES)?,
            Some(noted) => RocksLog::open(self.path(), GENERATION_BYTES, noted, on_damage)?.0,
        };
        Ok(Arc::new(log))
    }

    fn tier_of(&self, log: Arc<RocksLog>) -> Tier {
        Tier::open(log, full_schema(), self.holdings.clone(), OnDamage::Refuse)
    }

    fn tier(&self) -> Tier {
        self.tier_of(self.log(OnDamage::Refuse).unwrap())
    }

    fn note(&mut self, tier: &Tier) {
        self.remember(tier.note().unwrap(), false);
    }

    fn close(&mut self, tier: Tier) {
        self.remember(tier.close().unwrap(), true);
    }

    fn remember(&mut self, noted: (Holdings, crate::hot::log::Position), closed: bool) {
        self.holdings = noted.0;
        self.noted = Some(Noted {
            position: noted.1,
            closed,
        });
    }

    fn reader(&self, scratch: &Path) -> crate::model::Result<ReadLog> {
        let noted = self.noted.clone().unwrap_or_default();
        ReadLog::open(self.path(), &noted, OnDamage::Stop, &mut || {
            Ok(scratch.to_owned())
        })
    }
}
/// Events of a generation that have an id.
const EVENTS: u64 = 200;

#[test]
fn rocksdb_gives_back_what_was_written_after_reopening() {
    let schema = full_schema();
    let mut place = LogFolder::new();
    let mut model = Model::new();
    for round in 0..3 {
        let tier = place.tier();
        let generation = match round {
            0 => tier.begin(4).unwrap(),
            _ => tier.recover(4).unwrap(),
        };
        assert_eq!(tier.generations().unwrap(), [4]);
        assert_holds(&generation, &schema, &model);
        for (sequence, rows) in (round * 50 + 1..).zip(&numbered(50)) {
            append(&tier, &generation, rows, sequence);
            insert(&mut model, rows, sequence);
        }
        assert_eq!(tier.verify().unwrap(), generation.rows());
        assert_holds(&generation, &schema, &model);
        place.close(tier);
    }
}

#[test]
fn rocksdb_drops_a_generation_and_its_log() {
    let place = LogFolder::new();
    let tier = place.tier();
    let first = tier.begin(1).unwrap();
    write(&tier, &first, &numbered(3000));
    let logs = || {
        let files = std::fs::read_dir(place.path()).unwrap();
        files
            .map(|file| file.unwrap())
            .filter(|file| file.file_name().to_string_lossy().ends_with(".log"))
            .map(|file| file.metadata().unwrap().len())
            .sum::<u64>()
    };
    assert!(logs() > 100_000);
    let second = tier.begin(2).unwrap();
    assert_eq!(
        tier.begin(2).err().unwrap().kind(),
        ErrorKind::AlreadyExists
    );
    tier.retire(1).unwrap();
    tier.retire(1).unwrap();
    let third = tier.begin(3).unwrap();
    assert!(logs() < 10_000, "{} bytes of logs", logs());
    assert_eq!(tier.generations().unwrap(), [2, 3]);
    assert_eq!(tier.recover(1).err().unwrap().kind(), ErrorKind::NotFound);
    write(&tier, &second, &numbered(10));
    write(&tier, &third, &numbered(20));
    assert_eq!(first.rows(), 3000);
    assert_eq!(tier.recover(2).unwrap().rows(), 10);
    let written = tier.written();
    assert!(written.log_bytes > written.payload_bytes);
    assert!(
        written.table_bytes < written.payload_bytes / 10,
        "{written:?}"
    );
}

#[test]
fn rocksdb_is_locked_against_a_second_writer() {
    let mut place = LogFolder::new();
    let first = place.tier();
    place.note(&first);
    let error = place.log(OnDamage::Refuse).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
}

#[test]
fn a_reader_reads_while_the_writer_writes() {
    let schema = full_schema();
    let mut place = LogFolder::new();
    let scratch = tempfile::tempdir().unwrap();
    let missing = place.reader(scratch.path());
    assert_eq!(missing.err().unwrap().kind(), ErrorKind::NotFound);

    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(500));
    place.note(&tier);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (sequence, rows) in (501..).zip(&numbered(500)) {
                append(&tier, &generation, rows, sequence);
            }
            for id in 2..12 {
                let next = tier.begin(id).unwrap();
                write(&tier, &next, &numbered(20));
                if id > 2 {
                    tier.retire(id - 1).unwrap();
                }
            }
        });
        while !writer.is_finished() {
            let log = Arc::new(place.reader(scratch.path()).unwrap());
            let reader = Tier::open(
                log,
                Arc::clone(&schema),
                place.holdings.clone(),
                OnDamage::Refuse,
            );
            let found = reader.recover(1).unwrap();
            let (_, last) = found.sequences().unwrap();
            assert!(last >= 500);
            assert_eq!(found.rows(), last);
            let refused = reader.begin(99).err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::Unsupported);
        }
    });
}

/// The largest write-ahead log in a folder.
fn log_file(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap()
}

fn flip_middle(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damage_to_a_log_is_refused_and_dropped_where_that_is_allowed() {
    let mut place = LogFolder::new();
    let scratch = tempfile::tempdir().unwrap();
    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    place.note(&tier);
    write(&tier, &generation, &numbered(1000));
    // The process dies here.
    drop(tier);
    let log = log_file(place.path());
    let name = log.file_name().unwrap().to_string_lossy().into_owned();
    flip_middle(&log);
    let mut shown = 0;
    for _ in 0..2 {
        let error = place.log(OnDamage::Refuse).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corruption);
        assert!(error.message().contains(&name), "{error}");
        let reader = place.reader(scratch.path()).unwrap();
        let damage = reader.damage().unwrap();
        assert!(damage.what.contains(&name), "{damage:?}");
        shown = 999 - damage.records;
        let tier = Tier::open(
            Arc::new(reader),
            full_schema(),
            Holdings::default(),
            OnDamage::Stop,
        );
        assert_eq!(tier.recover(1).unwrap().sequences(), Some((1, shown)));
    }
    let noted = place.noted.clone().unwrap();
    let (log, mended) =
        RocksLog::open(place.path(), GENERATION_BYTES, &noted, OnDamage::Drop).unwrap();
    let kept = place.tier_of(Arc::new(log)).recover(1).unwrap();
    assert_eq!(kept.sequences(), Some((1, kept.rows())));
    // The record that is damaged is not among those behind it.
    assert_eq!(kept.rows() + mended.dropped_records, 999);
    assert_eq!(kept.rows(), shown);
    assert!(mended.kept[0].ends_with(format!("damaged-{name}")));
}

#[test]
fn a_log_that_was_closed_in_order_has_no_torn_end() {
    let mut place = LogFolder::new();
    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(100));
    place.close(tier);
    let path = log_file(place.path());
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = place.log(OnDamage::Refuse).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corruption);
        assert!(error.message().contains(".log"), "{error}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(place.tier().recover(1).unwrap().rows(), 100);
}

#[test]
fn a_torn_end_after_a_crash_leaves_what_precedes_it() {
    let mut place = LogFolder::new();
    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    place.note(&tier);
    write(&tier, &generation, &numbered(1000));
    drop(tier);
    let torn = std::fs::OpenOptions::new()
        .write(true)
        .open(log_file(place.path()))
        .unwrap();
    torn.set_len(torn.metadata().unwrap().len() - 5).unwrap();
    for more in 0..3 {
        let tier = place.tier();
        let recovered = tier.recover(1).unwrap();
        assert_eq!(recovered.sequences(), Some((1, 999 + more)));
        assert_eq!(recovered.rows(), 999 + more);
        append(&tier, &recovered, &numbered(1)[0], 1000 + more);
        place.note(&tier);
    }
}

#[test]
fn damage_to_what_was_noted_is_refused_to_readers_too() {
    let mut place = LogFolder::new();
    let scratch = tempfile::tempdir().unwrap();
    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(100));
    place.note(&tier);
    append(&tier, &generation, &numbered(1)[0], 101);
    drop(tier);
    flip_middle(&log_file(place.path()));
    let error = place.reader(scratch.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corruption);
}

#[test]
fn a_torn_edit_of_rocksdbs_manifest_is_as_if_it_had_not_been() {
    let mut place = LogFolder::new();
    let scratch = tempfile::tempdir().unwrap();
    let tier = place.tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(100));
    place.close(tier);
    let log = place.log(OnDamage::Refuse).unwrap();
    let tier = place.tier_of(log.clone());
    // The opening wrote the rows to a table file.
    let generation = tier.recover(1).unwrap();
    append(&tier, &generation, &numbered(1)[0], 101);
    place.note(&tier);
    let manifest = log.position().unwrap().manifest;
    tier.begin(2).unwrap();
    drop((tier, log));
    let path = place
        .path()
        .join(format!("MANIFEST-{:06}", manifest.number));
    let whole = std::fs::metadata(&path).unwrap().len();
    assert!(whole > manifest.bytes + 5);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(manifest.bytes + 5).unwrap();
    let reader = Arc::new(place.reader(scratch.path()).unwrap());
    let tier = Tier::open(
        reader,
        full_schema(),
        place.holdings.clone(),
        OnDamage::Stop,
    );
    assert_eq!(tier.generations().unwrap(), [1]);
    assert_eq!(tier.recover(1).unwrap().rows(), 101);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), manifest.bytes + 5);
    assert_eq!(place.tier().recover(1).unwrap().rows(), 101);
}

#[test]
fn many_openings_leave_few_files() {
    let mut place = LogFolder::new();
    let tier = place.tier();
    tier.begin(1).unwrap();
    place.close(tier);
    for number in 0..60 {
        let log = place.log(OnDamage::Refuse).unwrap();
        let tier = place.tier_of(log.clone());
        let generation = tier.recover(1).unwrap();
        assert_eq!(generation.rows(), number);
        match number < 30 {
            true => append(&tier, &generation, &numbered(1)[0], number + 1),
            false => append_noted(&tier, &registry(log), &generation, number..number + 1),
        }
        place.close(tier);
        let files: Vec<_> = std::fs::read_dir(place.path())
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        // A family more for each table.
        let most = match number < 30 {
            true => 20,
            false => 24,
        };
        assert!(files.len() <= most, "after {number} openings: {files:?}");
    }
}

fn registry(log: Arc<dyn Log>) -> Registry {
    Registry::open(log, Clock::default(), &Settings::default()).unwrap()
}

/// Appends a row with the id of an event, in turn, and everything else there is at the first.
fn append_noted(tier: &Tier, registry: &Registry, generation: &Generation, numbers: Range<u64>) {
    for number in numbers {
        let mut notes = Notes::default();
        registry
            .note_event(&format!("event {number}"), &mut notes)
            .unwrap();
        if number == 0 {
            registry
                .note_user("session", "ann", None, &mut notes)
                .unwrap();
            registry.note_link(&link(), &mut notes).unwrap();
            registry
                .note_known("r", &KnownRecommendation::Awaited([1, 2]), &mut notes)
                .unwrap();
            registry.note_commit(7, &mut notes).unwrap();
        }
        append_with(tier, generation, &numbered(1)[0], &notes, number + 1);
    }
}

fn link() -> Link {
    Link {
        session: "session".to_owned(),
        user: "ann".to_owned(),
        sequence: 1,
    }
}

fn assert_remembers(registry: &Registry, events: u64) {
    for number in 0..events {
        assert!(registry.has_event(&format!("event {number}")).unwrap());
    }
    assert!(!registry.has_event(&format!("event {events}")).unwrap());
    let noted = registry.user_of("session").unwrap();
    assert_eq!(noted.unwrap().user, "ann");
    assert!(registry.user_of("other").unwrap().is_none());
    assert_eq!(registry.links().unwrap(), [link()]);
    let known = registry.recommendation("r").unwrap();
    assert_eq!(known, Some(KnownRecommendation::Awaited([1, 2])));
    assert_eq!(registry.last_commit().unwrap(), 7);
    registry.verify().unwrap();
}

/// Tables outlive generations, and hold no log file of theirs back.
#[test]
fn rocksdb_keeps_tables_when_generations_go() {
    let mut place = LogFolder::new();
    let scratch = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let log = place.log(OnDamage::Refuse).unwrap();
        let tier = place.tier_of(log.clone());
        let registry = registry(log.clone());
        for turn in 0..3 {
            let id = round * 3 + turn;
            let generation = tier.begin(id).unwrap();
            append_noted(
                &tier,
                &registry,
                &generation,
                id * EVENTS..(id + 1) * EVENTS,
            );
            if id > 0 {
                tier.retire(id - 1).unwrap();
            }
            assert_remembers(&registry, (id + 1) * EVENTS);
            place.note(&tier);
            let reader = Arc::new(place.reader(scratch.path()).unwrap());
            assert_remembers(&super::rocks::registry(reader), (id + 1) * EVENTS);
        }
        place.close(tier);
    }
    let files = std::fs::read_dir(place.path()).unwrap();
    let logs = files
        .map(|file| file.unwrap())
        .filter(|file| file.file_name().to_string_lossy().ends_with(".log"));
    let bytes: u64 = logs.map(|file| file.metadata().unwrap().len()).sum();
    // Of two generations at most.
    assert!(bytes < 3 * EVENTS * 150, "{bytes} bytes of logs");
}

/// A store that uses no tables has none.
#[test]
fn rocksdb_makes_tables_when_they_are_needed() {
    let place = LogFolder::new();
    let log = place.log(OnDamage::Refuse).unwrap();
    let registry = registry(log.clone());
    assert!(!registry.has_event("event").unwrap());
    assert!(registry.user_of("session").unwrap().is_none());
    assert_eq!(registry.recommendation("r").unwrap(), None);
    assert_eq!(registry.last_commit().unwrap(), 0);
    assert_eq!(log.tables().unwrap(), []);
    let mut notes = Notes::default();
    registry.note_event("event", &mut notes).unwrap();
    let table = log.tables().unwrap()[0];
    assert_eq!(log.tables().unwrap().len(), 1);
    log.drop_table(table).unwrap();
    log.drop_table(table).unwrap();
    assert_eq!(
        log.get(table, b"key").unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
