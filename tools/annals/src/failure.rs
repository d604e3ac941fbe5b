//! Why a command ends early, and the exit code that says so to scripts.

use std::error::Error as _;
use std::fmt::Display;
use std::io;

use annals::{Error, ErrorKind};

pub type Outcome<T = ()> = Result<T, Failure>;

/// What ended a command.
#[derive(Debug)]
pub enum Failure {
    /// A message for people, a code for scripts.
    Message { code: u8, message: String },
    /// Whoever read our output has had enough.
    ClosedPipe,
}

/// The exit code for a wrong command line.
pub const USAGE: u8 = code::USAGE;

/// See the list in `--help`.
mod code {
    pub const REFUSED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const INVALID: u8 = 3;
    pub const DAMAGED: u8 = 4;
    pub const LOCKED: u8 = 5;
    pub const BUG: u8 = 6;
}

impl Failure {
    fn new(code: u8, message: impl Display) -> Self {
        Self::Message {
            code,
            message: message.to_string(),
        }
    }

    pub fn usage(message: impl Display) -> Self {
        Self::new(code::USAGE, message)
    }

    pub fn invalid(message: impl Display) -> Self {
        Self::new(code::INVALID, message)
    }

    /// The operating system or the store refuses.
    pub fn refused(message: impl Display) -> Self {
        Self::new(code::REFUSED, message)
    }

    /// What must be equal is not.
    pub fn unequal(message: impl Display) -> Self {
        Self::new(code::BUG, message)
    }

    pub fn damaged(message: impl Display) -> Self {
        Self::new(code::DAMAGED, message)
    }

    /// An error of the operating system, with what was being done to which file.
    pub fn io(doing: impl Display, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::new(code::REFUSED, format_args!("{doing}: {error}")),
        }
    }

    /// Adds what else there is to say.
    pub fn and(self, more: impl Display) -> Self {
        match self {
            Self::Message { code, message } => Self::new(code, format_args!("{message}; {more}")),
            Self::ClosedPipe => Self::ClosedPipe,
        }
    }

    /// Says which file it is about: `context: message`.
    pub fn within(self, context: impl Display) -> Self {
        match self {
            Self::Message { code, message } => {
                Self::new(code, format_args!("{context}: {message}"))
            }
            Self::ClosedPipe => Self::ClosedPipe,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = error
            .source()
            .and_then(|cause| cause.downcast_ref::<io::Error>());
        if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
            return Self::ClosedPipe;
        }
        let code = match error.kind() {
            ErrorKind::InvalidInput => code::INVALID,
            ErrorKind::Corruption => code::DAMAGED,
            ErrorKind::Locked => code::LOCKED,
            ErrorKind::Internal => code::BUG,
            _ => code::REFUSED,
        };
        Self::new(code, error.full_message())
    }
}

/// What is written by hand goes to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::io("writing to standard output", &error)
    }
}
