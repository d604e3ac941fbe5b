//! Runs that hold rows of the same users, more of them than are read at a time.

use std::ops::Range;

use annals::query::ScanOrder;
use annals::{Durability, ImportMode, ScanQuery, Snapshot, Store, TimeRange};

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

/// Rows of one user who has thousands, of one who has them now and then, and of many with few.
fn records(numbers: Range<u64>) -> Vec<Record> {
    let record = |number: u64| {
        let user = match number % 4 {
            0 => "user 1".to_owned(),
            1 if number % 9_000 < 5_000 => "user 25".to_owned(),
            _ => format!("user {}", number * 7919 % 301),
        };
        let mut record = Record::numbered(&user, (number * 31 % 5_003) as i64, number);
        record.location = Some(format!("place {}", number % 50));
        record
    };
    numbers.map(record).collect()
}

fn import(store: &Store, model: &mut Model, numbers: Range<u64>) {
    let records = records(numbers);
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for record in &records {
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    model.import(&records, ImportMode::Incremental);
}

fn assert_scans(model: &Model, snapshot: &Snapshot) {
    let all = ScanQuery::default();
    let asked = [
        all.clone().batch_rows(777),
        all.clone()
            .time(TimeRange::new(Some(1_000), Some(1_400)))
            .event_types(["purchase"]),
        all.order(ScanOrder::Any),
    ];
    for query in &asked {
        model.assert_scans(snapshot, query);
    }
}

#[test]
fn runs_and_the_hot_tier_are_merged_in_order() {
    let folder = folder();
    let mut model = Model::default();
    let store = create(folder.path(), quiet());
    for run in 0..3 {
        import(&store, &mut model, run * 9_000..(run + 1) * 9_000);
    }
    let written = records(27_000..32_000);
    for part in [&written[..3_000], &written[3_000..]] {
        store.write(batch(part), Durability::Buffered).unwrap();
        model.write(part);
    }
    assert_eq!(store.stats().unwrap().runs, 3);
    assert_scans(&model, &store.snapshot());
    store.compact().unwrap();
    assert_eq!(store.stats().unwrap().runs, 2);
    assert_scans(&model, &store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

/// Segments are cut while rows wait that were read ahead, and each begins new dictionaries.
#[test]
fn spilled_runs_are_merged_into_several_segments() {
    let folder = folder();
    let mut model = Model::default();
    let small = quiet().memory_budget_bytes(1 << 20);
    let store = create(folder.path(), small);
    import(&store, &mut model, 0..27_000);
    assert!(store.segments().len() > 2, "{}", store.segments().len());
    assert_scans(&model, &store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}
