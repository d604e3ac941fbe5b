//! Times of the hot paths: newest 100, filter of 500 candidates, scans, exports in memory, puts and import.
//!
//! `make bench BENCH_ARGS=history` runs those whose names hold `history`.

mod fixture;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use annals::export::{ArrowScan, ArrowStrings, Examples, Layout};
use annals::import::put_events_of_json;
use annals::{Deletion, Durability, ScanQuery, Store};
use divan::Bencher;
use divan::counter::ItemsCount;

use fixture::{Asker, NEWEST, Owned, Result};

const ROWS: u64 = 500_000;
const STRINGS: [ArrowStrings; 2] = [ArrowStrings::Plain, ArrowStrings::Dictionary];
/// Users that are deleted.
const DELETED: usize = 1000;
/// Rows that one timed import takes.
const IMPORTED: usize = 100_000;

static FIXTURE: OnceLock<Fixture> = OnceLock::new();

struct Fixture {
    store: Store,
    /// The same beside deletions of other users that no compaction has worked in.
    beside_deletions: Store,
    rows: Vec<Owned>,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rows = fixture::rows(ROWS)?;
    let store = fixture::create(&folder.path().join("read"))?;
    fixture::import(&store, &rows)?;
    let beside_deletions = fixture::create(&folder.path().join("deleted"))?;
    fixture::import(&beside_deletions, &rows)?;
    delete(&beside_deletions, &rows)?;
    let _ = FIXTURE.set(Fixture {
        store,
        beside_deletions,
        rows,
    });
    divan::main();
    Ok(())
}

/// Deletes users of whom nobody asks: those with few rows.
fn delete(store: &Store, rows: &[Owned]) -> Result<()> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let user = row.row(|row| row.user.to_owned());
        *counts.entry(user).or_default() += 1;
    }
    let few = counts.into_iter().filter(|(_, rows)| *rows < NEWEST);
    let few: Vec<String> = few.map(|(user, _)| user).take(DELETED).collect();
    if few.len() < DELETED {
        return Err("too few users with few rows".into());
    }
    for user in few {
        store.delete(&Deletion::user(user), Durability::Buffered)?;
    }
    Ok(())
}

/// Asks the fixture's store; counts `items` for each call.
fn ask(bencher: Bencher<'_, '_>, items: u64, call: impl Fn(&mut Asker) -> Result<usize>) {
    ask_of(bencher, items, |fixture| &fixture.store, call);
}

/// Asks the store beside deletions.
fn ask_beside(bencher: Bencher<'_, '_>, items: u64, call: impl Fn(&mut Asker) -> Result<usize>) {
    ask_of(bencher, items, |fixture| &fixture.beside_deletions, call);
}

