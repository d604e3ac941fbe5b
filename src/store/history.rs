//! One user's newest interactions, across both tiers.

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
        let tier = &mut resolved.tier;
        let sessions = self.sessions_of(user);
        let late = LateJoin::new(&self.version.joins, &self.schema, self.visible, &tier.asked);
        let segments: Vec<_> = self.version.segments_of(user).collect();
        let generations = self.version.generations.iter();
        let hot = generations.filter(|hot| hot.contains(user)).count();
        // Sequence numbers order what lies in different places at the same time.
        tier.sequences = segments.len() + hot > 1 || !sessions.is_empty();
        let tier: &TierQuery = tier;
        let mut reading = Reading {
            snapshot: self,
            tier,
            late,
            parts,
            used,
        };
        reading.read(user, segments)?;
        for SessionKey { key, linked } in &sessions {
            let segments = self.version.segments_of(key);
            reading.read(
                key,
                segments
                    .filter(|live| live.entry.joined < *linked)
                    .collect(),
            )?;
        }
        merge(parts.get(..*used).unwrap_or_default(), tier, heads, order);
        Ok(())
    }
}

/// The reading of parts.
struct Reading<'a> {
    snapshot: &'a Snapshot,
    tier: &'a TierQuery,
    late: Option<LateJoin>,
    parts: &'a mut Vec<Part>,
    used: &'a mut usize,
}

impl Reading<'_> {
    /// Reads the rows that lie under a key: those of all generations, and of segments, oldest first.
    fn read(&mut self, key: &str, segments: Vec<&Arc<LiveSegment>>) -> Result<()> {
        // Newest data first: what lies further back is often older than all that is asked for.
        let generations = self.snapshot.version.generations.iter().rev();
        for generation in generations.filter(|hot| hot.contains(key)) {
            let sequences = generation.sequences().map(|(first, last)| [first, last]);
            self.part(
                sequences,
                |tier, columns| generation.history(key, tier, columns),
                |field| generation.dictionary(field),
            )?;
        }
        for live in segments.into_iter().rev() {
            let (tier, segment) = (self.tier, &live.segment);
            let last = segment.footer().timestamps[1];
            if tier.newest && is_full(self.parts, *self.used, tier.limit, last) {
                continue;
            }
            let recorded = live.entry.origin == Origin::Recorded;
            self.part(
                recorded.then_some(live.entry.sequences),
                |tier, columns| segment.history(key, tier, columns),
                |field| segment.dictionary(field),
            )?;
        }
        Ok(())
    }

    /// Reads the next part. `recorded` are the commits of its rows that were recorded one by one.
    fn part(
        &mut self,
        recorded: Option<[u64; 2]>,
        read: impl Fn(&TierQuery, &mut Columns) -> Result<()>,
        dictionary: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) -> Result<()> {
        let part = next_part(self.parts, *self.used, &self.snapshot.schema, self.tier)?;
        let late = self.late.as_ref();
        let concerned = late
            .zip(recorded)
            .filter(|(late, of)| late.may_concern(*of));
        let filled = match concerned {
            None => {
                read(self.tier, &mut part.columns)?;
                part.is_filled(self.tier, dictionary)
            }
            Some((late, _)) => {
                let schema = &self.snapshot.schema;
                part.columns = late.read(schema, self.tier, read, dictionary)?;
                part.columns.rows() > 0
            }
        };
        *self.used += usize::from(filled);
        Ok(())
    }
}

/// Whether the parts have as many rows as are asked for, all after `timestamp`.
fn is_full(parts: &[Part], used: usize, limit: usize, timestamp: i64) -> bool {
    let parts = parts.get(..used).unwrap_or_default().iter();
    let after = parts.map(|part| {
        let timestamps = &part.columns.timestamps;
        timestamps.len() - timestamps.partition_point(|at| *at <= timestamp)
    });
    after.sum::<usize>() >= limit
}

impl Resolved {
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

/// The next row of a part to be taken, and how many rows are left with it.
struct Head {
    key: (i64, u64),
    left: usize,
}

/// Merges the rows of all parts, each of which is in order, up to the limit. The parts come newest
/// data first, which decides between rows of one time and commit.
fn merge(parts: &[Part], query: &TierQuery, heads: &mut Vec<Head>, order: &mut Vec<(u32, u32)>) {
    let rows = parts.iter().map(|part| part.columns.rows()).sum::<usize>();
    if let ([part], true) = (parts, rows <= query.limit) {
        let rows = 0..part.columns.rows() as u32;
        if query.newest {
            order.extend(rows.rev().map(|row| (0, row)));
        } else {
            order.extend(rows.map(|row| (0, row)));
        }
        return;
    }
    heads.clear();
    heads.extend(parts.iter().map(|part| Head {
        key: (0, 0),
        left: part.columns.rows(),
    }));
    for (part, head) in parts.iter().zip(heads.iter_mut()) {
        head.key = part.key_of(head.left, query.newest);
    }
    while order.len() < query.limit.min(rows) {
        let alive = || heads.iter().enumerate().filter(|(_, head)| head.left > 0);
        // Of equal keys `max_by_key` gives the last and `min_by_key` the first.
        let next = match query.newest {
            true => alive().rev().max_by_key(|(_, head)| head.key),
            false => alive().rev().min_by_key(|(_, head)| head.key),
        };
        let Some(index) = next.map(|(index, _)| index) else {
            return;
        };
        let (Some(part), Some(head)) = (parts.get(index), heads.get_mut(index)) else {
            return;
        };
        order.push((index as u32, part.row_of(head.left, query.newest) as u32));
        head.left -= 1;
        head.key = part.key_of(head.left, query.newest);
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

    /// Copies a string field's values, in the order asked for, into `out`, whose memory is used
    /// again. A null, and a field that was not asked for, is an empty string.
    ///
    /// # Errors
    /// `Corruption` when the strings' bytes are damaged.
    pub fn copy_text(&self, field: FieldId, out: &mut TextBuffer) -> Result<()> {
        out.clear();
        let mut codes = [0u32; 128];
        for run in self.order.chunk_by(|a, b| a.0 == b.0) {
            let part = run
                .first()
                .and_then(|(part, _)| self.parts.get(*part as usize));
            let columns = part.map(|part| &part.columns);
            let dictionary = columns.and_then(|columns| columns.dictionaries.get(field)?.as_ref());
            let column = columns.and_then(|columns| columns.fields.get(field));
            for rows in run.chunks(codes.len()) {
                for (slot, (_, row)) in codes.iter_mut().zip(rows) {
                    *slot = match column {
                        Some(Column::Strings(codes)) => {
                            codes.get(*row as usize).copied().unwrap_or(0)
                        }
                        _ => 0,
                    };
                }
                let codes = codes.get(..rows.len()).unwrap_or(&codes);
                match dictionary {
                    Some(strings) => strings.append_text(codes, out)?,
                    None => codes.iter().for_each(|_| out.push("")),
                }
            }
        }
        out.validate()
    }
}
