//! What the plots show, from one scan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::counts::Spread;
use crate::api::Snapshot;
use crate::column::{Column, Columns, Strings};
use crate::model::{Error, Projection, Result, Role, ScanQuery};

/// Seconds without an event that end a session.
pub(super) const SESSION_GAP: i64 = 1800;
const DAY: i64 = 86_400;
/// Steps of the plot over time, at most about.
const STEPS: i64 = 48;
/// Event types that are shown apart; others are counted together.
pub(super) const MOST_TYPES: usize = 6;
/// Positions of an impression that are told apart.
pub(super) const POSITIONS: usize = 10;

/// The figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) time: OverTime,
    /// By event type, the most frequent first.
    pub(super) types: Vec<(String, u64)>,
    /// Events by hour of UTC and weekday, Monday first.
    pub(super) week: [[u64; 24]; 7],
    pub(super) users: Spread,
    pub(super) items: Spread,
    pub(super) events: u64,
    /// Events with an item that the user had an event with before.
    pub(super) repeats: u64,
    pub(super) session_events: Spread,
    pub(super) impressions: u64,
    pub(super) shown: u64,
    /// By position in its impression, from 0: events with the item that stands there.
    pub(super) clicks: [u64; POSITIONS],
    pub(super) later_clicks: u64,
}

/// Events over time, by type.
#[derive(Clone, Debug, Default)]
pub(super) struct OverTime {
    /// The first step, in epoch seconds, and how long each is.
    pub(super) start: i64,
    pub(super) step: i64,
    /// By type, as in `types`; the last is of all others.
    pub(super) steps: Vec<Vec<u64>>,
}

impl OverTime {
    /// Whole hours, days or weeks, so that a span has about [`STEPS`].
    fn covering((first, last): (i64, i64)) -> Self {
        let least = (last - first) / STEPS + 1;
        let known = [
            60,
            600,
            3600,
            6 * 3600,
            DAY,
            7 * DAY,
            30 * DAY,
            91 * DAY,
            365 * DAY,
        ];
        let step = known.into_iter().find(|step| *step >= least);
        let step = step.unwrap_or_else(|| least.div_euclid(365 * DAY) * 365 * DAY + 365 * DAY);
        Self {
            start: first.div_euclid(step) * step,
            step,
            steps: Vec::new(),
        }
    }

    fn at(&self, timestamp: i64) -> usize {
        usize::try_from((timestamp - self.start) / self.step.max(1)).unwrap_or(0)
    }
}

impl Figures {
    /// Reads a snapshot whose first and last timestamps are known.
    pub(super) fn of(snapshot: &Snapshot, span: Option<(i64, i64)>) -> Result<Self> {
        let schema = snapshot.schema();
        let event_type = schema.position_of(Role::EventType);
        let impression = schema.position_of(Role::Impression);
        let fields = [Some(schema.item()), event_type, impression]
            .into_iter()
            .flatten();
        let names = fields.filter_map(|id| Some(schema.fields().get(id)?.name()));
        let query = ScanQuery {
            projection: Projection::names(names),
            ..ScanQuery::default()
        };
        let mut collector = Collector {
            item: schema.item(),
            event_type,
            impression,
            time: OverTime::covering(span.unwrap_or_default()),
            ..Collector::default()
        };
        let mut scan = snapshot.scan(&query)?;
        let mut batch = scan.new_batch();
        while scan.read(&mut batch)? {
            collector.add(&batch)?;
        }
        collector.finish()
    }
}

#[derive(Default)]
struct Collector {
    item: usize,
    event_type: Option<usize>,
    impression: Option<usize>,
    time: OverTime,
    figures: Figures,
    by_type: BTreeMap<String, Vec<u64>>,
    user: Option<String>,
    /// Of the user so far.
    events: u64,
    seen: HashSet<u32>,
    session: u64,
    last: i64,
    items: PartCounts,
    counts: HashMap<Box<str>, u64>,
}

