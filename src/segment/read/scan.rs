//! Rows as columns, user by user, with zone maps to skip what a time range leaves out.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::history::keep;
use super::reader::{Segment, Selection};
use super::spans::Kept;
use crate::codec::BLOCK;
use crate::column::{Columns, Strings};
use crate::model::{Result, ScanQuery, TierQuery, TimeRange, UserRange};
use crate::text::TextRoom;

/// A position in a segment that moves forward through its users.
pub struct Cursor {
    segment: Arc<Segment>,
    /// The next row, and the user it belongs to.
    row: usize,
    user: usize,
    user_end: usize,
    end: usize,
    ahead: UserStarts,
    /// What it does not pass over, once it was asked for rows.
    kept: Option<Arc<Kept>>,
    /// The id of the user, once it was asked for, where it had to be decoded.
    decoded: OnceLock<TextRoom>,
}

/// First rows of users that come next, read for many at once.
#[derive(Default)]
struct UserStarts {
    /// The user of the first.
    user: usize,
    rows: Vec<u64>,
}

/// Users whose rows are looked up at once.
const USERS_AHEAD: usize = 128;

impl UserStarts {
    /// Where the rows of a user, which begin at `row`, end.
    fn end_of(&mut self, user: usize, row: usize, segment: &Segment) -> Result<usize> {
        let directory = &segment.directory;
        let known = |starts: &Self| {
            let at = user.checked_sub(starts.user)?;
            let bounds = starts.rows.get(at..at + 2)?;
            Some([*bounds.first()?, *bounds.last()?])
        };
        let bounds = match known(self) {
            Some(bounds) => Some(bounds),
            None => {
                let users = USERS_AHEAD.min(directory.len().saturating_sub(user));
                self.user = user;
                // Zeros, where reading them fails, are the bounds of no user.
                self.rows.clear();
                self.rows.resize(users + 1, 0);
                directory.starts_of(user, &mut self.rows)?;
                known(self)
            }
        };
        match bounds {
            Some([start, end])
                if start == row as u64 && start < end && end <= segment.rows() as u64 =>
            {
                Ok(end as usize)
            }
            _ => Err(directory.out_of_order()),
        }
    }
}

impl Cursor {
    /// A cursor over the users of `segment` that the query asks for.
    ///
    /// # Errors
    /// `Corruption` when the user directory is damaged.
    pub fn new(segment: Arc<Segment>, query: &ScanQuery) -> Result<Self> {
        let segment = segment.for_scans().clone();
        let Range {
            start: first,
            end: last,
        } = segment.users_within(&query.users)?;
        let mut cursor = Self {
            row: 0,
            user: first,
            user_end: 0,
            end: 0,
            ahead: UserStarts::default(),
            kept: None,
            decoded: OnceLock::new(),
            segment,
        };
        if first < last {
            let rows = cursor.segment.directory.rows(first)?;
            cursor.end = cursor.segment.directory.rows(last - 1)?.end;
            (cursor.row, cursor.user_end) = (rows.start, rows.end);
        }
        Ok(cursor)
    }

    /// The segment.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Reads on from another mapping of the same segment.
    pub fn replace_segment(&mut self, segment: Arc<Segment>) {
        self.segment = segment;
    }

    /// The user of the next row; `None` at the end.
    ///
    /// # Errors
    /// `Corruption` when the user's id is damaged.
    pub fn user(&self) -> Result<Option<&str>> {
        if self.row >= self.end {
            return Ok(None);
        }
        let ids = &self.segment.directory.ids;
        if !ids.are_spelled() {
            return ids.get(self.user as u32 + 1).map(Some);
        }
        let decoded = match self.decoded.get() {
            Some(decoded) => decoded,
            None => {
                let mut room = TextRoom::default();
                ids.at(self.user, &mut room)?;
                self.decoded.get_or_init(|| room)
            }
        };
        decoded.as_str().map(Some)
    }

