//! Segments that belong together, and which of them may hold a user.

use std::ops::Range;
use std::sync::Arc;

use super::live_segment::LiveSegment;
use crate::model::{HashedKey, Result};
use crate::segment::{Origin, Segment};

/// Segments that do not overlap in users, sorted by user. Only a user with more rows than a
/// segment holds stands in two neighbours.
#[derive(Clone)]
pub(crate) struct Run {
    pub id: u64,
    pub origin: Origin,
    pub segments: Vec<Arc<LiveSegment>>,
    /// Whether a run that stands before it in its version has rows as new as its oldest.
    pub overlaps_older: bool,
    users: UserRanges,
}

impl Run {
    /// The run of these segments; `None` of none.
    pub(in crate::store) fn new(segments: Vec<Arc<LiveSegment>>) -> Option<Self> {
        let entry = &segments.first()?.entry;
        Segment::share_items(segments.iter().map(|live| &*live.segment));
        Some(Self {
            id: entry.run,
            origin: entry.origin,
            overlaps_older: false,
            users: UserRanges::of(segments.iter().map(|live| live.users())),
            segments,
        })
    }

    /// The segments that may hold a user: the only one there is, or those whose range of users
    /// has it.
    #[inline]
    pub(crate) fn of_user(&self, user: &str) -> &[Arc<LiveSegment>] {
        match self.segments.as_slice() {
            [_] => &self.segments,
            segments => {
                let range = self.users.around(user, segments, |live| live.users());
                segments.get(range).unwrap_or_default()
            }
        }
    }

    /// Says that a user is about to be looked for. Of more than one segment that may hold it only
    /// the first is told.
    pub(in crate::store) fn prefetch_user(&self, user: HashedKey<'_>) {
        if let Some(live) = self.of_user(user.text).first() {
            live.segment.prefetch_user(user);
        }
    }

    /// The oldest and the newest timestamp.
    pub(in crate::store) fn timestamps(&self) -> [i64; 2] {
        let ranges = self.segments.iter();
        let ranges = ranges.map(|live| live.segment.footer().timestamps);
        ranges.fold([i64::MAX, i64::MIN], |all, range| {
            [all[0].min(range[0]), all[1].max(range[1])]
        })
    }

    /// The user of a row, counted over all segments of the run.
    pub(crate) fn user_at(&self, row: u64) -> Result<Option<String>> {
        let mut before = row;
        for live in &self.segments {
            if before < live.entry.rows {
                return live.segment.user_at(before as usize).map(Some);
            }
            before -= live.entry.rows;
        }
        Ok(None)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.segments.iter().map(|live| live.entry.rows).sum()
    }
}

/// The first and the last user of each segment, by their first bytes: these lie together, where the users
/// themselves would be four reads away from the run.
#[derive(Clone)]
struct UserRanges {
    /// What all users of the run begin with.
    common: Box<[u8]>,
    /// What follows in the first and in the last user of each segment.
    bounds: Box<[[u64; 2]]>,
}

impl UserRanges {
    /// Of segments in order, by the first and the last user of each.
    fn of<'a>(segments: impl DoubleEndedIterator<Item = &'a [String; 2]> + Clone) -> Self {
        let bytes = |user: Option<&'a String>| user.map_or(&[][..], |user| user.as_bytes());
        let first = bytes(segments.clone().next().map(|[first, _]| first));
        let last = bytes(segments.clone().next_back().map(|[_, last]| last));
        let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        let common = first.get(..shared).unwrap_or_default();
        let bound = |user: &String| word_from(user.as_bytes(), shared);
        Self {
            common: common.into(),
            bounds: segments.map(|users| users.each_ref().map(bound)).collect(),
        }
    }

    /// Which of the segments, of which these are the ranges, have a user in theirs.
    #[inline]
    fn around<S>(
        &self,
        user: &str,
        segments: &[S],
        users: impl Fn(&S) -> &[String; 2],
    ) -> Range<usize> {
        if !user.as_bytes().starts_with(&self.common) {
            return 0..0;
        }
        let wanted = word_from(user.as_bytes(), self.common.len());
        let at = self.bounds.partition_point(|[_, last]| *last < wanted);
        match self.bounds.get(at) {
            Some([first, last]) if *first < wanted && wanted < *last => at..at + 1,
            _ => self.search(user, wanted, segments, users),
        }
    }

    /// The same where the first bytes are those of a bound, or in no range.
    fn search<S>(
        &self,
        user: &str,
        wanted: u64,
        segments: &[S],
        users: impl Fn(&S) -> &[String; 2],
    ) -> Range<usize> {
        let border = |bound: usize, is_before: &dyn Fn(&str) -> bool| {
            let of = |range: &[u64; 2]| range[bound];
            let surely = self.bounds.partition_point(|range| of(range) < wanted);
            let perhaps = self.bounds.partition_point(|range| of(range) <= wanted);
            let open = segments.get(surely..perhaps).unwrap_or_default();
            surely + open.partition_point(|segment| is_before(&users(segment)[bound]))
        };
        border(1, &|last| last < user)..border(0, &|first| first <= user)
    }
}

/// Eight bytes from a place on, zeros where there are fewer: they are in the order of the strings, as far
/// as they tell.
#[inline]
fn word_from(bytes: &[u8], from: usize) -> u64 {
    let rest = bytes.get(from..).unwrap_or_default();
    if let Some(word) = rest.first_chunk() {
        return u64::from_be_bytes(*word);
    }
    let missing = (size_of::<u64>() - rest.len()) as u32 * u8::BITS;
    if let Some(word) = bytes.last_chunk() {
        // One load, where a word put together from bytes would be waited for.
        return u64::from_be_bytes(*word).checked_shl(missing).unwrap_or(0);
    }
    let word = rest
        .iter()
        .fold(0, |word, byte| word << u8::BITS | u64::from(*byte));
    word.checked_shl(missing).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Users that often begin alike, so that eight bytes do not tell them apart.
    fn user() -> impl Strategy<Value = String> {
        "(user-|user-0000000|)[ab\u{0}\u{F6}]{0,3}"
    }

    proptest! {
        #[test]
        fn the_segments_around_a_user_are_those_whose_range_has_it(
            mut users in proptest::collection::vec(user(), 1..12),
            cuts in proptest::collection::vec(0_usize..12, 0..6),
            asked in proptest::collection::vec(user(), 1..20),
        ) {
            users.sort_unstable();
            users.dedup();
            // One user may end a segment and begin the next.
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < users.len()).collect();
            cuts.sort_unstable();
            let begins = std::iter::once(0).chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain([users.len() - 1]);
            let segments: Vec<[String; 2]> = begins
                .zip(ends)
                .map(|(first, last)| [first, last].map(|at| users[at].clone()))
                .collect();
            let ranges = UserRanges::of(segments.iter());
            for user in asked.iter().chain(&users) {
                let around = ranges.around(user, &segments, |segment| segment);
                let want: Vec<usize> = (0..segments.len())
                    .filter(|at| segments[*at][0] <= *user && *user <= segments[*at][1])
                    .collect();
                prop_assert_eq!(around.collect::<Vec<_>>(), want, "{:?}", user);
            }
        }
    }
}
