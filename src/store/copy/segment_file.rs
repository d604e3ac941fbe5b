//! The file of a segment that a manifest lists, looked at by itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::Storage;
use crate::model::{Error, RESTORE_SEGMENT, Result, Schema, StoreId};
use crate::store::engine::{LiveSegment, open_segment};
use crate::store::folder::{SegmentEntry, folders};

/// Of the store in a folder, which need not be open.
pub(super) struct SegmentFile<'a> {
    root: PathBuf,
    store: StoreId,
    schema: &'a Schema,
    entry: &'a SegmentEntry,
}

impl<'a> SegmentFile<'a> {
    pub(in crate::store) fn new(
        root: &Path,
        store: StoreId,
        schema: &'a Schema,
        entry: &'a SegmentEntry,
    ) -> Self {
        Self {
            root: root.to_owned(),
            store,
            schema,
            entry,
        }
    }

    /// Opens it: its size, footer and header are right then.
    ///
    /// # Errors
    /// `Corruption`, naming folder and file; `Io`.
    fn open(&self) -> Result<Arc<LiveSegment>> {
        let storage: Arc<dyn Storage> = Arc::new(folders::storage(&self.root));
        open_segment(&storage, self.schema, self.store, self.entry)
            .map_err(|error| error.within(self.root.display()))
    }

    /// Reads every byte of it, and holds it against its checksum.
    ///
    /// # Errors
    /// As [`SegmentFile::open`].
    pub(in crate::store) fn read(&self) -> Result<()> {
        let live = self.open()?;
        match live.segment.damage(self.schema).first() {
            None => Ok(()),
            Some(damage) => {
                let [start, end] = damage.bytes;
                Err(Error::corrupt(format!(
                    "{}: bytes {start}..{end} are damaged ({}); {RESTORE_SEGMENT}",
                    damage.file, damage.what
                ))
                .within(self.root.display()))
            }
        }
    }
}
