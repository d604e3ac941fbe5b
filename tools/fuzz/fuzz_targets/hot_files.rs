//! Files of RocksDB, and the account, are read or refused. Where a log's torn end is cut off, the rest
//! is whole and has the same records.

#![no_main]

use annals::fuzzing::{account, hot_log, hot_manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = account(file);
    let _ = hot_manifest(file);
    if let Ok((records, behind, bytes)) = hot_log(file) {
        let cut = &file[..bytes];
        let again = hot_log(cut).map_err(|error| error.to_string());
        assert_eq!(again, Ok((records, 0, bytes)));
        assert!(behind == 0 || bytes < file.len());
    }
});
