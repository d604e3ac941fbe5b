//! A value of the hot tier is refused, or its cells are written as they read.

#![no_main]

use std::sync::LazyLock;

use annals::fuzzing::{decode_row, encode_row};
use annals::{Limits, Schema};
use libfuzzer_sys::fuzz_target;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| annals_fuzz::schema(&Limits::unlimited()));

fuzz_target!(|value: &[u8]| {
    let (mut cells, mut again) = (Vec::new(), Vec::new());
    if decode_row(&SCHEMA, value, &mut cells).is_err() {
        return;
    }
    let mut written = Vec::new();
    encode_row(&SCHEMA, &cells, &mut written).expect("cells that were read fit their schema");
    decode_row(&SCHEMA, &written, &mut again).expect("what was written is read");
    assert_eq!(cells, again);
});
