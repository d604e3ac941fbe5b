//! JSON of another form than the one that was asked for, told apart by its keys.

use crate::model::{Error, Role};

/// The service's calls that put something else than events: the key of their list, their name, and what
/// they put.
const OTHER_CALLS: [(&str, &str, &str); 4] = [
    ("items", "PutItems", "items"),
    ("users", "PutUsers", "users"),
    ("actions", "PutActions", "actions"),
    (
        "actionInteractions",
        "PutActionInteractions",
        "interactions with actions",
    ),
];

/// The error of an object without an `eventList` that has these keys, where they tell what it is.
pub(super) fn no_events<'a>(mut keys: impl Iterator<Item = &'a str>) -> Option<Error> {
    keys.find_map(|key| {
        if let Some((_, call, what)) = OTHER_CALLS.iter().find(|(known, ..)| *known == key) {
            return Some(Error::invalid(format!(
                "the body of a {call} call, which puts {what}; a store of interactions takes those of \
                 PutEvents calls"
            )));
        }
        (Role::of_name(key) != Role::Metadata).then(|| {
            Error::invalid(
                "an interaction by the schema's names, not a PutEvents request; annals put takes \
                 interactions",
            )
        })
    })
}

/// The error of an object of these keys that should have the schema's names, where it is a request.
pub(super) fn no_interaction<'a>(mut keys: impl Iterator<Item = &'a str>) -> Option<Error> {
    keys.any(|key| key == "eventList").then(|| {
        Error::invalid(
            "a PutEvents request, not an interaction by the schema's names; annals put-events takes \
             requests",
        )
    })
}
