//! One error type, few kinds; each kind tells the caller what to do.

use std::fmt;

use super::printable;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What the caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The data or the argument breaks a rule: correct it and call again. Nothing was written.
    InvalidInput,
    /// There is no such store, segment, file or field.
    NotFound,
    /// A store stands where a new one was to be created.
    AlreadyExists,
    /// Another process has the store open for writing: close it, or open read-only.
    Locked,
    /// Bytes on disk differ from what was written: run `annals verify`, restore what it names.
    Corruption,
    /// The operating system refused: the message says which file and operation.
    Io,
    /// An earlier failure made further writes unsafe: reads go on; reopen the store to write.
    Poisoned,
    /// The store was written by a newer version, or the handle cannot do this.
    Unsupported,
    /// The caller asked that the work end before it was done: nothing of it stays.
    Interrupted,
    /// Something that must hold in memory did not: a bug in annals. What was asked for was not
    /// done, and files are as sound as they were: restore nothing, and report it with its message.
    Internal,
}

impl ErrorKind {
    fn label(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid input",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Locked => "locked",
            Self::Corruption => "corruption",
            Self::Io => "input/output",
            Self::Poisoned => "poisoned",
            Self::Unsupported => "unsupported",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }
}

/// An error: a [kind](ErrorKind) for programs, a message for people.
///
/// `Display` gives the message alone, as those who print a chain of errors expect; the cause is its
/// [source](std::error::Error::source). [`Error::full_message`] has both.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    field: Option<String>,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            field: None,
            message: printable(&message.into()).into_owned(),
            source: None,
        }))
    }

    /// A value that breaks a rule of its field: `field NAME: rule`.
    pub(crate) fn of_field(name: &str, rule: impl fmt::Display) -> Self {
        let mut error = Self::invalid(format!("field {name}: {rule}"));
        error.0.field = Some(name.to_owned());
        error
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corruption, message)
    }

    /// What cannot be unless annals has a bug.
    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::Internal,
            format!("{message}; this is a bug in annals: please report it"),
        )
    }

    /// An error of the operating system, with what was being done to which file.
    pub(crate) fn io(doing: impl fmt::Display, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            _ => ErrorKind::Io,
        };
        Self::new(kind, doing.to_string()).caused_by(source)
    }

    /// An error of a source while its bytes are read. Bytes that are not what the source should hold are
    /// bad input, not a failure of the system.
    pub(crate) fn reading(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::InvalidData => Self::invalid(source.to_string()),
            _ => Self::io("reading", source),
        }
    }

    pub(crate) fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says where: `context: message`.
    pub(crate) fn within(mut self, context: impl fmt::Display) -> Self {
        self.0.message = printable(&format!("{context}: {}", self.0.message)).into_owned();
        self
    }

    /// Says where in a table: `place, column NAME: rule` for an error of a field, `place: message`
    /// for any other.
    pub(crate) fn at_place(mut self, place: impl fmt::Display) -> Self {
        let message = &self.0.message;
        let field = self.0.field.as_deref().map(printable);
        let rule = field.as_deref().and_then(|name| {
            let rule = message.strip_prefix("field ")?.strip_prefix(name)?;
            Some((name, rule))
        });
        let message = match rule {
            Some((name, rule)) => format!("{place}, column {name}{rule}"),
            None => format!("{place}: {message}"),
        };
        self.0.message = printable(&message).into_owned();
        self
    }

    /// The field whose value broke a rule, where it was one.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong and where, without the cause (see [`std::error::Error::source`]). Control
    /// characters in it are escaped.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The message and those of all causes, outermost first: `message: cause: its cause`. For where
    /// an error becomes text, as in a log.
    pub fn full_message(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.0.message.clone(), |text, cause| {
            format!("{text}: {}", printable(&cause.to_string()))
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// The kind and the whole chain, which is what a `main` that returns an error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.label(), self.full_message())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
