use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::export::CsvExport;
use annals::{Columns, Scan, ScanOrder, ScanQuery, Store, value_at};
use clap::{Args, ValueEnum};

use super::history::projection;
use crate::args::{EventTypes, Format, TimeForm, Window};
use crate::failure::{Failure, Outcome};
use crate::output::{Kind, OutputFile, Records, check_output, count, say, seconds};
use crate::progress::Progress;
use crate::store::open_for_reading;
use crate::unmatched::{warn_of_event_types, warn_of_time};

#[derive(Args)]
pub struct Export {
    /// The folder of the store
    store: PathBuf,
    /// The file to write, or `-` for standard output. The file appears when it is complete
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// The format of the file [default: jsonl for a name that ends in .jsonl or .ndjson, else csv]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    types: EventTypes,
    /// Only these fields, separated by commas; they come in schema order
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// The order of the rows
    #[arg(long, value_enum, default_value_t = RowOrder::UserTime)]
    order: RowOrder,
    /// At most so many rows, the first in this order
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// A header of the schema's field names; null is an empty cell
    Csv,
    /// One object a line, keyed by the schema's field names, as `put` takes them
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
enum RowOrder {
    /// By user, then timestamp, then arrival
    UserTime,
    /// As they lie: faster
    Any,
}

impl Export {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        check_output("--output", &self.output, &[], &self.store)?;
        let format = match self.format {
            Some(format) => format,
            None => format_of(&self.output)?,
        };
        let store = open_for_reading(&self.store)?;
        let query = ScanQuery {
            time: self.window.range(),
            event_types: self.types.names(),
            projection: projection(self.columns.as_deref()),
            order: match self.order {
                RowOrder::UserTime => ScanOrder::UserTime,
                RowOrder::Any => ScanOrder::Any,
            },
            ..ScanQuery::default()
        };
        let mut scan = store.scan(&query)?;
        warn_of_event_types(&store, &self.types);
        warn_of_time(&store, &self.window);
        let most = self.limit.unwrap_or(u64::MAX);
        let progress = Progress::of_rows("exporting", rows_of(&store).min(most));
        let mut file = OutputFile::create(&self.output)?;
        let mut batches = Batches {
            left: most,
            rows: 0,
            scan: &mut scan,
            progress: &progress,
        };
        match format {
            FileFormat::Csv => write_csv(&mut file, &mut batches)?,
            FileFormat::Jsonl => write_json_lines(&mut file, &mut batches)?,
        }
        let rows = batches.rows;
        file.finish()?;
        drop(progress);
        let rows = count(rows, "row");
        say(format_args!(
            "{rows} exported in {}",
            seconds(start.elapsed())
        ));
        Ok(())
    }
}

/// Endings of names whose files are in formats that are not written.
const OTHERS: [(&str, &str); 14] = [
    (".parquet", "Parquet"),
    (".pq", "Parquet"),
    (".arrow", "Arrow"),
    (".feather", "Arrow"),
    (".orc", "ORC"),
    (".avro", "Avro"),
    (".json", "JSON"),
    (".xlsx", "a spreadsheet"),
    (".gz", "compressed"),
    (".zst", "compressed"),
    (".bz2", "compressed"),
    (".xz", "compressed"),
    (".tsv", "tab-separated"),
    (".db", "a database"),
];

/// The format that a file's name asks for.
fn format_of(output: &Path) -> Outcome<FileFormat> {
    let name = output.to_string_lossy().to_ascii_lowercase();
    let mut others = OTHERS.iter();
    if let Some((_, other)) = others.find(|(ending, _)| name.ends_with(ending)) {
        return Err(Failure::usage(format_args!(
            "--output {}: the name says {other}, and export writes CSV and JSON lines; give a name that \
             ends in .csv or .jsonl, or say --format",
            output.display()
        )));
    }
    let lines = [".jsonl", ".ndjson"];
    match lines.iter().any(|ending| name.ends_with(ending)) {
        true => Ok(FileFormat::Jsonl),
        false => Ok(FileFormat::Csv),
    }
}

/// The batches of a scan, up to a number of rows.
struct Batches<'a> {
    scan: &'a mut Scan,
    left: u64,
    rows: u64,
    progress: &'a Progress,
}

impl Batches<'_> {
    fn read(&mut self, batch: &mut Columns) -> Outcome<bool> {
        if self.left == 0 || !self.scan.read(batch)? {
            return Ok(false);
        }
        batch.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= batch.rows() as u64;
        self.rows += batch.rows() as u64;
        self.progress.at(self.rows);
        Ok(true)
    }
}

fn write_csv(file: &mut OutputFile, batches: &mut Batches<'_>) -> Outcome {
    let schema = batches.scan.schema().clone();
    let asked = batches.scan.asked().to_vec();
    let mut export = CsvExport::new(file, &schema, &asked)?;
    let mut batch = batches.scan.new_batch();
    while batches.read(&mut batch)? {
        export.write_columns(&schema, &batch)?;
    }
    export.finish()?;
    Ok(())
}

fn write_json_lines(file: &mut OutputFile, batches: &mut Batches<'_>) -> Outcome {
    let schema = batches.scan.schema().clone();
    let asked = batches.scan.asked().to_vec();
    let fields: Vec<usize> = (0..asked.len())
        .filter(|field| asked.get(*field) == Some(&true))
        .collect();
    let columns: Vec<(&str, Kind)> = fields
        .iter()
        .filter_map(|field| Some((schema.fields().get(*field)?.name(), Kind::Text)))
        .collect();
    let mut records = Records::new(file, Format::Jsonl, Some(TimeForm::Epoch), &columns)?;
    let mut batch = batches.scan.new_batch();
    let mut values = Vec::with_capacity(fields.len());
    while batches.read(&mut batch)? {
        for row in 0..batch.rows() {
            values.clear();
            for field in &fields {
                values.push(value_at(&schema, &batch, *field, row)?);
            }
            records.write(&values)?;
        }
    }
    records.finish()
}

fn rows_of(store: &Store) -> u64 {
    let sealed: u64 = store.segments().iter().map(|segment| segment.rows).sum();
    let hot: u64 = store.generations().iter().map(|hot| hot.rows).sum();
    sealed + hot
}
