//! Parquet files as a source of imports.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray, types::Int32Type,
};
use parquet::arrow::ArrowWriter;

use crate::support::{Folder, HEADER};

fn write(folder: &Folder, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let file = File::create(folder.path(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn rows() -> Vec<(&'static str, ArrayRef)> {
    let mut shown = ListBuilder::new(StringBuilder::new());
    shown.append_value([Some("a"), Some("b")]);
    shown.append_null();
    shown.append_value([Some("c,\"d")]);
    let kinds: DictionaryArray<Int32Type> = vec![Some("view"), Some("buy"), Some("view")]
        .into_iter()
        .collect();
    vec![
        ("uid", Arc::new(Int64Array::from(vec![2, 1, 1])) as ArrayRef),
        ("sku", Arc::new(StringArray::from(vec!["i\n1", "j", "k"]))),
        (
            "at",
            Arc::new(
                TimestampMillisecondArray::from(vec![10_999, 20_000, 30_500]).with_timezone("UTC"),
            ),
        ),
        ("kind", Arc::new(kinds)),
        (
            "stars",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(3.0)])),
        ),
        (
            "seen",
            Arc::new(BooleanArray::from(vec![true, false, true])),
        ),
        ("shown", Arc::new(shown.finish())),
    ]
}

const MAP: &str = "USER_ID=uid,ITEM_ID=sku,TIMESTAMP=at,EVENT_TYPE=kind,EVENT_VALUE=stars,DEVICE=seen,IMPRESSION=shown";
const EXPECTED: &str =
    "1,j,20,buy,,false,\n1,k,30,view,3.0,true,\"c,\"\"d\"\n2,\"i\n1\",10,view,1.5,true,a|b\n";

#[test]
fn columns_of_every_type_are_taken() {
    let folder = Folder::with_store();
    write(&folder, "rows.parquet", rows());
    folder
        .run(&["import", "store", "rows.parquet", "--map", MAP])
        .ok();
    assert_eq!(folder.exported("store"), format!("{HEADER}{EXPECTED}"));
    let folder = Folder::with_store();
    write(&folder, "rows.parquet", rows());
    let bytes = std::fs::read(folder.path("rows.parquet")).unwrap();
    folder
        .run_with(&["import", "store", "-", "--map", MAP], bytes)
        .ok();
    assert_eq!(folder.exported("store"), format!("{HEADER}{EXPECTED}"));
}

#[test]
fn a_bad_row_is_named_by_its_number_and_can_be_corrected() {
    let folder = Folder::with_store();
    let mut columns = rows();
    columns[0].1 = Arc::new(Int64Array::from(vec![Some(2), None, Some(1)]));
    write(&folder, "rows.parquet", columns);
    let line = ["import", "store", "rows.parquet", "--map", MAP];
    let said = folder.run(&line).fails(3);
    assert!(
        said.contains("rows.parquet: row 2, column USER_ID: value \"\": "),
        "{said}"
    );
    folder
        .run(&[&line[..], &["--on-error", "skip"]].concat())
        .fails(3);
    let rejects = folder.read("rejects.csv");
    folder.write("rejects.csv", rejects.replace("\",j,", "\"1,j,"));
    folder
        .run(&["import", "store", "rejects.csv", "--map", MAP])
        .ok();
    assert_eq!(folder.exported("store"), format!("{HEADER}{EXPECTED}"));
}

#[test]
fn what_does_not_fit_is_said() {
    let folder = Folder::with_store();
    write(&folder, "rows.parquet", rows());
    let line = ["import", "store", "rows.parquet", "--map", MAP];
    let said = folder
        .run(&[&line[..], &["--time-unit", "ms"]].concat())
        .fails(3);
    assert!(said.contains("rows.parquet: field at: has times of the type Timestamp(ms, \"UTC\"), which tells their unit"), "{said}");
    let said = folder.run(&line[..3]).fails(3);
    assert!(
        said.contains("rows.parquet: the schema has no column \"uid\""),
        "{said}"
    );
    let bytes = std::fs::read(folder.path("rows.parquet")).unwrap();
    folder.write("cut.parquet", &bytes[..bytes.len() / 2]);
    let said = folder
        .run(&["import", "store", "cut.parquet", "--map", MAP])
        .fails(3);
    assert!(
        said.contains("cut.parquet: cannot be read as Parquet: "),
        "{said}"
    );
    assert_eq!(folder.exported("store"), HEADER);
}

