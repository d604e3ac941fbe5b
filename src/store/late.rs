//! Recommendations that were recorded after events that name them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Release};

use parking_lot::RwLock;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::joins::Joins;
use super::presented::Extended;
use crate::hot::LateRecord;
use crate::types::{
    Column, Columns, Error, FieldId, ListColumn, Result, Role, Schema, Strings, TierQuery,
};

/// Late records, only ever added to. A reader passes over those of commits above its own.
pub(crate) struct LateRecords {
    count: AtomicUsize,
    /// First and last commit of the events that any of them concerns.
    first: AtomicU64,
    last: AtomicU64,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    all: Vec<Arc<LateRecord>>,
    of_id: HashMap<String, Vec<Arc<LateRecord>>, Xxh3DefaultBuilder>,
}

impl Default for LateRecords {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
            known: RwLock::default(),
        }
    }
}

impl LateRecords {
    pub(super) fn add(&self, late: Arc<LateRecord>) {
        let mut known = self.known.write();
        self.first.fetch_min(late.awaited[0], Release);
        self.last.fetch_max(late.awaited[1], Release);
        let of_id = known.of_id.entry(late.id.clone()).or_default();
        of_id.push(late.clone());
        known.all.push(late);
        self.count.store(known.all.len(), Release);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Acquire) == 0
    }

    /// All of them, in the order of adding.
    pub(super) fn all(&self) -> Vec<Arc<LateRecord>> {
        match self.is_empty() {
            true => Vec::new(),
            false => self.known.read().all.clone(),
        }
    }

    /// Whether any may concern rows of these commits, first and last.
    pub(super) fn may_concern(&self, sequences: [u64; 2]) -> bool {
        !self.is_empty()
            && sequences[0] <= self.last.load(Acquire)
            && sequences[1] >= self.first.load(Acquire)
    }

    /// The record that an event of the commit `sequence` waited for, as of the commit `visible`.
    fn of(&self, id: &str, sequence: u64, visible: u64) -> Option<Arc<LateRecord>> {
        let known = self.known.read();
        let mut records = known.of_id.get(id)?.iter();
        let found = records.find(|late| {
            late.sequence <= visible && (late.awaited[0]..=late.awaited[1]).contains(&sequence)
        });
        found.cloned()
    }
}

/// Fills in what events lack that name a late record: its items as their impression, and its source.
pub(super) struct LateJoin {
    joins: Arc<Joins>,
    visible: u64,
    recommendation: FieldId,
    impression: Option<FieldId>,
    source: Option<FieldId>,
}

impl LateJoin {
    /// `None` where there is nothing to fill in for readers that ask for these fields.
    pub(super) fn new(
        joins: &Arc<Joins>,
        schema: &Schema,
        visible: u64,
        asked: &[bool],
    ) -> Option<Self> {
        if joins.late.is_empty() {
            return None;
        }
        let asked = |field: &FieldId| asked.get(*field).copied().unwrap_or(false);
        let impression = schema.position_of(Role::Impression).filter(asked);
        let source = schema.position_of(Role::AttributionSource).filter(asked);
        let recommendation = schema.position_of(Role::RecommendationId)?;
        (impression.is_some() || source.is_some()).then(|| Self {
            joins: joins.clone(),
            visible,
            recommendation,
            impression,
            source,
        })
    }

    /// The field that rows have to be read with, beside their sequence numbers.
    pub(super) fn recommendation(&self) -> FieldId {
        self.recommendation
    }

    /// The field whose dictionary a field's strings stand in: impressions share that of the items.
    pub(super) fn dictionary_of(&self, field: FieldId, item: FieldId) -> FieldId {
        match self.impression == Some(field) {
            true => item,
            false => field,
        }
    }

    /// Whether rows of these commits, first and last, may lack something.
    pub(super) fn may_concern(&self, sequences: [u64; 2]) -> bool {
        self.joins.late.may_concern(sequences)
    }

    /// Fills in rows that were recorded one by one. `ids` are the strings of the recommendations;
    /// `intern` gives
    /// the code of a field's string (see [`LateJoin::dictionary_of`]).
    pub(super) fn apply(
        &self,
        columns: &mut Columns,
        ids: &dyn Strings,
        mut intern: impl FnMut(FieldId, &str) -> Result<u32>,
    ) -> Result<()> {
        let found = self.find(columns, ids)?;
        if found.is_empty() {
            return Ok(());
        }
        if let Some(field) = self.impression
            && let Some(Column::Lists(lists)) = columns.fields.get_mut(field)
        {
            *lists = fill_lists(lists, &found, |item| intern(field, item))?;
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

    /// The rows of one part, filled in, with their dictionaries. `read` reads what is asked for.
    pub(super) fn read(
        &self,
        schema: &Schema,
        query: &TierQuery,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<Columns> {
        let mut query = query.clone();
        query.sequences = true;
        let asked = query.asked.get_mut(self.recommendation);
        let was_asked = asked.map(|asked| std::mem::replace(asked, true));
        let mut columns = Columns::for_schema(schema).asked_only(&query.asked);
        read(&query, &mut columns)?;
        let mut extended: BTreeMap<FieldId, Extended> = BTreeMap::new();
        if let Some(ids) = dictionary(self.recommendation) {
            self.apply(&mut columns, &*ids, |field, text| {
                let field = self.dictionary_of(field, schema.item());
                if let (false, Some(base)) = (extended.contains_key(&field), dictionary(field)) {
                    extended.insert(field, Extended::new(base));
                }
                let strings = extended.get_mut(&field);
                let code = strings.map(|strings| strings.intern(text));
                code.ok_or_else(|| Error::internal("a field without a dictionary"))
            })?;
        }
        for (field, slot) in columns.dictionaries.iter_mut().enumerate() {
            *slot = match extended.remove(&field) {
                Some(strings) => Some(Arc::new(strings)),
                None => dictionary(field),
            };
        }
        if let (Some(false), Some(column)) =
            (was_asked, columns.fields.get_mut(self.recommendation))
        {
            *column = Column::Absent;
        }
        Ok(columns)
    }

    /// The rows that a record concerns, rising.
    fn find(&self, columns: &Columns, ids: &dyn Strings) -> Result<Vec<(usize, Arc<LateRecord>)>> {
        let mut found = Vec::new();
        let Some(Column::Strings(codes)) = columns.fields.get(self.recommendation) else {
            return Ok(found);
        };
        for (row, (code, sequence)) in codes.iter().zip(&columns.sequences).enumerate() {
            if *code != 0 && self.may_concern([*sequence; 2]) {
                let late = self.joins.late.of(ids.get(*code)?, *sequence, self.visible);
                found.extend(late.map(|late| (row, late)));
            }
        }
        Ok(found)
    }
}

/// The lists, with those of the records in the place of nulls.
fn fill_lists(
    lists: &ListColumn,
    found: &[(usize, Arc<LateRecord>)],
    mut intern: impl FnMut(&str) -> Result<u32>,
) -> Result<ListColumn> {
    let mut filled = ListColumn::default();
    let mut found = found.iter().peekable();
    for row in 0..lists.ends.len() {
        let own = lists.get(row);
        match found.next_if(|(at, _)| *at == row) {
            Some((_, late)) if own.is_empty() => {
                for item in &late.items {
                    filled.items.push(intern(item)?);
                }
                filled.close()?;
            }
            _ => filled.push(own)?,
        }
    }
    Ok(filled)
}
