//! What RocksDB reports, as errors of the store.

use std::fs::File;
use std::path::Path;

use crate::model::{Error, ErrorKind};

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
        _ if error.as_ref().contains(NOT_OPENED) => {
            let why = File::open(path.join("CURRENT")).map(drop);
            let why = why.map_or_else(
                |error| error.to_string(),
                |()| "it can be by now, so try again".to_owned(),
            );
            format!(
                "{doing} {}: its file CURRENT could not be opened ({why}), which RocksDB calls",
                path.display()
            )
        }
        _ => format!("{doing} {}", path.display()),
    };
    Error::new(kind, message).caused_by(error)
}

/// What RocksDB says, whatever the reason, where it cannot open the first file. Nobody asked for direct I/O.
const NOT_OPENED: &str = "Direct I/O is not supported by the specified DB";

fn is_lock(message: &str) -> bool {
    message.contains("lock hold by current process") || message.contains("While lock file")
}
