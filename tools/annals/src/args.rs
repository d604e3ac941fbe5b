//! Arguments that several commands share.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use annals::{Durability, TimeRange};
use clap::{Args, ValueEnum};

use crate::failure::{Failure, Outcome};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// A header and a row each; null is an empty cell
    Csv,
    /// One array
    Json,
    /// One value a line
    Jsonl,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Table,
    /// One object
    Json,
}

/// A half-open range of timestamps.
#[derive(Args)]
pub struct Window {
    /// Only timestamps from this one on, in epoch seconds
    #[arg(long, value_name = "TS", allow_hyphen_values = true)]
    since: Option<i64>,
    /// Only timestamps before this one, in epoch seconds
    #[arg(long, value_name = "TS", allow_hyphen_values = true)]
    until: Option<i64>,
}

impl Window {
    pub fn range(&self) -> TimeRange {
        TimeRange::new(self.since, self.until)
    }
}

/// Which event types.
#[derive(Args)]
pub struct EventTypes {
    /// Only this event type, in any case of letters; may be given several times
    #[arg(long = "event-type", value_name = "T", allow_hyphen_values = true)]
    pub event_types: Vec<String>,
}

/// Ids, one a line; blank lines are passed over.
pub fn read_candidates(path: &Path) -> Outcome<Vec<String>> {
    let failed = |error| Failure::io(format_args!("reading {}", path.display()), &error);
    let input: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(File::open(path).map_err(failed)?),
    };
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(input).split(b'\n')) {
        let mut line = line.map_err(failed)?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let line = String::from_utf8(line).map_err(|_| {
            Failure::invalid(format_args!(
                "{}: line {number}: not valid UTF-8; save the file as UTF-8",
                path.display()
            ))
        })?;
        let id = match number {
            1 => line.strip_prefix('\u{feff}').unwrap_or(&line),
            _ => &line,
        };
        if !id.is_empty() {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// When something counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Safety {
    /// When the disk has it: survives power loss
    Synced,
    /// When the operating system has it: survives the end of the process
    Buffered,
}

impl From<Safety> for Durability {
    fn from(safety: Safety) -> Self {
        match safety {
            Safety::Synced => Self::Synced,
            Safety::Buffered => Self::Buffered,
        }
    }
}
