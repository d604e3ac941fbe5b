//! The command `annals-sql`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::data::{Held, Row, rows, store_of};

fn run(store: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annals-sql"))
        .arg(store)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn one_row() -> Vec<Row> {
    let mut rows = rows(1, 30);
    rows[0].user = "ada".to_owned();
    rows[0].item = "tea".to_owned();
    rows[0].time = 60;
    rows[0].device = None;
    rows[0].impression = vec!["tea".to_owned(), "cake".to_owned()];
    rows
}

const SELECT: &str = "SELECT user_id, item_id, timestamp, device, impression FROM interactions";

#[test]
fn results_come_in_each_format() {
    let stored = store_of(&one_row(), Held::Compacted);
    let of = |format: &str| out(&run(&stored.path(), &[SELECT, "--format", format]));
    assert_eq!(
        of("csv"),
        "user_id,item_id,timestamp,device,impression\nada,tea,60,,tea|cake\n"
    );
    let object = r#"{"user_id":"ada","item_id":"tea","timestamp":60,"impression":["tea","cake"]}"#;
    assert_eq!(of("json"), format!("[{object}]\n"));
    assert_eq!(of("jsonl"), format!("{object}\n"));
    let table = of("table");
    assert!(
        table.contains("| ada     | tea     | 60        | NULL   | [tea, cake] |"),
        "{table}"
    );
    assert!(table.ends_with("1 row\n"), "{table}");
}

#[test]
fn results_without_rows_have_a_header() {
    let stored = store_of(&one_row(), Held::Compacted);
    let sql = "SELECT user_id, timestamp FROM interactions WHERE user_id = 'nobody'";
    let of = |format: &str| out(&run(&stored.path(), &[sql, "--format", format]));
    assert_eq!(of("csv"), "user_id,timestamp\n");
    assert_eq!(of("json"), "[]\n");
    assert_eq!(of("jsonl"), "");
    assert!(of("table").ends_with("0 rows\n"));
}

#[test]
fn a_parquet_file_has_plain_strings_and_is_whole() {
    let rows = rows(500, 31);
    let stored = store_of(&rows, Held::Mixed);
    let file = stored.folder.path().join("out.parquet");
    let path = file.to_str().unwrap();
    out(&run(
        &stored.path(),
        &[
            "SELECT * FROM interactions",
            "--format",
            "parquet",
            "--output",
            path,
        ],
    ));
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
        std::fs::File::open(&file).unwrap(),
    );
    let reader = reader.unwrap();
    assert_eq!(reader.schema().field(0).data_type().to_string(), "Utf8");
    let read: usize = reader
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(read, rows.len());
    // A query that fails leaves the file as it was, and nothing beside it.
    let before = std::fs::read(&file).unwrap();
    let failing = "SELECT 1 / (timestamp - timestamp) AS x FROM interactions";
    let failed = run(
        &stored.path(),
        &[failing, "--format", "parquet", "--output", path],
    );
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let names = std::fs::read_dir(stored.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names
        .filter(|name| name.to_string_lossy().contains("part"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn explain_shows_the_plan_and_runs_nothing() {
    let stored = store_of(&one_row(), Held::Compacted);
    let plan = out(&run(
        &stored.path(),
        &[
            "SELECT item_id FROM interactions WHERE user_id = 'ada'",
            "--explain",
        ],
    ));
    assert!(plan.contains(r#"users=["ada"]"#), "{plan}");
}

#[test]
fn exit_codes_and_messages_say_what_is_wrong() {
    let stored = store_of(&one_row(), Held::Compacted);
    let store = stored.path();
    let missing = stored.folder.path().join("none");
    let cases: [(&Path, &[&str], i32, &str); 7] = [
        (&store, &["SELECT 1", "--format", "xml"], 2, "--format"),
        (&store, &["SELECT 1", "--threads", "0"], 2, "at least 1"),
        (
            &store,
            &["SELECT 1; SELECT 2", "--output", "x.csv"],
            2,
            "one statement",
        ),
        (&missing, &["SELECT 1"], 1, "none"),
        (
            &store,
            &["SELECT\n  item FROM interactions"],
            3,
            "line 2, column 3",
        ),
        (
            &store,
            &["SELECT item_id FROM interactions WHERE"],
            3,
            "EOF",
        ),
        (
            &store,
            &["SELECT * FROM history(1)"],
            3,
            "history takes a user's id",
        ),
    ];
    for (store, arguments, code, part) in cases {
        let output = run(store, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(
            said.starts_with("annals-sql: ") && said.contains(part),
            "{arguments:?}: {said}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn statements_come_from_standard_input_and_files() {
    let stored = store_of(&one_row(), Held::Compacted);
    let sql = "CREATE VIEW mine AS SELECT item_id FROM history('ada', 5); SELECT * FROM mine;";
    let mut child = Command::new(env!("CARGO_BIN_EXE_annals-sql"));
    let child = child
        .arg(stored.path())
        .args(["--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(out(&output), "item_id\ntea\n");
    let file = stored.folder.path().join("mine.sql");
    std::fs::write(&file, "SELECT count(*) AS n FROM interactions").unwrap();
    assert_eq!(
        out(&run(
            &stored.path(),
            &["--file", file.to_str().unwrap(), "--format", "csv"]
        )),
        "n\n1\n"
    );
}
