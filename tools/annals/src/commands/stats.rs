use std::fs::Metadata;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use annals::export::text_of;
use annals::inspect::{ColumnStats, Remembered, Stats as Figures};
use annals::{Role, ScanQuery, Store};
use clap::Args;
use serde::Serialize;

use crate::args::ReportFormat;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, facts, instant, print, print_bytes, print_json, table, thousands};
use crate::store::open_for_reading;
use crate::tally::{By, by_values};

/// Empties a terminal's screen.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Shows figures about the store. Reads one column of all rows.
#[derive(Args)]
pub struct Stats {
    /// The folder of the store
    store: PathBuf,
    /// How to write them
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    /// Show them again every so many seconds, until the command is ended; in JSON an object a line
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
          value_parser = clap::value_parser!(u64).range(1..))]
    watch: Option<u64>,
}

impl Stats {
    pub fn run(self) -> Outcome {
        let Some(seconds) = self.watch else {
            let report = self.report()?;
            return match self.format {
                ReportFormat::Json => print_json(&report),
                ReportFormat::Table => print(report.text()),
            };
        };
        let is_terminal = std::io::stdout().is_terminal();
        loop {
            let report = self.report()?;
            let text = match self.format {
                ReportFormat::Json => serde_json::to_string(&report)
                    .map_err(|error| Failure::invalid(format_args!("{error}")))?,
                ReportFormat::Table if is_terminal => format!("{CLEAR}{}", report.text()),
                ReportFormat::Table => report.text(),
            };
            print_bytes(format!("{text}\n").as_bytes())?;
            std::thread::sleep(Duration::from_secs(seconds));
        }
    }

    fn report(&self) -> Outcome<Report> {
        let store = open_for_reading(&self.store)?;
        let mut report = Report {
            stats: store.stats()?,
            rows_by_event_type: match store.damaged_segments().is_empty() {
                true => rows_by_event_type(&store)?,
                false => Vec::new(),
            },
            remembered: Store::builder().remembered(&self.store)?,
            files: Files::of(&self.store)?,
        };
        if report.stats.rows == 0 {
            // The files of an empty store tell when it was made.
            report.files.last_write = None;
        }
        Ok(report)
    }
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    stats: Figures,
    /// The most frequent first; none where segments are damaged.
    rows_by_event_type: Vec<EventTypeRows>,
    remembered: Remembered,
    #[serde(flatten)]
    files: Files,
}

impl Report {
    fn text(&self) -> String {
        format!(
            "{}\n\n{}{}",
            facts("store", figures(self)),
            event_types(&self.rows_by_event_type),
            columns(&self.stats.columns)
        )
    }
}

#[derive(Serialize)]
struct EventTypeRows {
    event_type: Option<String>,
    rows: u64,
}

fn rows_by_event_type(store: &Store) -> Outcome<Vec<EventTypeRows>> {
    let Some(field) = store.schema().position_of(Role::EventType) else {
        return Ok(Vec::new());
    };
    let groups = by_values(&store.snapshot(), ScanQuery::default(), &[By::Field(field)])?;
    let groups = groups.into_iter().map(|(values, tally)| EventTypeRows {
        event_type: values.first().map(text_of).filter(|name| !name.is_empty()),
        rows: tally.rows,
    });
    let mut found: Vec<EventTypeRows> = groups.collect();
    found.sort_unstable_by(|a, b| (b.rows, &a.event_type).cmp(&(a.rows, &b.event_type)));
    Ok(found)
}

/// What the files of a store tell.
#[derive(Default, Serialize)]
struct Files {
    /// Bytes of the hot tier's files.
    hot_disk_bytes: u64,
    /// When a file with rows was last changed, in epoch seconds.
    last_write: Option<u64>,
}

impl Files {
    fn of(store: &Path) -> Outcome<Self> {
        let mut files = Self::default();
        for (folder, ending) in [("hot", ".log"), ("segments", ".seg")] {
            let path = store.join(folder);
            let failed = |error| Failure::io(format_args!("listing {}", path.display()), &error);
            for entry in path.read_dir().map_err(failed)? {
                let entry = entry.map_err(failed)?;
                // It may have been dropped meanwhile.
                let Ok(found) = entry.metadata() else {
                    continue;
                };
                let has_rows = entry.file_name().to_string_lossy().ends_with(ending);
                files.add(&found, folder == "hot", has_rows);
            }
        }
        Ok(files)
    }

    fn add(&mut self, found: &Metadata, is_hot: bool, has_rows: bool) {
        if is_hot {
            self.hot_disk_bytes += found.len();
        }
        let changed = found.modified().ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        if let Some(time) = changed.filter(|_| has_rows && found.len() > 0) {
            self.last_write = self.last_write.max(Some(time.as_secs()));
        }
    }
}

fn event_types(types: &[EventTypeRows]) -> String {
    if types.is_empty() {
        return String::new();
    }
    let header = [("event type", Align::Left), ("rows", Align::Right)];
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "(none)".to_owned());
    let rows = types
        .iter()
        .map(|one| vec![name(&one.event_type), thousands(one.rows)]);
    format!("{}\n\n", table(&header, rows))
}

fn figures(report: &Report) -> [(&'static str, String); 27] {
    let stats = &report.stats;
    let time = |at: Option<i64>| at.map_or("none".to_owned(), instant);
    let last_write = report.files.last_write.map(|at| at as i64);
    [
        ("rows", thousands(stats.rows)),
        ("rows by bulk import", thousands(stats.bulk_rows)),
        ("rows in the hot tier", thousands(stats.hot_rows)),
        ("users", thousands(stats.users)),
        ("items", thousands(stats.items)),
        ("first timestamp", time(stats.first_timestamp)),
        ("last timestamp", time(stats.last_timestamp)),
        ("event types", thousands(stats.event_types.len() as u64)),
        ("newest commit", thousands(stats.sequence)),
        ("last write on disk", time(last_write)),
        (
            "sessions with a user",
            thousands(report.remembered.sessions),
        ),
        ("event ids", thousands(report.remembered.event_ids)),
        (
            "recommendations",
            thousands(report.remembered.recommendations),
        ),
        ("deletions still in files", thousands(stats.deletions)),
        ("segments", thousands(stats.segments)),
        ("damaged segments", thousands(stats.lost_segments)),
        ("rows in damaged segments", thousands(stats.lost_rows)),
        ("sorted runs", thousands(stats.runs)),
        ("segment bytes", thousands(stats.segment_bytes)),
        ("bytes a row", format!("{:.2}", stats.bytes_per_row)),
        ("hot generations", thousands(stats.generations)),
        ("hot tier memory, bytes", thousands(stats.hot_bytes)),
        (
            "memory of segments, bytes",
            thousands(stats.segment_memory_bytes),
        ),
        (
            "hot tier on disk, bytes",
            thousands(report.files.hot_disk_bytes),
        ),
        (
            "segment bytes written, ever",
            thousands(stats.segment_bytes_written),
        ),
        (
            "segment write amplification",
            format!("{:.2}", stats.segment_write_amplification),
        ),
        (
            "oldest lease",
            stats.oldest_lease.as_ref().map_or_else(
                || "none".to_owned(),
                |lease| format!("{}, at {}", lease.name, thousands(lease.sequence)),
            ),
        ),
    ]
}

fn columns(columns: &[ColumnStats]) -> String {
    let header = [
        ("column", Align::Left),
        ("bytes", Align::Right),
        ("bytes a row", Align::Right),
        ("dictionary", Align::Right),
        ("encoding", Align::Text),
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
