//! Files of an export, read back by the libraries of their forms.

use std::sync::Arc;

use annals::export::{ArrowStrings, Export, Form, FormOptions, Layout, Selection};
use annals::{Durability, ErrorKind, Store};
use arrow_array::{Array, RecordBatch};

use super::model::{exported, written};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

fn store(folder: &std::path::Path) -> Store {
    let store = create(&folder.join("store"), quiet());
    let records: Vec<Record> = (0..500)
        .map(|number| {
            Record::numbered(
                ["ada", "ben"][number as usize % 2],
                number as i64 / 7,
                number,
            )
        })
        .collect();
    store
        .write(batch(&records[..300]), Durability::Buffered)
        .unwrap();
    store.flush().unwrap();
    store
        .write(batch(&records[300..]), Durability::Buffered)
        .unwrap();
    store
}

fn layouts() -> [Layout; 4] {
    [
        Layout::Rows,
        Layout::Sequences {
            max_length: None,
            min_length: 0,
        },
        Layout::Examples(annals::export::Examples::default().history(3)),
        Layout::Impressions,
    ]
}

/// Batches as JSON lines, without looking at how strings are kept.
fn lines(batches: &[RecordBatch]) -> Vec<serde_json::Value> {
    let mut text = Vec::new();
    for batch in batches {
        let mut writer = Form::Jsonl
            .writer(&mut text, &batch.schema(), &FormOptions::default())
            .unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    }
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn options(layout: &Layout, threads: usize) -> FormOptions {
    let mut options = FormOptions::default();
    options.layout = layout.clone();
    options.sorted = *layout == Layout::Rows;
    options.threads = threads;
    options.row_group_rows = Some(200);
    options
}

fn of_layout(store: &Store, layout: &Layout) -> Export {
    store.export().layout(layout.clone())
}

#[test]
fn arrow_files_and_streams_hold_what_was_taken() {
    use arrow_ipc::reader::{FileReader, StreamReader};
    let folder = folder();
    let store = store(folder.path());
    for layout in layouts() {
        let export = of_layout(&store, &layout);
        let (want, _) = exported(&export);
        let want: Vec<_> = want.into_iter().map(|(_, json)| json).collect();
        let file = written(&export, Form::Arrow, &options(&layout, 1));
        let read = FileReader::try_new(std::io::Cursor::new(file), None).unwrap();
        assert_eq!(lines(&read.map(Result::unwrap).collect::<Vec<_>>()), want);
        let stream = written(&export, Form::Arrows, &options(&layout, 1));
        let read = StreamReader::try_new(&stream[..], None).unwrap();
        assert_eq!(lines(&read.map(Result::unwrap).collect::<Vec<_>>()), want);
        // Dictionaries, replaced from batch to batch.
        let export = export.strings(ArrowStrings::Dictionary);
        let stream = written(&export, Form::Arrows, &options(&layout, 1));
        let read = StreamReader::try_new(&stream[..], None).unwrap();
        let rows: usize = read.map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, want.len());
    }
    let error = Form::Arrow
        .strings(Some(ArrowStrings::Dictionary))
        .unwrap_err();
    assert!(error.message().contains("write arrows"), "{error}");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files_hold_what_was_taken_and_say_what_is_sorted() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::Compression;
    let folder = folder();
    let store = store(folder.path());
    for layout in layouts() {
        for threads in [1, 3] {
            let export = of_layout(&store, &layout);
            let (want, _) = exported(&export);
            let file = written(&export, Form::Parquet, &options(&layout, threads));
            let file = bytes::Bytes::from(file);
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            let metadata = builder.metadata().clone();
            let groups = want.len().div_ceil(200);
            assert_eq!(metadata.num_row_groups(), groups);
            let sorted = metadata.row_group(0).sorting_columns();
            let columns: Option<Vec<i32>> =
                sorted.map(|sorted| sorted.iter().map(|column| column.column_idx).collect());
            assert_eq!(columns, (layout == Layout::Rows).then(|| vec![0, 2]));
            for column in metadata.row_group(0).columns() {
                assert!(matches!(column.compression(), Compression::ZSTD(_)));
                assert!(column.column_index_offset().is_some());
            }
            let read: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
            let want: Vec<_> = want.into_iter().map(|(_, json)| json).collect();
            assert_eq!(lines(&read), want);
        }
    }
}

#[test]
fn csv_is_what_an_import_reads_back() {
    let folder = folder();
    let store = store(folder.path());
    let csv = written(&store.export(), Form::Csv, &options(&Layout::Rows, 1));
    let mut plain = Vec::new();
    let scan = store.scan(&annals::ScanQuery::default()).unwrap();
    let asked = scan.asked().to_vec();
    let mut export = annals::export::CsvExport::new(&mut plain, store.schema(), &asked).unwrap();
    export.write_scan(&mut { scan }, &mut |_| {}).unwrap();
    export.finish().unwrap();
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        String::from_utf8(plain).unwrap()
    );
}

