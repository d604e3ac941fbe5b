//! What changes impressions after their events: recommendations that are recorded late, and items that are
//! deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deletions::DeletedItems;
use super::joins::Joins;
use super::presented::Extended;
use crate::column::{Column, Columns, ListColumn, Strings};
use crate::hot::LateRecord;
use crate::model::{Error, FieldId, Result, Role, Schema, TierQuery};

/// Fills in what events lack that name a late record: its items as their impression, and its source. Takes
/// items that were deleted for everybody out of impressions. Both in the order of the commits: an impression
/// that a deletion has emptied is filled by a record that comes later, not by one that came before.
pub(in crate::store) struct LateJoin {
    joins: Arc<Joins>,
    visible: u64,
    item: FieldId,
    recommendation: Option<FieldId>,
    impression: Option<FieldId>,
    source: Option<FieldId>,
}

impl LateJoin {
    /// `None` where there is nothing to do for readers that ask for these fields.
    pub(in crate::store) fn new(
        joins: &Arc<Joins>,
        schema: &Schema,
        visible: u64,
        asked: &[bool],
    ) -> Option<Self> {
        let any_deleted = joins.deletions.any_item_after(0);
        if joins.late.is_empty() && !any_deleted {
            return None;
        }
        let asked = |field: &FieldId| asked.get(*field).copied().unwrap_or(false);
        let join = Self {
            joins: joins.clone(),
            visible,
            item: schema.item(),
            recommendation: schema.position_of(Role::RecommendationId),
            impression: schema.position_of(Role::Impression).filter(asked),
            source: schema.position_of(Role::AttributionSource).filter(asked),
        };
        let fills = join.fills() && (join.impression.is_some() || join.source.is_some());
        let cuts = any_deleted && join.impression.is_some();
        (fills || cuts).then_some(join)
    }

    fn fills(&self) -> bool {
        self.recommendation.is_some() && !self.joins.late.is_empty()
    }

    /// The field that rows have to be read with, beside their sequence numbers.
    pub(in crate::store) fn recommendation(&self) -> Option<FieldId> {
        self.recommendation.filter(|_| self.fills())
    }

    /// The field whose dictionary a field's strings stand in: impressions share that of the items.
    pub(in crate::store) fn dictionary_of(&self, field: FieldId) -> FieldId {
        match self.impression == Some(field) {
            true => self.item,
            false => field,
        }
    }

    /// Whether there may be anything to do for the rows of a place into which the commits up to `joined`
    /// are worked; `recorded` are the first and the last commit of rows that were recorded one by one.
    pub(in crate::store) fn concerns(&self, recorded: Option<[u64; 2]>, joined: u64) -> bool {
        let fills = |commits| self.fills() && self.joins.late.may_concern(commits);
        recorded.is_some_and(fills)
            || self.impression.is_some() && self.joins.deletions.any_item_after(joined)
    }

    /// Goes over rows of a place into which the commits up to `joined` are worked. Only those that were
    /// `recorded` one by one are filled. `strings` gives the dictionary of a field; `intern` the code of a
    /// string in that of a field (see [`LateJoin::dictionary_of`]).
    pub(in crate::store) fn apply(
        &self,
        columns: &mut Columns,
        joined: u64,
        recorded: bool,
        strings: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
        mut intern: impl FnMut(FieldId, &str) -> Result<u32>,
    ) -> Result<()> {
        let found = match recorded {
            true => self.find(columns, joined, &strings)?,
            false => Vec::new(),
        };
        let deleted = self.joins.deletions.items_after(joined);
        if found.is_empty() && deleted.is_none() {
            return Ok(());
        }
        if let Some(field) = self.impression
            && let Some(Column::Lists(lists)) = columns.fields.get_mut(field)
        {
            let items = strings(self.item).ok_or_else(no_dictionary)?;
            let cut = Cut {
                deleted: deleted.as_deref(),
                items: &*items,
                range: [joined, self.visible],
            };
            *lists = joined_lists(lists, &columns.sequences, &found, &cut, |item| {
                intern(field, item)
            })?;
        }
        if let Some(field) = self.source
            && let Some(Column::Strings(codes)) = columns.fields.get_mut(field)
        {
            for (row, late) in &found {
                if let (Some(code @ 0), Some(source)) = (codes.get_mut(*row), &late.source) {
                    *code = intern(field, source)?;
                }
            }
        }
        Ok(())
    }

