//! Leaves out rows that were deleted of those that were read; late.rs takes deleted items out of impressions.

use std::sync::Arc;

use super::deletions::{DeletedItems, Deletions};
use crate::hot::Tombstone;
use crate::types::{
    Column, Columns, Error, FieldId, HashedKey, Result, Schema, Strings, TierQuery,
};

/// What is to be left out of the rows of a key, or of all keys, in one place.
#[derive(Clone, Default)]
pub(super) struct Mask {
    /// Those that name the key.
    of_key: Vec<Arc<Tombstone>>,
    items: Option<Arc<DeletedItems>>,
    /// Of which commits: behind the first, up to the second.
    range: [u64; 2],
}

impl Mask {
    /// What is to be left out of the rows of a key in a place into which the commits up to `joined` are
    /// worked, as of the commit `visible`; `None` where nothing is. Cost of a key that nothing names:
    /// two numbers, and a test of a small filter where there are tombstones.
    #[inline]
    pub(super) fn of(
        deletions: &Deletions,
        key: HashedKey<'_>,
        joined: u64,
        visible: u64,
    ) -> Option<Self> {
        if deletions.is_empty() {
            return None;
        }
        let range = [joined, visible];
        let of_key = deletions.of_key(key, range);
        let items = deletions.items_after(joined);
        (!of_key.is_empty() || items.is_some()).then_some(Self {
            of_key,
            items,
            range,
        })
    }

    /// The same for rows of any keys that no tombstone names.
    pub(super) fn of_items(deletions: &Deletions, joined: u64, visible: u64) -> Option<Self> {
        Some(Self {
            of_key: Vec::new(),
            items: Some(deletions.items_after(joined)?),
            range: [joined, visible],
        })
    }

    /// Whether it hides every row of commits up to `last`.
    pub(super) fn hides_all(&self, last: u64) -> bool {
        let all = |one: &Arc<Tombstone>| one.is_of_all() && last < one.sequence;
        self.of_key.iter().any(all)
    }

    /// Reads rows without what is left out, as `read` reads them with it: as many as the query's limit, or
    /// more, or all there are.
    pub(super) fn read(
        &self,
        schema: &Schema,
        query: &TierQuery,
        out: &mut Columns,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<()> {
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
    pub(super) fn needs(&self, schema: &Schema, query: &TierQuery) -> TierQuery {
        let mut wider = query.clone();
        wider.sequences = true;
        if let Some(asked) = wider.asked.get_mut(schema.item()) {
            *asked = true;
        }
        wider
    }

    /// The rows that are not left out.
    pub(super) fn kept(
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
        let mut kept = Vec::with_capacity(rows.rows());
        let numbers = rows.timestamps.iter().zip(&rows.sequences);
        for (row, ((at, sequence), code)) in numbers.zip(codes).enumerate() {
            if !self.hides(*at, *sequence, *code, &*strings)? {
                kept.push(row as u32);
            }
        }
        Ok(kept)
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
