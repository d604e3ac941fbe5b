//! Scans ahead of an export.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::blocks::{Block, UserBlocks};
use super::learned::{Cutoff, Items, Learned};
use super::per_code::PerCode;
use super::select::{Kept, Selector, UpTo, codes_of, dictionary};
use super::selection::{Rules, Sessions};
use crate::api::Snapshot;
use crate::model::{Error, FieldId, Projection, Result, ScanQuery, Schema, TimeRange};

/// What an export wants to know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// The items, for negatives.
    pub(super) items: bool,
    /// The first and the last timestamp.
    pub(super) times: bool,
}

/// Scans as often as the rules need: once where items are counted, three times where the newest of the
/// store are asked for, once where times are.
pub(super) fn learn(
    snapshots: &[Snapshot],
    rules: &Arc<Rules>,
    wanted: Wanted,
) -> Result<Arc<Learned>> {
    let mut learned = Learned::default();
    if rules.selection.min_item_events.is_some() || wanted.items {
        let pass = Pass::new(snapshots, rules, learned, UpTo::Distinct, true)?;
        let (items, before) = count_items(pass)?;
        learned = before;
        learned.items = Some(items);
    }
    if let Some(newest) = rules.selection.newest {
        let (cutoff, before) = find_cutoff(snapshots, rules, learned, newest)?;
        learned = before;
        learned.newest = cutoff;
    }
    if wanted.times {
        let mut pass = Pass::new(snapshots, rules, learned, UpTo::All, false)?;
        let mut times: Option<(i64, i64)> = None;
        pass.each(|_, at| {
            let (first, last) = times.unwrap_or((at, at));
            times = Some((first.min(at), last.max(at)));
            Ok(())
        })?;
        learned = pass.learned()?;
        learned.times = times;
    }
    Ok(Arc::new(learned))
}

/// A scan of each snapshot under some rules.
struct Pass {
    sources: Vec<UserBlocks>,
    item: FieldId,
    selector: Selector,
    learned: Arc<Learned>,
}

impl Pass {
    fn new(
        snapshots: &[Snapshot],
        rules: &Arc<Rules>,
        learned: Learned,
        upto: UpTo,
        items: bool,
    ) -> Result<Self> {
        let first = snapshots.first().ok_or_else(no_snapshot)?;
        let schema = first.schema();
        let learned = Arc::new(learned);
        let mut needed = rules.needed(schema);
        if let Some(flag) = needed.get_mut(schema.item()).filter(|_| items) {
            *flag = true;
        }
        let query = query_of(rules, schema, &needed);
        let scans = snapshots.iter().map(|snapshot| snapshot.scan(&query));
        let sources = scans.map(|scan| Ok(UserBlocks::new(scan?)));
        Ok(Self {
            sources: sources.collect::<Result<_>>()?,
            item: schema.item(),
            selector: Selector::new(schema, rules, &learned, upto),
            learned,
        })
    }

    /// Calls `see` with the user and the timestamp of each row that is taken.
    fn each(&mut self, mut see: impl FnMut(&str, i64) -> Result<()>) -> Result<()> {
        self.each_block(|block, kept| {
            for user in &kept.users {
                let code = block.columns.users.get(user.all.start).copied();
                let id = block.columns.ids()?.get(code.unwrap_or(0))?;
                for row in kept.rows.get(user.kept.clone()).unwrap_or_default() {
                    let at = block.columns.timestamps.get(*row as usize).copied();
                    see(id, at.unwrap_or(0))?;
                }
            }
            Ok(())
        })
    }

