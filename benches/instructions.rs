//! What `benches/callgrind.sh` counts the instructions of.
//!
//! `instructions build FOLDER` makes a store; `instructions WORK FOLDER COUNT` does a work so often.
//! Without arguments, as `cargo bench` runs it, it does nothing.

mod fixture;

use std::path::Path;

use annals::import::put_events_of_json;
use annals::{Durability, Store};

use fixture::{Asker, Owned, Result};

/// Rows of the store that is read.
const ROWS: u64 = 100_000;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["build", folder] => {
            let store = fixture::create(Path::new(folder))?;
            fixture::import(&store, &fixture::rows(ROWS)?)
        }
        ["import", folder, count] => imported(Path::new(folder), count.parse()?),
        ["generate", _, count] => fixture::rows(count.parse()?).map(drop),
        ["put", folder, count] => {
            let store = fixture::create(Path::new(folder))?;
            counted_puts(&store, &fixture::rows(count.parse()?)?)
        }
        [work, folder, count] => read(work, &Store::open(folder)?, count.parse()?),
        _ => Ok(()),
    }
}

fn read(work: &str, store: &Store, count: usize) -> Result<()> {
    let mut asker = Asker::new(store)?;
    match work {
        "history" => counted_histories(&mut asker, count),
        "view" => counted_views(&mut asker, count),
        "unseen" => counted_filters(&mut asker, count),
        "filter" => counted_expressions(&mut asker, false, count),
        "filter-all" => counted_expressions(&mut asker, true, count),
        "scan-all" => counted_scans(&asker, true, count),
        "scan-three" => counted_scans(&asker, false, count),
        "check-request" => {
            let json = fixture::request(&fixture::rows(10)?, 0);
            counted_requests(store, &json, count)
        }
        _ => Err(format!("no work {work}").into()),
    }
}

// The names of these are what callgrind is told to count inside of.

#[inline(never)]
fn counted_histories(asker: &mut Asker, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| asker.history().map(drop))
}

#[inline(never)]
fn counted_views(asker: &mut Asker, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| asker.view().map(drop))
}

#[inline(never)]
fn counted_filters(asker: &mut Asker, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| asker.unseen().map(drop))
}

#[inline(never)]
fn counted_expressions(asker: &mut Asker, all: bool, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| asker.filter(all).map(drop))
}

#[inline(never)]
fn counted_scans(asker: &Asker, all: bool, count: usize) -> Result<()> {
    (0..count).try_for_each(|_| asker.scan(all).map(drop))
}

/// Ten events each.
#[inline(never)]
fn counted_requests(store: &Store, json: &str, count: usize) -> Result<()> {
    let validator = store.validator();
    (0..count).try_for_each(|_| Ok(validator.check_events(&put_events_of_json(json, validator)?)?))
}

#[inline(never)]
fn counted_puts(store: &Store, rows: &[Owned]) -> Result<()> {
    rows.iter().try_for_each(|row| {
        store.write(row.interaction(), Durability::Buffered)?;
        Ok(())
    })
}

/// Imports into a new store. Counted as a whole, since an import has threads.
fn imported(folder: &Path, count: u64) -> Result<()> {
    let store = fixture::create(folder)?;
    fixture::import(&store, &fixture::rows(count)?)
}
