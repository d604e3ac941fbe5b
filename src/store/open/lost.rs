//! Segments that a manifest lists and that do not open: the store opens without them, reads of users who
//! may have rows there are refused, and all else answers.

use std::collections::HashMap;
use std::sync::Arc;

use crate::io::Storage;
use crate::model::{ErrorKind, Result, Schema, UserRange};
use crate::store::engine::{Engine, LiveSegment, LostSegment, Version, open_segment};
use crate::store::folder::{Manifest, SegmentEntry};

/// The segments of a manifest: those that open, and those that are damaged or missing. Those of the `known`
/// version are taken over.
///
/// # Errors
/// `Io`, `Unsupported`.
pub(in crate::store) fn open_what_can_be(
    storage: &Arc<dyn Storage>,
    schema: &Schema,
    manifest: &Manifest,
    known: Option<&Version>,
) -> Result<(Vec<Arc<LiveSegment>>, Vec<LostSegment>)> {
    let store = manifest.identity.store;
    let known: HashMap<u64, &Arc<LiveSegment>> = known
        .into_iter()
        .flat_map(|version| version.segments())
        .map(|live| (live.entry.id, live))
        .collect();
    let open = |entry: &SegmentEntry| match known.get(&entry.id) {
        Some(live) if live.entry == *entry => Ok(Arc::clone(live)),
        _ => open_segment(storage, schema, store, entry),
    };
    let (mut live, mut lost) = (Vec::<Arc<LiveSegment>>::new(), Vec::<LostSegment>::new());
    for entry in &manifest.segments {
        let before = live.last().filter(|before| before.entry.run == entry.run);
        match open(entry) {
            Ok(segment) => {
                let open_ends = lost.iter_mut().rev();
                let open_ends = open_ends.take_while(|known: &&mut LostSegment| {
                    known.entry.run == entry.run && known.between[1].is_none()
                });
                open_ends.for_each(|known| known.between[1] = Some(segment.users()[0].clone()));
                live.push(segment);
            }
            Err(error) if error.kind() == ErrorKind::Corruption => {
                lost.push(LostSegment {
                    entry: entry.clone(),
                    why: error.full_message(),
                    between: [before.map(|before| before.users()[1].clone()), None],
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok((live, lost))
}

impl Engine {
    /// What is wrong with each segment that does not open, and what is lost with it.
    pub(crate) fn damaged_segments(&self) -> Vec<String> {
        let version = self.version.load();
        let lost = version.lost.iter();
        lost.map(|lost| lost.error().message().to_owned()).collect()
    }
}

impl Version {
    /// The same without segments that did not open.
    pub(in crate::store) fn with_lost(mut self, lost: impl Into<Arc<[LostSegment]>>) -> Self {
        self.lost = lost.into();
        self
    }

    /// The lost segments that a manifest still lists.
    pub(in crate::store) fn lost_of(&self, manifest: &Manifest) -> Arc<[LostSegment]> {
        let is_listed = |lost: &&LostSegment| {
            let mut entries = manifest.segments.iter();
            entries.any(|entry| entry.id == lost.entry.id)
        };
        self.lost.iter().filter(is_listed).cloned().collect()
    }

    pub(in crate::store) fn has_lost(&self, id: u64) -> bool {
        self.lost.iter().any(|lost| lost.entry.id == id)
    }

    /// Refuses to read the rows under a key where a segment is lost that may have some.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    #[inline]
    pub(in crate::store) fn check_key(&self, key: &str) -> Result<()> {
        if self.lost.is_empty() {
            return Ok(());
        }
        self.refuse(|lost| lost.may_have(key))
    }

    /// Refuses to read the rows of a range of users where a segment is lost that may have some.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    pub(in crate::store) fn check_users(&self, users: &UserRange) -> Result<()> {
        self.refuse(|lost| lost.may_have_any_of(users))
    }

    /// Refuses what needs every segment.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    pub(in crate::store) fn check_is_whole(&self) -> Result<()> {
        self.refuse(|_| true)
    }

    #[cold]
    fn refuse(&self, concerns: impl Fn(&LostSegment) -> bool) -> Result<()> {
        match self.lost.iter().find(|lost| concerns(lost)) {
            None => Ok(()),
            Some(lost) => Err(lost.error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::tests::lost;

    #[test]
    fn an_error_names_the_file_what_is_lost_and_what_to_do() {
        let version = Version::default().with_lost(vec![lost([None, Some("f")], 0)]);
        assert!(version.check_key("g").is_ok());
        let error = version.check_key("a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corruption);
        assert_eq!(
            error.message(),
            "segments/00000007.seg: gone; its 5 rows of the commits 1 to 2 cannot be read, and other \
             users' rows can; to go on without them: annals repair STORE"
        );
    }
}
