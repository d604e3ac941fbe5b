//! Writers on the same sessions, readers and maintenance at once, over RocksDB.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::model::{Answer, Line, Model, assert_equals, scan};
use super::operations::{Change, change};
use super::{SCHEMA, small};
use crate::io::Readers;
use crate::model::{Entropy, Limits, ScanQuery, Schema, Settings};
use crate::store::engine::{Engine, Snapshot};
use crate::store::folder::NewStore;
use crate::store::maintain::Worker;
use crate::store::open::Opening;

/// Changes that each of two writers makes.
const CHANGES: usize = 80;

/// What a reader saw at one moment.
struct Seen {
    sequence: u64,
    lines: Vec<Line>,
    held: Option<Snapshot>,
}

fn settings(background: bool) -> Settings {
    Settings {
        generation_rows: 20,
        waiting_generations: 1,
        background,
        ..small()
    }
}

fn open(folder: &Path, background: bool) -> Arc<Engine> {
    let opening = Opening {
        settings: settings(background),
        ..Opening::default()
    };
    Arc::new(Engine::open(folder, opening).unwrap())
}

fn read_on(engine: &Arc<Engine>, done: &AtomicBool) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !done.load(Ordering::Acquire) || seen.is_empty() {
        let snapshot = engine.snapshot();
        seen.push(Seen {
            sequence: snapshot.sequence(),
            lines: scan(&snapshot, &ScanQuery::default()),
            held: (seen.len() % 15 == 7).then_some(snapshot),
        });
    }
    seen
}

/// Changes in the order of their commits. One that wrote nothing fell between the commit that it
/// names and the next: behind the change that made it.
fn by_commit(mut changes: Vec<(Change, Answer)>) -> Vec<(Change, Answer)> {
    // A record writes no rows either, but makes a commit the first time.
    changes.sort_by_key(|(_, answer)| (answer.sequence, answer.rows == 0));
    let mut known = BTreeSet::new();
    let mut keyed = Vec::new();
    for (change, answer) in changes {
        let writes = match &change {
            Change::Record { id, .. } => known.insert(id.clone()),
            _ => answer.rows > 0,
        };
        keyed.push((answer.sequence, !writes, change, answer));
    }
    keyed.sort_by_key(|(sequence, after, ..)| (*sequence, *after));
    let changes = keyed.into_iter();
    changes
        .map(|(_, _, change, answer)| (change, answer))
        .collect()
}

/// The same id is recorded with the same items, so that it does not matter who was first.
fn settled(change: Change) -> Change {
    match change {
        Change::Record { id, .. } => Change::Record {
            items: vec!["item 1".to_owned(), format!("of {id}")],
            source: Some("home".to_owned()),
            id,
        },
        other => other,
    }
}

#[test]
fn writers_readers_and_maintenance_agree_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::parse(SCHEMA, &Limits::unlimited()).unwrap();
    let new = NewStore {
        schema: &schema,
        limits: &Limits::unlimited(),
        entropy: &Entropy::default(),
        generation_bytes: settings(true).generation_bytes,
        into_nonempty: false,
        readers: Readers::Owner,
    };
    new.create(folder.path()).unwrap();
    let engine = open(folder.path(), true);
    let worker = Worker::start(&engine).unwrap();
    let mut runner = TestRunner::deterministic();
    let mut plan = || -> Vec<Change> {
        let mut one = || change().new_tree(&mut runner).unwrap().current();
        (0..CHANGES).map(|_| settled(one())).collect()
    };
    let plans = [plan(), plan()];
    let done = AtomicBool::new(false);
    let made: Mutex<Vec<(Change, Answer)>> = Mutex::default();
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read_on(&engine, &done)));
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                engine.flush().unwrap();
                engine.compact().unwrap();
                let version = engine.version.load();
                let mut segments = version.segments();
                assert!(segments.all(|live| live.entry.joined <= version.floor));
            }
        });
        let writers = plans.map(|plan| {
            let (engine, made) = (&engine, &made);
            scope.spawn(move || {
                for change in plan {
                    let answer = change.run(engine).unwrap();
                    made.lock().push((change, answer));
                }
            })
        });
        let results = writers.map(|writer| writer.join());
        done.store(true, Ordering::Release);
        results.into_iter().for_each(|result| result.unwrap());
        for reader in readers {
            seen.extend(reader.join().unwrap());
        }
    });
    let made = by_commit(made.into_inner());
    seen.sort_by_key(|seen| seen.sequence);
    let mut model = Model::default();
    let mut made = made.into_iter().peekable();
    for Seen {
        sequence,
        lines,
        held,
    } in seen
    {
        while let Some((change, answer)) = made.next_if(|(_, answer)| answer.sequence <= sequence) {
            assert_eq!(model.note(&change), answer, "{change:?}");
        }
        assert_eq!(lines, model.lines());
        if let Some(snapshot) = held {
            assert_equals(&snapshot, &model);
        }
    }
    for (change, answer) in made {
        assert_eq!(model.note(&change), answer, "{change:?}");
    }
    assert_equals(&engine.snapshot(), &model);
    drop((worker, engine));
    let engine = open(folder.path(), false);
    assert_equals(&engine.snapshot(), &model);
    assert!(engine.verify(&mut |_| {}).unwrap().is_sound());
    engine.compact().unwrap();
    assert_equals(&engine.snapshot(), &model);
    drop(engine);
    let scratch = tempfile::tempdir().unwrap();
    let scratch = &mut || Ok(scratch.path().to_owned());
    let reader = Engine::open_read_only(folder.path(), scratch, settings(false)).unwrap();
    assert_equals(&reader.snapshot(), &model);
}
