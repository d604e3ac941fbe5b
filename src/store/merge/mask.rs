//! Leaves out rows that were deleted of those that were read; late.rs takes deleted items out of impressions.

use std::sync::Arc;

use crate::column::{Column, Columns, Strings};
use crate::hot::{Generation, Tombstone};
use crate::model::{Error, FieldId, HashedKey, Result, Role, Schema, TierQuery};
use crate::store::engine::LiveSegment;
use crate::store::joins::{DeletedItems, Deletions};

/// What is known of the rows in a place.
#[derive(Clone, Copy)]
pub(in crate::store) struct Held {
    /// Commits up to this are worked into them.
    pub(in crate::store) joined: u64,
    /// No timestamp is lower.
    pub(in crate::store) oldest: i64,
}

impl Held {
    pub(in crate::store) fn of_segment(live: &LiveSegment) -> Self {
        Self {
            joined: live.entry.joined,
            oldest: live.segment.footer().timestamps[0],
        }
    }

    pub(in crate::store) fn of_generation(generation: &Generation) -> Self {
        Self {
            joined: 0,
            oldest: generation
                .timestamps()
                .map_or(i64::MIN, |(oldest, _)| oldest),
        }
    }
}

/// What is to be left out of the rows of a key, or of all keys, in one place.
#[derive(Clone, Default)]
pub(in crate::store) struct Mask {
    /// Those that name the key.
    of_key: Vec<Arc<Tombstone>>,
    items: Option<Arc<DeletedItems>>,
    /// Those of all rows of a time.
    times: Vec<Arc<Tombstone>>,
    /// Of which commits: behind the first, up to the second.
    range: [u64; 2],
}

impl Mask {
    /// What is to be left out of the rows of a key in a place, as of the commit `visible`; `None` where
    /// nothing is. Cost of a key that nothing names: three numbers, and a test of a small filter where there
    /// are tombstones.
    #[inline]
    pub(in crate::store) fn of(
        deletions: &Deletions,
        key: HashedKey<'_>,
        held: impl FnOnce() -> Held,
        visible: u64,
    ) -> Option<Self> {
        if deletions.is_empty() {
            return None;
        }
        let held = held();
        let all = Self::of_all(deletions, held, visible);
        let of_key = deletions.of_key(key, [held.joined, visible]);
        if of_key.is_empty() {
            return all;
        }
        Some(Self {
            of_key,
            range: [held.joined, visible],
            ..all.unwrap_or_default()
        })
    }

    /// The same for rows of any keys that no tombstone names.
    pub(in crate::store) fn of_all(
        deletions: &Deletions,
        held: Held,
        visible: u64,
    ) -> Option<Self> {
        let range = [held.joined, visible];
        let items = deletions.items_after(held.joined);
        let times = deletions.of_times(held.oldest, range);
        (items.is_some() || !times.is_empty()).then_some(Self {
            of_key: Vec::new(),
            items,
            times,
            range,
        })
    }

    /// Takes out what hides all rows before a time, whatever their commit, which is `last` at most: the
    /// first time that is left, if any, and the rest of the mask.
    pub(super) fn split_time(mut self, last: u64) -> (Option<i64>, Option<Self>) {
        let is_plain = |one: &Arc<Tombstone>| one.event_type.is_none() && last < one.sequence;
        let plain = self.times.iter().filter(|one| is_plain(one));
        let since = plain.filter_map(|one| one.time.until).max();
        self.times.retain(|one| !is_plain(one));
        let is_left = !self.of_key.is_empty() || self.items.is_some() || !self.times.is_empty();
        (since, is_left.then_some(self))
    }

    /// Whether it hides every row of commits up to `last`.
    pub(super) fn hides_all(&self, last: u64) -> bool {
        let all = |one: &Arc<Tombstone>| one.is_of_all() && last < one.sequence;
        self.of_key.iter().any(all)
    }

