//! One user's newest interactions, across both tiers.

mod order;

use std::sync::Arc;

use super::event::Event;
use super::late::LateJoin;
use super::owners::SessionKey;
use super::snapshot::Snapshot;
use super::version::LiveSegment;
use crate::segment::Origin;
use crate::types::{
    Column, Columns, Error, FieldId, HistoryQuery, Order, Result, Schema, Strings, TextBuffer,
    TierQuery,
};
use order::{Head, merge};

/// Interactions of one user, in the order asked for.
///
/// A buffer: hand the same one to many calls and its memory is used again. Strings are not
/// copied: events resolve them in the dictionaries of the segments they lie in, which the
/// history keeps alive. [`History::copy_text`] copies a whole column of them at once.
#[derive(Default)]
pub struct History {
    resolved: Option<Resolved>,
    parts: Vec<Part>,
    used: usize,
    heads: Vec<Head>,
    /// (part, row), in the order asked for.
    order: Vec<(u32, u32)>,
}

/// The query of the last call, with its names resolved.
struct Resolved {
    schema: Arc<Schema>,
    query: HistoryQuery,
    tier: TierQuery,
}

/// The rows from one segment or generation, oldest first.
struct Part {
    columns: Columns,
}

impl Snapshot {
    /// Fills `out` with the interactions of a user that match, newest first unless the query says
    /// otherwise. A user that is not there has an empty history.
    ///
    /// Cost: a hash probe per run of segments and per hot generation, and decoding the asked
    /// columns of the rows that come out.
    ///
    /// # Errors
    /// `InvalidInput` for a field that the schema does not have; `Corruption` when bytes it needs
    /// are damaged. `out` is then empty.
    pub fn history(&self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        let History {
            resolved,
            parts,
            used,
            heads,
            order,
        } = out;
        order.clear();
        *used = 0;
        let resolved = Resolved::update(resolved, parts, &self.schema, query)?;
        resolved.tier.visible = self.visible;
        let limit = query.limit.unwrap_or(usize::MAX);
        let sessions = self.sessions_of(user);
        let asked = &resolved.tier.asked;
        let mut reading = Reading {
            snapshot: self,
            limit,
            late: LateJoin::new(&self.version.joins, &self.schema, self.visible, asked),
            scattered: !sessions.is_empty(),
            resolved,
            parts,
            used,
        };
        reading.read(user, self.version.segments_of(user).collect())?;
        for SessionKey { key, linked } in &sessions {
            let segments = self.version.segments_of(key);
            let segments = segments.filter(|live| live.entry.joined < *linked);
            reading.read(key, segments.collect())?;
        }
        let tier = resolved.ask(limit, false);
        merge(parts.get(..*used).unwrap_or_default(), tier, heads, order);
        Ok(())
    }
}

/// The reading of parts.
struct Reading<'a> {
    snapshot: &'a Snapshot,
    resolved: &'a mut Resolved,
    limit: usize,
    late: Option<LateJoin>,
    /// Whether rows lie under several keys.
    scattered: bool,
    parts: &'a mut Vec<Part>,
    used: &'a mut usize,
}