    /// Appends matching rows to `out`, from at most `rows` stored ones and only of users before
    /// `until` (all when `None`), and moves behind what was looked at. User codes are positions
    /// in the segment plus one. Rows that statistics tell not to match are passed over: which these are is found out
    /// once, so that every call has to be for the same event types and hints.
    ///
    /// # Errors
    /// `Corruption` when bytes it needs are damaged.
    pub fn take(
        &mut self,
        rows: usize,
        until: Option<&str>,
        query: &TierQuery,
        out: &mut Columns,
    ) -> Result<()> {
        let mut last = self.end;
        if let Some(until) = until {
            let user = self.segment.directory.lower_bound_from(self.user, until)?;
            let before = match user.checked_sub(1) {
                Some(last) => self.segment.directory.rows(last)?.end,
                None => 0,
            };
            last = last.min(before.max(self.row));
        }
        let kept = match &self.kept {
            Some(kept) => kept.clone(),
            None => {
                let kept = self.segment.kept_spans(self.row..self.end, query)?;
                self.kept.insert(Arc::new(kept)).clone()
            }
        };
        // What nobody asks for is passed at once, however many rows it is.
        if let (false, upto) = kept.stretch(self.row, last) {
            self.pass_to(upto)?;
        }
        let end = last.min(self.row.saturating_add(rows));
        while self.row < end {
            match kept.stretch(self.row, end) {
                (true, upto) => {
                    let selection = self.segment.take_rows(self.row..upto, query, out)?;
                    self.take_users(upto, &selection, out)?;
                }
                (false, upto) => self.pass_to(upto)?,
            }
        }
        Ok(())
    }

    /// Moves to a row that is not before the next one.
    fn pass_to(&mut self, row: usize) -> Result<()> {
        if row >= self.user_end && row < self.end {
            let user = self.segment.user_of(row)?;
            let rows = self.segment.directory.rows(user)?;
            if !rows.contains(&row) {
                return Err(self.segment.directory.out_of_order());
            }
            (self.user, self.user_end) = (user, rows.end);
            self.decoded.take();
        }
        self.row = self.row.max(row);
        Ok(())
    }

    /// Moves behind the rows of the next user.
    ///
    /// # Errors
    /// As [`Cursor::take`].
    pub fn pass_user(&mut self) -> Result<()> {
        let none = Selection::Positions(Vec::new());
        self.take_users(self.user_end, &none, &mut Columns::default())
    }

    /// Appends the user codes of the selected rows and moves to `end`.
    fn take_users(&mut self, end: usize, selection: &Selection, out: &mut Columns) -> Result<()> {
        let mut positions = match selection {
            Selection::Range(_) => None,
            Selection::Positions(positions) => Some(positions.iter().peekable()),
        };
        while self.row < end {
            let upto = self.user_end.min(end);
            let count = match &mut positions {
                None => upto - self.row,
                Some(positions) => {
                    let mut count = 0;
                    while positions.next_if(|position| **position < upto).is_some() {
                        count += 1;
                    }
                    count
                }
            };
            let filled = out.users.len() + count;
            out.users.resize(filled, self.user as u32 + 1);
            self.row = upto;
            if self.row == self.user_end && self.row < self.end {
                let next = self.user + 1;
                self.user_end = self.ahead.end_of(next, self.row, &self.segment)?;
                self.user = next;
                self.decoded.take();
            }
        }
        Ok(())
    }
}

impl Segment {
    /// The rows of the users of a range. Cost: two searches in the user directory.
    ///
    /// # Errors
    /// `Corruption` when the user directory is damaged.
    pub fn rows_within(&self, users: &UserRange) -> Result<u64> {
        let within = self.users_within(users)?;
        if within.is_empty() {
            return Ok(0);
        }
        let first = self.directory.rows(within.start)?.start;
        let end = self.directory.rows(within.end - 1)?.end;
        Ok(end.saturating_sub(first) as u64)
    }

    /// The positions of the users of a range.
    fn users_within(&self, users: &UserRange) -> Result<Range<usize>> {
        let directory = &self.directory;
        let first = match &users.from {
            Some(from) => directory.lower_bound(from)?,
            None => 0,
        };
        let last = match &users.to {
            Some(to) => directory.lower_bound(to)?,
            None => directory.len(),
        };
        Ok(first..last)
    }

    /// Appends the rows of a range, of any users, that match, and tells which these are.
    fn take_rows(
        &self,
        rows: Range<usize>,
        query: &TierQuery,
        out: &mut Columns,
    ) -> Result<Selection> {
        let [min, max] = self.footer.timestamps;
        let all_visible = self.footer.sequence_range()[1] <= query.visible;
        if query.event_types.is_empty() && all_visible && !query.time.covers(min, max) {
            // The timestamps that decide are those that come out.
            let selection = self.select_time(rows, query, &mut out.timestamps)?;
            self.read_fields(&selection, &query.asked, query.sequences, out)?;
            return Ok(selection);
        }
        let selection = self.select_rows(rows, query)?;
        self.read_rows(&selection, &query.asked, query.sequences, out)?;
        Ok(selection)
    }