#[test]
fn recbole_gets_times_that_it_keeps() {
    let folder = folder();
    let store = create(&folder.path().join("store"), quiet());
    let mut records = vec![
        Record::new("a\"b", "i 1", 1_700_000_000),
        Record::new("a\"b", "i2", 1_700_000_060),
        Record::new("ben", "i2", 1_700_000_000),
    ];
    store.write(batch(&records), Durability::Buffered).unwrap();
    let selection = Selection::default().columns(["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]);
    let text = |selection: &Selection| {
        let export = store.export().selection(selection.clone()).with_times();
        let times = export.batches().unwrap().times();
        let mut options = FormOptions::default();
        options.times = times;
        String::from_utf8(written(&export, Form::Inter, &options)).unwrap()
    };
    let header = "user_id:token\titem_id:token\ttimestamp:float\tevent_type:token\n";
    assert_eq!(
        text(&selection),
        format!("{header}\"a\"\"b\"\ti 1\t0\tview\n\"a\"\"b\"\ti2\t60\tview\nben\ti2\t0\tview\n")
    );
    // Farther apart than seconds are exact in 32 bits.
    records = vec![
        Record::new("a\"b", "i3", 1_800_000_000),
        Record::new("a\"b", "i4", 1_800_000_000),
    ];
    store.write(batch(&records), Durability::Buffered).unwrap();
    assert_eq!(
        text(&selection),
        format!(
            "{header}\"a\"\"b\"\ti 1\t0\tview\n\"a\"\"b\"\ti2\t1\tview\n\"a\"\"b\"\ti3\t2\tview\n\"a\"\"b\"\ti4\t2\tview\n\
             ben\ti2\t0\tview\n"
        )
    );
}

#[test]
fn what_recbole_would_change_is_refused() {
    let folder = folder();
    let refused = |name: &str, record: Record| {
        let store = create(&folder.path().join(name), quiet());
        store
            .write(
                batch(&[Record::new("a", "b", 1), record]),
                Durability::Buffered,
            )
            .unwrap();
        let selection = match name {
            "null" => Selection::default().without(["LOCATION", "SESSION", "PRICE", "MEMBER"]),
            "space" => Selection::default().columns(["USER_ID", "ITEM_ID", "IMPRESSION"]),
            _ => Selection::default().columns(["USER_ID", "ITEM_ID"]),
        };
        let export = store.export().selection(selection);
        let mut batches = export.batches().unwrap();
        let schema = batches.schema().clone();
        let mut out = Vec::new();
        let mut writer = Form::Inter
            .writer(&mut out, &schema, &FormOptions::default())
            .unwrap();
        let error = batches.find_map(|batch| writer.write(&batch.unwrap().batch).err());
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    };
    let missing = refused("missing", Record::new("NA", "b", 2));
    assert!(
        missing.contains("USER_ID") && missing.contains("\"NA\""),
        "{missing}"
    );
    let null = refused("null", Record::new("c", "b", 2));
    assert!(null.contains("EVENT_VALUE: line 2: no number"), "{null}");
    let spaced = Record {
        impression: vec!["a b".to_owned()],
        ..Record::new("0", "b", 2)
    };
    let space = refused("space", spaced);
    assert!(
        space.contains("IMPRESSION") && space.contains("holds a space"),
        "{space}"
    );
    let mut options = FormOptions::default();
    options.layout = Layout::Impressions;
    let schema = Arc::new(arrow_schema::Schema::empty());
    let writer = Form::Inter.writer(Vec::new(), &schema, &options);
    assert!(writer.is_err());
}

#[test]
fn views_and_dictionaries_have_the_same_values() {
    let folder = folder();
    let store = store(folder.path());
    let values = |strings| {
        let batches = store
            .export()
            .strings(strings)
            .threads(2)
            .batches()
            .unwrap();
        let batches = batches.map(|batch| batch.unwrap().batch);
        let items = batches.map(|batch| {
            let items = batch.column_by_name("ITEM_ID").unwrap().clone();
            arrow_text(&items)
        });
        items.flatten().collect::<Vec<String>>()
    };
    let plain = values(ArrowStrings::Plain);
    assert_eq!(plain.len(), 500);
    assert_eq!(values(ArrowStrings::View), plain);
    assert_eq!(values(ArrowStrings::Dictionary), plain);
}

fn arrow_text(array: &arrow_array::ArrayRef) -> Vec<String> {
    use arrow_array::cast::AsArray;
    match array.data_type() {
        arrow_schema::DataType::Utf8 => array
            .as_string::<i32>()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect(),
        arrow_schema::DataType::Utf8View => array
            .as_string_view()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect(),
        _ => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values().as_string::<i32>();
            let keys = dictionary.normalized_keys();
            keys.into_iter()
                .map(|key| values.value(key).to_owned())
                .collect()
        }
    }
}
