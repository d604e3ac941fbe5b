//! What the tests of the store share: a schema with every type, records, a model, comparisons.

pub(crate) mod hints;
pub(crate) mod model;
pub(crate) mod read;
pub(crate) mod record;

use std::sync::Arc;

use annals::{Limits, Schema, Settings, Store};

/// A schema with every type, nullable and not, and every reserved field that a store treats apart.
pub(crate) const SCHEMA: &str = r#"{
  "type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["float", "null"]},
    {"name": "IMPRESSION", "type": ["string", "null"]},
    {"name": "LOCATION", "type": ["string", "null"], "categorical": true},
    {"name": "POSITION", "type": "int"},
    {"name": "SESSION", "type": ["long", "null"]},
    {"name": "PRICE", "type": ["double", "null"]},
    {"name": "MEMBER", "type": ["boolean", "null"]}
  ],
  "version": "1.0"
}"#;

/// The test schema.
pub(crate) fn schema() -> Arc<Schema> {
    Arc::new(Schema::parse(SCHEMA, &Limits::personalize()).unwrap())
}

/// Settings under which nothing happens by itself.
pub(crate) fn quiet() -> Settings {
    Settings::default().background(false)
}

/// A new store without quotas.
pub(crate) fn create(path: &std::path::Path, settings: Settings) -> Store {
    Store::builder()
        .settings(settings)
        .limits(Limits::unlimited())
        .create(path, &schema())
        .unwrap()
}

/// Opens it again.
pub(crate) fn open(path: &std::path::Path, settings: Settings) -> Store {
    Store::builder().settings(settings).open(path).unwrap()
}

/// A folder for one test, removed at its end.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
