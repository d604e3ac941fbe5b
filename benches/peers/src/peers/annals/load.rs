//! Bulk loads of annals: threads fill batches, which are appended in the order of arrival.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use annals::columns::{Cell, Row, bits_of_f32};
use annals::import::CsvImport;
use annals::import::ImportBatch;
use annals::{BulkImport, ImportMode, Schema, Store};
use anyhow::{Context, Result};
use parking_lot::{Condvar, Mutex};

use crate::data::Rows;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

fn create(folder: &Path) -> Result<Store> {
    let schema = Schema::parse(annals_generate::SCHEMA, &annals::Limits::personalize())?;
    Ok(Store::create(folder, &schema)?)
}

pub fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let store = create(folder)?;
    let mut import = store.import(ImportMode::Full)?;
    let threads = import.settings().threads;
    let batches: Vec<ImportBatch> = (0..threads).map(|_| import.batch()).collect();
    let loading = Loading {
        rows,
        next: AtomicUsize::new(0),
        appended: Mutex::new((0, Ok(&mut import))),
        turn: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for batch in batches {
            let loading = &loading;
            scope.spawn(move || loading.work(batch));
        }
    });
    loading.appended.into_inner().1?;
    import.commit()?;
    Ok(())
}

pub fn load_csv(folder: &Path, file: &Path) -> Result<()> {
    let store = create(folder)?;
    let mut import = store.import(ImportMode::Full)?;
    CsvImport::new(store.validator()).run(&[file.to_owned()], &mut import)?;
    import.commit()?;
    Ok(())
}

struct Loading<'a> {
    rows: &'a Rows,
    next: AtomicUsize,
    /// Batches appended so far, and what they are appended to, or what went wrong.
    appended: Mutex<(usize, Result<&'a mut BulkImport>)>,
    turn: Condvar,
}

impl Loading<'_> {
    fn work(&self, mut batch: ImportBatch) {
        loop {
            let nth = self.next.fetch_add(1, Ordering::Relaxed);
            let start = nth * BATCH_ROWS;
            if start >= self.rows.len() {
                return;
            }
            let range = start..(start + BATCH_ROWS).min(self.rows.len());
            let filled = fill(&mut batch, self.rows, range);
            let mut appended = self.appended.lock();
            self.turn.wait_while(&mut appended, |(done, _)| *done < nth);
            let (done, import) = &mut *appended;
            *done = nth + 1;
            let result = match import {
                Ok(import) => filled.and_then(|()| Ok(import.append(&mut batch)?)),
                Err(_) => Ok(()),
            };
            if let Err(error) = result {
                *import = Err(error).context("appending a batch");
            }
            self.turn.notify_all();
        }
    }
}

fn fill(batch: &mut ImportBatch, rows: &Rows, range: Range<usize>) -> Result<()> {
    let mut shown = String::new();
    for row in range {
        let event = rows.event(row);
        event.shown.join(&mut shown);
        let text = |text| match text {
            Some("") | None => Cell::Null,
            Some(text) => Cell::Text(text),
        };
        // In the order of the schema; user and timestamp stand apart.
        let cells = [
            Cell::Null,
            Cell::Text(event.item),
            Cell::Null,
            Cell::Text(event.event_type),
            event
                .value
                .map_or(Cell::Null, |value| Cell::Bits(bits_of_f32(value))),
            Cell::Text(event.location),
            text(event.device),
            text(Some(&shown)),
        ];
        batch.push_row(&Row {
            user: event.user,
            timestamp: event.timestamp,
            cells: &cells,
        })?;
    }
    Ok(())
}
