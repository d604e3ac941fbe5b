//! Files that are read in blocks on several threads and go to a set: what comes out is what comes out row by row, and
//! what comes out of one store.

use std::fmt::Write;

use annals::columns::Row;
use annals::import::{CsvImport, ImportReport, OnError, RowSink};
use annals::shards::{ShardImport, ShardSet};
use annals::{ErrorKind, ImportMode, Limits, Result, ScanQuery, Store};

use super::names;
use crate::support::read::{self, Line};
use crate::support::{folder, quiet, schema};

const HEADER: &str = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,LOCATION,POSITION,\
                      SESSION,PRICE,MEMBER";
const SHARDS: usize = 3;

/// Hides that there are bulk imports behind it, so that rows come one by one.
struct OneByOne<'a>(&'a mut ShardImport);

impl RowSink for OneByOne<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.0.push_row(row)
    }
}

/// What an import said, and the rows that it left, by user.
#[derive(Debug, PartialEq)]
struct Outcome {
    report: std::result::Result<ImportReport, String>,
    rejects: String,
    lines: Vec<Line>,
}

/// Blocks of 64 KiB.
fn settings() -> annals::Settings {
    quiet().memory_budget_bytes(1 << 24).threads(3)
}

/// One column less than the schema has, and so four event types.
fn limits() -> Limits {
    Limits::personalize().max_metadata_fields_and_event_types(11)
}

fn read_csv(
    text: &str,
    skip: bool,
    validator: &annals::columns::Validator,
    sink: &mut impl RowSink,
) -> (std::result::Result<ImportReport, String>, String) {
    let mut rejects = Vec::new();
    let reader = CsvImport::new(validator).on_error(match skip {
        true => OnError::Skip(&mut rejects),
        false => OnError::Abort,
    });
    let report = reader.run_reader("rows.csv", text.as_bytes(), sink);
    let report = report.map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    });
    (report, String::from_utf8(rejects).unwrap())
}

fn of_store(text: &str, skip: bool) -> Outcome {
    let folder = folder();
    let store = Store::builder().settings(settings()).limits(limits());
    let store = store.create(folder.path(), &schema()).unwrap();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    let (report, rejects) = read_csv(text, skip, store.validator(), &mut import);
    import.commit().unwrap();
    let lines = read::scan(&store.snapshot(), &ScanQuery::default());
    Outcome {
        report,
        rejects,
        lines,
    }
}

fn of_set(text: &str, skip: bool, blocks: bool) -> Outcome {
    let folder = folder();
    let path = folder.path().join("set");
    let set = ShardSet::builder().settings(settings()).limits(limits());
    let set = set.create(&path, &schema(), SHARDS).unwrap();
    let mut import = set.import(ImportMode::Incremental).unwrap();
    let (report, rejects) = match blocks {
        true => read_csv(text, skip, set.validator(), &mut import),
        false => read_csv(text, skip, set.validator(), &mut OneByOne(&mut import)),
    };
    let rows = import.rows();
    let commits = import.commit().unwrap();
    let committed: u64 = commits.iter().map(|one| one.commit.rows).sum();
    assert_eq!(rows, committed);
    let stores = set.stores().unwrap();
    let lines = stores
        .iter()
        .flat_map(|store| read::scan(&store.snapshot(), &ScanQuery::default()));
    let mut lines: Vec<Line> = lines.collect();
    // Each shard has its users in order; rows of a user stay in theirs.
    lines.sort_by(|a, b| a[0].cmp(&b[0]));
    assert_eq!(lines.len() as u64, rows);
    Outcome {
        report,
        rejects,
        lines,
    }
}

/// Rows of some twenty blocks, many of a user at one time; `special` may give a line in place of that of a row.
fn text(special: impl Fn(u32) -> Option<&'static str>) -> String {
    let mut text = format!("{HEADER}\n");
    for row in 0..20_000 {
        if let Some(line) = special(row) {
            text += line;
        } else {
            let (user, item) = (row * 7919 % 300, row * 31 % 5000);
            let at = 1_700_000_000 + row * 17 % 5;
            let kind = ["view", "buy", "like"][row as usize % 3];
            let list = format!("i{}|i{}", row % 70, row % 80);
            let place = row % 9;
            write!(
                text,
                "u{user:03},i{item},{at},{kind},{}.5,{list},place {place},{row},,,true",
                row % 100
            )
            .unwrap();
        }
        text += "\n";
    }
    text
}

fn assert_equal(text: &str, skip: bool) -> Outcome {
    let one = of_store(text, skip);
    for blocks in [false, true] {
        let set = of_set(text, skip, blocks);
        assert_eq!(set.report, one.report, "in blocks: {blocks}");
        assert_eq!(set.rejects, one.rejects, "in blocks: {blocks}");
        assert!(set.lines == one.lines, "in blocks: {blocks}");
    }
    one
}

#[test]
fn sound_rows_are_those_of_one_store() {
    let outcome = assert_equal(&text(|_| None), false);
    assert_eq!(outcome.lines.len(), 20_000);
    assert_eq!(outcome.report.unwrap().rows, 20_000);
}

