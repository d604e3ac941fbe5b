//! A key of the hot tier is refused, or its parts give the same bytes.

#![no_main]

use annals::fuzzing::{decode_key, encode_key};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((user, timestamp, sequence, index)) = decode_key(bytes) {
        let mut again = Vec::new();
        encode_key(&user, timestamp, sequence, index, &mut again);
        assert_eq!(again, bytes);
    }
});
