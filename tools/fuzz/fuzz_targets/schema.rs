//! A schema document is parsed or refused, and comes back unchanged.

#![no_main]

use annals::{Limits, Schema};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &str| {
    let limited = Schema::parse(document, &Limits::personalize());
    let unlimited = Schema::parse(document, &Limits::unlimited());
    for schema in [&limited, &unlimited].into_iter().flatten() {
        assert_eq!(schema.json(), document);
        for (id, field) in schema.fields().iter().enumerate() {
            assert_eq!(schema.position(field.name()), Some(id));
        }
    }
    if let Ok(limited) = limited {
        let unlimited = unlimited.expect("what the limits allow is allowed without them");
        assert_eq!(limited.fields(), unlimited.fields());
    }
});