#[test]
fn bad_rows_are_told_and_left_out_as_by_one_store() {
    let bad = |row| match row {
        5_000 => Some("u001,i,-1,view,,,,1,,,"),
        5_001 => Some("u002,i,1,view,,,,1,,"),
        15_000 => Some("u003,i,1,view,,,\"open,1,,,"),
        15_001 => Some("\"u003\",\"two\nlines\",1,view,,,,1,,,"),
        _ => None,
    };
    let text = text(bad);
    let skipped = assert_equal(&text, true);
    let report = skipped.report.unwrap();
    assert_eq!((report.rows, report.rejected), (19_997, 3));
    assert_eq!(report.bytes, text.len() as u64);
    let aborted = assert_equal(&text, false);
    let error = aborted.report.unwrap_err();
    assert!(error.contains("line 5002, column TIMESTAMP"), "{error}");
    assert_eq!(aborted.lines.len(), 5_000);
}

/// One shard refuses an event type: of its block no other shard may have rows twice.
#[test]
fn a_block_with_too_many_event_types_is_read_row_by_row() {
    let line = |user: u32, kind| format!("u{user:03},i,1,{kind},,,,1,,,");
    let lines: Vec<[String; 2]> = (0..10)
        .map(|user| ["fourth", "fifth"].map(|kind| line(user, kind)))
        .collect();
    let lines: &'static [[String; 2]] = lines.leak();
    let many = |row: u32| {
        let [fourth, fifth] = lines.get(row as usize % 1000)?;
        match row {
            5_000..6_000 => Some(fourth.as_str()),
            _ => None,
        }
        // The shards refuse it in other blocks each.
        .or_else(|| (row >= 8_000 && row % 1000 == row / 1000 % 10).then_some(fifth.as_str()))
    };
    let text = text(many);
    let skipped = assert_equal(&text, true);
    let report = skipped.report.unwrap();
    assert_eq!((report.rows, report.rejected), (19_988, 12));
    let aborted = assert_equal(&text, false);
    let error = aborted.report.unwrap_err();
    assert!(error.contains("line 8010"), "{error}");
    assert_eq!(aborted.lines.len(), 8_008);
}

/// Rows of shards that are not open are counted and not checked, in blocks that are read twice, too.
#[test]
fn rows_of_other_shards_are_passed_over() {
    let folder = folder();
    let path = folder.path().join("set");
    let set = ShardSet::builder().settings(settings()).limits(limits());
    drop(set.create(&path, &schema(), SHARDS).unwrap());
    let text = text(|row| (row == 9_000).then_some("u002,i,-1,view,,,,1,,,"));
    let mut all = 0;
    for shard in 0..SHARDS {
        let counts = [false, true].map(|blocks| {
            let set = ShardSet::builder().settings(settings()).only([shard]);
            let set = set.open(&path).unwrap();
            let mut import = set.import_own(ImportMode::Full).unwrap();
            let (report, _) = match blocks {
                true => read_csv(&text, true, set.validator(), &mut import),
                false => read_csv(&text, true, set.validator(), &mut OneByOne(&mut import)),
            };
            let counts = (report.unwrap().rows, import.rows(), import.passed_over());
            import.commit().unwrap();
            counts
        });
        let [(rows, own, passed_over), in_blocks] = counts;
        assert_eq!(in_blocks, (rows, own, passed_over));
        assert_eq!((rows, own + passed_over), (19_999, 19_999));
        all += own;
    }
    assert_eq!(all, 19_999);
    let set = ShardSet::open_read_only(&path).unwrap();
    assert_eq!(set.snapshot().unwrap().content().unwrap().rows, 19_999);
}

/// What waits in the memory of one shard makes way for the merge of another.
#[test]
fn an_import_beyond_the_budget_is_that_of_one_store() {
    let folder = folder();
    let rows = text(|_| None);
    let widened = rows.lines().enumerate().map(|(number, line)| {
        let place = format!("{number:05}").repeat(100);
        line.replace("place ", &place) + "\n"
    });
    let rows: String = widened.collect();
    let path = folder.path().join("set");
    let set = ShardSet::builder().settings(settings().memory_budget_bytes(3 << 20));
    let set = set
        .limits(limits())
        .create(&path, &schema(), SHARDS)
        .unwrap();
    let mut import = set.import(ImportMode::Full).unwrap();
    read_csv(&rows, false, set.validator(), &mut import)
        .0
        .unwrap();
    let map = set.map().clone();
    let folder_of = |shard: usize| path.join(map.shard(shard).unwrap().folder());
    let spilled = |shard: usize| names(&folder_of(shard).join("temporary"));
    let before: Vec<usize> = (0..SHARDS).map(|shard| spilled(shard).len()).collect();
    assert!(before.iter().any(|runs| *runs > 0), "{before:?}");
    import.commit().unwrap();
    assert!((0..SHARDS).all(|shard| spilled(shard).is_empty()));
    let one = folder.path().join("one");
    let store = Store::builder().settings(settings()).limits(limits());
    let store = store.create(&one, &schema()).unwrap();
    let mut import = store.import(ImportMode::Full).unwrap();
    read_csv(&rows, false, store.validator(), &mut import)
        .0
        .unwrap();
    import.commit().unwrap();
    let content = set.snapshot().unwrap().content().unwrap();
    assert_eq!(content, store.snapshot().content().unwrap());
}
