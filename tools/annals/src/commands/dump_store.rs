//! The store as a whole: manifest, generations, segments.

use annals::inspect::{GenerationReport, ManifestReport, SegmentReport};
use annals::{Limits, Store};
use serde::Serialize;
use serde::ser::{Error, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use crate::output::{Align, facts, instant, table, thousands};

pub struct Manifest(ManifestReport);

#[derive(Serialize)]
pub struct Generations(Vec<GenerationReport>);

#[derive(Serialize)]
pub struct Segments(Vec<SegmentReport>);

impl Manifest {
    pub fn of(store: &Store) -> Self {
        Self(store.manifest())
    }

    pub fn text(&self) -> String {
        let report = &self.0;
        let mut rows = vec![
            ("edit".to_owned(), thousands(report.edit)),
            ("next number".to_owned(), report.next_id.to_string()),
            (
                "newest commit in segments".to_owned(),
                thousands(report.last_sequence),
            ),
            ("generations".to_owned(), numbers(&report.generations)),
            ("segments".to_owned(), numbers(&report.segments)),
        ];
        if let Json::Object(limits) = json!(report.limits) {
            let shown = |limit: &Json| match limit {
                Json::Null => "none".to_owned(),
                limit => limit.to_string(),
            };
            rows.extend(
                limits
                    .iter()
                    .map(|(name, limit)| (format!("limit {name}"), shown(limit))),
            );
        }
        let facts = facts("manifest", rows);
        format!("{facts}\n\nschema\n{}", report.schema.trim_end())
    }
}

/// The schema is an object here, not a string that holds one.
impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Parts<'a> {
            edit: u64,
            next_id: u64,
            last_sequence: u64,
            generations: &'a [u64],
            segments: &'a [u64],
            limits: &'a Limits,
            schema: &'a RawValue,
        }
        let report = &self.0;
        // Some editors put a byte order mark in front, which JSON does not know.
        let schema = report.schema.trim_start_matches('\u{feff}').trim();
        Parts {
            edit: report.edit,
            next_id: report.next_id,
            last_sequence: report.last_sequence,
            generations: &report.generations,
            segments: &report.segments,
            limits: &report.limits,
            schema: serde_json::from_str(schema).map_err(S::Error::custom)?,
        }
        .serialize(serializer)
    }
}

impl Generations {
    pub fn of(store: &Store) -> Self {
        Self(store.generations())
    }

    pub fn text(&self) -> String {
        let header = [
            ("generation", Align::Right),
            ("state", Align::Left),
            ("rows", Align::Right),
            ("memory bytes", Align::Right),
            ("commits", Align::Left),
            ("first timestamp", Align::Left),
            ("last timestamp", Align::Left),
        ];
        let rows = self.0.iter().map(|generation| {
            let time = |at: Option<i64>| at.map_or(String::new(), instant);
            vec![
                generation.id.to_string(),
                if generation.active {
                    "takes writes"
                } else {
                    "waits"
                }
                .to_owned(),
                thousands(generation.rows),
                thousands(generation.memory_bytes),
                generation
                    .sequences
                    .map_or(String::new(), |(a, b)| span(a, b)),
                time(generation.timestamps.map(|(first, _)| first)),
                time(generation.timestamps.map(|(_, last)| last)),
            ]
        });
        table(&header, rows)
    }
}

impl Segments {
    pub fn of(store: &Store) -> Self {
        Self(store.segments())
    }

    pub fn text(&self) -> String {
        let header = [
            ("segment", Align::Right),
            ("run", Align::Right),
            ("origin", Align::Left),
            ("rows", Align::Right),
            ("users", Align::Right),
            ("bytes", Align::Right),
            ("commits", Align::Left),
            ("first timestamp", Align::Left),
            ("last timestamp", Align::Left),
            ("file", Align::Left),
        ];
        let rows = self.0.iter().map(|segment| {
            let [first, last] = segment.timestamps;
            vec![
                segment.id.to_string(),
                segment.run.to_string(),
                segment.origin.to_owned(),
                thousands(segment.rows),
                thousands(segment.users),
                thousands(segment.file_bytes),
                span(segment.sequences[0], segment.sequences[1]),
                instant(first),
                instant(last),
                segment.file.clone(),
            ]
        });
        table(&header, rows)
    }
}

/// First and last, or one where they are the same.
pub fn span(first: u64, last: u64) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    }
}

fn numbers(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    match texts.is_empty() {
        true => "none".to_owned(),
        false => texts.join(", "),
    }
}
