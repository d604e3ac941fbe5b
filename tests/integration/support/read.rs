//! Reads a store into rows of values that compare bit by bit.

use annals::columns::{Cell, Column, Columns, Strings, f32_of_bits};
use annals::query::TextBuffer;
use annals::{DataType, Event, History, HistoryQuery, ScanQuery, Schema, Snapshot, Value};

/// One row, the value of each schema field as text: so that -0.0 differs from 0.0, and a failure
/// shows what differs.
pub(crate) type Line = Vec<String>;

/// A row of values as a line.
pub(crate) fn line(values: &[Value]) -> Line {
    values.iter().map(|value| format!("{value:?}")).collect()
}

/// The events of a user, all fields; those not asked for are null.
pub(crate) fn history(snapshot: &Snapshot, user: &str, query: &HistoryQuery) -> Vec<Line> {
    let mut history = History::new();
    snapshot.history(user, query, &mut history).unwrap();
    lines_of(&history, user, snapshot.schema())
}

/// The events that a buffer holds, which are those of `user`.
pub(crate) fn lines_of(history: &History, user: &str, schema: &Schema) -> Vec<Line> {
    assert_eq!(history.iter().count(), history.len());
    assert_copies(history, schema);
    let events = history.iter();
    events.map(|event| line_of(event, user, schema)).collect()
}

/// An event of `user`.
pub(crate) fn line_of(event: Event<'_>, user: &str, schema: &Schema) -> Line {
    let values: Vec<Value> = (0..schema.fields().len())
        .map(|field| match field {
            _ if field == schema.user() => Value::String(user.to_owned()),
            _ => event.value(field).unwrap(),
        })
        .collect();
    line(&values)
}

/// The columns that are copied out at once hold what the events do.
fn assert_copies(history: &History, schema: &Schema) {
    let mut timestamps = vec![7];
    history.copy_timestamps(&mut timestamps);
    let expected: Vec<i64> = history.iter().map(|event| event.timestamp()).collect();
    assert_eq!(timestamps, expected);
    let mut of_parts: Vec<i64> = Vec::new();
    for (columns, rows) in history.parts() {
        assert!(!rows.is_empty());
        let part = &columns.timestamps[rows];
        match history.is_newest_first() {
            true => of_parts.extend(part.iter().rev()),
            false => of_parts.extend(part),
        }
    }
    assert_eq!(of_parts, expected);
    let mut texts = TextBuffer::new();
    for field in 0..schema.fields().len() {
        history.copy_text(field, &mut texts).unwrap();
        let copied: Vec<&str> = (0..texts.len()).filter_map(|at| texts.get(at)).collect();
        let expected = history
            .iter()
            .map(|event| event.text(field).unwrap().unwrap_or(""));
        assert_eq!(copied, expected.collect::<Vec<_>>());
    }
}

/// The rows of a scan; fields that are not asked for are null.
pub(crate) fn scan(snapshot: &Snapshot, query: &ScanQuery) -> Vec<Line> {
    let mut rows = Vec::new();
    for batch in snapshot.scan(query).unwrap() {
        let batch = batch.unwrap();
        assert!(batch.rows() > 0, "an empty batch");
        rows.extend(lines(snapshot.schema(), &batch));
    }
    rows
}

/// The rows of columns.
pub(crate) fn lines(schema: &Schema, columns: &Columns) -> Vec<Line> {
    assert_eq!(columns.users.len(), columns.rows());
    (0..columns.rows())
        .map(|row| {
            let values: Vec<Value> = (0..schema.fields().len())
                .map(|field| value(schema, columns, field, row))
                .collect();
            line(&values)
        })
        .collect()
}

fn text(columns: &Columns, field: usize, code: u32) -> String {
    let dictionary = columns.dictionaries[field].as_ref().unwrap();
    dictionary.get(code).unwrap().to_owned()
}

fn value(schema: &Schema, columns: &Columns, field: usize, row: usize) -> Value {
    if field == schema.user() {
        let ids: &dyn Strings = &**columns.user_ids.as_ref().unwrap();
        return Value::String(ids.get(columns.users[row]).unwrap().to_owned());
    }
    if field == schema.timestamp() {
        return Value::Long(columns.timestamps[row]);
    }
    match &columns.fields[field] {
        Column::Absent => Value::Null,
        Column::Strings(codes) => {
            assert_eq!(codes.len(), columns.rows());
            match codes[row] {
                0 => Value::Null,
                code => Value::String(text(columns, field, code)),
            }
        }
        Column::Numbers(numbers) => {
            assert_eq!(numbers.bits.len(), columns.rows());
            assert!(numbers.valid.is_empty() || numbers.valid.len() == columns.rows());
            numbers
                .get(row)
                .map_or(Value::Null, |bits| number(schema, field, bits))
        }
        Column::Lists(lists) => {
            assert_eq!(lists.ends.len(), columns.rows());
            match lists.get(row) {
                [] => Value::Null,
                codes => {
                    let items = codes.iter().map(|code| text(columns, schema.item(), *code));
                    Value::Items(items.collect())
                }
            }
        }
    }
}

fn number(schema: &Schema, field: usize, bits: u64) -> Value {
    match schema.fields()[field].data_type() {
        DataType::Int => Value::Int(Cell::i64_of_bits(bits) as i32),
        DataType::Long => Value::Long(Cell::i64_of_bits(bits)),
        DataType::Float => Value::Float(f32_of_bits(bits)),
        DataType::Double => Value::Double(f64::from_bits(bits)),
        DataType::Boolean => Value::Boolean(bits != 0),
        DataType::String => panic!("numbers in a string field"),
    }
}
