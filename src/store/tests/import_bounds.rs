//! Imports of more than one run or segment takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fixture::Machine;
use super::identity::SCHEMA;
use crate::column::{Column, RowSizes};
use crate::model::{Cell, Result, Row, ScanQuery, Settings};
use crate::store::bulk::{BulkImport, ImportMode};
use crate::store::engine::Engine;

const ROWS: usize = 40_000;

/// More of everything than there is.
const ENOUGH: RowSizes = RowSizes {
    rows: usize::MAX,
    list_items: usize::MAX,
    text_bytes: usize::MAX,
};

fn open(machine: &Machine, most: RowSizes) -> Arc<Engine> {
    let settings = Settings {
        memory_budget_bytes: 1 << 30,
        max_runs: 1,
        background: false,
        ..Settings::default()
    };
    let mut engine = machine.open_with(settings).unwrap();
    Arc::get_mut(&mut engine).unwrap().most = most;
    engine
}

/// The row of a number: users in no order, items and impressions that hardly repeat.
fn with_row<T>(number: usize, give: impl FnOnce(&Row<'_>) -> T) -> T {
    let user = format!("user {}", number * 7919 % 1000);
    let item = format!("item {number}");
    let impression = format!("{item}|shown {number}");
    let cells = [
        Cell::Null,
        Cell::Text(&item),
        Cell::Null,
        Cell::Text(&impression),
        Cell::Null,
        Cell::Null,
    ];
    let timestamp = (number / 3) as i64;
    give(&Row {
        user: &user,
        timestamp,
        cells: &cells,
    })
}

fn import(engine: &Arc<Engine>, in_batches: bool) -> Result<()> {
    let mut import = BulkImport::new(engine.clone(), ImportMode::Incremental, 1 << 30)?;
    let mut batch = import.batch();
    for number in 0..ROWS {
        match in_batches {
            true => with_row(number, |row| batch.push_row(row))?,
            false => with_row(number, |row| import.push_row(row))?,
        }
        if batch.rows() == 3000 {
            import.append(&mut batch)?;
        }
    }
    import.append(&mut batch)?;
    assert_eq!(import.commit()?.rows, ROWS as u64);
    Ok(())
}

/// Each row's user, timestamp and impression, by item.
fn rows(engine: &Engine) -> BTreeMap<String, (String, i64, String)> {
    let mut rows = BTreeMap::new();
    for batch in engine.snapshot().scan(&ScanQuery::default()).unwrap() {
        let batch = batch.unwrap();
        let (Column::Strings(items), Column::Lists(lists)) = (&batch.fields[1], &batch.fields[3])
        else {
            panic!("items and impressions");
        };
        let (ids, names) = (
            batch.user_ids.clone().unwrap(),
            batch.dictionaries[1].clone().unwrap(),
        );
        let name = |code: &u32| names.get(*code).unwrap().to_owned();
        for (row, item) in items.iter().enumerate() {
            let shown: Vec<String> = lists.get(row).iter().map(name).collect();
            let user = ids.get(batch.users[row]).unwrap().to_owned();
            let row = (name(item), (user, batch.timestamps[row], shown.join("|")));
            rows.insert(row.0, row.1);
        }
    }
    rows
}

fn expected() -> BTreeMap<String, (String, i64, String)> {
    let row = |number| {
        with_row(number, |row| {
            let [_, Cell::Text(item), _, Cell::Text(shown), ..] = row.cells else {
                panic!("items and impressions");
            };
            let found = (row.user.to_owned(), row.timestamp, (*shown).to_owned());
            ((*item).to_owned(), found)
        })
    };
    (0..ROWS).map(row).collect()
}

#[test]
fn an_import_is_cut_before_32_bits_are_too_few() {
    let limits = [
        RowSizes {
            rows: 10_000,
            ..ENOUGH
        },
        RowSizes {
            list_items: 20_000,
            ..ENOUGH
        },
        RowSizes {
            text_bytes: 200_000,
            ..ENOUGH
        },
    ];
    for (most, in_batches) in limits.into_iter().zip([true, false, true]) {
        let machine = Machine::with_schema(SCHEMA);
        let engine = open(&machine, most);
        import(&engine, in_batches).unwrap();
        machine.assert_no_strays();
        assert!(rows(&engine) == expected());
        let version = engine.version.load_full();
        assert_eq!(version.runs.len(), 1);
        // Sixteen thousand rows come at a time.
        assert!(version.runs[0].segments.len() >= 3);
        assert!(engine.verify(&mut |_| {}).unwrap().is_sound());
        // A compaction goes by the same.
        import(&engine, !in_batches).unwrap();
        engine.compact().unwrap();
        assert!(rows(&engine) == expected());
        let version = engine.version.load_full();
        assert!(version.runs[0].segments.len() >= 5);
    }
}

#[test]
fn an_import_of_less_is_one_segment() {
    let machine = Machine::with_schema(SCHEMA);
    let engine = open(&machine, RowSizes::MOST);
    import(&engine, true).unwrap();
    assert_eq!(engine.version.load().segments().count(), 1);
}
