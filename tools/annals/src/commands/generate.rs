use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use annals_generate::{Generator, Options, SCHEMA, Shape};
use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::output::{OutputFile, count, is_same_file, say, seconds};
use crate::progress::Progress;

/// Generates a year of realistic interactions; the same arguments give the same file.
#[derive(Args)]
pub struct Generate {
    /// How many interactions
    #[arg(long, value_name = "N")]
    rows: u64,
    /// What the ids look like, and how many rows a user and an item have: even (short ids of one width), shop (UUIDs
    /// and codes of ten letters and digits), news (numbers and slugs) or tail (short ids, few rows each)
    #[arg(long, value_name = "SHAPE", default_value_t)]
    shape: Shape,
    /// How many users may appear [default: a fiftieth of the rows; shop and tail: a tenth; news: a thirtieth]
    #[arg(long, value_name = "U")]
    users: Option<u32>,
    /// How many items may appear [default: a two-hundredth of the rows; shop: an eighth; tail: a fourth]
    #[arg(long, value_name = "I")]
    items: Option<u32>,
    /// Chooses one of the many files of this shape [default: 1]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Also write the schema, to this file
    #[arg(long, value_name = "FILE")]
    schema_out: Option<PathBuf>,
    /// The file to write, or `-` for standard output. The file appears when it is complete
    #[arg(long, value_name = "FILE.csv")]
    output: PathBuf,
}

impl Generate {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let is_output = |path: &&PathBuf| **path == self.output || is_same_file(path, &self.output);
        if let Some(path) = self.schema_out.as_ref().filter(is_output) {
            let path = path.display();
            return Err(Failure::usage(format_args!(
                "--schema-out {path}: that is the output, too; give two files"
            )));
        }
        let mut generator = Generator::new(self.options()).map_err(Failure::invalid)?;
        let mut file = OutputFile::create(&self.output)?;
        let progress = Progress::of_rows("generating", self.rows);
        let writing =
            |error| Failure::io(format_args!("writing {}", self.output.display()), &error);
        let rows = generator
            .write_csv(&mut file, &mut |rows| progress.at(rows))
            .map_err(writing)?;
        if let Some(path) = &self.schema_out {
            let writing = |error| Failure::io(format_args!("writing {}", path.display()), &error);
            let mut schema = OutputFile::create(path)?;
            schema.write_all(SCHEMA.as_bytes()).map_err(writing)?;
            schema.finish()?;
        }
        file.finish()?;
        drop(progress);
        let rows = count(rows, "row");
        say(format_args!(
            "{rows} generated in {}",
            seconds(start.elapsed())
        ));
        Ok(())
    }

    fn options(&self) -> Options {
        let usual = Options::of_shape(self.shape, self.rows);
        Options {
            users: self.users.unwrap_or(usual.users),
            items: self.items.unwrap_or(usual.items),
            seed: self.seed.unwrap_or(usual.seed),
            ..usual
        }
    }
}
