//! Rows of one run or generation, user by user, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::mask::{Held, Mask, append_kept};
use super::owners::Owners;
use super::picked::PickedSource;
use super::user_codes::UserCodes;
use crate::column::{Columns, Strings};
use crate::hot::Generation;
use crate::model::{Result, ScanQuery, Schema, TierQuery, session_key, shown_user};
use crate::segment::{Cursor, Origin, Segment};
use crate::store::engine::{LiveSegment, Run};
use crate::store::joins::ShownUsers;

/// A source of rows in (user, timestamp, arrival) order.
pub(in crate::store) enum Source {
    Run(RunSource),
    Picked(PickedSource),
}

impl Source {
    /// The rows of a run, and first those of its sessions that belong elsewhere than where they lie,
    /// a source for each segment with such.
    pub(in crate::store) fn of_run(
        run: &Run,
        query: &ScanQuery,
        owners: &Owners,
    ) -> Result<Vec<Self>> {
        let mut sources = Vec::new();
        let mut places = VecDeque::new();
        let mut before = None;
        for live in &run.segments {
            let moved = owners.moved(live, before.replace(&**live), &query.users)?;
            if !moved.is_empty() {
                let asked = moved.iter().filter(|one| query.users.contains(&one.owner));
                let asked = asked.map(|one| (one.owner.clone(), one.key.clone()));
                sources.push(Self::Picked(PickedSource::of_segment(live, asked, owners)));
            }
            let [min, max] = &live.segment.footer().users;
            if query.users.meets(min, max) {
                let moved = moved.into_iter().map(|one| one.key).collect();
                let stops = stops(live, query, owners, moved)?;
                places.push_back(SegmentPlace::new(live, query, owners, stops)?);
            }
        }
        let recorded = run.origin == Origin::Recorded;
        sources.push(Self::Run(RunSource::new(places, recorded)?));
        Ok(sources)
    }

    /// The rows of segments that no version lists, and that have no sessions.
    pub(in crate::store) fn of_segments(
        segments: impl Iterator<Item = Arc<Segment>>,
        query: &ScanQuery,
    ) -> Result<Self> {
        let place = |segment: Arc<Segment>| {
            Ok(SegmentPlace {
                ids: segment.user_ids(),
                cursor: Cursor::new(segment, query)?,
                stops: VecDeque::new(),
                mask: None,
                since: None,
                joined: 0,
                shown: false,
            })
        };
        let places = segments.map(place).collect::<Result<_>>()?;
        RunSource::new(places, false).map(Self::Run)
    }

    pub(in crate::store) fn of_generation(
        generation: &Arc<Generation>,
        query: &ScanQuery,
        owners: &Owners,
    ) -> Self {
        let users = PickedSource::of_generation(generation, &query.users, owners);
        Self::Picked(users)
    }

    /// Whether rows come in another order than readers want them, so that they have to be merged.
    pub(in crate::store) fn scatters(&self) -> bool {
        match self {
            Self::Run(_) => false,
            Self::Picked(users) => users.scatters(),
        }
    }

    /// Whether the next user's rows lie in several places, each in order by itself.
    pub(super) fn is_scattered(&self) -> bool {
        match self {
            Self::Run(_) => false,
            Self::Picked(users) => users.is_scattered(),
        }
    }

    /// Whether its rows were recorded one by one.
    pub(in crate::store) fn is_recorded(&self) -> bool {
        match self {
            Self::Run(run) => run.recorded,
            Self::Picked(_) => true,
        }
    }

    /// Commits up to this are worked into the rows of the next part.
    pub(in crate::store) fn joined(&self) -> u64 {
        match self {
            Self::Run(run) => run.places.front().map_or(0, |place| place.joined),
            Self::Picked(users) => users.joined(),
        }
    }

    /// Bytes that a row takes on average in the files of a run.
    pub(in crate::store) fn row_bytes(&self) -> usize {
        match self {
            Self::Run(run) => {
                let segments = || run.places.iter().map(|place| place.cursor.segment());
                let bytes: usize = segments().map(|segment| segment.bytes()).sum();
                bytes
                    / segments()
                        .map(|segment| segment.rows())
                        .sum::<usize>()
                        .max(1)
            }
            Self::Picked(_) => 0,
        }
    }

