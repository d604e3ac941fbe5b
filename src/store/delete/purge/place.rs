//! A place of the store that holds an id.

/// Where an id was found.
pub(super) struct FoundPlace {
    pub(super) id: String,
    pub(super) file: String,
    pub(super) what: String,
}
