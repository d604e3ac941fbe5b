//! Random sorted columns, as a segment file.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use crate::check::Validator;
use crate::column::{Column, Columns, ColumnsBuilder};
use crate::io::{SimStorage, Storage};
use crate::model::{Cell, Limits, Row, Schema, bits_of_f32};
use crate::segment::format::Origin;
use crate::segment::read::Segment;
use crate::segment::write::SegmentWriter;

pub(super) const EVENT_TYPE: usize = 3;
pub(super) const LISTS: usize = 5;

/// A schema with strings, lists, and numbers of each width.
pub(super) fn schema() -> Schema {
    let json = r#"{"type": "record", "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema", "version": "1.0", "fields": [
        {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "IMPRESSION", "type": ["string", "null"]},
        {"name": "LOCATION", "type": ["string", "null"], "categorical": true},
        {"name": "SESSION", "type": ["long", "null"]},
        {"name": "MEMBER", "type": "boolean"}]}"#;
    Schema::parse(json, &Limits::unlimited()).unwrap()
}

/// A row of a segment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) user: String,
    pub(super) timestamp: i64,
    pub(super) sequence: u64,
    pub(super) item: String,
    pub(super) event_type: String,
    pub(super) value: Option<u64>,
    pub(super) impression: Vec<String>,
    pub(super) location: Option<String>,
    pub(super) session: Option<u64>,
    pub(super) member: u64,
}

impl Line {
    /// A view of an item, and nothing else.
    pub(super) fn view(user: String, timestamp: i64, item: String) -> Self {
        Self {
            user,
            timestamp,
            sequence: 5,
            item,
            event_type: "view".to_owned(),
            value: None,
            impression: Vec::new(),
            location: None,
            session: None,
            member: 0,
        }
    }
}

fn line(users: u32, spread: i64, sparse: f64) -> impl Strategy<Value = Line> {
    let session = prop_oneof![any::<i64>(), 0_i64..4, Just(i64::MIN), Just(i64::MAX)];
    (
        (0..users, 0..spread, 0_u64..6, 0_u32..40),
        prop::sample::select(vec!["view", "View", "buy", "like"]),
        proptest::option::weighted(sparse, any::<u32>()),
        proptest::collection::vec(0_u32..40, 0..4),
        proptest::option::weighted(sparse, 0_u32..5),
        proptest::option::weighted(sparse, session),
        any::<bool>(),
    )
        .prop_map(
            |((user, at, sequence, item), event_type, value, list, place, session, member)| Line {
                user: format!("user {user:03}"),
                timestamp: at * 30 + 1_000,
                sequence: sequence + 5,
                item: format!("item {item}"),
                event_type: event_type.to_owned(),
                value: value.map(|bits| bits_of_f32((bits % 1000) as f32 / 4.0)),
                impression: list
                    .into_iter()
                    .map(|item| format!("item {item}"))
                    .collect(),
                location: place.map(|place| format!("place {place}")),
                session: session.map(|number| match Cell::of_i64(number) {
                    Cell::Bits(bits) => bits,
                    _ => 0,
                }),
                member: member.into(),
            },
        )
}

/// Rows in the order of a segment: one user with all of them, or many with few.
pub(super) fn sorted_lines() -> impl Strategy<Value = Vec<Line>> {
    let sizes = prop_oneof![4 => 1_usize..40, 2 => 100_usize..600];
    let spreads = prop_oneof![1_i64..4, 1_i64..10_000];
    let users = prop_oneof![Just(1_u32), 2_u32..6, 50_u32..200];
    let sparse = prop_oneof![Just(0.02), Just(0.5), Just(0.9999)];
    (sizes, spreads, users, sparse).prop_flat_map(|(rows, spread, users, sparse)| {
        proptest::collection::vec(line(users, spread, sparse), rows).prop_map(|mut lines| {
            lines.sort_by(|a, b| {
                let key = |line: &Line| (line.user.clone(), line.timestamp, line.sequence);
                key(a).cmp(&key(b))
            });
            lines
        })
    })
}