    /// The user of the next row; `None` at the end.
    pub(in crate::store) fn user(&self) -> Result<Option<&str>> {
        match self {
            Self::Run(run) => match run.places.front() {
                Some(place) => place.user(),
                None => Ok(None),
            },
            Self::Picked(users) => Ok(users.user()),
        }
    }

    /// The dictionary of a string field, of the part that the next rows come from.
    pub(in crate::store) fn dictionary(&self, field: usize) -> Option<Arc<dyn Strings>> {
        match self {
            Self::Run(run) => run.places.front()?.cursor.segment().dictionary(field),
            Self::Picked(users) => users.dictionary(field),
        }
    }

    /// The segment that the next rows come from; `None` of a generation, and at the end.
    pub(super) fn segment(&self) -> Option<&Arc<Segment>> {
        match self {
            Self::Run(run) => Some(run.places.front()?.cursor.segment()),
            Self::Picked(_) => None,
        }
    }

    /// Tells apart the parts whose codes differ; it changes when a run goes on to its next segment.
    pub(in crate::store) fn part(&self) -> usize {
        match self {
            Self::Run(run) => run.places.len(),
            Self::Picked(_) => 0,
        }
    }

    /// The strings of the user codes that [`Source::take`] gives, of the next part.
    pub(in crate::store) fn user_ids(&self) -> Option<Arc<dyn Strings>> {
        match self {
            Self::Run(run) => Some(run.places.front()?.ids.clone()),
            Self::Picked(_) => None,
        }
    }

    /// Appends matching rows of the next part to `out`, from at most about `rows` stored ones. A
    /// generation gives whole users, and one whose rows are scattered alone.
    pub(in crate::store) fn take(
        &mut self,
        rows: usize,
        query: &TierQuery,
        out: &mut Columns,
        users: &mut UserCodes<'_>,
    ) -> Result<()> {
        match self {
            Self::Run(run) => {
                let before = out.users.len();
                if let Some(place) = run.places.front_mut() {
                    place.take(rows, query, out)?;
                    users.translate(&place.ids, before, out)?;
                }
                run.drop_finished()
            }
            Self::Picked(picked) => picked.take(rows, query, out, users),
        }
    }

    /// Bytes of memory that were read for its segments, memory maps aside.
    pub(in crate::store) fn loaded_bytes(&self) -> usize {
        match self {
            Self::Run(run) => {
                let segments = run.places.iter().map(|place| place.cursor.segment());
                segments.map(|segment| segment.loaded_bytes()).sum()
            }
            Self::Picked(_) => 0,
        }
    }

    /// Replaces each segment by one that `reopen` gives for it, so that memory for what was read is
    /// let go.
    pub(in crate::store) fn reopen(
        &mut self,
        reopen: &mut dyn FnMut(&Arc<Segment>) -> Result<Arc<Segment>>,
    ) -> Result<()> {
        if let Self::Run(run) = self {
            for place in &mut run.places {
                let fresh = reopen(place.cursor.segment())?;
                place.replace_segment(fresh);
            }
        }
        Ok(())
    }
}

/// The segments of a run, one behind the other.
pub(in crate::store) struct RunSource {
    places: VecDeque<SegmentPlace>,
    recorded: bool,
}

impl RunSource {
    fn new(places: VecDeque<SegmentPlace>, recorded: bool) -> Result<Self> {
        let mut run = Self { places, recorded };
        run.drop_finished()?;
        Ok(run)
    }

    fn drop_finished(&mut self) -> Result<()> {
        while let Some(place) = self.places.front() {
            if place.user()?.is_some() {
                break;
            }
            self.places.pop_front();
        }
        Ok(())
    }
}

/// Where one stands in a segment.
struct SegmentPlace {
    cursor: Cursor,
    /// The users' ids as readers see them; the same for all batches, which may keep what they made
    /// of it.
    ids: Arc<dyn Strings>,
    /// Keys whose rows are not simply given, in order.
    stops: VecDeque<Stop>,
    /// What is left out of the rows of all others.
    mask: Option<(Mask, Arc<Schema>)>,
    /// The first time that is left of all others.
    since: Option<i64>,
    /// Commits up to this are worked into its rows.
    joined: u64,
    /// Whether sessions are called by their id.
    shown: bool,
}

/// A key of a segment whose rows are not simply given.
struct Stop {
    key: String,
    /// What is left out of them; `None` where they are given elsewhere, or not at all.
    mask: Option<(Mask, Arc<Schema>)>,
}

