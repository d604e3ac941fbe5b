//! A result for people.

use std::io::Write;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::FormatOptions;
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;

use annals::inspect::printable;

use crate::args::Cli;
use crate::count::rows;
use crate::failure::{Failure, Outcome};
use crate::sink::Sink;

/// The first rows of a result, and how many it has.
pub struct Table {
    schema: SchemaRef,
    shown: Vec<RecordBatch>,
    /// Rows that may still be shown.
    left: usize,
    count: u64,
    sink: Sink,
}

impl Table {
    pub fn new(cli: &Cli, schema: &SchemaRef) -> Outcome<Self> {
        Ok(Self {
            schema: schema.clone(),
            shown: Vec::new(),
            left: if cli.rows == 0 { usize::MAX } else { cli.rows },
            count: 0,
            sink: Sink::create(&cli.output)?,
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Outcome {
        self.count += batch.num_rows() as u64;
        let rows = batch.num_rows().min(self.left);
        if rows > 0 {
            self.shown.push(batch.slice(0, rows));
            self.left -= rows;
        }
        Ok(())
    }

    pub fn finish(mut self) -> Outcome {
        let shown: u64 = self.shown.iter().map(|batch| batch.num_rows() as u64).sum();
        let batch =
            concat_batches(&self.schema, &self.shown).map_err(|error| Failure::writing(&error))?;
        let options = FormatOptions::default().with_null("NULL");
        let table = pretty_format_batches_with_options(&[batch], &options);
        let table = table.map_err(|error| Failure::writing(&error))?.to_string();
        let lines: Vec<_> = table.lines().map(printable).collect();
        let note = match shown < self.count {
            true => format!(
                "{}, of which the first {shown} are shown (--rows 0 shows all)",
                rows(self.count)
            ),
            false => rows(self.count),
        };
        let written = writeln!(self.sink, "{}\n{note}", lines.join("\n"));
        written.map_err(|error| Failure::io("writing", &error))?;
        self.sink.finish()
    }
}
