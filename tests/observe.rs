//! What a store tells to `tracing` and `metrics`. Needs the features of these names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails by panic says where, in its helper functions too"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use annals::inspect::Health;
use annals::{Durability, ImportMode, Interaction, Limits, Schema, Settings, Store, StoreBuilder};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The events of a thread, a line each: the level, and the fields by name.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() != "seconds" && field.name() != "bytes" {
                    self.0 += &format!(" {}={value:?}", field.name());
                }
            }
        }
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
}

fn quiet() -> StoreBuilder {
    Store::builder()
        .limits(Limits::unlimited())
        .settings(Settings::default().background(false))
}

fn row(at: i64) -> Interaction {
    Interaction::new("ann", format!("item {at}"), at)
}

/// The counters, written `name{key=value,...}`.
fn counters(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let found = snapshotter.snapshot().into_vec().into_iter();
    let counted = found.filter_map(|(key, _, _, value)| match value {
        DebugValue::Counter(count) => Some((key, count)),
        _ => None,
    });
    let named = counted.map(|(key, count)| {
        let labels = key.key().labels();
        let labels = labels.map(|label| format!("{}={}", label.key(), label.value()));
        let mut labels: Vec<String> = labels.collect();
        labels.sort();
        (
            format!("{}{{{}}}", key.key().name(), labels.join(",")),
            count,
        )
    });
    named.collect()
}

#[test]
fn work_is_told_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let schema = Schema::builder().build(&Limits::unlimited()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        metrics::with_local_recorder(&recorder, || {
            let store = quiet().create(&path, &schema).unwrap();
            let mut import = store.import(ImportMode::Incremental).unwrap();
            (0..5).for_each(|at| import.push(&row(at)).unwrap());
            import.commit().unwrap();
            store.write(row(10), Durability::Buffered).unwrap();
            store.write(row(11), Durability::Buffered).unwrap();
            store.flush().unwrap();
            store.write(row(12), Durability::Buffered).unwrap();
            store.compact().unwrap();
            store.snapshot().newest("ann", 3).unwrap();
            assert_eq!(store.health(), Health::Healthy);
            // A second writer cannot open it.
            quiet().open(&path).map(drop).unwrap_err();
        });
    });
    let told = lines.0.lock().unwrap().clone();
    let want = [
        r#"INFO message=done work="open" rows=0"#,
        r#"INFO message=done work="import" rows=5"#,
        r#"INFO message=done work="seal" rows=2"#,
        r#"INFO message=done work="seal" rows=1"#,
        r#"INFO message=done work="compaction" rows=3"#,
    ];
    assert_eq!(told, want);
    let counted = counters(&snapshotter);
    let want = [
        ("annals_commits_total{}", 3),
        ("annals_rows_total{work=commit}", 3),
        ("annals_rows_total{work=compaction}", 3),
        ("annals_rows_total{work=import}", 5),
        ("annals_rows_total{work=seal}", 3),
        ("annals_work_total{outcome=done,work=compaction}", 1),
        ("annals_work_total{outcome=done,work=import}", 1),
        ("annals_work_total{outcome=done,work=open}", 1),
        ("annals_work_total{outcome=done,work=seal}", 2),
    ];
    for (name, count) in want {
        assert_eq!(counted.get(name), Some(&count), "{name}: {counted:?}");
    }
}
