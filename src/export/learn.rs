//! Scans ahead of an export.

use std::collections::HashMap;
use std::sync::Arc;

use super::blocks::UserBlocks;
use super::learned::{Cutoff, Items, Learned};
use super::per_code::PerCode;
use super::select::{Selector, UpTo, codes_of, dictionary};
use super::selection::{Rules, Sessions};
use crate::api::Snapshot;
use crate::types::{Projection, Result, ScanQuery, Schema, TimeRange};

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
    snapshot: &Snapshot,
    rules: &Arc<Rules>,
    wanted: Wanted,
) -> Result<Arc<Learned>> {
    let mut learned = Learned::default();
    if rules.selection.min_item_events.is_some() || wanted.items {
        let pass = Pass::new(snapshot, rules, learned, UpTo::Distinct, true)?;
        let (items, before) = count_items(pass, snapshot.schema())?;
        learned = before;
        learned.items = Some(items);
    }
    if let Some(newest) = rules.selection.newest {
        let (cutoff, before) = find_cutoff(snapshot, rules, learned, newest)?;
        learned = before;
        learned.newest = cutoff;
    }
    if wanted.times {
        let mut pass = Pass::new(snapshot, rules, learned, UpTo::All, false)?;
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

/// One scan under some rules.
struct Pass {
    blocks: UserBlocks,
    selector: Selector,
    learned: Arc<Learned>,
}

impl Pass {
    fn new(
        snapshot: &Snapshot,
        rules: &Arc<Rules>,
        learned: Learned,
        upto: UpTo,
        items: bool,
    ) -> Result<Self> {
        let schema = snapshot.schema();
        let learned = Arc::new(learned);
        let mut needed = rules.needed(schema);
        if let Some(flag) = needed.get_mut(schema.item()).filter(|_| items) {
            *flag = true;
        }
        let query = query_of(rules, schema, &needed);
        Ok(Self {
            blocks: UserBlocks::new(snapshot.scan(&query)?),
            selector: Selector::new(schema, rules, &learned, upto),
            learned,
        })
    }

    /// Calls `see` with the user and the timestamp of each row that is taken.
    fn each(&mut self, mut see: impl FnMut(&str, i64) -> Result<()>) -> Result<()> {
        while let Some(block) = self.blocks.next()? {
            let kept = self.selector.select(&block)?;
            for user in &kept.users {
                let code = block.columns.users.get(user.all.start).copied();
                let id = block.columns.ids()?.get(code.unwrap_or(0))?;
                for row in kept.rows.get(user.kept.clone()).unwrap_or_default() {
                    let at = block.columns.timestamps.get(*row as usize).copied();
                    see(id, at.unwrap_or(0))?;
                }
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
            .ok_or_else(|| crate::types::Error::internal("what was learned is still in use"))
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
        arrival: rules.are_of_commits() || selection.origin != crate::types::Origins::All,
        session_keys: selection.sessions == Sessions::Drop,
        projection: Projection::names(names.map(|(field, _)| field.name())),
        ..ScanQuery::default()
    }
}

fn count_items(mut pass: Pass, schema: &Schema) -> Result<(Items, Learned)> {
    let item = schema.item();
    let mut items = Items::default();
    let mut numbers: PerCode<u32> = PerCode::default();
    while let Some(block) = pass.blocks.next()? {
        let kept = pass.selector.select(&block)?;
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
    }
    let learned = pass.learned()?;
    Ok((items, learned))
}

/// Seconds that are counted together at first.
const SPAN: i64 = 1 << 16;

/// Finds where the newest rows begin: counts rows by spans of seconds, then those of one span by second,
/// then those of one second by user.
fn find_cutoff(
    snapshot: &Snapshot,
    rules: &Arc<Rules>,
    learned: Learned,
    newest: u64,
) -> Result<(Option<Cutoff>, Learned)> {
    let mut spans: HashMap<i64, u64> = HashMap::new();
    let mut pass = Pass::new(snapshot, rules, learned, UpTo::Users, false)?;
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
    let mut pass = Pass::new(snapshot, rules, learned, UpTo::Users, false)?;
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
    let mut cutoff = Cutoff {
        second,
        user: String::new(),
        rows: 0,
    };
    let mut left = left;
    let mut pass = Pass::new(snapshot, rules, learned, UpTo::Users, false)?;
    pass.each(|user, at| {
        if at == second && left > 0 {
            left -= 1;
            if cutoff.user != user {
                cutoff.user.clear();
                cutoff.user.push_str(user);
                cutoff.rows = 0;
            }
            cutoff.rows += 1;
        }
        Ok(())
    })?;
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

/// Counts rows of a snapshot in a time range, of one origin or all.
pub(super) fn count_rows(
    snapshot: &Snapshot,
    time: TimeRange,
    origins: crate::types::Origins,
) -> Result<u64> {
    let mut scan = snapshot.scan(&ScanQuery {
        time,
        origins,
        projection: Projection::names([""; 0]),
        order: crate::types::ScanOrder::Any,
        batch_rows: 1 << 16,
        ..ScanQuery::default()
    })?;
    let mut batch = scan.new_batch();
    let mut rows = 0;
    while scan.read(&mut batch)? {
        rows += batch.rows() as u64;
    }
    Ok(rows)
}