impl Reading<'_> {
    /// Reads the rows that lie under a key: those of all generations, and of segments, oldest first.
    fn read(&mut self, key: &str, segments: Vec<&Arc<LiveSegment>>) -> Result<()> {
        // Newest data first: what lies further back is often older than all that is asked for.
        for generation in self.snapshot.version.generations.iter().rev() {
            let Some((_, newest)) = generation.timestamps() else {
                continue;
            };
            let Some(left) = self.left(newest) else {
                continue;
            };
            let sequences = generation.sequences().map(|(first, last)| [first, last]);
            self.part(
                left,
                true,
                sequences,
                |tier, columns| generation.history(key, tier, columns),
                |field| generation.dictionary(field),
            )?;
        }
        let range = |live: &&Arc<LiveSegment>| live.segment.footer().timestamps;
        let ranges: Vec<[i64; 2]> = segments.iter().map(range).collect();
        for (index, live) in segments.iter().enumerate().rev() {
            let segment = &live.segment;
            let [oldest, newest] = segment.footer().timestamps;
            let Some(left) = self.left(newest) else {
                continue;
            };
            let mut older = ranges.iter().take(index);
            let tied = self.scattered
                || older.any(|[_, newest]| *newest >= oldest)
                || first_of(self.parts, *self.used).is_some_and(|first| first <= newest);
            let recorded = live.entry.origin == Origin::Recorded;
            self.part(
                left,
                tied,
                recorded.then_some(live.entry.sequences),
                |tier, columns| segment.history(key, tier, columns),
                |field| segment.dictionary(field),
            )?;
        }
        Ok(())
    }

    fn left(&self, newest: i64) -> Option<usize> {
        self.resolved
            .left(self.limit, self.parts, *self.used, newest)
    }

    /// Reads the next part. `recorded` are the commits of its rows that were recorded one by one.
    fn part(
        &mut self,
        left: usize,
        tied: bool,
        recorded: Option<[u64; 2]>,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<()> {
        let schema = &self.snapshot.schema;
        let tier = self.resolved.ask(left, tied);
        let part = next_part(self.parts, *self.used, schema, tier)?;
        let late = self.late.as_ref().zip(recorded);
        let filled = match late.filter(|(late, of)| late.may_concern(*of)) {
            None => {
                read(tier, &mut part.columns)?;
                part.is_filled(tier, dictionary)
            }
            Some((late, _)) => {
                part.columns = late.read(schema, tier, read, dictionary)?;
                part.columns.rows() > 0
            }
        };
        *self.used += usize::from(filled);
        Ok(())
    }
}

/// The first timestamp of the rows found so far.
fn first_of(parts: &[Part], used: usize) -> Option<i64> {
    let parts = parts.get(..used).unwrap_or_default().iter();
    parts
        .filter_map(|part| part.columns.timestamps.first().copied())
        .min()
}

impl Resolved {
    /// How many rows a place may still give whose newest row is at `newest`, after those that are
    /// found already and lie behind it; `None` when none is wanted any more.
    fn left(&self, limit: usize, parts: &[Part], used: usize, newest: i64) -> Option<usize> {
        if !self.tier.newest {
            return Some(limit);
        }
        let parts = parts.get(..used).unwrap_or_default().iter();
        let after = parts.map(|part| {
            let timestamps = &part.columns.timestamps;
            timestamps.len() - timestamps.partition_point(|at| *at <= newest)
        });
        let left = limit.saturating_sub(after.sum());
        (left > 0).then_some(left)
    }

    /// The question to a place: so many rows, with sequence numbers or without. They order what
    /// lies in different places at the same time.
    fn ask(&mut self, limit: usize, sequences: bool) -> &TierQuery {
        self.tier.limit = limit;
        self.tier.sequences = sequences;
        &self.tier
    }

    /// The query with its names resolved; those of the last call are kept where it was the same.
    fn update<'a>(
        last: &'a mut Option<Self>,
        parts: &mut Vec<Part>,
        schema: &Arc<Schema>,
        query: &HistoryQuery,
    ) -> Result<&'a mut Self> {
        let same = last
            .take()
            .filter(|last| Arc::ptr_eq(&last.schema, schema) && last.query == *query);
        let resolved = match same {
            Some(same) => same,
            None => {
                parts.clear();
                Self {
                    schema: schema.clone(),
                    query: query.clone(),
                    tier: TierQuery {
                        limit: query.limit.unwrap_or(usize::MAX),
                        newest: query.order == Order::NewestFirst,
                        event_types: query.event_types.clone(),
                        time: query.time,
                        visible: 0,
                        asked: query.projection.resolve(schema)?,
                        sequences: false,
                    },
                }
            }
        };
        Ok(last.insert(resolved))
    }
}

