//! What the places hold of a user.

use std::sync::Arc;

use super::part::{Parts, RowsPlace};
use super::resolved::Resolved;
use crate::column::{Columns, Strings};
use crate::hot::Generation;
use crate::model::{FieldId, HashedKey, Result, TierQuery};
use crate::segment::{Found, Origin};
use crate::store::engine::{LiveSegment, ReadView};
use crate::store::joins::LateJoin;
use crate::store::merge::{Held, Mask, SessionKey};

/// A segment in which a user was looked up ahead; `None` where it has no rows.
pub(super) type LookedUp<'a> = (&'a LiveSegment, Option<Found>);

/// Reads the rows of a user that a query matches, newest data first: what lies further back is
/// often older than all that is asked for. Segments in which the user was not looked up ahead are looked into.
pub(super) fn read(
    view: ReadView<'_>,
    user: HashedKey<'_>,
    ahead: &[LookedUp<'_>],
    resolved: &mut Resolved,
    parts: &mut Parts,
) -> Result<()> {
    resolved.tier.visible = view.visible;
    let sessions = view.sessions_of(user.text);
    let asked = &resolved.tier.asked;
    let mut reading = Reading {
        view,
        late: LateJoin::new(&view.version.joins, view.schema, view.visible, asked),
        scattered: !sessions.is_empty(),
        ahead,
        resolved,
        parts,
    };
    reading.read_key(user, u64::MAX)?;
    reading.ahead = &[];
    for SessionKey { key, linked } in &sessions {
        reading.read_key(HashedKey::of(key), *linked)?;
    }
    let limit = resolved.limit();
    resolved.ask(limit, false);
    Ok(())
}

/// The reading of parts.
struct Reading<'a> {
    view: ReadView<'a>,
    resolved: &'a mut Resolved,
    late: Option<LateJoin>,
    /// Whether rows lie under several keys.
    scattered: bool,
    ahead: &'a [LookedUp<'a>],
    parts: &'a mut Parts,
}

/// A place, and how it is asked.
struct Asked {
    place: RowsPlace,
    /// The rows that are still missing.
    left: usize,
    /// Whether rows of another place may have the timestamp of one of these.
    tied: bool,
    /// What is left out of them.
    mask: Option<Mask>,
    /// Commits up to this are worked into them.
    joined: u64,
}

impl Reading<'_> {
    /// Reads the rows that lie under a key, those of segments into which commits from `linked` on
    /// are worked aside.
    fn read_key(&mut self, key: HashedKey<'_>, linked: u64) -> Result<()> {
        let version = self.view.version;
        version.check_key(key.text)?;
        for generation in version.generations.iter().rev() {
            self.read_generation(generation, key)?;
        }
        for run in version.runs.iter().rev() {
            let segments = run.of_user(key.text);
            let tied = run.overlaps_older || segments.len() > 1;
            let lacking = |live: &&Arc<LiveSegment>| live.entry.joined < linked;
            for live in segments.iter().rev().filter(lacking) {
                self.read_segment(live, tied, key)?;
            }
        }
        Ok(())
    }

    fn read_generation(&mut self, generation: &Generation, key: HashedKey<'_>) -> Result<()> {
        // Most users have none.
        let Some(rows) = generation.rows_of(key) else {
            return Ok(());
        };
        let newest = || generation.timestamps().map(|(_, newest)| newest);
        let Some(left) = self.left(newest) else {
            return Ok(());
        };
        let asked = Asked {
            place: RowsPlace::Generation(generation.id()),
            left,
            tied: true,
            mask: self.mask(key, || Held::of_generation(generation)),
            joined: 0,
        };
        rows.prefetch(self.resolved.ask(left, true));
        self.part(
            asked,
            || generation.sequences().map(|(first, last)| [first, last]),
            |tier, columns| rows.history(tier, columns),
            |field| generation.dictionary(field),
        )
    }

    fn read_segment(&mut self, live: &LiveSegment, tied: bool, key: HashedKey<'_>) -> Result<()> {
        let segment = &live.segment;
        let newest = segment.footer().timestamps[1];
        let Some(left) = self.left(|| Some(newest)) else {
            return Ok(());
        };
        let first = self.parts.first_timestamp();
        let tied = tied || self.scattered || first.is_some_and(|first| first <= newest);
        let tier = self.resolved.ask(left, tied);
        let mut ahead = self.ahead.iter();
        let found = match ahead.find(|(of, _)| of.entry.id == live.entry.id) {
            Some((_, found)) => found.clone(),
            None => segment.find(key, tier)?,
        };
        let Some(found) = found else {
            return Ok(());
        };
        let asked = Asked {
            place: RowsPlace::Segment(live.entry.id),
            left,
            tied,
            mask: self.mask(key, || Held::of_segment(live)),
            joined: live.entry.joined,
        };
        let recorded = live.entry.origin == Origin::Recorded;
        self.part(
            asked,
            || recorded.then_some(live.entry.sequences),
            |tier, columns| segment.history_of(found.clone(), key, tier, columns),
            |field| segment.dictionary(field),
        )
    }

    /// What was deleted of a key's rows in a place.
    fn mask(&self, key: HashedKey<'_>, held: impl FnOnce() -> Held) -> Option<Mask> {
        let deletions = &self.view.version.joins.deletions;
        Mask::of(deletions, key, held, self.view.visible)
    }

    /// How many rows a place may still give, after those that are found already and lie behind its
    /// newest row; `None` when none is wanted any more, or it has none.
    fn left(&self, newest: impl FnOnce() -> Option<i64>) -> Option<usize> {
        let limit = self.resolved.limit();
        if !self.resolved.tier.newest || self.parts.used().is_empty() {
            return Some(limit);
        }
        let left = limit.saturating_sub(self.parts.rows_after(newest()?));
        (left > 0).then_some(left)
    }

    /// Reads the next part. `recorded` are the first and the last commit of its rows that were
    /// recorded one by one.
    fn part(
        &mut self,
        asked: Asked,
        recorded: impl FnOnce() -> Option<[u64; 2]>,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<()> {
        let schema = self.view.schema;
        let tier = self.resolved.ask(asked.left, asked.tied);
        let part = self.parts.next(asked.place, schema, &tier.asked)?;
        let read = |tier: &TierQuery, columns: &mut Columns| match &asked.mask {
            None => read(tier, columns),
            Some(mask) => mask.read(schema, tier, columns, &read, &dictionary),
        };
        let late = self.late.as_ref().zip(Some(recorded()));
        match late.filter(|(late, of)| late.concerns(*of, asked.joined)) {
            None => {
                read(tier, &mut part.columns)?;
                if part.columns.rows() > 0 {
                    part.take_dictionaries(asked.place, tier, &dictionary);
                }
            }
            Some((late, of)) => {
                let from = (asked.joined, of.is_some());
                part.replace(late.read(schema, tier, from, read, &dictionary)?);
            }
        }
        if part.columns.rows() > 0 {
            self.parts.keep();
        }
        Ok(())
    }
}
