//! A segment that a version lists, open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::io::Storage;
use crate::model::{Error, ErrorKind, RESTORE_SEGMENT, Result, Schema, StoreId};
use crate::segment::Segment;
use crate::store::folder::SegmentEntry;

/// An open segment; its file goes when nobody reads it any more, once it is obsolete.
pub(crate) struct LiveSegment {
    pub entry: SegmentEntry,
    pub segment: Arc<Segment>,
    storage: Arc<dyn Storage>,
    obsolete: AtomicBool,
}

impl LiveSegment {
    pub(crate) fn new(
        entry: SegmentEntry,
        segment: Arc<Segment>,
        storage: Arc<dyn Storage>,
    ) -> Arc<Self> {
        Arc::new(Self {
            entry,
            segment,
            storage,
            obsolete: AtomicBool::new(false),
        })
    }

    /// Its first and its last user.
    pub(in crate::store) fn users(&self) -> &[String; 2] {
        &self.segment.footer().users
    }

    /// Marks the file for removal, when the last version that lists it is dropped.
    pub(crate) fn retire(&self) {
        self.obsolete.store(true, Ordering::Release);
    }

    /// Whether its file is to be removed.
    pub(in crate::store) fn is_retired(&self) -> bool {
        self.obsolete.load(Ordering::Acquire)
    }
}

impl Drop for LiveSegment {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            // A file that stays behind is removed at the next opening.
            let _ = self.storage.remove(&SegmentEntry::path_of(self.entry.id));
        }
    }
}

/// Opens a published segment and checks that it is the one the manifest means.
pub(in crate::store) fn open_segment(
    storage: &Arc<dyn Storage>,
    schema: &Schema,
    store: StoreId,
    entry: &SegmentEntry,
) -> Result<Arc<LiveSegment>> {
    let path = SegmentEntry::path_of(entry.id);
    let file = storage.map(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(entry).caused_by(error),
        _ => error,
    })?;
    let file_bytes = file.len() as u64;
    let segment = Segment::open(&path, file, schema).map_err(with_remedy)?;
    let footer = segment.footer();
    if footer.store != store {
        return Err(Error::corrupt(format!(
            "{path}: it belongs to the store {}, and this is {store}; {RESTORE_SEGMENT}",
            footer.store
        )));
    }
    let same = file_bytes == entry.file_bytes
        && footer.checksum == entry.checksum
        && footer.rows as u64 == entry.rows
        && footer.sequence_range() == entry.sequences
        && footer.origin == entry.origin;
    if !same {
        return Err(Error::corrupt(format!(
            "{path}: not the segment that the manifest lists; {RESTORE_SEGMENT}"
        )));
    }
    Ok(LiveSegment::new(
        entry.clone(),
        Arc::new(segment),
        storage.clone(),
    ))
}

/// A segment whose file is not there.
pub(in crate::store) fn missing(entry: &SegmentEntry) -> Error {
    Error::corrupt(format!(
        "{}: the manifest lists this segment of {} rows, but its file is missing; {RESTORE_SEGMENT}",
        SegmentEntry::path_of(entry.id),
        entry.rows
    ))
}

/// Says what to do about a segment that does not open.
fn with_remedy(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Corruption => {
            Error::corrupt(format!("{}; {RESTORE_SEGMENT}", error.full_message()))
        }
        _ => error,
    }
}