/// An empty part behind those that are used.
fn next_part<'a>(
    parts: &'a mut Vec<Part>,
    used: usize,
    schema: &Schema,
    query: &TierQuery,
) -> Result<&'a mut Part> {
    if used == parts.len() {
        parts.push(Part {
            columns: Columns::for_schema(schema).asked_only(&query.asked),
        });
    }
    let part = parts.get_mut(used);
    let part = part.ok_or_else(|| Error::corrupt("a history without room for its rows"))?;
    part.columns.clear();
    Ok(part)
}

impl Part {
    /// The row that is taken when `left` rows are left.
    fn row_of(&self, left: usize, newest: bool) -> usize {
        match newest {
            true => left.saturating_sub(1),
            false => self.columns.rows() - left,
        }
    }

    /// Its timestamp and sequence number.
    fn key_of(&self, left: usize, newest: bool) -> (i64, u64) {
        let row = self.row_of(left, newest);
        let at = self.columns.timestamps.get(row).copied();
        let sequence = self.columns.sequences.get(row).copied();
        (at.unwrap_or(0), sequence.unwrap_or(0))
    }

    /// Whether rows came; the part then takes the dictionaries of its strings.
    fn is_filled(
        &mut self,
        query: &TierQuery,
        of: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> bool {
        let filled = self.columns.rows() > 0;
        if filled {
            // The item dictionary serves the impressions, too.
            let lists = self
                .columns
                .fields
                .iter()
                .any(|column| matches!(column, Column::Lists(_)));
            let slots = self.columns.dictionaries.iter_mut().enumerate();
            for ((field, slot), asked) in slots.zip(&query.asked) {
                if *asked || lists {
                    *slot = of(field);
                }
            }
        }
        filled
    }
}

impl History {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of interactions.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The interaction at a position, in the order asked for.
    pub fn get(&self, position: usize) -> Option<Event<'_>> {
        let (part, row) = *self.order.get(position)?;
        Some(Event {
            schema: &self.resolved.as_ref()?.schema,
            columns: &self.parts.get(part as usize)?.columns,
            row: row as usize,
        })
    }

    /// The interactions, in the order asked for.
    pub fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    /// The order, cut where the part changes.
    fn runs(&self) -> impl Iterator<Item = (&Columns, &[(u32, u32)])> {
        let alone = self.used == 1;
        self.order
            .chunk_by(move |a, b| alone || a.0 == b.0)
            .filter_map(|run| {
                let part = self.parts.get(run.first()?.0 as usize)?;
                Some((&part.columns, run))
            })
    }

    /// Copies the timestamps, in the order asked for, over `out`.
    pub fn copy_timestamps(&self, out: &mut Vec<i64>) {
        out.clear();
        for (columns, run) in self.runs() {
            let timestamps = columns.timestamps.as_slice();
            let at = |row: u32| timestamps.get(row as usize).copied().unwrap_or(0);
            out.extend(run.iter().map(|(_, row)| at(*row)));
        }
    }

    /// Copies a string field's values, in the order asked for, into `out`, whose memory is used
    /// again. A null, and a field that was not asked for, is an empty string.
    ///
    /// # Errors
    /// `Corruption` when the strings' bytes are damaged.
    pub fn copy_text(&self, field: FieldId, out: &mut TextBuffer) -> Result<()> {
        out.clear();
        let mut picked = [0u32; 128];
        for (columns, run) in self.runs() {
            let dictionary = columns.dictionaries.get(field).and_then(Option::as_ref);
            let codes = match columns.fields.get(field) {
                Some(Column::Strings(codes)) => codes.as_slice(),
                _ => &[],
            };
            for rows in run.chunks(picked.len()) {
                for (slot, (_, row)) in picked.iter_mut().zip(rows) {
                    *slot = codes.get(*row as usize).copied().unwrap_or(0);
                }
                let picked = picked.get(..rows.len()).unwrap_or(&picked);
                match dictionary {
                    Some(strings) => strings.append_text(picked, out)?,
                    None => picked.iter().for_each(|_| out.push("")),
                }
            }
        }
        Ok(())
    }
}