/// The stops in a segment: sessions that were `moved`, whose rows are given elsewhere, and keys of which
/// something was deleted.
fn stops(
    live: &LiveSegment,
    query: &ScanQuery,
    owners: &Owners,
    mut moved: Vec<String>,
) -> Result<VecDeque<Stop>> {
    moved.retain(|key| query.users.contains(key));
    moved.sort();
    let mut stops: Vec<Stop> = Vec::new();
    for key in owners.deleted_of(live, &query.users)? {
        let mask = owners.mask(&key, Held::of_segment(live));
        let mask = mask.filter(|mask| !mask.hides_all(live.entry.sequences[1]));
        if moved.binary_search(&key).is_err() {
            let mask = mask.map(|mask| (mask, owners.schema().clone()));
            stops.push(Stop { key, mask });
        }
    }
    stops.extend(moved.into_iter().map(|key| Stop { key, mask: None }));
    stops.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(stops.into())
}

impl SegmentPlace {
    fn new(
        live: &LiveSegment,
        query: &ScanQuery,
        owners: &Owners,
        stops: VecDeque<Stop>,
    ) -> Result<Self> {
        let shown = live.entry.sessions > 0 && owners.are_shown();
        let all = owners.mask_of_all(Held::of_segment(live));
        let all = all.map(|mask| mask.split_time(live.entry.sequences[1]));
        let (since, mask) = all.unwrap_or_default();
        let cursor = Cursor::new(live.segment.clone(), query)?;
        let mut place = Self {
            ids: ids_of(cursor.segment(), shown),
            cursor,
            stops,
            mask: mask.map(|mask| (mask, owners.schema().clone())),
            since,
            joined: live.entry.joined,
            shown,
        };
        place.pass()?;
        Ok(place)
    }

    fn user(&self) -> Result<Option<&str>> {
        let user = self.cursor.user()?;
        Ok(match self.shown {
            true => user.map(shown_user),
            false => user,
        })
    }

    fn replace_segment(&mut self, segment: Arc<Segment>) {
        self.ids = ids_of(&segment, self.shown);
        self.cursor.replace_segment(segment);
    }

    fn take(&mut self, rows: usize, query: &TierQuery, out: &mut Columns) -> Result<()> {
        match self.stops.front() {
            Some(stop) if self.cursor.user()? == Some(stop.key.as_str()) => {
                let behind = session_key(&stop.key);
                take_masked(
                    &mut self.cursor,
                    rows,
                    Some(&behind),
                    &stop.mask,
                    query,
                    out,
                )?;
                if self.cursor.user()? != Some(stop.key.as_str()) {
                    self.stops.pop_front();
                }
            }
            stop => {
                let until = stop.map(|stop| stop.key.as_str());
                let bounded = self.since.map(|since| query.clone().from(since));
                let query = bounded.as_ref().unwrap_or(query);
                take_masked(&mut self.cursor, rows, until, &self.mask, query, out)?;
            }
        }
        self.pass()
    }

    /// Moves behind the keys that are next and not given here.
    fn pass(&mut self) -> Result<()> {
        while let Some(stop) = self.stops.front().filter(|stop| stop.mask.is_none()) {
            if self.cursor.user()? != Some(stop.key.as_str()) {
                break;
            }
            self.cursor.pass_user()?;
            self.stops.pop_front();
        }
        Ok(())
    }
}

/// Takes rows of users before `until`, without what is left out of them.
fn take_masked(
    cursor: &mut Cursor,
    rows: usize,
    until: Option<&str>,
    mask: &Option<(Mask, Arc<Schema>)>,
    query: &TierQuery,
    out: &mut Columns,
) -> Result<()> {
    let Some((mask, schema)) = mask else {
        return cursor.take(rows, until, query, out);
    };
    let wider = mask.needs(schema, query);
    let mut taken = Columns::for_schema(schema).asked_only(&wider.asked);
    cursor.take(rows, until, &wider, &mut taken)?;
    let segment = cursor.segment();
    let kept = mask.kept(schema, &taken, |field| segment.dictionary(field))?;
    append_kept(query, &taken, &kept, out)
}

fn ids_of(segment: &Segment, shown: bool) -> Arc<dyn Strings> {
    let ids = segment.user_ids();
    match shown {
        true => Arc::new(ShownUsers(ids)),
        false => ids,
    }
}
