//! One user's newest interactions, across both tiers.

use std::sync::Arc;

use super::event::Event;
use super::snapshot::Snapshot;
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
            order,
        } = out;
        order.clear();
        *used = 0;
        let resolved = Resolved::update(resolved, parts, &self.schema, query)?;
        let generations = || {
            self.version
                .generations
                .iter()
                .filter(|hot| hot.contains(user))
        };
        let segments = || self.version.runs.iter().flat_map(|run| run.of_user(user));
        resolved.tier.visible = self.visible;
        // Sequence numbers order what lies in different places at the same time.
        resolved.tier.sequences = segments().count() + generations().count() > 1;
        let tier = &resolved.tier;
        for live in segments() {
            let segment = &live.segment;
            let part = next_part(parts, *used, &self.schema, tier)?;
            segment.history(user, tier, &mut part.columns)?;
            *used += usize::from(part.is_filled(tier, |field| segment.dictionary(field)));
        }
        for generation in generations() {
            let part = next_part(parts, *used, &self.schema, tier)?;
            generation.history(user, tier, &mut part.columns)?;
            *used += usize::from(part.is_filled(tier, |field| generation.dictionary(field)));
        }
        arrange(parts.get(..*used).unwrap_or_default(), tier, order);
        Ok(())
    }
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

/// Puts the rows of all parts in order and cuts them to the limit.
fn arrange(parts: &[Part], query: &TierQuery, order: &mut Vec<(u32, u32)>) {
    for (index, part) in (0..).zip(parts) {
        let rows = 0..part.columns.rows() as u32;
        order.extend(rows.map(|row| (index, row)));
    }
    if parts.len() > 1 {
        order.sort_by_key(|(part, row)| {
            let columns = parts.get(*part as usize).map(|part| &part.columns);
            let row = *row as usize;
            columns.map(|columns| {
                (
                    columns.timestamps.get(row).copied(),
                    columns.sequences.get(row).copied(),
                )
            })
        });
    }
    if query.newest {
        order.reverse();
    }
    order.truncate(query.limit);
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
