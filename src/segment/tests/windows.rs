//! Windows of time that begin and end at rows, over whole blocks and many users.

use std::sync::Arc;

use proptest::prelude::*;

use super::arbitrary::{Line, lines_of, schema, segment};
use super::naive;
use crate::codec::BLOCK;
use crate::column::Columns;
use crate::model::{ScanQuery, TierQuery, TimeRange};
use crate::segment::read::Cursor;

/// Rows of users who take turns, each later than the one before it.
fn lines(rows: usize, users: usize, step: i64, rising: bool) -> Vec<Line> {
    let line = |row: usize| Line {
        user: format!("user {:03}", row * users / rows),
        timestamp: 1_000
            + step
                * if rising {
                    row
                } else {
                    row * users % rows + row / users
                } as i64,
        sequence: 5 + (row * 7 % 11) as u64,
        item: format!("item {}", row % 40),
        event_type: ["view", "View", "buy"][row % 3].to_owned(),
        value: None,
        impression: Vec::new(),
        location: None,
        session: Some(row as u64),
        member: 0,
    };
    let mut lines: Vec<Line> = (0..rows).map(line).collect();
    lines.sort_by(|a, b| {
        (&a.user, a.timestamp, a.sequence).cmp(&(&b.user, b.timestamp, b.sequence))
    });
    lines
}

/// Which row of a block.
#[derive(Clone, Copy, Debug)]
enum Border {
    None,
    First,
    Last,
}

/// A row, or the first or last of its block, and how far from its time.
fn row() -> impl Strategy<Value = (prop::sample::Index, Border, i64)> {
    let border = prop::sample::select(vec![Border::None, Border::First, Border::Last]);
    (any::<prop::sample::Index>(), border, -1_i64..2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_window_holds_the_rows_of_its_time(
        rows in prop_oneof![Just(640_usize), 300_usize..700],
        users in prop_oneof![Just(1_usize), Just(3), Just(290)],
        (step, rising) in (prop::sample::select(vec![1_i64, 30]), any::<bool>()),
        ends in prop::collection::vec(row(), 2),
        open in (any::<bool>(), any::<bool>()),
        (visible, taken) in (prop_oneof![Just(u64::MAX), 8_u64..16], 60_usize..700),
    ) {
        let (schema, lines) = (schema(), lines(rows, users, step, rising));
        let segment = segment(&schema, &lines);
        let end = |(row, border, beside): &(prop::sample::Index, Border, i64)| {
            let row = match (row.index(rows), border) {
                (row, Border::None) => row,
                (row, Border::First) => row / BLOCK * BLOCK,
                (row, Border::Last) => (row | (BLOCK - 1)).min(rows - 1),
            };
            lines[row].timestamp + beside
        };
        let (since, until) = (end(&ends[0]).min(end(&ends[1])), end(&ends[0]).max(end(&ends[1])));
        let query = TierQuery {
            time: TimeRange::new(open.0.then_some(since), open.1.then_some(until)),
            visible,
            ..TierQuery::everything(&schema)
        };
        let mut cursor = Cursor::new(Arc::clone(&segment), &ScanQuery::default()).unwrap();
        let mut found = Vec::new();
        while cursor.user().unwrap().is_some() {
            let mut out = Columns::for_schema(&schema);
            cursor.take(taken, None, &query, &mut out).unwrap();
            found.extend(lines_of(&segment, &out, None));
        }
        prop_assert_eq!(found, naive::matching(&lines, &query));
    }
}