    fn each_block(&mut self, mut see: impl FnMut(&Block<'_>, &Kept) -> Result<()>) -> Result<()> {
        for blocks in &mut self.sources {
            while let Some(block) = blocks.next()? {
                see(&block, self.selector.select(&block)?)?;
            }
        }
        Ok(())
    }

    fn learned(self) -> Result<Learned> {
        let Self {
            selector, learned, ..
        } = self;
        drop(selector);
        Arc::into_inner(learned)
            .ok_or_else(|| crate::model::Error::internal("what was learned is still in use"))
    }
}

/// The scan that gives what rules judge, less what it can leave out by itself.
pub(super) fn query_of(rules: &Rules, schema: &Schema, fields: &[bool]) -> ScanQuery {
    let selection = &rules.selection;
    let fields = schema.fields().iter().zip(fields);
    let names = fields.filter(|(_, asked)| **asked);
    ScanQuery {
        time: selection.time(),
        origins: selection.origin,
        arrival: rules.are_of_commits() || selection.origin != crate::model::Origins::All,
        session_keys: selection.sessions == Sessions::Drop,
        projection: Projection::names(names.map(|(field, _)| field.name())),
        ..ScanQuery::default()
    }
}

fn count_items(mut pass: Pass) -> Result<(Items, Learned)> {
    let item = pass.item;
    let mut items = Items::default();
    let mut numbers: PerCode<u32> = PerCode::default();
    pass.each_block(|block, kept| {
        numbers.turn_to(dictionary(block.columns, item)?);
        let codes = codes_of(block.columns, item)?;
        for row in &kept.rows {
            let code = codes.get(*row as usize).copied().unwrap_or(0);
            let number = numbers.get(code, |text| items.vocabulary.add(text))? as usize;
            if items.counts.len() <= number {
                items.counts.resize(number + 1, 0);
            }
            if let Some(count) = items.counts.get_mut(number) {
                *count += 1;
            }
        }
        Ok(())
    })?;
    let learned = pass.learned()?;
    Ok((items, learned))
}

/// Seconds that are counted together at first.
const SPAN: i64 = 1 << 16;

/// Finds where the newest rows begin: counts rows by spans of seconds, then those of one span by second,
/// then those of one second by user.
fn find_cutoff(
    snapshots: &[Snapshot],
    rules: &Arc<Rules>,
    learned: Learned,
    newest: u64,
) -> Result<(Option<Cutoff>, Learned)> {
    let mut spans: HashMap<i64, u64> = HashMap::new();
    let mut pass = Pass::new(snapshots, rules, learned, UpTo::Users, false)?;
    pass.each(|_, at| {
        *spans.entry(at.div_euclid(SPAN)).or_default() += 1;
        Ok(())
    })?;
    let learned = pass.learned()?;
    let mut spans: Vec<(i64, u64)> = spans.into_iter().collect();
    spans.sort_unstable();
    let Some((span, left)) = reach(&spans, newest) else {
        return Ok((None, learned));
    };
    let mut seconds = vec![0u64; SPAN as usize];
    let mut pass = Pass::new(snapshots, rules, learned, UpTo::Users, false)?;
    pass.each(|_, at| {
        if at.div_euclid(SPAN) == span
            && let Some(count) = seconds.get_mut(at.rem_euclid(SPAN) as usize)
        {
            *count += 1;
        }
        Ok(())
    })?;
    let learned = pass.learned()?;
    let seconds: Vec<(i64, u64)> = (span.saturating_mul(SPAN)..).zip(seconds).collect();
    let Some((second, left)) = reach(&seconds, left) else {
        return Ok((None, learned));
    };
    // The first users of the second, as many as it takes: several snapshots do not give them in order.
    let mut users: BTreeMap<String, u64> = BTreeMap::new();
    let mut rows = 0;
    let mut pass = Pass::new(snapshots, rules, learned, UpTo::Users, false)?;
    pass.each(|user, at| {
        if at != second {
            return Ok(());
        }
        match users.get_mut(user) {
            Some(count) => *count += 1,
            None => drop(users.insert(user.to_owned(), 1)),
        }
        rows += 1;
        while let Some(last) = users.last_entry().filter(|last| rows - last.get() >= left) {
            rows -= last.remove();
        }
        Ok(())
    })?;
    let (user, count) = users.pop_last().unwrap_or_default();
    let cutoff = Cutoff {
        second,
        rows: left.saturating_sub(rows - count),
        user,
    };
    Ok((Some(cutoff), pass.learned()?))
}

/// From the last on, the place whose count makes `wanted` full, and how many it has to give; `None` where
/// all together do not.
fn reach(counts: &[(i64, u64)], wanted: u64) -> Option<(i64, u64)> {
    let mut left = wanted;
    for (place, count) in counts.iter().rev() {
        if *count >= left {
            return Some((*place, left));
        }
        left -= count;
    }
    None
}

/// Counts rows of snapshots in a time range, of one origin or all.
pub(super) fn count_rows(
    snapshots: &[Snapshot],
    time: TimeRange,
    origins: crate::model::Origins,
) -> Result<u64> {
    let mut rows = 0;
    for snapshot in snapshots {
        let mut scan = snapshot.scan(&ScanQuery {
            time,
            origins,
            projection: Projection::names([""; 0]),
            order: crate::model::ScanOrder::Any,
            batch_rows: 1 << 16,
            ..ScanQuery::default()
        })?;
        let mut batch = scan.new_batch();
        while scan.read(&mut batch)? {
            rows += batch.rows() as u64;
        }
    }
    Ok(rows)
}

fn no_snapshot() -> Error {
    Error::internal("an export of no snapshot")
}
