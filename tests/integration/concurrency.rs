//! Writers, readers and maintenance at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annals::{
    Durability, Error, ErrorKind, History, HistoryQuery, ImportMode, Order, ScanQuery, Settings,
    Snapshot, Store,
};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

const COMMITS: u64 = 400;
/// Rows of each commit: all or none of them are seen.
const ROWS: u64 = 3;

/// A writer writes commits of its own users, numbered by timestamp and item, rising.
fn write(store: &Store, writer: u64, acknowledged: &AtomicU64) {
    for number in 0..COMMITS {
        let user = format!("writer {writer}");
        let row = |row| Record::new(&user, &format!("{number}.{row}"), number as i64);
        let records: Vec<Record> = (0..ROWS).map(row).collect();
        if number % 40 == 39 {
            let mut import = store.import(ImportMode::Incremental).unwrap();
            records
                .iter()
                .for_each(|record| record.push_to(&mut import).unwrap());
            import.commit().unwrap();
        } else {
            let durability = match number % 20 {
                0 => Durability::Synced,
                _ => Durability::Buffered,
            };
            store.write(batch(&records), durability).unwrap();
        }
        acknowledged.store(number + 1, Ordering::Release);
    }
}

/// What a writer's history should hold after `commits` commits, oldest first.
fn items(commits: u64) -> Vec<String> {
    (0..commits * ROWS)
        .map(|row| format!("{}.{}", row / ROWS, row % ROWS))
        .collect()
}

fn seen(snapshot: &Snapshot, writer: u64, buffer: &mut History) -> Vec<String> {
    let query = HistoryQuery::default().order(Order::OldestFirst);
    snapshot
        .history(&format!("writer {writer}"), &query, buffer)
        .unwrap();
    buffer
        .iter()
        .map(|event| event.item().unwrap().to_owned())
        .collect()
}

/// Reads until the writers are done: each snapshot holds what was acknowledged before it was made,
/// whole commits only, and stays as it is.
fn read_on(store: &Store, acknowledged: &[AtomicU64; 2], done: &AtomicBool) -> u64 {
    let mut buffer = History::new();
    let mut rounds = 0;
    let mut held: Option<(Snapshot, [u64; 2])> = None;
    while !done.load(Ordering::Acquire) || rounds == 0 {
        let before = [0, 1].map(|writer: usize| acknowledged[writer].load(Ordering::Acquire));
        let snapshot = store.snapshot();
        let mut counts = [0; 2];
        for writer in [0, 1] {
            let found = seen(&snapshot, writer, &mut buffer);
            let commits = found.len() as u64 / ROWS;
            assert_eq!(found, items(commits), "a hole, a half or another order");
            assert!(
                commits >= before[writer as usize],
                "an acknowledged commit is not seen"
            );
            counts[writer as usize] = commits;
        }
        let scanned = read::scan(&snapshot, &ScanQuery::default());
        assert_eq!(scanned.len() as u64, (counts[0] + counts[1]) * ROWS);
        assert_eq!(snapshot.sequence(), counts[0] + counts[1]);
        if let Some((held, counts)) = &held {
            for writer in [0, 1] {
                let found = seen(held, writer, &mut buffer);
                assert_eq!(found, items(counts[writer as usize]));
            }
        }
        if rounds % 5 == 0 {
            held = Some((snapshot, counts));
        }
        rounds += 1;
    }
    rounds
}

fn maintain(store: &Store, done: &AtomicBool) {
    while !done.load(Ordering::Acquire) {
        store.flush().unwrap();
        store.compact().unwrap();
    }
}

#[test]
fn writers_readers_and_maintenance_do_not_disturb_each_other() {
    let folder = folder();
    let settings = Settings::default()
        .generation_rows(50)
        .waiting_generations(1)
        .max_runs(1);
    let store = create(folder.path(), settings);
    let acknowledged = [AtomicU64::new(0), AtomicU64::new(0)];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read_on(&store, &acknowledged, &done)));
        scope.spawn(|| maintain(&store, &done));
        let writers = [0, 1].map(|writer: u64| {
            let acknowledged = &acknowledged[writer as usize];
            let store = &store;
            scope.spawn(move || write(store, writer, acknowledged))
        });
        let results = writers.map(|writer| writer.join());
        done.store(true, Ordering::Release);
        results.into_iter().for_each(|result| result.unwrap());
        assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
    });
    let check = |store: &Store| {
        for writer in [0, 1] {
            let found = seen(&store.snapshot(), writer, &mut History::new());
            assert_eq!(found, items(COMMITS));
        }
    };
    check(&store);
    drop(store);
    check(&open(folder.path(), quiet()));
}

/// A FULL import while runs are compacted: the rows are those of one import, never of two.
#[test]
fn full_imports_race_compactions() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let done = AtomicBool::new(false);
    let import = |mode, number: i64| {
        let mut import = store.import(mode)?;
        for row in 0..200 {
            let user = format!("user {}", row % 10);
            Record::new(&user, &format!("{number}"), row).push_to(&mut import)?;
        }
        import.commit()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| maintain(&store, &done));
        let rounds = (0..30).try_for_each(|number| {
            import(ImportMode::Full, number)?;
            import(ImportMode::Incremental, number)?;
            let rows = read::scan(&store.snapshot(), &ScanQuery::default());
            assert_eq!(rows.len(), 400);
            let want = format!("String(\"{number}\")");
            assert!(
                rows.iter().all(|line| line[1] == want),
                "rows of another import"
            );
            Ok::<_, Error>(())
        });
        done.store(true, Ordering::Release);
        rounds.unwrap();
    });
    assert_eq!(
        store
            .segments()
            .iter()
            .map(|segment| segment.rows)
            .sum::<u64>(),
        400
    );
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

/// Readers of their own open the store while it is written, sealed and compacted.
#[test]
fn readers_open_while_a_writer_publishes() {
    let folder = folder();
    let settings = Settings::default().generation_rows(30).max_runs(1);
    let store = create(folder.path(), settings);
    let acknowledged = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut opened = 0;
            while !done.load(Ordering::Acquire) || opened == 0 {
                let before = acknowledged.load(Ordering::Acquire);
                let reader = match Store::open_read_only(folder.path()) {
                    Ok(reader) => reader,
                    Err(error) if error.kind() == ErrorKind::Locked => continue,
                    Err(error) => panic!("{error}"),
                };
                let found = seen(&reader.snapshot(), 0, &mut History::new());
                let commits = found.len() as u64 / ROWS;
                assert_eq!(found, items(commits));
                assert!(commits >= before);
                opened += 1;
            }
        });
        let writing = scope.spawn(|| write(&store, 0, &acknowledged));
        let result = writing.join();
        done.store(true, Ordering::Release);
        result.unwrap();
        reading.join().unwrap();
    });
}

/// A process that is being started holds copies of this one's descriptors for a moment.
#[test]
fn a_closed_store_opens_again_while_processes_are_started() {
    let folder = folder();
    drop(create(folder.path(), quiet()));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let program = std::env::current_exe().unwrap();
                let mut command = std::process::Command::new(program);
                command
                    .args(["--exact", "none"])
                    .stdout(std::process::Stdio::null());
                command.status().unwrap();
            }
        });
        let open = |_| {
            Store::builder()
                .settings(quiet())
                .open(folder.path())
                .map(drop)
        };
        let opened: Result<Vec<()>, Error> = (0..30).map(open).collect();
        done.store(true, Ordering::Release);
        opened.unwrap();
    });
}