impl Collector {
    fn add(&mut self, batch: &Columns) -> Result<()> {
        let strings = |field: usize| -> Result<&Arc<dyn Strings>> {
            let strings = batch.dictionaries.get(field).and_then(Option::as_ref);
            strings.ok_or_else(|| Error::internal("codes without a dictionary"))
        };
        let Some(Column::Strings(items)) = batch.fields.get(self.item) else {
            return Err(Error::internal("a scan without items"));
        };
        self.items
            .add(items, strings(self.item)?, &mut self.counts)?;
        let types = self
            .event_type
            .and_then(|field| match batch.fields.get(field) {
                Some(Column::Strings(codes)) => Some((codes, field)),
                _ => None,
            });
        let ids = batch.ids()?;
        let mut last_user = 0;
        let mut known_types: HashMap<u32, String> = HashMap::new();
        for (row, item) in items.iter().enumerate() {
            let code = batch.users.get(row).copied().unwrap_or_default();
            if code != last_user {
                last_user = code;
                self.begin(ids.get(code)?);
            }
            let at = batch.timestamps.get(row).copied().unwrap_or_default();
            self.event(*item, at);
            let kind = types.and_then(|(codes, field)| Some((*codes.get(row)?, field)));
            let name = match kind {
                Some((code, field)) if code != 0 => match known_types.get(&code) {
                    Some(name) => name.clone(),
                    None => {
                        let name = strings(field)?.get(code)?.to_owned();
                        known_types.insert(code, name.clone());
                        name
                    }
                },
                _ => String::new(),
            };
            let step = self.time.at(at);
            let steps = self.by_type.entry(name).or_default();
            if steps.len() <= step {
                steps.resize(step + 1, 0);
            }
            if let Some(count) = steps.get_mut(step) {
                *count += 1;
            }
            let shown = self.impression.and_then(|field| batch.fields.get(field));
            if let Some(Column::Lists(lists)) = shown {
                self.impression(*item, lists.get(row));
            }
        }
        Ok(())
    }

    fn begin(&mut self, user: &str) {
        if self.user.as_deref() != Some(user) {
            self.end();
            self.user = Some(user.to_owned());
        }
    }

    fn end(&mut self) {
        if self.events > 0 {
            self.figures.users.add(self.events);
            self.figures.session_events.add(self.session);
        }
        self.events = 0;
        self.session = 0;
        self.seen.clear();
    }

    fn event(&mut self, item: u32, at: i64) {
        if self.session > 0 && at - self.last > SESSION_GAP {
            self.figures.session_events.add(self.session);
            self.session = 0;
        }
        self.last = at;
        self.session += 1;
        self.events += 1;
        self.figures.events += 1;
        self.figures.repeats += u64::from(!self.seen.insert(item));
        // The epoch began on a Thursday.
        let day = (at.div_euclid(DAY) + 3).rem_euclid(7) as usize;
        let hour = (at.rem_euclid(DAY) / 3600) as usize;
        if let Some(count) = self
            .figures
            .week
            .get_mut(day)
            .and_then(|day| day.get_mut(hour))
        {
            *count += 1;
        }
    }

    fn impression(&mut self, item: u32, shown: &[u32]) {
        if shown.is_empty() {
            return;
        }
        self.figures.impressions += 1;
        self.figures.shown += shown.len() as u64;
        let position = shown.iter().position(|one| *one == item);
        match position.map(|at| self.figures.clicks.get_mut(at)) {
            Some(Some(clicks)) => *clicks += 1,
            Some(None) => self.figures.later_clicks += 1,
            None => {}
        }
    }

    fn finish(mut self) -> Result<Figures> {
        self.end();
        self.items.pour(&mut self.counts)?;
        for count in self.counts.values() {
            self.figures.items.add(*count);
        }
        let steps = self.by_type.values().map(Vec::len).max().unwrap_or(0);
        let mut types: Vec<(String, Vec<u64>)> = self.by_type.into_iter().collect();
        types.sort_by_key(|(_, steps)| std::cmp::Reverse(steps.iter().sum::<u64>()));
        for (at, (name, counts)) in types.into_iter().enumerate() {
            let total = counts.iter().sum();
            self.figures.types.push((name, total));
            if at <= MOST_TYPES {
                self.time.steps.push(vec![0; steps]);
            }
            let sums = self.time.steps.last_mut().into_iter().flatten();
            sums.zip(counts).for_each(|(sum, count)| *sum += count);
        }
        self.figures.time = self.time;
        Ok(self.figures)
    }
}

/// Counts by code of the dictionary that batches share.
#[derive(Default)]
struct PartCounts {
    strings: Option<Arc<dyn Strings>>,
    counts: Vec<u64>,
}

impl PartCounts {
    fn add(
        &mut self,
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        all: &mut HashMap<Box<str>, u64>,
    ) -> Result<()> {
        let same =
            |known: &Arc<dyn Strings>| std::ptr::addr_eq(Arc::as_ptr(known), Arc::as_ptr(strings));
        if !self.strings.as_ref().is_some_and(same) {
            self.pour(all)?;
            self.strings = Some(strings.clone());
        }
        self.counts.resize(strings.len() + 1, 0);
        for code in codes {
            if let Some(count) = self.counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    fn pour(&mut self, all: &mut HashMap<Box<str>, u64>) -> Result<()> {
        let Some(strings) = self.strings.take() else {
            return Ok(());
        };
        for (code, count) in self.counts.drain(..).enumerate().skip(1) {
            if count > 0 {
                *all.entry(strings.get(code as u32)?.into()).or_default() += count;
            }
        }
        Ok(())
    }
}
