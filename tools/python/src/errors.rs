//! Errors as exceptions by kind, with the message they have in Rust.

use std::path::{Path, PathBuf};

use annals::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The exceptions are written in Python, where a class can have two bases.
const MODULE: &str = "annalsdb._errors";

static CLASSES: [PyOnceLock<Py<PyType>>; Class::COUNT] =
    [const { PyOnceLock::new() }; Class::COUNT];

/// An exception class.
#[derive(Clone, Copy)]
enum Class {
    InvalidInput,
    NotFound,
    AlreadyExists,
    Locked,
    Corruption,
    Io,
    Poisoned,
    Unsupported,
    Interrupted,
    Internal,
    Closed,
    Forked,
}

impl Class {
    const COUNT: usize = Self::Forked as usize + 1;

    fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::InvalidInput,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::AlreadyExists => Self::AlreadyExists,
            ErrorKind::Locked => Self::Locked,
            ErrorKind::Corruption => Self::Corruption,
            ErrorKind::Io => Self::Io,
            ErrorKind::Poisoned => Self::Poisoned,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Interrupted => Self::Interrupted,
            _ => Self::Internal,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "InvalidInputError",
            Self::NotFound => "NotFoundError",
            Self::AlreadyExists => "AlreadyExistsError",
            Self::Locked => "LockedError",
            Self::Corruption => "CorruptionError",
            Self::Io => "StoreIOError",
            Self::Poisoned => "PoisonedError",
            Self::Unsupported => "UnsupportedError",
            Self::Interrupted => "StoppedError",
            Self::Internal => "InternalError",
            Self::Closed => "ClosedError",
            Self::Forked => "ForkedError",
        }
    }

    fn with(self, message: String) -> PyErr {
        Python::attach(|py| {
            let known = CLASSES.get(self as usize);
            let class = known.map(|class| class.import(py, MODULE, self.name()));
            match class {
                Some(Ok(class)) => PyErr::from_type(class.clone(), message),
                Some(Err(error)) => error,
                None => pyo3::exceptions::PyRuntimeError::new_err(message),
            }
        })
    }
}

/// Why work without the interpreter lock could not be done.
#[derive(Debug)]
pub enum Failed {
    Engine(Error),
    /// A rule that an argument breaks.
    Rule(String),
    /// The operating system refused something about a file.
    Io(PathBuf, std::io::Error),
    /// What cannot be.
    Bug(String),
}

impl Failed {
    /// For `map_err` of what is done to a file.
    pub fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        |error| Self::Io(path.to_owned(), error)
    }

    pub fn raise(self) -> PyErr {
        match self {
            Self::Engine(error) => raise(error),
            Self::Rule(rule) => invalid(rule),
            Self::Io(path, error) => Class::Io.with(format!("{}: {error}", path.display())),
            Self::Bug(what) => internal(what),
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

/// The exception of an error of the engine.
pub fn raise(error: Error) -> PyErr {
    Class::of(error.kind()).with(error.full_message())
}

/// An argument or a value that breaks a rule which only Python can break.
pub fn invalid(message: impl Into<String>) -> PyErr {
    Class::InvalidInput.with(message.into())
}

/// A closed store was used.
pub fn closed() -> PyErr {
    Class::Closed.with("the store is closed; open it again".to_owned())
}

/// What was opened in another process was used.
pub fn forked() -> PyErr {
    Class::Forked.with(
        "this was opened in the process that this one was forked from; open the store again here, or start \
         processes by spawn or forkserver"
            .to_owned(),
    )
}

/// A failure that is neither the engine's nor the caller's.
pub fn internal(message: impl std::fmt::Display) -> PyErr {
    Class::Internal.with(format!(
        "{message}; this is a bug in annalsdb: please report it"
    ))
}