/// The rows as columns.
pub(super) fn columns(schema: &Schema, lines: &[Line]) -> Columns {
    let validator = Validator::new(Arc::new(schema.clone()), Limits::unlimited());
    let mut builder = ColumnsBuilder::new(&validator);
    for line in lines {
        let joined = line.impression.join("|");
        let text = |text: Option<&'_ str>| matches!(text, Some(text) if !text.is_empty());
        let bits = |bits: Option<u64>| bits.map_or(Cell::Null, Cell::Bits);
        let cells = [
            Cell::Null,
            Cell::Text(&line.item),
            Cell::Null,
            Cell::Text(&line.event_type),
            bits(line.value),
            if text(Some(&joined)) {
                Cell::Text(&joined)
            } else {
                Cell::Null
            },
            line.location.as_deref().map_or(Cell::Null, Cell::Text),
            bits(line.session),
            Cell::Bits(line.member),
        ];
        let row = Row {
            user: &line.user,
            timestamp: line.timestamp,
            cells: &cells,
        };
        builder.push(&row).unwrap();
    }
    Columns {
        sequences: lines.iter().map(|line| line.sequence).collect(),
        ..builder.finish()
    }
}

/// The rows as the bytes of a segment file.
pub(super) fn written(schema: &Schema, lines: &[Line]) -> Bytes {
    let storage = SimStorage::new();
    let writer = SegmentWriter {
        storage: &storage,
        schema,
        store: crate::model::StoreId::default(),
        origin: Origin::Recorded,
        durable: true,
        threads: 2,
        before: None,
        proceed: &crate::model::always,
    };
    let (prepared, _) = writer
        .prepare("test.seg", &columns(schema, lines), 5)
        .unwrap();
    let (footer, bytes) = prepared.finish(None).unwrap();
    assert_eq!(footer.rows, lines.len());
    let file = storage.map("test.seg").unwrap();
    assert_eq!(file.len() as u64, bytes);
    Bytes::copy_from_slice(&file)
}

/// The segment of the rows.
pub(super) fn segment(schema: &Schema, lines: &[Line]) -> Arc<Segment> {
    Arc::new(Segment::open("test.seg", written(schema, lines), schema).unwrap())
}

/// The rows that columns of a segment hold; `user` where the columns carry none.
pub(super) fn lines_of(segment: &Segment, columns: &Columns, user: Option<&str>) -> Vec<Line> {
    let text = |field: usize, code: u32| {
        let dictionary = segment.dictionary(field).unwrap();
        dictionary.get(code).unwrap().to_owned()
    };
    let string = |field: usize, row: usize| match &columns.fields[field] {
        Column::Strings(codes) => (codes[row] != 0).then(|| text(field, codes[row])),
        _ => panic!("field {field} holds no strings"),
    };
    let number = |field: usize, row: usize| match &columns.fields[field] {
        Column::Numbers(numbers) => {
            assert_eq!(numbers.bits.len(), columns.rows());
            numbers.get(row)
        }
        _ => panic!("field {field} holds no numbers"),
    };
    let list = |row: usize| match &columns.fields[LISTS] {
        Column::Lists(lists) => {
            let items = lists.get(row).iter().map(|code| text(1, *code));
            items.collect()
        }
        _ => panic!("no lists"),
    };
    let ids = segment.user_ids();
    if user.is_none() {
        assert_eq!(columns.users.len(), columns.rows());
    }
    let line = |row: usize| Line {
        user: match user {
            Some(user) => user.to_owned(),
            None => ids.get(columns.users[row]).unwrap().to_owned(),
        },
        timestamp: columns.timestamps[row],
        sequence: columns.sequences[row],
        item: string(1, row).unwrap(),
        event_type: string(EVENT_TYPE, row).unwrap(),
        value: number(4, row),
        impression: list(row),
        location: string(6, row),
        session: number(7, row),
        member: number(8, row).unwrap(),
    };
    (0..columns.rows()).map(line).collect()
}
