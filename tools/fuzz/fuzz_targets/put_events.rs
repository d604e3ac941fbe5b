//! A PutEvents request in JSON is read and checked or refused, and so is a recommendation.

#![no_main]

use std::sync::{Arc, LazyLock};

use annals::Limits;
use annals::columns::Validator;
use annals::import::{put_events_of_json, recommendation_of_json};
use libfuzzer_sys::fuzz_target;

static VALIDATORS: LazyLock<[Validator; 2]> =
    LazyLock::new(|| [Limits::personalize(), Limits::unlimited()].map(validator));

fn validator(limits: Limits) -> Validator {
    Validator::new(Arc::new(annals_fuzz::schema(&Limits::unlimited())), limits)
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = recommendation_of_json(json);
    let [limited, unlimited] = &*VALIDATORS;
    let Ok(mut request) = put_events_of_json(json, limited) else {
        let _ = put_events_of_json(json, unlimited).map(|request| unlimited.check_events(&request));
        return;
    };
    // Limits change no value, and what is allowed under them is allowed without them.
    let again = put_events_of_json(json, unlimited).map_err(|error| error.to_string());
    assert_eq!(again.as_ref(), Ok(&request));
    for _ in 0..2 {
        if limited.check_events(&request).is_ok() {
            assert!((1..=10).contains(&request.events.len()));
            let checked = unlimited.check_events(&request);
            checked.expect("a request that the limits allow");
        }
        request.ignore_unknown = true;
    }
});
