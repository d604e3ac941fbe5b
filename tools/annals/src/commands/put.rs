use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use annals::import::JsonLines;
use annals::{Commit, Durability, Store, WriteBatch, looks_like_milliseconds};
use clap::{Args, ValueEnum};

use crate::failure::{Failure, Outcome};
use crate::output::{count, print, warn};

/// Lines of one commit, at most.
const BATCH_LINES: usize = 1000;
/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 20;

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

#[derive(Clone, Copy, ValueEnum)]
enum Safety {
    /// When the disk has it: survives power loss
    Synced,
    /// When the operating system has it: survives the end of the process
    Buffered,
}

/// What was written so far.
#[derive(Default)]
struct Written {
    rows: u64,
    sequence: Option<u64>,
    /// Timestamps that look like milliseconds.
    milliseconds: u64,
}

impl Put {
    pub fn run(self) -> Outcome {
        let input = open(&self.file)?;
        let store = Store::open(&self.store)?;
        let mut written = Written::default();
        let result = self.put(&store, input, &mut written);
        store.maintain()?;
        if written.milliseconds > 0 {
            warn([format_args!(
                "{} whose TIMESTAMP looks like milliseconds; timestamps are Unix epoch seconds: \
                 divide by 1000",
                count(written.milliseconds, "row")
            )]);
        }
        let rows = count(written.rows, "row");
        result.map_err(|failure| failure.and(format_args!("{rows} before it written")))?;
        match written.sequence {
            Some(sequence) => print(format_args!("{rows} written, sequence {sequence}")),
            None => print(format_args!("{rows} written")),
        }
    }

    fn put(&self, store: &Store, input: impl Read, written: &mut Written) -> Outcome {
        let durability = match self.durability {
            Safety::Synced => Durability::Synced,
            Safety::Buffered => Durability::Buffered,
        };
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        let mut lines = JsonLines::new(input, store.validator());
        let mut batch = WriteBatch::new();
        loop {
            let next = lines.next();
            let ends = !matches!(next, Some(Ok(_)));
            let failure = match next {
                Some(Ok(interaction)) => {
                    if looks_like_milliseconds(interaction.timestamp()) {
                        written.milliseconds += 1;
                    }
                    batch.push(interaction);
                    None
                }
                Some(Err(error)) => Some(Failure::from(error).within(self.file_name())),
                None => None,
            };
            // Without a whole line at hand the next one may be long in coming.
            let waits = || !lines.get_ref().buffer().contains(&b'\n');
            if ends || batch.len() >= BATCH_LINES || waits() {
                written.add(store.write(std::mem::take(&mut batch), durability)?);
            }
            match (ends, failure) {
                (_, Some(failure)) => return Err(failure),
                (true, None) => return Ok(()),
                (false, None) => {}
            }
        }
    }

    fn file_name(&self) -> String {
        match self.file.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => self.file.display().to_string(),
        }
    }
}

impl Written {
    fn add(&mut self, commit: Commit) {
        if commit.rows > 0 {
            self.rows += commit.rows;
            self.sequence = Some(commit.sequence);
        }
    }
}

fn open(path: &Path) -> Outcome<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(Failure::io(
            format_args!("opening {}", path.display()),
            &error,
        )),
    }
}
