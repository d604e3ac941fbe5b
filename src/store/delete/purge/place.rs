//! A place of the store that holds an id.

/// Where an id was found.
pub(super) struct Place {
    pub(super) id: String,
    pub(super) file: String,
    pub(super) what: String,
}
