//! One segment: footer, columns, dictionaries, blocks, rows.

use std::ops::Range;

use annals::columns::Columns;
use annals::inspect::{BlockReport, SegmentReport};
use annals::query::value_at;
use annals::{Schema, Store, Value};
use serde::{Serialize, Serializer};

use super::dump_store::span;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Entries, facts, instant, table, thousands};

/// Strings of a dictionary that are shown.
const SHOWN_STRINGS: u32 = 5;

/// Footer and columns.
#[derive(Serialize)]
pub struct Detail {
    #[serde(flatten)]
    segment: SegmentReport,
    dictionaries: Vec<Dictionary>,
}

#[derive(Serialize)]
struct Dictionary {
    field: String,
    entries: usize,
    most_frequent: Vec<String>,
}

impl Detail {
    pub fn of(store: &Store, id: u64) -> Outcome<Self> {
        let found = store
            .segments()
            .into_iter()
            .find(|segment| segment.id == id);
        let segment = found.ok_or_else(|| {
            Failure::invalid(format_args!(
                "segment {id}: the store has no such segment; --segments lists them"
            ))
        })?;
        let mut dictionaries = Vec::new();
        for (field, definition) in store.schema().fields().iter().enumerate() {
            // The other fields have none.
            let Ok(strings) = store.segment_dictionary(id, field) else {
                continue;
            };
            let shown = (strings.len() as u32).min(SHOWN_STRINGS);
            let most_frequent = (1..=shown).map(|code| strings.get(code).map(str::to_owned));
            dictionaries.push(Dictionary {
                field: definition.name().to_owned(),
                entries: strings.len(),
                most_frequent: most_frequent.collect::<annals::Result<_>>()?,
            });
        }
        Ok(Self {
            segment,
            dictionaries,
        })
    }

    pub fn text(&self) -> String {
        let segment = &self.segment;
        let facts = facts(
            "footer",
            [
                ("segment", segment.id.to_string()),
                ("run", segment.run.to_string()),
                ("file", segment.file.clone()),
                ("bytes", thousands(segment.file_bytes)),
                ("origin", segment.origin.to_owned()),
                ("rows", thousands(segment.rows)),
                ("users", thousands(segment.users)),
                ("first user", segment.user_range[0].clone()),
                ("last user", segment.user_range[1].clone()),
                ("first timestamp", instant(segment.timestamps[0])),
                ("last timestamp", instant(segment.timestamps[1])),
                ("commits", span(segment.sequences[0], segment.sequences[1])),
            ],
        );
        let columns = columns(segment);
        let dictionaries = dictionaries(&self.dictionaries);
        format!("{facts}\n\n{columns}\n\n{dictionaries}")
    }
}

fn columns(segment: &SegmentReport) -> String {
    let header = [
        ("column", Align::Left),
        ("encoding", Align::Text),
        ("value bytes", Align::Right),
        ("dictionary bytes", Align::Right),
        ("entries", Align::Right),
        ("statistics bytes", Align::Right),
    ];
    let rows = segment.columns.iter().map(|column| {
        vec![
            column.name.clone(),
            column.encoding.clone(),
            thousands(column.value_bytes),
            thousands(column.dictionary_bytes),
            thousands(column.dictionary_entries),
            thousands(column.statistics_bytes),
        ]
    });
    table(&header, rows)
}

fn dictionaries(dictionaries: &[Dictionary]) -> String {
    let header = [
        ("dictionary", Align::Left),
        ("entries", Align::Right),
        ("most frequent", Align::Text),
    ];
    let rows = dictionaries.iter().map(|dictionary| {
        vec![
            dictionary.field.clone(),
            thousands(dictionary.entries as u64),
            dictionary.most_frequent.join(", "),
        ]
    });
    table(&header, rows)
}

/// Blocks with their zone maps.
#[derive(Serialize)]
pub struct Blocks(Vec<BlockReport>);

impl Blocks {
    pub fn of(store: &Store, id: u64) -> Outcome<Self> {
        Ok(Self(store.segment_blocks(id)?))
    }

    pub fn text(&self) -> String {
        let header = [
            ("block", Align::Right),
            ("first row", Align::Right),
            ("rows", Align::Right),
            ("lowest timestamp", Align::Left),
            ("highest timestamp", Align::Left),
        ];
        let rows = self.0.iter().enumerate().map(|(block, report)| {
            vec![
                block.to_string(),
                report.first_row.to_string(),
                report.rows.to_string(),
                instant(report.timestamps[0]),
                instant(report.timestamps[1]),
            ]
        });
        table(&header, rows)
    }
}

/// Rows by position.
pub struct Rows {
    first: usize,
    /// `(row)`, `(sequence)`, then the fields.
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    pub fn of(store: &Store, id: u64, positions: Range<usize>) -> Outcome<Self> {
        let first = positions.start;
        let columns = store.segment_rows(id, positions)?;
        let schema = store.schema();
        let names = ["(row)", "(sequence)"].into_iter();
        let names = names.chain(schema.fields().iter().map(|field| field.name()));
        Ok(Self {
            first,
            names: names.map(str::to_owned).collect(),
            rows: (0..columns.rows())
                .map(|row| row_of(schema, &columns, first, row))
                .collect::<Outcome<_>>()?,
        })
    }
}

fn row_of(schema: &Schema, columns: &Columns, first: usize, row: usize) -> Outcome<Vec<Value>> {
    let sequence = columns.sequences.get(row).copied().unwrap_or(0);
    let mut values = vec![
        Value::Long((first + row) as i64),
        Value::Long(sequence as i64),
    ];
    for field in 0..schema.fields().len() {
        values.push(value_at(schema, columns, field, row)?);
    }
    Ok(values)
}

impl Rows {
    pub fn text(&self) -> String {
        if self.rows.is_empty() {
            return format!("no rows from position {}", self.first);
        }
        let header: Vec<(&str, Align)> = self
            .names
            .iter()
            .map(|name| (name.as_str(), Align::Cell))
            .collect();
        let rows = self.rows.iter();
        let rows = rows.map(|row| row.iter().map(annals::export::text_of).collect());
        table(&header, rows)
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|values| Entries {
            names: &self.names,
            values,
        }))
    }
}
