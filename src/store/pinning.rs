//! Makes a pin.

use std::path::Path;

use super::checkpoint::NewCheckpoint;
use super::folders;
use super::named::check_name;
use super::pins::{Noted, PINS, Pin, note_of, remove_expired};
use crate::io::{Storage, replace};
use crate::types::{Error, ErrorKind, Result};

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
    if folders::is_store(&path) {
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
    let json = serde_json::to_vec(&noted);
    let json = json.map_err(|_| Error::internal("a pin that is no JSON"))?;
    let file = note_of(name);
    replace(&storage, &file, &format!("{file}.new"), &json)?;
    new.make_within(root, &path)?;
    storage.sync_folder(PINS)?;
    Ok(noted.pin(root, name))
}
