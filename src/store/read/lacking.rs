//! Which rows still lack what came after them, or hold what was deleted.

use std::sync::Arc;

use crate::hot::{Generation, LateRecord, Link, Tombstone};
use crate::model::session_key;
use crate::segment::Origin;
use crate::store::engine::{LiveSegment, Run, Version};
use crate::store::folder::SegmentEntry;
use crate::store::joins::LateJoin;

impl Version {
    /// Whether any rows may lie under a session that a link gives to a user. Those there are were
    /// written before the link, so that a version without any is followed by none with some. What
    /// is damaged may hold some.
    pub(in crate::store) fn needs_link(&self, link: &Link) -> bool {
        let key = session_key(&link.session);
        let mut hot = self.generations.iter();
        if hot.any(|hot| hot.holds_sessions() && hot.contains(&key)) {
            return true;
        }
        any_holds(self.segments_of(&key), &key, link)
    }

    /// Whether rows may lack something that came late, or have something that was deleted.
    pub(super) fn may_lack(&self, late: &LateJoin) -> bool {
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let mut entries = self.segments().map(|live| &live.entry);
        hot.any(|(first, last)| late.concerns(Some([first, last]), 0))
            || entries.any(|entry| {
                let recorded = entry.origin == Origin::Recorded;
                late.concerns(recorded.then_some(entry.sequences), entry.joined)
            })
    }

    /// Whether any rows may lack a late record.
    pub(in crate::store) fn needs_late(&self, late: &LateRecord) -> bool {
        let [first, last] = late.awaited;
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let mut live = self.segments().map(|live| &live.entry);
        hot.any(|(from, to)| from <= last && to >= first) || live.any(|entry| entry.lacks(late))
    }

    /// Deletions that rows may lie here of.
    pub(in crate::store) fn pending_deletions(&self) -> u64 {
        let deletions = self.joins.deletions.all();
        deletions
            .iter()
            .filter(|one| self.needs_deletion(one))
            .count() as u64
    }

    /// Whether any rows may lie here that a deletion hides.
    pub(in crate::store) fn needs_deletion(&self, tombstone: &Tombstone) -> bool {
        let is_old = |hot: &Arc<Generation>| {
            let oldest = hot.timestamps().map(|(oldest, _)| oldest);
            oldest
                .zip(tombstone.time.until)
                .is_none_or(|(oldest, until)| oldest < until)
        };
        let hot = self.generations.iter();
        let hot = hot.filter(|hot| !tombstone.is_expiry() || is_old(hot));
        let mut hot = hot.filter_map(|generation| generation.sequences());
        // A segment that does not open may come back.
        !self.lost.is_empty()
            || hot.any(|(first, _)| first < tombstone.sequence)
            || self.segments().any(|live| live.may_hold(tombstone))
    }

    /// Whether rows of these runs lack something of commits up to `upto`.
    pub(in crate::store) fn any_lacks(&self, runs: &[&Run], upto: u64) -> bool {
        let segments = || runs.iter().flat_map(|run| &run.segments);
        let mut late = self.joins.late.all();
        late.retain(|late| late.sequence <= upto);
        let mut links = self.joins.links.all();
        links.retain(|link| link.sequence <= upto);
        let mut deletions = self.joins.deletions.all();
        deletions.retain(|one| one.sequence <= upto);
        segments().any(|live| late.iter().any(|late| live.entry.lacks(late)))
            || segments().any(|live| deletions.iter().any(|one| live.may_hold(one)))
            || links.iter().any(|link| {
                let key = session_key(&link.session);
                any_holds(runs.iter().flat_map(|run| run.of_user(&key)), &key, link)
            })
    }
}

impl LiveSegment {
    /// Whether rows, or impressions, may lie here that a deletion hides. What is damaged may hold some.
    fn may_hold(&self, tombstone: &Tombstone) -> bool {
        if !self.entry.lacks_deletion(tombstone.sequence) {
            return false;
        }
        let has_user = |key: &String| self.segment.has_user(key).unwrap_or(true);
        if let Some(item) = tombstone.item_for_everybody() {
            return self.segment.has_item(item).unwrap_or(true);
        }
        if tombstone.is_expiry() {
            let oldest = self.segment.footer().timestamps[0];
            return tombstone.time.until.is_none_or(|until| oldest < until);
        }
        tombstone.keys.iter().any(has_user)
    }
}

/// Whether a segment may hold a row under a session that a link gives to a user.
fn any_holds<'a>(
    mut segments: impl Iterator<Item = &'a Arc<LiveSegment>>,
    key: &str,
    link: &Link,
) -> bool {
    segments.any(|live| {
        live.entry.lacks_link(link.sequence) && live.segment.has_user(key).unwrap_or(true)
    })
}

impl SegmentEntry {
    /// Whether rows of sessions may lie here that a link of the commit `sequence` gives to a user.
    pub(in crate::store) fn lacks_link(&self, sequence: u64) -> bool {
        self.sessions > 0 && self.joined < sequence
    }

    /// Whether rows may lie here that wait for a late record.
    fn lacks(&self, late: &LateRecord) -> bool {
        self.origin == Origin::Recorded
            && self.joined < late.sequence
            && self.sequences[0] <= late.awaited[1]
            && self.sequences[1] >= late.awaited[0]
    }
}
