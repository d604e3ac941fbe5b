//! Why a statement ends early, and the exit code that says so to scripts.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use annals::inspect::printable;
use annals::{Error, ErrorKind};
use annals_datafusion::engine_error;
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;

pub type Outcome<T = ()> = Result<T, Failure>;

/// The exit code for a wrong command line.
pub const USAGE: u8 = 2;

const REFUSED: u8 = 1;
const INVALID: u8 = 3;
const DAMAGED: u8 = 4;
const LOCKED: u8 = 5;
const BUG: u8 = 6;
const INTERRUPTED: u8 = 130;

/// What ended a statement.
#[derive(Debug)]
pub enum Failure {
    /// A message for people, a code for scripts.
    Message { code: u8, message: String },
    /// Whoever read our output has had enough.
    ClosedPipe,
}

impl Failure {
    fn new(code: u8, message: impl Display) -> Self {
        let message = message.to_string();
        Self::Message { code, message }
    }

    pub fn usage(message: impl Display) -> Self {
        Self::new(USAGE, message)
    }

    pub fn interrupted() -> Self {
        Self::new(INTERRUPTED, "interrupted")
    }

    /// An error of the operating system, with what was being done to which file.
    pub fn io(doing: impl Display, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::new(REFUSED, format_args!("{doing}: {error}")),
        }
    }

    /// An error while an answer was written.
    pub fn writing(error: &ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::io("writing", error),
            _ => Self::new(REFUSED, format_args!("writing: {error}")),
        }
    }

    /// Prints the message and gives the exit code. A closed pipe is no failure: `... | head`.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Message { code, message } => {
                say(message);
                ExitCode::from(*code)
            }
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

/// Says something that is no result, on standard error; control characters but line ends are escaped.
pub fn say(text: &str) {
    let lines: Vec<_> = text.lines().map(printable).collect();
    let text = format!("annals-sql: {}\n", lines.join("\n"));
    // Where that cannot be written there is nobody to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::InvalidInput => INVALID,
            ErrorKind::Corruption => DAMAGED,
            ErrorKind::Locked => LOCKED,
            ErrorKind::Internal => BUG,
            _ => REFUSED,
        };
        Self::new(code, error.full_message())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        if let Some(found) = engine_error(&error) {
            return Self::from(found);
        }
        let code = match error.find_root() {
            DataFusionError::IoError(_) | DataFusionError::ResourcesExhausted(_) => REFUSED,
            DataFusionError::ObjectStore(_) => REFUSED,
            DataFusionError::Internal(_) => BUG,
            _ => INVALID,
        };
        let message = error.strip_backtrace();
        let place = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        match place {
            Some(span) => Self::new(
                code,
                format_args!(
                    "line {}, column {}: {message}",
                    span.start.line, span.start.column
                ),
            ),
            None => Self::new(code, message),
        }
    }
}
