use std::path::PathBuf;
use std::time::Instant;

use annals::export::CsvExport;
use annals::{ScanOrder, ScanQuery, Store};
use clap::{Args, ValueEnum};

use super::history::projection;
use crate::args::{EventTypes, Window};
use crate::failure::Outcome;
use crate::output::{OutputFile, check_output, count, say, seconds};
use crate::progress::Progress;
use crate::store::open_for_reading;

#[derive(Args)]
pub struct Export {
    /// The folder of the store
    store: PathBuf,
    /// The file to write, or `-` for standard output. The file appears when it is complete
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// The format of the file
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
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
}

#[derive(Clone, Copy, ValueEnum)]
enum FileFormat {
    /// A header of the schema's field names; null is an empty cell
    Csv,
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
        let store = open_for_reading(&self.store)?;
        let query = ScanQuery {
            time: self.window.range(),
            event_types: self.types.event_types.clone(),
            projection: projection(self.columns.as_deref()),
            order: match self.order {
                RowOrder::UserTime => ScanOrder::UserTime,
                RowOrder::Any => ScanOrder::Any,
            },
            ..ScanQuery::default()
        };
        let mut scan = store.scan(&query)?;
        let progress = Progress::of_rows("exporting", rows_of(&store));
        let mut file = OutputFile::create(&self.output)?;
        let rows = match self.format {
            FileFormat::Csv => {
                let asked = scan.asked().to_vec();
                let mut export = CsvExport::new(&mut file, store.schema(), &asked)?;
                let rows = export.write_scan(&mut scan, &mut |rows| progress.at(rows))?;
                export.finish()?;
                rows
            }
        };
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

fn rows_of(store: &Store) -> u64 {
    let sealed: u64 = store.segments().iter().map(|segment| segment.rows).sum();
    let hot: u64 = store.generations().iter().map(|hot| hot.rows).sum();
    sealed + hot
}