    /// The rows of a range, of any users, that match.
    fn select_rows(&self, rows: Range<usize>, query: &TierQuery) -> Result<Selection> {
        let [min, max] = self.footer.timestamps;
        let mut selection = match self.wanted_types(&query.event_types)? {
            Some((codes, wanted)) => Selection::Positions(self.of_types(rows, codes, &wanted)?),
            None => Selection::Range(rows),
        };
        if !query.time.covers(min, max) {
            selection = match selection {
                Selection::Range(rows) => self.select_time(rows, query, &mut Vec::new())?,
                Selection::Positions(_) => {
                    let mut timestamps = Vec::new();
                    self.read_timestamps(&selection, &mut timestamps)?;
                    let inside = |at: &i64| query.time.contains(*at);
                    Selection::Positions(keep(selection, &timestamps, inside))
                }
            };
        }
        if self.footer.sequence_range()[1] > query.visible {
            let mut sequences = Vec::new();
            self.read_sequences(&selection, &mut sequences)?;
            let visible = |sequence: &u64| *sequence <= query.visible;
            selection = Selection::Positions(keep(selection, &sequences, visible));
        }
        Ok(selection)
    }

    /// The rows within the time range, whose timestamps are appended. Blocks without any are
    /// passed over by their zone.
    fn select_time(
        &self,
        rows: Range<usize>,
        query: &TierQuery,
        out: &mut Vec<i64>,
    ) -> Result<Selection> {
        let blocks = rows.start / BLOCK..rows.end.div_ceil(BLOCK);
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        let zones = Selection::Range(blocks.clone());
        self.read::<i64>(&self.zone_min, &zones, &mut lows)?;
        self.read::<i64>(&self.zone_max, &zones, &mut highs)?;
        let (min, step) = (self.footer.timestamps[0], self.footer.timestamp_step as i64);
        let at = |code: i64| code.wrapping_mul(step).wrapping_add(min);
        let zones: Vec<(i64, i64)> = lows.into_iter().zip(highs).collect();
        let meets = |zone: &(i64, i64)| query.time.meets(at(zone.0), at(zone.1));
        let mut inside = Inside::new(query.time, min, self.footer.timestamp_step);
        let region = &self.timestamps.region;
        let mut block = blocks.start;
        for zones in zones.chunk_by(|a, b| meets(a) == meets(b)) {
            let begins = block * BLOCK;
            block += zones.len();
            if !zones.first().is_some_and(meets) {
                continue;
            }
            let near = begins.max(rows.start)..(block * BLOCK).min(rows.end);
            let mut position = near.start;
            let stream = &self.timestamps.stream;
            stream.visit(region, near, &mut |codes: &[i64]| {
                for codes in codes.chunks(64) {
                    inside.pick(position, codes, at, out);
                    position += codes.len();
                }
            })?;
        }
        Ok(Selection::Positions(inside.positions))
    }
}

/// The rows whose timestamps lie within a range.
struct Inside {
    /// The lowest code inside.
    low: i64,
    /// How far the highest is from it; `None` where no code is inside.
    span: Option<u64>,
    positions: Vec<usize>,
}

impl Inside {
    /// A code is the distance from `min` in steps.
    fn new(time: TimeRange, min: i64, step: u64) -> Self {
        // No difference of two timestamps overflows.
        let (min, step) = (i128::from(min), i128::from(step.max(1)));
        let below = |at: i64| (i128::from(at) - min - 1).div_euclid(step);
        let low = (below(time.since) + 1).max(0);
        let last = match time.until {
            Some(until) => below(until),
            None => i128::from(u64::MAX),
        };
        Self {
            low: low as i64,
            span: u64::try_from(last - low).ok(),
            positions: Vec::new(),
        }
    }

    /// Adds the rows from `first` on that are inside, and their timestamps to `out`: up to 64, a
    /// bit each, so that nobody has to predict which they are.
    #[inline(always)]
    fn pick(&mut self, first: usize, codes: &[i64], at: impl Fn(i64) -> i64, out: &mut Vec<i64>) {
        let Some(span) = self.span else { return };
        let is_outside = |code: &i64| u64::from(code.wrapping_sub(self.low) as u64 > span);
        // From the last to the first, so that each bit is put below those before it.
        let put = |bits: u64, code: &i64| bits << 1 | is_outside(code);
        let (eights, rest) = codes.as_chunks::<8>();
        let rest = rest.iter().rev().fold(!0, put);
        let outside = eights
            .iter()
            .rev()
            .fold(rest, |bits, eight| eight.iter().rev().fold(bits, put));
        let mut left = !outside;
        while left != 0 {
            let start = left.trailing_zeros() as usize;
            let end = start + (left >> start).trailing_ones() as usize;
            self.positions.extend(first + start..first + end);
            let run = codes.get(start..end).unwrap_or_default();
            out.extend(run.iter().map(|code| at(*code)));
            left &= u64::MAX.checked_shl(end as u32).unwrap_or(0);
        }
    }
}
