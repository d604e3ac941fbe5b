//! The tier as a whole, over both logs, and the mirror against a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Generation, Log, MemoryLog, RocksLog, Tier};
use crate::types::{
    Cell, Columns, ErrorKind, Limits, Row, Schema, TierQuery, TimeRange, UserRange, f32_of_bits,
};

const GENERATION_BYTES: u64 = 1 << 20;

/// A schema of the three required fields and these, each a name and an Avro type.
pub(super) fn schema(fields: &[(&str, &str)]) -> Schema {
    let required = [
        ("USER_ID", r#""string""#),
        ("ITEM_ID", r#""string""#),
        ("TIMESTAMP", r#""long""#),
    ];
    let fields: Vec<String> = required
        .iter()
        .chain(fields)
        .map(|(name, avro)| format!(r#"{{"name": "{name}", "type": {avro}}}"#))
        .collect();
    let json = format!(
        r#"{{"type": "record", "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [{}], "version": "1.0"}}"#,
        fields.join(", ")
    );
    Schema::parse(&json, &Limits::default()).unwrap()
}

fn full_schema() -> Arc<Schema> {
    Arc::new(schema(&[
        ("EVENT_TYPE", r#""string""#),
        ("EVENT_VALUE", r#"["null", "float"]"#),
        ("LOCATION", r#"["null", "string"]"#),
        ("SESSION", r#"["null", "long"]"#),
        ("IMPRESSION", r#"["null", "string"]"#),
    ]))
}

/// What is written of a row beside its user and timestamp.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    item: String,
    event_type: String,
    value: Option<f32>,
    location: Option<String>,
    session: Option<i64>,
    impression: Vec<String>,
}

impl Event {
    fn with_row<T>(&self, user: &str, timestamp: i64, act: impl FnOnce(&Row<'_>) -> T) -> T {
        let joined = self.impression.join("|");
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let location = text(&self.location);
        let cells = [
            Cell::Null,
            Cell::Text(&self.item),
            Cell::Null,
            Cell::Text(&self.event_type),
            self.value
                .map_or(Cell::Null, |v| Cell::Bits(u64::from(v.to_bits()))),
            self.location
                .as_ref()
                .map_or(Cell::Null, |_| Cell::Text(&location)),
            self.session.map_or(Cell::Null, Cell::of_i64),
            match self.impression.is_empty() {
                true => Cell::Null,
                false => Cell::Text(&joined),
            },
        ];
        act(&Row {
            user,
            timestamp,
            cells: &cells,
        })
    }
}

fn event() -> impl Strategy<Value = Event> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    (
        word(&["i1", "i2", "i3", "ü"]),
        word(&["view", "VIEW", "Purchase"]),
        prop::option::of(prop_oneof![Just(0.0_f32), -10.0_f32..10.0]),
        prop::option::of(word(&["", "home", "work"])),
        prop::option::of(prop_oneof![any::<i64>(), -1_i64..2]),
        prop::collection::vec(word(&["i1", "i4", "i5"]), 0..4),
    )
        .prop_map(
            |(item, event_type, value, location, session, impression)| Event {
                item: item.to_owned(),
                event_type: event_type.to_owned(),
                value,
                location: location.map(str::to_owned),
                session,
                impression: impression.into_iter().map(str::to_owned).collect(),
            },
        )
}

type Model = BTreeMap<(String, i64, u64, u32), Event>;

fn everything(schema: &Schema) -> TierQuery {
    TierQuery {
        limit: usize::MAX,
        newest: true,
        event_types: Vec::new(),
        time: TimeRange::ALL,
        visible: u64::MAX,
        asked: vec![true; schema.fields().len()],
        sequences: true,
    }
}

/// What a generation gives, as the model's values; panics where columns differ in length.
fn read(generation: &Generation, schema: &Schema, user: &str, query: &TierQuery) -> Vec<Found> {
    use crate::types::Column;
    let mut out = Columns::for_schema(schema);
    generation.history(user, query, &mut out).unwrap();
    let text = |field: usize, code: u32| {
        let dictionary = generation.dictionary(field).unwrap();
        (code != 0).then(|| dictionary.get(code).unwrap().to_owned())
    };
    let string = |field: usize, row: usize| match &out.fields[field] {
        Column::Strings(codes) => {
            assert_eq!(codes.len(), out.rows());
            text(field, codes[row])
        }
        _ => panic!("field {field} holds no strings"),
    };
    let number = |field: usize, row: usize| match &out.fields[field] {
        Column::Numbers(numbers) => {
            assert_eq!(numbers.bits.len(), out.rows());
            numbers.get(row)
        }
        _ => panic!("field {field} holds no numbers"),
    };
    let list = |field: usize, row: usize| match &out.fields[field] {
        Column::Lists(lists) => {
            assert_eq!(lists.ends.len(), out.rows());
            let items = lists.get(row).iter().map(|code| text(field, *code));
            items.map(Option::unwrap).collect()
        }
        _ => panic!("field {field} holds no lists"),
    };
    (0..out.rows())
        .map(|row| Found {
            timestamp: out.timestamps[row],
            sequence: out.sequences[row],
            event: Event {
                item: string(1, row).unwrap(),
                event_type: string(3, row).unwrap(),
                value: number(4, row).map(f32_of_bits),
                location: string(5, row),
                session: number(6, row).map(Cell::i64_of_bits),
                impression: list(7, row),
            },
        })
        .collect()
}

#[derive(Debug, PartialEq)]
struct Found {
    timestamp: i64,
    sequence: u64,
    event: Event,
}

fn expected(model: &Model, user: &str, query: &TierQuery) -> Vec<Found> {
    let wanted = |event: &Event| {
        query.event_types.is_empty()
            || (query.event_types.iter()).any(|t| t.eq_ignore_ascii_case(&event.event_type))
    };
    let mut found: Vec<Found> = model
        .iter()
        .filter(|((of, timestamp, sequence, _), event)| {
            of == user
                && query.time.contains(*timestamp)
                && *sequence <= query.visible
                && wanted(event)
        })
        .map(|((_, timestamp, sequence, _), event)| Found {
            timestamp: *timestamp,
            sequence: *sequence,
            event: event.clone(),
        })
        .collect();
    match query.newest {
        true => drop(found.drain(..found.len().saturating_sub(query.limit))),
        false => found.truncate(query.limit),
    }
    found
}

fn query(schema: &Schema) -> impl Strategy<Value = TierQuery> + use<> {
    let everything = everything(schema);
    (
        prop_oneof![Just(usize::MAX), 0_usize..8],
        any::<bool>(),
        prop::sample::subsequence(vec!["View", "purchase", "none"], 0..3),
        prop_oneof![Just(None), (-3_i64..8).prop_map(Some)],
        prop_oneof![Just(None), (-3_i64..8).prop_map(Some)],
        prop_oneof![Just(u64::MAX), 0_u64..40],
    )
        .prop_map(
            move |(limit, newest, event_types, since, until, visible)| TierQuery {
                limit,
                newest,
                event_types: event_types.into_iter().map(str::to_owned).collect(),
                time: TimeRange::new(since, until),
                visible,
                ..everything.clone()
            },
        )
}

fn commits() -> impl Strategy<Value = Vec<Vec<(String, i64, Event)>>> {
    let user = prop::sample::select(vec!["u", "v", "w\0", "ü"]).prop_map(str::to_owned);
    let row = (user, -2_i64..6, event());
    prop::collection::vec(prop::collection::vec(row, 1..4), 1..40)
}

/// Writes commits numbered from 1 and gives what should then be there.
fn write(tier: &Tier, generation: &Generation, commits: &[Vec<(String, i64, Event)>]) -> Model {
    let mut model = Model::new();
    for (sequence, rows) in (1..).zip(commits) {
        append(tier, generation, rows, sequence);
        for (index, (user, timestamp, event)) in (0..).zip(rows) {
            model.insert((user.clone(), *timestamp, sequence, index), event.clone());
        }
    }
    model
}

fn append(tier: &Tier, generation: &Generation, rows: &[(String, i64, Event)], sequence: u64) {
    // Rows borrow their cells from a frame each, so a commit is built by nesting the frames.
    fn nest<'a>(
        rest: &'a [(String, i64, Event)],
        collected: &mut Vec<Row<'_>>,
        act: &mut dyn FnMut(&[Row<'_>]),
    ) {
        match rest.split_first() {
            None => act(collected),
            Some(((user, timestamp, event), rest)) => event.with_row(user, *timestamp, |row| {
                let mut collected: Vec<Row<'_>> = collected.clone();
                collected.push(*row);
                nest(rest, &mut collected, act);
            }),
        }
    }
    nest(rows, &mut Vec::new(), &mut |rows| {
        tier.append(generation, rows, sequence).unwrap();
    });
}

fn assert_holds(generation: &Generation, schema: &Schema, model: &Model) {
    let all = everything(schema);
    let mut users: Vec<&str> = model.keys().map(|(user, ..)| user.as_str()).collect();
    users.dedup();
    let found = generation.users(&UserRange::default());
    assert_eq!(found.iter().map(|user| &**user).collect::<Vec<_>>(), users);
    for user in users {
        assert!(generation.contains(user));
        let found = read(generation, schema, user, &all);
        assert_eq!(found, expected(model, user, &all));
    }
    assert_eq!(generation.rows(), model.len() as u64);
    let keys = || model.keys();
    let sequences = keys()
        .map(|key| key.2)
        .min()
        .zip(keys().map(|key| key.2).max());
    let timestamps = keys()
        .map(|key| key.1)
        .min()
        .zip(keys().map(|key| key.1).max());
    assert_eq!(generation.sequences(), sequences);
    assert_eq!(generation.timestamps(), timestamps);
}

fn memory_tier() -> (Arc<MemoryLog>, Tier) {
    let log = Arc::new(MemoryLog::default());
    let tier = Tier::open(Arc::<MemoryLog>::clone(&log), full_schema());
    (log, tier)
}

fn event_of(item: &str) -> Event {
    Event {
        item: item.to_owned(),
        event_type: "view".to_owned(),
        value: Some(1.5),
        location: None,
        session: None,
        impression: vec!["i8".to_owned(), "i9".to_owned()],
    }
}

fn numbered(count: usize) -> Vec<Vec<(String, i64, Event)>> {
    (0..count)
        .map(|at| {
            vec![(
                format!("u{}", at % 5),
                at as i64,
                event_of(&format!("i{at}")),
            )]
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_generation_answers_as_a_sorted_map(
        commits in commits(),
        queries in prop::collection::vec(query(&full_schema()), 1..20),
    ) {
        let schema = full_schema();
        let (_, tier) = memory_tier();
        let generation = tier.begin(1).unwrap();
        let model = write(&tier, &generation, &commits);
        assert_holds(&generation, &schema, &model);
        for query in &queries {
            for user in ["u", "v", "w\0", "ü", "nobody"] {
                let want = expected(&model, user, query);
                prop_assert_eq!(read(&generation, &schema, user, query), want);

                let unlimited = TierQuery { limit: usize::MAX, time: TimeRange::ALL, ..query.clone() };
                let mut seen = Vec::new();
                generation
                    .seen_items(user, &query.event_types, query.visible, &mut |item| seen.push(item.to_owned()))
                    .unwrap();
                let want: Vec<String> =
                    expected(&model, user, &unlimited).into_iter().map(|found| found.event.item).collect();
                prop_assert_eq!(seen, want);
            }
        }
        assert_holds(&tier.recover(1).unwrap(), &schema, &model);
    }

    #[test]
    fn a_crash_leaves_a_prefix_with_all_that_was_synced(
        commits in commits(),
        synced in 0_usize..40,
        kept in 0_u64..40,
    ) {
        let schema = full_schema();
        let (log, tier) = memory_tier();
        let generation = tier.begin(1).unwrap();
        let synced = synced.min(commits.len());
        let mut model = write(&tier, &generation, &commits[..synced]);
        tier.sync().unwrap();
        for (sequence, rows) in (synced as u64 + 1..).zip(&commits[synced..]) {
            append(&tier, &generation, rows, sequence);
        }
        let mut unsynced = 0;
        log.crash(|appends| { unsynced = appends; kept });
        prop_assert_eq!(unsynced as usize, commits.len() - synced);
        let survived = (synced as u64 + kept).min(commits.len() as u64);
        for (sequence, rows) in (1..=survived).zip(&commits) {
            for (index, (user, timestamp, event)) in (0..).zip(rows) {
                model.insert((user.clone(), *timestamp, sequence, index), event.clone());
            }
        }
        let reopened = Tier::open(log, Arc::clone(&schema));
        assert_holds(&reopened.recover(1).unwrap(), &schema, &model);
    }
}

#[test]
fn columns_that_are_not_asked_for_stay_as_they_are() {
    let schema = full_schema();
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(10));
    let mut query = everything(&schema);
    query.asked = vec![false; schema.fields().len()];
    query.asked[1] = true;
    query.sequences = false;
    let mut out = Columns::for_schema(&schema);
    generation.history("u1", &query, &mut out).unwrap();
    generation.history("u2", &query, &mut out).unwrap();
    assert_eq!(out.timestamps, [1, 6, 2, 7]);
    assert_eq!(
        out.fields[1],
        crate::types::Column::Strings(vec![3 + 1, 8 + 1, 5, 10])
    );
    let untouched = Columns::for_schema(&schema);
    assert_eq!(out.fields[2..], untouched.fields[2..]);
    assert!(out.sequences.is_empty() && out.users.is_empty());
}

#[test]
fn without_event_types_a_filter_by_them_matches_nothing() {
    let schema = Arc::new(schema(&[]));
    let generation = Generation::new(1, Arc::clone(&schema));
    let row = Row {
        user: "u",
        timestamp: 1,
        cells: &[Cell::Null, Cell::Text("i"), Cell::Null],
    };
    generation.insert(&row, 1, 0).unwrap();
    let mut query = everything(&schema);
    query.event_types = vec!["view".to_owned()];
    let mut out = Columns::for_schema(&schema);
    generation.history("u", &query, &mut out).unwrap();
    assert_eq!(out.rows(), 0);
    query.event_types.clear();
    generation.history("u", &query, &mut out).unwrap();
    assert_eq!(out.rows(), 1);
}

#[test]
fn memory_grows_with_what_is_held() {
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let empty = generation.memory_bytes();
    let rows = 1000;
    write(&tier, &generation, &numbered(rows));
    let bytes = generation.memory_bytes() - empty;
    assert!((100 * rows..1000 * rows).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_row_that_does_not_fit_is_refused_before_anything_is_written() {
    let (log, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let good = [Cell::Null, Cell::Text("i"), Cell::Null, Cell::Text("view")];
    let bad = [Cell::Null, Cell::Bits(1), Cell::Null, Cell::Text("view")];
    let row = |cells| Row {
        user: "u",
        timestamp: 1,
        cells,
    };
    let error = tier
        .append(&generation, &[row(&good), row(&bad)], 1)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(generation.rows(), 0);
    assert_eq!(log.written().payload_bytes, 0);

    log.set_failing(true);
    let error = tier.append(&generation, &[row(&good)], 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(generation.rows(), 0);
}

#[test]
fn damage_names_the_generation_and_the_key() {
    let (log, tier) = memory_tier();
    tier.begin(7).unwrap();
    let mut entries = super::Entries::default();
    entries
        .push(
            |out| super::key::encode("broken", 1, 1, 0, out),
            |out| {
                out.extend_from_slice(b"\x01\xff");
                Ok(())
            },
        )
        .unwrap();
    log.append(7, &entries).unwrap();
    let error = tier.verify().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(
        error.message().contains("generation 7, key broken"),
        "{error}"
    );
}

#[test]
fn rocksdb_gives_back_what_was_written_after_reopening() {
    let schema = full_schema();
    let folder = tempfile::tempdir().unwrap();
    let mut model = Model::new();
    for round in 0..3 {
        let log = Arc::new(RocksLog::open(folder.path(), GENERATION_BYTES).unwrap());
        let tier = Tier::open(log, Arc::clone(&schema));
        let generation = match round {
            0 => tier.begin(4).unwrap(),
            _ => tier.recover(4).unwrap(),
        };
        assert_eq!(tier.generations().unwrap(), [4]);
        assert_holds(&generation, &schema, &model);
        for (sequence, rows) in (round * 50 + 1..).zip(&numbered(50)) {
            append(&tier, &generation, rows, sequence);
            let (user, timestamp, event) = &rows[0];
            model.insert((user.clone(), *timestamp, sequence, 0), event.clone());
        }
        tier.verify().unwrap();
        assert_holds(&generation, &schema, &model);
    }
}

#[test]
fn rocksdb_drops_a_generation_and_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(RocksLog::open(folder.path(), GENERATION_BYTES).unwrap());
    let tier = Tier::open(log, full_schema());
    let first = tier.begin(1).unwrap();
    write(&tier, &first, &numbered(3000));
    let logs = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
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
    let folder = tempfile::tempdir().unwrap();
    let _first = RocksLog::open(folder.path(), GENERATION_BYTES).unwrap();
    let error = RocksLog::open(folder.path(), GENERATION_BYTES)
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
}

#[test]
fn a_secondary_reads_while_the_primary_writes() {
    let schema = full_schema();
    let folder = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let missing = RocksLog::open_secondary(folder.path(), scratch.path());
    assert_eq!(missing.err().unwrap().kind(), ErrorKind::NotFound);

    let log = Arc::new(RocksLog::open(folder.path(), GENERATION_BYTES).unwrap());
    let tier = Tier::open(log, Arc::clone(&schema));
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(500));
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
            let log = RocksLog::open_secondary(folder.path(), scratch.path()).unwrap();
            let reader = Tier::open(Arc::new(log), Arc::clone(&schema));
            let found = reader.recover(1).unwrap();
            let (_, last) = found.sequences().unwrap();
            assert!(last >= 500);
            assert_eq!(found.rows(), last);
            let refused = reader.begin(99).err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::Unsupported);
        }
    });
}

#[test]
fn readers_and_the_writer_do_not_wait_for_a_wrong_answer() {
    let schema = full_schema();
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let commits = numbered(4000);
    let visible = std::sync::atomic::AtomicU64::new(0);
    use std::sync::atomic::Ordering::{Acquire, Release};
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (sequence, rows) in (1..).zip(&commits) {
                append(&tier, &generation, rows, sequence);
                visible.store(sequence, Release);
            }
        });
        let mut query = everything(&schema);
        while !writer.is_finished() {
            query.visible = visible.load(Acquire);
            let counts = (0..5).map(|user| {
                let found = read(&generation, &schema, &format!("u{user}"), &query);
                found.len() as u64
            });
            assert_eq!(counts.sum::<u64>(), query.visible);
        }
    });
}
