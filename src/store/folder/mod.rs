//! What lies in a store's folder beside segments and logs: the manifest, the account, locks, notes, names.

pub(super) mod account;
mod backups_folder;
pub(super) mod checked_json;
pub(super) mod creation;
pub(super) mod folders;
pub(super) mod leases;
mod lock;
pub(super) mod manifest;
mod named;
pub(super) mod pins;
mod small_file;

pub(crate) use account::Account;
pub(super) use account::VERSION as ACCOUNT_VERSION;
pub(super) use backups_folder::check_is_no_backup;
pub(crate) use backups_folder::{BackupsReader, BackupsWriter};
#[cfg(test)]
pub(super) use creation::found;
pub(crate) use creation::{NewStore, is_unfinished};
pub(super) use creation::{is_leftover, make};
pub(crate) use folders::is_store;
pub(super) use folders::{FOLDERS, HOT, SEGMENTS, TEMPORARY, check_is_store};
pub use leases::Lease;
pub(crate) use leases::{lease, leases, release};
pub(super) use lock::StoreLock;
#[cfg(test)]
pub(super) use manifest::FILE;
pub(crate) use manifest::Manifest;
pub(super) use manifest::{Identity, Removed, SegmentEntry, VERSION as MANIFEST_VERSION};
pub(super) use named::check_name;
pub use pins::Pin;
pub(super) use pins::{Noted, PINS, check_is_no_pin, is_kept, names, note_of, remove_expired};
pub(crate) use pins::{pinned, pins, unpin};
