//! What RocksDB reports, as errors of the store.

use std::path::Path;

use crate::types::{Error, ErrorKind};

/// The error of `doing` something in the folder `path`.
pub(super) fn failed(doing: &str, path: &Path, error: rocksdb::Error) -> Error {
    let kind = match error.kind() {
        rocksdb::ErrorKind::Corruption => ErrorKind::Corruption,
        rocksdb::ErrorKind::NotSupported => ErrorKind::Unsupported,
        rocksdb::ErrorKind::Busy => ErrorKind::Locked,
        // RocksDB reports a taken lock file as an I/O error: by message is the only way to know.
        rocksdb::ErrorKind::IOError if is_lock(error.as_ref()) => ErrorKind::Locked,
        rocksdb::ErrorKind::IOError if error.as_ref().contains("No such file") => {
            ErrorKind::NotFound
        }
        _ => ErrorKind::Io,
    };
    let message = match kind {
        ErrorKind::Locked => format!(
            "{doing} {}: another process or handle has it open for writing",
            path.display()
        ),
        _ => format!("{doing} {}", path.display()),
    };
    Error::new(kind, message).caused_by(error)
}

fn is_lock(message: &str) -> bool {
    message.contains("lock hold by current process") || message.contains("While lock file")
}
