//! PutEvents requests: what clients send, and what is refused.

mod concurrency;
mod deletes;
mod keys;
mod live_purges;
mod purges;
mod readers;
mod requests;
mod rules;

use std::path::{Path, PathBuf};

use annals::events::{EventsCommit, PutEvents};
use annals::export::CsvExport;
use annals::import::put_events_of_json;
use annals::{Durability, Error, Limits, Result, ScanQuery, Schema, Store};
use tempfile::TempDir;

use crate::support::{folder, quiet};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/put_events")
}

/// A store of its own, gone at the end of a test.
struct Tracker {
    store: Store,
    _folder: TempDir,
}

impl Tracker {
    /// With every reserved field, and metadata fields of each kind.
    fn new() -> Self {
        Self::with_limits(Limits::personalize())
    }

    fn with_limits(limits: Limits) -> Self {
        let json = std::fs::read_to_string(fixtures().join("schema.json")).unwrap();
        Self::of(&json, limits)
    }

    fn of(schema: &str, limits: Limits) -> Self {
        let folder = folder();
        let store = Store::builder()
            .settings(quiet())
            .limits(limits.clone())
            .create(folder.path(), &Schema::parse(schema, &limits).unwrap())
            .unwrap();
        Self {
            store,
            _folder: folder,
        }
    }

    fn put(&self, request: &PutEvents<'_>) -> Result<EventsCommit> {
        self.store.put_events(request, Durability::Buffered)
    }

    fn put_json(&self, json: &str) -> Result<EventsCommit> {
        self.put(&put_events_of_json(json, self.store.validator())?)
    }

    /// The error of a request that is refused; nothing was written then.
    #[track_caller]
    fn refusal(&self, json: &str) -> Error {
        let before = self.rows();
        let error = self.put_json(json).unwrap_err();
        assert_eq!(self.rows(), before, "{error}");
        error
    }

    /// The store as CSV.
    fn rows(&self) -> String {
        let mut scan = self.store.scan(&ScanQuery::default()).unwrap();
        let mut out = Vec::new();
        let asked = scan.asked().to_vec();
        let mut export = CsvExport::new(&mut out, self.store.schema(), &asked).unwrap();
        export.write_scan(&mut scan, &mut |_| {}).unwrap();
        export.finish().unwrap();
        String::from_utf8(out).unwrap()
    }
}
