//! Makes a pin.

use std::path::Path;

use super::checkpoint::NewCheckpoint;
use crate::io::Storage;
use crate::model::{Error, ErrorKind, Result};
use crate::store::folder::{
    Noted, PINS, Pin, check_name, checked_json, folders, note_of, remove_expired,
};

/// Keeps the store in the folder `root` as it is now. `lasts` are seconds from `now`.
pub(crate) fn pin(
    root: &Path,
    name: &str,
    (now, lasts): (u64, Option<u64>),
    new: &NewCheckpoint<'_>,
) -> Result<Pin> {
    check_name(name)?;
    folders::check_is_store(root)?;
    remove_expired(root, now)?;
    let path = root.join(PINS).join(name);
    if path.exists() {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            format!(
                "{}: there is a pin of this name; release it, or choose another name",
                path.display()
            ),
        ));
    }
    let noted = Noted {
        made_seconds: now,
        expires_seconds: lasts.map(|lasts| now.saturating_add(lasts)),
    };
    let storage = folders::storage(root);
    storage.create_folder(PINS)?;
    storage.sync_folder("")?;
    checked_json::write(&storage, &note_of(name), &noted)?;
    new.make_within(root, &path)?;
    storage.sync_folder(PINS)?;
    Ok(noted.pin(root, name))
}
