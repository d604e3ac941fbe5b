//! One user's newest interactions, across both tiers.

use std::sync::Arc;

use super::snapshot::Snapshot;
use crate::types::{
    Cell, Column, Columns, DataType, FieldId, HistoryQuery, Order, Result, Role, Schema, Strings,
    TierQuery, Value, f32_of_bits,
};

/// Interactions of one user, in the order asked for.
///
/// A buffer: hand the same one to many calls and its memory is used again. Strings are not
/// copied: events resolve them in the dictionaries of the segments they lie in, which the
/// history keeps alive.
#[derive(Default)]
pub struct History {
    schema: Option<Arc<Schema>>,
    parts: Vec<Part>,
    used: usize,
    /// (part, row), in the order asked for.
    order: Vec<(u32, u32)>,
}

/// The rows from one segment or generation, oldest first.
#[derive(Default)]
struct Part {
    columns: Columns,
    shape: Vec<bool>,
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
    /// are damaged.
    pub fn history(&self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        out.begin(&self.schema);
        let mut tier_query = TierQuery {
            limit: query.limit.unwrap_or(usize::MAX),
            newest: query.order == Order::NewestFirst,
            event_types: query.event_types.clone(),
            time: query.time,
            visible: self.visible,
            asked: query.projection.resolve(&self.schema)?,
            sequences: false,
        };
        let generations = || {
            self.version
                .generations
                .iter()
                .filter(|hot| hot.contains(user))
        };
        let segments = || self.version.runs.iter().flat_map(|run| run.of_user(user));
        // Sequence numbers order what lies in different places at the same time.
        tier_query.sequences = segments().count() + generations().count() > 1;
        for live in segments() {
            let segment = &live.segment;
            let part = out.part(&self.schema, &tier_query.asked);
            segment.history(user, &tier_query, &mut part.columns)?;
            part.set_dictionaries(|field| segment.dictionary(field));
            out.keep_part();
        }
        for generation in generations() {
            let part = out.part(&self.schema, &tier_query.asked);
            generation.history(user, &tier_query, &mut part.columns)?;
            part.set_dictionaries(|field| generation.dictionary(field));
            out.keep_part();
        }
        out.arrange(&tier_query);
        Ok(())
    }
}

impl Part {
    fn set_dictionaries(&mut self, of: impl Fn(FieldId) -> Option<Arc<dyn Strings>>) {
        let rows = self.columns.rows();
        for (field, slot) in self.columns.dictionaries.iter_mut().enumerate() {
            *slot = if rows > 0 { of(field) } else { None };
        }
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
            schema: self.schema.as_deref()?,
            columns: &self.parts.get(part as usize)?.columns,
            row: row as usize,
        })
    }

    /// The interactions, in the order asked for.
    pub fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    fn begin(&mut self, schema: &Arc<Schema>) {
        if !self
            .schema
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, schema))
        {
            self.schema = Some(schema.clone());
            self.parts.clear();
        }
        self.used = 0;
        self.order.clear();
    }

    /// An empty part with the asked columns.
    fn part(&mut self, schema: &Schema, asked: &[bool]) -> &mut Part {
        if self.used == self.parts.len() {
            self.parts.push(Part::default());
        }
        let last = self.parts.len() - 1;
        let at = self.used.min(last);
        let part = &mut self.parts[at];
        if part.shape != asked {
            part.columns = Columns::for_schema(schema).asked_only(asked);
            part.shape = asked.to_vec();
        }
        part.columns.clear();
        part
    }

    /// Keeps the part that was filled last, unless it is empty.
    fn keep_part(&mut self) {
        let filled = self.parts.get(self.used);
        if filled.is_some_and(|part| part.columns.rows() > 0) {
            self.used += 1;
        }
    }

    /// Puts the rows of all parts in order and cuts them to the limit.
    fn arrange(&mut self, query: &TierQuery) {
        let parts = self.parts.get(..self.used).unwrap_or_default();
        for (index, part) in (0..).zip(parts) {
            let rows = 0..part.columns.rows() as u32;
            self.order.extend(rows.map(|row| (index, row)));
        }
        if parts.len() > 1 {
            self.order.sort_by_key(|(part, row)| {
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
            self.order.reverse();
        }
        self.order.truncate(query.limit);
    }
}

/// One interaction of a [`History`].
#[derive(Clone, Copy)]
pub struct Event<'a> {
    schema: &'a Schema,
    columns: &'a Columns,
    row: usize,
}

