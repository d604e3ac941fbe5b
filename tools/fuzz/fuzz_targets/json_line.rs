//! A line of JSON is an interaction or an error, and so is each line of a file.

#![no_main]

use std::sync::{Arc, LazyLock};

use annals::Limits;
use annals::columns::Validator;
use annals::import::{JsonLines, interaction_of_json};
use libfuzzer_sys::fuzz_target;

static VALIDATORS: LazyLock<[Validator; 2]> =
    LazyLock::new(|| [Limits::personalize(), Limits::unlimited()].map(validator));

fn validator(limits: Limits) -> Validator {
    Validator::new(Arc::new(annals_fuzz::schema(&Limits::unlimited())), limits)
}

fuzz_target!(|bytes: &[u8]| {
    for validator in &*VALIDATORS {
        let lines = JsonLines::new(bytes, validator).max_line_bytes(1000);
        let newlines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines.count() <= newlines + 1);
    }
    let [limited, unlimited] = &*VALIDATORS;
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(interaction) = interaction_of_json(text, limited)
    {
        let again = interaction_of_json(text, unlimited).map_err(|error| error.to_string());
        assert_eq!(again, Ok(interaction));
    }
});
