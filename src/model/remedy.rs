//! What messages on damage tell people to do.

/// About a segment that is missing or damaged: its file never changes, so that of any copy which lists it
/// will do.
pub(crate) const RESTORE_SEGMENT: &str = "copy the file of this name from a backup that has it (BACKUPS/N/segments), or restore \
                                   the whole store: annals restore BACKUPS@N NEWSTORE";

/// About any other file: those of a store are of one moment, and none of another moment takes their place.
pub(crate) const RESTORE_STORE: &str =
    "restore the whole store from a backup: annals restore BACKUPS@N NEWSTORE";