#[test]
fn a_schema_is_inferred_of_columns() {
    let folder = Folder::new();
    write(&folder, "rows.parquet", rows());
    let said = folder.run(&["schema", "infer", "rows.parquet"]).fails(3);
    assert!(
        said.contains(
            "lacks USER_ID (it may be uid), ITEM_ID (it may be sku), TIMESTAMP (no column"
        ),
        "{said}"
    );
    let map = "USER_ID=uid,ITEM_ID=sku,TIMESTAMP=at,EVENT_TYPE=kind,STARS=stars,SEEN=seen";
    let schema = folder
        .run(&["schema", "infer", "rows.parquet", "--map", map])
        .ok();
    folder.write("schema.json", schema);
    folder
        .run(&["init", "store", "--schema", "schema.json"])
        .ok();
    folder
        .run(&["import", "store", "rows.parquet", "--map", map])
        .ok();
    assert!(
        folder
            .exported("store")
            .ends_with("2,\"i\n1\",10,view,1.5,true\n")
    );
}

/// Rows of several batches; the item of one of them holds what no id may.
fn many_rows(bad: Option<usize>) -> (Vec<(&'static str, ArrayRef)>, String) {
    let rows = 20_000;
    let items: Vec<String> = (0..rows)
        .map(|row| match Some(row) == bad {
            true => String::new(),
            false => format!("item, {}", row % 700),
        })
        .collect();
    let text: String = (0..rows)
        .map(|row| format!("u{},\"{}\",{},view\n", row % 313, items[row], row))
        .collect();
    let users = (0..rows).map(|row| Some(format!("u{}", row % 313)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("USER_ID", Arc::new(users.collect::<StringArray>())),
        (
            "ITEM_ID",
            Arc::new(items.into_iter().map(Some).collect::<StringArray>()),
        ),
        (
            "TIMESTAMP",
            Arc::new((0..rows as i64).collect::<Int64Array>()),
        ),
        (
            "EVENT_TYPE",
            Arc::new(StringArray::from(vec!["view"; rows])),
        ),
    ];
    (
        columns,
        format!("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n{text}"),
    )
}

#[test]
fn batches_give_what_the_same_rows_do_as_csv() {
    let folder = Folder::with_store();
    folder
        .run(&["init", "other", "--schema", "schema.json"])
        .ok();
    let map = ["--set", "DEVICE=phone"];
    for bad in [None, Some(0), Some(8_191), Some(8_192), Some(19_999)] {
        let (columns, text) = many_rows(bad);
        write(&folder, "rows.parquet", columns);
        folder.write("rows.csv", text);
        for (store, file) in [("store", "rows.parquet"), ("other", "rows.csv")] {
            let line = [
                &[
                    "import",
                    store,
                    file,
                    "--mode",
                    "full",
                    "--on-error",
                    "skip",
                ][..],
                &map[..],
            ]
            .concat();
            let run = folder.run(&line);
            match bad {
                Some(row) => {
                    run.fails(3);
                    let rejects = folder.read("rejects.csv");
                    let number = match file {
                        "rows.csv" => row + 2,
                        _ => row + 1,
                    };
                    assert!(
                        rejects.contains(&format!("{file},{number},ITEM_ID,")),
                        "{rejects}"
                    );
                    std::fs::remove_file(folder.path("rejects.csv")).unwrap();
                }
                None => drop(run.ok()),
            }
        }
        let rows = folder.exported("store");
        assert_eq!(rows, folder.exported("other"), "{bad:?}");
        assert_eq!(rows.lines().count(), 20_001 - usize::from(bad.is_some()));
    }
}
