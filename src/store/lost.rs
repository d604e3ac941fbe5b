//! Segments that a manifest lists and that do not open: the store opens without them, reads of users who
//! may have rows there are refused, and all else answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::engine::{Engine, open_segment};
use super::manifest::{Manifest, SegmentEntry};
use super::version::{LiveSegment, Version};
use crate::io::Storage;
use crate::types::{Error, ErrorKind, Result, Schema, UserRange};

/// A segment that does not open.
#[derive(Clone, Debug)]
pub(crate) struct LostSegment {
    pub(super) entry: SegmentEntry,
    /// Why, with the file and what to do.
    pub(super) why: String,
    /// The last user of the segment before it in its run, and the first of the one behind it: its own lie
    /// in between, or are one of the two. `None` where there is none, or it does not open either.
    pub(super) between: [Option<String>; 2],
}

impl LostSegment {
    fn may_have(&self, key: &str) -> bool {
        let [after, before] = &self.between;
        after.as_deref().is_none_or(|after| key >= after)
            && before.as_deref().is_none_or(|before| key <= before)
    }

    fn may_have_any_of(&self, users: &UserRange) -> bool {
        // Rows of a session may be shown as those of any user.
        if self.entry.sessions > 0 {
            return true;
        }
        let [after, before] = &self.between;
        let ends_before = users.to.as_deref().zip(after.as_deref());
        let begins_behind = users.from.as_deref().zip(before.as_deref());
        ends_before.is_none_or(|(to, after)| to > after)
            && begins_behind.is_none_or(|(from, before)| from <= before)
    }

    fn error(&self) -> Error {
        let [first, last] = self.entry.sequences;
        Error::corrupt(format!(
            "{}; its {} rows of the commits {first} to {last} cannot be read, and other users' rows can; to \
             go on without them: annals repair STORE",
            self.why, self.entry.rows
        ))
    }
}

/// The segments of a manifest: those that open, and those that are damaged or missing. Those of the `known`
/// version are taken over.
///
/// # Errors
/// `Io`, `Unsupported`.
pub(super) fn open_what_can_be(
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
    pub(super) fn with_lost(mut self, lost: impl Into<Arc<[LostSegment]>>) -> Self {
        self.lost = lost.into();
        self
    }

    /// The lost segments that a manifest still lists.
    pub(super) fn lost_of(&self, manifest: &Manifest) -> Arc<[LostSegment]> {
        let is_listed = |lost: &&LostSegment| {
            let mut entries = manifest.segments.iter();
            entries.any(|entry| entry.id == lost.entry.id)
        };
        self.lost.iter().filter(is_listed).cloned().collect()
    }

    pub(super) fn has_lost(&self, id: u64) -> bool {
        self.lost.iter().any(|lost| lost.entry.id == id)
    }

    /// Refuses to read the rows under a key where a segment is lost that may have some.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    #[inline]
    pub(super) fn check_key(&self, key: &str) -> Result<()> {
        if self.lost.is_empty() {
            return Ok(());
        }
        self.refuse(|lost| lost.may_have(key))
    }

    /// Refuses to read the rows of a range of users where a segment is lost that may have some.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    pub(super) fn check_users(&self, users: &UserRange) -> Result<()> {
        self.refuse(|lost| lost.may_have_any_of(users))
    }

    /// Refuses what needs every segment.
    ///
    /// # Errors
    /// `Corruption`, naming the file.
    pub(super) fn check_is_whole(&self) -> Result<()> {
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
    use crate::segment::Origin;

    fn lost(between: [Option<&str>; 2], sessions: u64) -> LostSegment {
        LostSegment {
            entry: SegmentEntry {
                id: 7,
                run: 3,
                origin: Origin::Bulk,
                file_bytes: 100,
                checksum: 1,
                rows: 5,
                sequences: [1, 2],
                sessions,
                joined: 0,
            },
            why: "segments/00000007.seg: gone".to_owned(),
            between: between.map(|user| user.map(str::to_owned)),
        }
    }

    fn range(from: Option<&str>, to: Option<&str>) -> UserRange {
        let [from, to] = [from, to].map(|user| user.map(str::to_owned));
        UserRange { from, to }
    }

    #[test]
    fn users_beside_its_neighbours_are_not_refused() {
        let one = lost([Some("c"), Some("f")], 0);
        let may_have = ["b", "c", "d", "f", "f\0", "g"].map(|user| one.may_have(user));
        assert_eq!(may_have, [false, true, true, true, false, false]);
        for (from, to, concerned) in [
            (None, None, true),
            (None, Some("c"), false),
            (None, Some("c\0"), true),
            (Some("f"), None, true),
            (Some("f\0"), None, false),
            (Some("d"), Some("e"), true),
            (Some("a"), Some("b"), false),
        ] {
            let users = range(from, to);
            assert_eq!(one.may_have_any_of(&users), concerned, "{users:?}");
            // Rows of sessions may be anyone's.
            assert!(lost([Some("c"), Some("f")], 1).may_have_any_of(&users));
        }
        assert!(lost([None, Some("f")], 0).may_have("a"));
        assert!(!lost([None, Some("f")], 0).may_have("g"));
        assert!(lost([None, None], 0).may_have("g"));
    }

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