    /// Reads rows without what is left out, as `read` reads them with it: as many as the query's limit, or
    /// more, or all there are.
    pub(in crate::store) fn read(
        &self,
        schema: &Schema,
        query: &TierQuery,
        out: &mut Columns,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<()> {
        if self.of_key.is_empty() && self.items.is_none() {
            // Who asks for the newest rows mostly gets none that is too old.
            let before = out.rows();
            read(query, out)?;
            let left = self.times.iter().filter_map(|one| one.time.until).max();
            let read = out.timestamps.get(before..).unwrap_or_default();
            if read.iter().min() >= left.as_ref() {
                return Ok(());
            }
            out.truncate(before);
        }
        let mut wider = self.needs(schema, query);
        loop {
            let mut rows = Columns::for_schema(schema).asked_only(&wider.asked);
            read(&wider, &mut rows)?;
            let found = rows.rows();
            let kept = self.kept(schema, &rows, &dictionary)?;
            if kept.len() >= query.limit || found < wider.limit {
                return append_kept(query, &rows, &kept, out);
            }
            // Some of the rows that the limit allows were left out: those behind them are asked for, too.
            wider.limit = wider.limit.saturating_mul(2).max(1);
        }
    }

    /// The query, and what is needed to tell which rows are left out.
    pub(in crate::store) fn needs(&self, schema: &Schema, query: &TierQuery) -> TierQuery {
        let mut wider = query.clone();
        wider.sequences = true;
        let types = self
            .needs_types()
            .then(|| schema.position_of(Role::EventType));
        for field in [Some(schema.item()), types.flatten()].into_iter().flatten() {
            if let Some(asked) = wider.asked.get_mut(field) {
                *asked = true;
            }
        }
        wider
    }

    /// The rows that are not left out.
    pub(in crate::store) fn kept(
        &self,
        schema: &Schema,
        rows: &Columns,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<Vec<u32>> {
        if rows.rows() == 0 {
            return Ok(Vec::new());
        }
        let item = schema.item();
        let strings = dictionary(item).ok_or_else(no_items)?;
        let Some(Column::Strings(codes)) = rows.fields.get(item) else {
            return Err(no_items());
        };
        let types = schema
            .position_of(Role::EventType)
            .filter(|_| self.needs_types());
        let types = types.and_then(|field| match rows.fields.get(field) {
            Some(Column::Strings(codes)) => Some((codes, dictionary(field)?)),
            _ => None,
        });
        let mut kept = Vec::with_capacity(rows.rows());
        let numbers = rows.timestamps.iter().zip(&rows.sequences);
        for (row, ((at, sequence), code)) in numbers.zip(codes).enumerate() {
            if self.hides(*at, *sequence, *code, &*strings)? {
                continue;
            }
            let event_type = match &types {
                Some((codes, strings)) => match codes.get(row).copied().unwrap_or(0) {
                    0 => None,
                    code => Some(strings.get(code)?),
                },
                None => None,
            };
            if !self.is_too_old(*at, *sequence, event_type) {
                kept.push(row as u32);
            }
        }
        Ok(kept)
    }

    fn needs_types(&self) -> bool {
        self.times.iter().any(|one| one.event_type.is_some())
    }

    fn is_too_old(&self, at: i64, sequence: u64, event_type: Option<&str>) -> bool {
        self.times.iter().any(|one| {
            let of_type = one.event_type.as_deref();
            sequence < one.sequence
                && one.time.contains(at)
                && of_type.is_none_or(|of_type| {
                    event_type.is_some_and(|event_type| event_type.eq_ignore_ascii_case(of_type))
                })
        })
    }

    fn hides(&self, at: i64, sequence: u64, code: u32, items: &dyn Strings) -> Result<bool> {
        for tombstone in &self.of_key {
            if sequence < tombstone.sequence && tombstone.time.contains(at) {
                match &tombstone.item {
                    None => return Ok(true),
                    Some(item) if code != 0 && items.get(code)? == item => return Ok(true),
                    Some(_) => {}
                }
            }
        }
        let deleted = match &self.items {
            Some(deleted) => deleted.deleted(items, code, self.range)?,
            None => None,
        };
        Ok(deleted.is_some_and(|deleted| sequence < deleted))
    }
}

/// Appends rows that were read for a wider query, users included.
pub(super) fn append_kept(
    query: &TierQuery,
    rows: &Columns,
    kept: &[u32],
    out: &mut Columns,
) -> Result<()> {
    let before = out.sequences.len();
    out.append_rows(rows, kept)?;
    if !query.sequences {
        out.sequences.truncate(before);
    }
    let users = kept.iter().filter_map(|row| rows.users.get(*row as usize));
    out.users.extend(users);
    Ok(())
}

fn no_items() -> Error {
    Error::internal("rows to be left out without their items")
}
