//! One interaction, and its way into a store.

use annals::columns::{Cell, Row, bits_of_f32};
use annals::{BulkImport, Interaction, Result, Value, WriteBatch};

/// An interaction under the test schema.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Record {
    pub(crate) user: String,
    pub(crate) item: String,
    pub(crate) timestamp: i64,
    pub(crate) event_type: String,
    pub(crate) value: Option<f32>,
    pub(crate) impression: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) position: i32,
    pub(crate) session: Option<i64>,
    pub(crate) price: Option<f64>,
    pub(crate) member: Option<bool>,
}

impl Record {
    pub(crate) fn new(user: &str, item: &str, timestamp: i64) -> Self {
        Self {
            user: user.to_owned(),
            item: item.to_owned(),
            timestamp,
            event_type: "view".to_owned(),
            ..Self::default()
        }
    }

    /// A record in which every field depends on `number`.
    pub(crate) fn numbered(user: &str, timestamp: i64, number: u64) -> Self {
        let some = |modulus: u64| (!number.is_multiple_of(modulus)).then_some(number);
        Self {
            user: user.to_owned(),
            item: format!("item {}", number % 97),
            timestamp,
            event_type: ["view", "Purchase", "like"][(number % 3) as usize].to_owned(),
            value: some(4).map(|n| n as f32 * 0.1),
            impression: (0..number % 4)
                .map(|n| format!("item {}", (number + n) % 97))
                .collect(),
            location: some(5).map(|n| format!("place \"{}\"\u{1F600},", n % 7)),
            position: number as i32 - 50,
            session: some(6).map(|n| n as i64 * -1_000_003),
            price: some(7).map(|n| n as f64 / 3.0),
            member: some(3).map(|n| n.is_multiple_of(2)),
        }
    }

    /// The values in the order of the schema.
    pub(crate) fn values(&self) -> Vec<Value> {
        vec![
            Value::String(self.user.clone()),
            Value::String(self.item.clone()),
            Value::Long(self.timestamp),
            Value::String(self.event_type.clone()),
            self.value.into(),
            match self.impression.is_empty() {
                true => Value::Null,
                false => Value::Items(self.impression.clone()),
            },
            self.location.clone().into(),
            Value::Int(self.position),
            self.session.into(),
            self.price.into(),
            self.member.into(),
        ]
    }

    pub(crate) fn interaction(&self) -> Interaction {
        let interaction = Interaction::new(&self.user, &self.item, self.timestamp)
            .event_type(&self.event_type)
            .with("EVENT_VALUE", self.value)
            .with("LOCATION", self.location.clone())
            .with("POSITION", self.position)
            .with("SESSION", self.session)
            .with("PRICE", self.price)
            .with("MEMBER", self.member);
        interaction.impression(&self.impression)
    }

    pub(crate) fn push_to(&self, import: &mut BulkImport) -> Result<()> {
        let impression = self.impression.join("|");
        let text = |text: &Option<String>| text.is_some();
        let cells = [
            Cell::Null,
            Cell::Text(&self.item),
            Cell::Null,
            Cell::Text(&self.event_type),
            self.value
                .map_or(Cell::Null, |v| Cell::Bits(bits_of_f32(v))),
            match impression.is_empty() {
                true => Cell::Null,
                false => Cell::Text(&impression),
            },
            match text(&self.location) {
                true => Cell::Text(self.location.as_deref().unwrap()),
                false => Cell::Null,
            },
            Cell::of_i64(self.position.into()),
            self.session.map_or(Cell::Null, Cell::of_i64),
            self.price.map_or(Cell::Null, |v| Cell::Bits(v.to_bits())),
            self.member.map_or(Cell::Null, |v| Cell::Bits(v.into())),
        ];
        import.push_row(&Row {
            user: &self.user,
            timestamp: self.timestamp,
            cells: &cells,
        })
    }
}

/// Records as a batch.
pub(crate) fn batch(records: &[Record]) -> WriteBatch {
    records.iter().map(Record::interaction).collect()
}
