use std::path::PathBuf;

use annals::{ColumnStats, Stats as Figures};
use clap::Args;

use crate::args::ReportFormat;
use crate::failure::Outcome;
use crate::output::{Align, facts, instant, print, print_json, table, thousands};
use crate::store::open_for_reading;

#[derive(Args)]
pub struct Stats {
    /// The folder of the store
    store: PathBuf,
    /// How to write them
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Stats {
    pub fn run(self) -> Outcome {
        let stats = open_for_reading(&self.store)?.stats()?;
        match self.format {
            ReportFormat::Json => print_json(&stats),
            ReportFormat::Table => {
                print(facts("store", figures(&stats)))?;
                print("")?;
                print(columns(&stats.columns))
            }
        }
    }
}

fn figures(stats: &Figures) -> [(&'static str, String); 17] {
    let time = |at: Option<i64>| at.map_or("none".to_owned(), instant);
    let types = match stats.event_types.is_empty() {
        true => "none".to_owned(),
        false => stats.event_types.join(", "),
    };
    [
        ("rows", thousands(stats.rows)),
        ("rows by bulk import", thousands(stats.bulk_rows)),
        ("rows in the hot tier", thousands(stats.hot_rows)),
        ("users", thousands(stats.users)),
        ("items", thousands(stats.items)),
        ("first timestamp", time(stats.first_timestamp)),
        ("last timestamp", time(stats.last_timestamp)),
        ("event types", types),
        ("newest commit", thousands(stats.sequence)),
        ("segments", thousands(stats.segments)),
        ("sorted runs", thousands(stats.runs)),
        ("segment bytes", thousands(stats.segment_bytes)),
        ("bytes a row", format!("{:.2}", stats.bytes_per_row)),
        ("hot generations", thousands(stats.generations)),
        ("hot tier memory, bytes", thousands(stats.hot_bytes)),
        (
            "segment bytes written, ever",
            thousands(stats.segment_bytes_written),
        ),
        (
            "segment write amplification",
            format!("{:.2}", stats.segment_write_amplification),
        ),
    ]
}

fn columns(columns: &[ColumnStats]) -> String {
    let header = [
        ("column", Align::Left),
        ("bytes", Align::Right),
        ("bytes a row", Align::Right),
        ("dictionary", Align::Right),
        ("encoding", Align::Left),
    ];
    let rows = columns.iter().map(|column| {
        vec![
            column.name.clone(),
            thousands(column.bytes),
            format!("{:.3}", column.bytes_per_row),
            match column.dictionary_entries {
                0 => String::new(),
                entries => thousands(entries),
            },
            encodings(&column.encodings),
        ]
    });
    table(&header, rows)
}

/// The encoding where all segments agree, otherwise how many have which.
fn encodings(encodings: &[(String, u64)]) -> String {
    match encodings {
        [(name, _)] => name.clone(),
        several => {
            let each = several
                .iter()
                .map(|(name, count)| format!("{name} ({count})"));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}