    /// The rows of one part, gone over, with their dictionaries. `read` reads what is asked for; `joined` and
    /// `recorded` are as in [`LateJoin::apply`].
    pub(in crate::store) fn read(
        &self,
        schema: &Schema,
        query: &TierQuery,
        (joined, recorded): (u64, bool),
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<Columns> {
        let mut query = query.clone();
        query.sequences = true;
        let recommendation = self.recommendation();
        let asked = recommendation.and_then(|field| query.asked.get_mut(field));
        let was_asked = asked.map(|asked| std::mem::replace(asked, true));
        let mut columns = Columns::for_schema(schema).asked_only(&query.asked);
        read(&query, &mut columns)?;
        let mut extended: BTreeMap<FieldId, Extended> = BTreeMap::new();
        if columns.rows() > 0 {
            self.apply(
                &mut columns,
                joined,
                recorded,
                &dictionary,
                |field, text| {
                    let field = self.dictionary_of(field);
                    if let (false, Some(base)) = (extended.contains_key(&field), dictionary(field))
                    {
                        extended.insert(field, Extended::new(base));
                    }
                    let strings = extended.get_mut(&field);
                    let code = strings.map(|strings| strings.intern(text));
                    code.ok_or_else(no_dictionary)
                },
            )?;
        }
        for (field, slot) in columns.dictionaries.iter_mut().enumerate() {
            *slot = match extended.remove(&field) {
                Some(strings) => Some(Arc::new(strings)),
                None => dictionary(field),
            };
        }
        if let (Some(false), Some(column)) = (
            was_asked,
            recommendation.and_then(|field| columns.fields.get_mut(field)),
        ) {
            *column = Column::Absent;
        }
        Ok(columns)
    }

    /// The rows that a record concerns, rising.
    fn find(
        &self,
        columns: &Columns,
        joined: u64,
        strings: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<Vec<(usize, Arc<LateRecord>)>> {
        let mut found = Vec::new();
        let Some(field) = self.recommendation() else {
            return Ok(found);
        };
        let Some(Column::Strings(codes)) = columns.fields.get(field) else {
            return Ok(found);
        };
        let Some(ids) = strings(field) else {
            return Ok(found);
        };
        let commits = [joined, self.visible];
        for (row, (code, sequence)) in codes.iter().zip(&columns.sequences).enumerate() {
            if *code != 0 && self.joins.late.may_concern([*sequence; 2]) {
                let late = self.joins.late.of(ids.get(*code)?, *sequence, commits);
                found.extend(late.map(|late| (row, late)));
            }
        }
        Ok(found)
    }
}

fn no_dictionary() -> Error {
    Error::internal("a field without a dictionary")
}

/// Which items were deleted, by their codes.
struct Cut<'a> {
    deleted: Option<&'a DeletedItems>,
    items: &'a dyn Strings,
    /// By which commits: behind the first, up to the second.
    range: [u64; 2],
}

impl Cut<'_> {
    /// Whether a list of the commit `sequence` keeps the item: no commit behind it has deleted it.
    fn keeps(&self, code: u32, sequence: u64) -> Result<bool> {
        let Some(deleted) = self.deleted else {
            return Ok(true);
        };
        let deleted = deleted.deleted(self.items, code, self.range)?;
        Ok(deleted.is_none_or(|deleted| deleted <= sequence))
    }

    /// Whether nothing of a list of the commit `sequence` was left when the commit `late` came.
    fn was_empty(&self, list: &[u32], sequence: u64, late: u64) -> Result<bool> {
        let Some(deleted) = self.deleted else {
            return Ok(list.is_empty());
        };
        for code in list {
            let by = deleted.deleted(self.items, *code, [self.range[0], late])?;
            if by.is_none_or(|by| by <= sequence) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The lists, with those of the records in the place of empty ones, and without what was deleted.
fn joined_lists(
    lists: &ListColumn,
    sequences: &[u64],
    found: &[(usize, Arc<LateRecord>)],
    cut: &Cut<'_>,
    mut intern: impl FnMut(&str) -> Result<u32>,
) -> Result<ListColumn> {
    let mut joined = ListColumn::default();
    let mut found = found.iter().peekable();
    for row in 0..lists.ends.len() {
        let own = lists.get(row);
        let sequence = sequences.get(row).copied().unwrap_or(u64::MAX);
        match found.next_if(|(at, _)| *at == row) {
            Some((_, late)) if cut.was_empty(own, sequence, late.sequence)? => {
                for item in &late.items {
                    let range = [cut.range[0].max(late.sequence), cut.range[1]];
                    let deleted = cut.deleted;
                    if deleted.is_none_or(|deleted| deleted.deleted_id(item, range).is_none()) {
                        joined.items.push(intern(item)?);
                    }
                }
            }
            _ => {
                for code in own {
                    if cut.keeps(*code, sequence)? {
                        joined.items.push(*code);
                    }
                }
            }
        }
        joined.close()?;
    }
    Ok(joined)
}
