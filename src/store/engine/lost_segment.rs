//! A segment that a manifest lists and that does not open.

use crate::model::{Error, UserRange};
use crate::store::folder::SegmentEntry;

/// A segment that does not open.
#[derive(Clone, Debug)]
pub(crate) struct LostSegment {
    pub(in crate::store) entry: SegmentEntry,
    /// Why, with the file and what to do.
    pub(in crate::store) why: String,
    /// The last user of the segment before it in its run, and the first of the one behind it: its own lie
    /// in between, or are one of the two. `None` where there is none, or it does not open either.
    pub(in crate::store) between: [Option<String>; 2],
}

impl LostSegment {
    pub(in crate::store) fn may_have(&self, key: &str) -> bool {
        let [after, before] = &self.between;
        after.as_deref().is_none_or(|after| key >= after)
            && before.as_deref().is_none_or(|before| key <= before)
    }

    pub(in crate::store) fn may_have_any_of(&self, users: &UserRange) -> bool {
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

    pub(in crate::store) fn error(&self) -> Error {
        let [first, last] = self.entry.sequences;
        Error::corrupt(format!(
            "{}; its {} rows of the commits {first} to {last} cannot be read, and other users' rows can; to \
             go on without them: annals repair STORE",
            self.why, self.entry.rows
        ))
    }
}

#[cfg(test)]
pub(in crate::store) mod tests {
    use super::*;
    use crate::segment::Origin;

    pub(in crate::store) fn lost(between: [Option<&str>; 2], sessions: u64) -> LostSegment {
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
}
