//! A manifest is read or refused, and what was read is written as it reads.

#![no_main]

use annals::fuzzing::manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|covered: &[u8]| {
    let _ = manifest(covered);
    if let Ok(written) = manifest(&annals_fuzz::manifest_file(covered)) {
        let again = manifest(&written).map_err(|error| error.to_string());
        assert_eq!(again, Ok(written));
    }
});
