use std::path::PathBuf;

use annals::import::JsonLines;
use annals::import::OddTimes;
use annals::{Commit, Store, WriteBatch};
use clap::Args;

use crate::args::Safety;
use crate::failure::{Failure, Outcome};
use crate::input::{self, Input};
use crate::output::{count, print_done, warn, warn_of_long};
use crate::placeholders::Placeholders;

/// Lines of one commit, at most.
const BATCH_LINES: usize = 1000;

/// Records interactions from JSON lines: one object a line, keyed by the schema's field names.
///
/// Lines are committed in order, in atomic batches of what there is to read, at most 1,000 lines;
/// lines that come slowly are committed as they come. A bad line ends the command: every line before
/// it is written, none from it on, and the message says which line it is.
#[derive(Args)]
pub struct Put {
    /// The folder of the store
    store: PathBuf,
    /// A file of JSON lines, or `-` for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// When a batch counts as written
    #[arg(long, value_enum, default_value_t = Safety::Synced)]
    durability: Safety,
}

/// What was written so far.
#[derive(Default)]
struct Written {
    rows: u64,
    sequence: Option<u64>,
    odd_times: OddTimes<String>,
    placeholders: Placeholders,
    /// Rows with a string that is longer than the service takes, and the field of the first.
    long: u64,
    first_long: String,
}

impl Put {
    pub fn run(self) -> Outcome {
        let input = input::open(&self.file)?;
        let store = Store::open(&self.store)?;
        let mut written = Written::default();
        let result = self.put(&store, input, &mut written);
        let maintained = store.maintain().map_err(Failure::from);
        warn(written.odd_times.warnings());
        written.placeholders.warn("row");
        warn_of_long(written.long, "row", &written.first_long);
        let rows = count(written.rows, "row");
        // Of two failures the first one says why; either way these rows are written.
        let result = result.and(maintained);
        result.map_err(|failure| failure.and(format_args!("{rows} before it written")))?;
        match written.sequence {
            Some(sequence) => print_done(format_args!("{rows} written, sequence {sequence}")),
            None => print_done(format_args!("{rows} written")),
        }
    }

    fn put(&self, store: &Store, input: Input, written: &mut Written) -> Outcome {
        let durability = self.durability.into();
        let mut lines = JsonLines::new(input, store.validator());
        let mut batch = WriteBatch::new();
        loop {
            let next = lines.next();
            let ends = !matches!(next, Some(Ok(_)));
            let failure = match next {
                Some(Ok(interaction)) => {
                    let place = || format!("{}: line {}", input::name(&self.file), lines.line());
                    written.odd_times.look_at(interaction.timestamp(), place);
                    written.placeholders.look_at([interaction.user()], place);
                    written.note_long(interaction.long_field(store.limits()));
                    batch.push(interaction);
                    None
                }
                Some(Err(error)) => Some(Failure::from(error).within(input::name(&self.file))),
                None => None,
            };
            if ends || batch.len() >= BATCH_LINES || input::waits(lines.get_ref()) {
                written.add(store.write(std::mem::take(&mut batch), durability)?);
            }
            match (ends, failure) {
                (_, Some(failure)) => return Err(failure),
                (true, None) => return Ok(()),
                (false, None) => {}
            }
        }
    }
}

impl Written {
    fn note_long(&mut self, field: Option<&str>) {
        let Some(field) = field else { return };
        if self.long == 0 {
            self.first_long = field.to_owned();
        }
        self.long += 1;
    }

    fn add(&mut self, commit: Commit) {
        if commit.rows > 0 {
            self.rows += commit.rows;
            self.sequence = Some(commit.sequence);
        }
    }
}