fn ask_of(
    bencher: Bencher<'_, '_>,
    items: u64,
    store: impl Fn(&Fixture) -> &Store,
    call: impl Fn(&mut Asker) -> Result<usize>,
) {
    let Some(Ok(mut asker)) = FIXTURE.get().map(|fixture| Asker::new(store(fixture))) else {
        return;
    };
    bencher
        .counter(ItemsCount::new(items))
        .bench_local(|| call(&mut asker));
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn history_100(bencher: Bencher<'_, '_>) {
    ask(bencher, 1, Asker::history);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn history_100_view(bencher: Bencher<'_, '_>) {
    ask(bencher, 1, Asker::view);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn unseen_500(bencher: Bencher<'_, '_>) {
    ask(bencher, 1, Asker::unseen);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn filter_500(bencher: Bencher<'_, '_>) {
    ask(bencher, 1, |asker| asker.filter(false));
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn filter_500_all(bencher: Bencher<'_, '_>) {
    ask(bencher, 1, |asker| asker.filter(true));
}

#[divan::bench(sample_count = 20)]
fn scan_all(bencher: Bencher<'_, '_>) {
    ask(bencher, ROWS, |asker| asker.scan(true));
}

#[divan::bench(sample_count = 20)]
fn scan_user_item_time(bencher: Bencher<'_, '_>) {
    ask(bencher, ROWS, |asker| asker.scan(false));
}

/// Makes all records of an export in memory; counts interactions.
fn made(bencher: Bencher<'_, '_>, layout: &Layout, strings: ArrowStrings) {
    let Some(fixture) = FIXTURE.get() else { return };
    let export = fixture
        .store
        .export()
        .layout(layout.clone())
        .strings(strings);
    let export = export.without_digest();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut records = 0;
        for batch in export.batches()? {
            records += batch?.batch.num_rows();
        }
        annals::Result::Ok(records)
    });
}

#[divan::bench(sample_count = 10, sample_size = 1, args = STRINGS)]
fn scan_as_arrow(bencher: Bencher<'_, '_>, strings: &ArrowStrings) {
    let Some(fixture) = FIXTURE.get() else { return };
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut records = 0;
        let scan = fixture.store.scan(&ScanQuery::default())?;
        for batch in ArrowScan::new(scan).strings(*strings) {
            records += batch?.num_rows();
        }
        annals::Result::Ok(records)
    });
}

#[divan::bench(sample_count = 10, sample_size = 1, args = STRINGS)]
fn export_rows(bencher: Bencher<'_, '_>, strings: &ArrowStrings) {
    made(bencher, &Layout::Rows, *strings);
}

#[divan::bench(sample_count = 10, sample_size = 1, args = STRINGS)]
fn export_sequences(bencher: Bencher<'_, '_>, strings: &ArrowStrings) {
    let layout = Layout::Sequences {
        max_length: None,
        min_length: 0,
    };
    made(bencher, &layout, *strings);
}

#[divan::bench(sample_count = 3, sample_size = 1, args = STRINGS)]
fn export_examples(bencher: Bencher<'_, '_>, strings: &ArrowStrings) {
    made(bencher, &Layout::Examples(Examples::default()), *strings);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn history_100_beside_deletions(bencher: Bencher<'_, '_>) {
    ask_beside(bencher, 1, Asker::history);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn history_100_view_beside_deletions(bencher: Bencher<'_, '_>) {
    ask_beside(bencher, 1, Asker::view);
}

#[divan::bench(sample_count = 1000, sample_size = 16)]
fn unseen_500_beside_deletions(bencher: Bencher<'_, '_>) {
    ask_beside(bencher, 1, Asker::unseen);
}

#[divan::bench(sample_count = 20)]
fn scan_all_beside_deletions(bencher: Bencher<'_, '_>) {
    ask_beside(bencher, ROWS, |asker| asker.scan(true));
}

#[divan::bench(sample_count = 1000, args = [Durability::Buffered, Durability::Synced])]
fn put(bencher: Bencher<'_, '_>, durability: &Durability) {
    let Some((fixture, folder)) = FIXTURE.get().zip(tempfile::tempdir().ok()) else {
        return;
    };
    let Ok(store) = fixture::create(folder.path()) else {
        return;
    };
    let mut rows = fixture.rows.iter().cycle();
    bencher
        .counter(ItemsCount::new(1u64))
        .with_inputs(|| rows.next().map(Owned::interaction))
        .bench_local_values(|row| row.map(|row| store.write(row, *durability)));
}

/// A request of ten events in JSON, checked in full; counts events.
#[divan::bench(sample_count = 1000, sample_size = 16)]
fn check_request(bencher: Bencher<'_, '_>) {
    let Some(fixture) = FIXTURE.get() else { return };
    let validator = fixture.store.validator();
    let rows = fixture.rows.get(..10).unwrap_or_default();
    let json = fixture::request(rows, 0);
    let check = || validator.check_events(&put_events_of_json(&json, validator)?);
    if check().is_ok() {
        bencher.counter(ItemsCount::new(10u64)).bench_local(check);
    }
}

/// The same, written; counts events.
#[divan::bench(sample_count = 1000, args = [Durability::Buffered, Durability::Synced])]
fn put_request(bencher: Bencher<'_, '_>, durability: &Durability) {
    let Some((fixture, folder)) = FIXTURE.get().zip(tempfile::tempdir().ok()) else {
        return;
    };
    let Ok(store) = fixture::create(folder.path()) else {
        return;
    };
    let mut rows = fixture.rows.chunks(10).cycle().zip(0..);
    bencher
        .counter(ItemsCount::new(10u64))
        .with_inputs(|| {
            rows.next()
                .map(|(rows, number)| fixture::request(rows, number))
        })
        .bench_local_values(|json| {
            let json = json.unwrap_or_default();
            store.put_events(&put_events_of_json(&json, store.validator())?, *durability)
        });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn import(bencher: Bencher<'_, '_>) {
    let Some(rows) = FIXTURE
        .get()
        .and_then(|fixture| fixture.rows.get(..IMPORTED))
    else {
        return;
    };
    bencher
        .counter(ItemsCount::new(IMPORTED))
        .with_inputs(|| {
            let folder = tempfile::tempdir()?;
            Ok((fixture::create(folder.path())?, folder))
        })
        .bench_local_values(|made: Result<_>| {
            let (store, folder) = made?;
            fixture::import(&store, rows)?;
            Result::Ok((store, folder))
        });
}