impl<'a> Event<'a> {
    /// `TIMESTAMP`, in epoch seconds.
    pub fn timestamp(&self) -> i64 {
        self.columns.timestamps.get(self.row).copied().unwrap_or(0)
    }

    /// `ITEM_ID`.
    ///
    /// # Errors
    /// `Corruption` when the string's bytes are damaged.
    pub fn item(&self) -> Result<&'a str> {
        Ok(self.text(self.schema.item())?.unwrap_or(""))
    }

    /// `EVENT_TYPE`, where the schema has it and it was asked for.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn event_type(&self) -> Result<Option<&'a str>> {
        match self.schema.position_of(Role::EventType) {
            Some(field) => self.text(field),
            None => Ok(None),
        }
    }

    /// A string field's value; `None` where null, not asked for, or not a string.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn text(&self, field: FieldId) -> Result<Option<&'a str>> {
        text_at(self.columns, field, self.row)
    }

    /// The code of a string field's value within the history's part; 0 where null or not asked
    /// for. Equal codes of events with the same [`Event::dictionary`] are equal strings.
    pub fn code(&self, field: FieldId) -> u32 {
        match self.columns.fields.get(field) {
            Some(Column::Strings(codes)) => codes.get(self.row).copied().unwrap_or(0),
            _ => 0,
        }
    }

    /// The dictionary that [`Event::code`] belongs to.
    pub fn dictionary(&self, field: FieldId) -> Option<&'a Arc<dyn Strings>> {
        self.columns.dictionaries.get(field)?.as_ref()
    }

    /// Any field's value; null also where it was not asked for.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn value(&self, field: FieldId) -> Result<Value> {
        value_at(self.schema, self.columns, field, self.row)
    }
}

fn text_at(columns: &Columns, field: FieldId, row: usize) -> Result<Option<&str>> {
    let Some(Column::Strings(codes)) = columns.fields.get(field) else {
        return Ok(None);
    };
    let code = codes.get(row).copied().unwrap_or(0);
    match columns.dictionaries.get(field) {
        Some(Some(strings)) if code != 0 => strings.get(code).map(Some),
        _ => Ok(None),
    }
}

/// A field's value at a row of columns that carry their dictionaries, the item list of an
/// impression included; the user and the timestamp, too, where the columns have them. Null where
/// they do not have the field or the row.
///
/// # Errors
/// `Corruption` when a string's bytes are damaged.
pub fn value_at(schema: &Schema, columns: &Columns, field: FieldId, row: usize) -> Result<Value> {
    if field == schema.timestamp() {
        let at = columns.timestamps.get(row).copied();
        return Ok(at.map_or(Value::Null, Value::Long));
    }
    if field == schema.user() {
        return match (&columns.user_ids, columns.users.get(row)) {
            (Some(ids), Some(code)) => Ok(Value::String(ids.get(*code)?.to_owned())),
            _ => Ok(Value::Null),
        };
    }
    Ok(match columns.fields.get(field) {
        None | Some(Column::Absent) => Value::Null,
        Some(Column::Strings(_)) => match text_at(columns, field, row)? {
            Some(text) => Value::String(text.to_owned()),
            None => Value::Null,
        },
        Some(Column::Numbers(numbers)) => {
            let data_type = schema.fields().get(field).map(|field| field.data_type());
            match numbers.get(row) {
                Some(bits) => number(data_type.unwrap_or(DataType::Long), bits),
                None => Value::Null,
            }
        }
        Some(Column::Lists(lists)) => {
            let strings = columns.dictionaries.get(schema.item());
            let items = lists.get(row).iter().map(|code| match strings {
                Some(Some(strings)) => strings.get(*code).map(str::to_owned),
                _ => Ok(String::new()),
            });
            let items: Vec<String> = items.collect::<Result<_>>()?;
            if items.is_empty() {
                Value::Null
            } else {
                Value::Items(items)
            }
        }
    })
}

fn number(data_type: DataType, bits: u64) -> Value {
    match data_type {
        DataType::Int => Value::Int(Cell::i64_of_bits(bits) as i32),
        DataType::Float => Value::Float(f32_of_bits(bits)),
        DataType::Double => Value::Double(f64::from_bits(bits)),
        DataType::Boolean => Value::Boolean(bits != 0),
        DataType::Long | DataType::String => Value::Long(Cell::i64_of_bits(bits)),
    }
}
