//! Spans of rows that a scan passes over: none that has a row that is wanted.

use std::sync::Arc;

use proptest::prelude::*;

use super::arbitrary::{EVENT_TYPE, Line, lines_of, schema, segment, written};
use super::damage::resealed;
use super::naive;
use crate::codec::{Descriptor, Encoding};
use crate::column::Columns;
use crate::model::{
    Cell, ErrorKind, FieldHint, Result, ScanQuery, Schema, Test, TierQuery, bits_of_f32,
};
use crate::segment::format::{Footer, Handle, SPAN, StreamHandle, ValuesHandle};
use crate::segment::read::{Cursor, Segment};

const VALUE: usize = 4;
const LOCATION: usize = 6;
const SESSION: usize = 7;

fn word_of(number: i64) -> u64 {
    match Cell::of_i64(number) {
        Cell::Bits(word) => word,
        _ => 0,
    }
}

/// Rows of users in turn; what they have changes every so many rows.
fn lines(rows: usize, per_user: usize, every: usize, seed: u64) -> Vec<Line> {
    let line = |row: usize| {
        let turn = (seed ^ (row / every) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        Line {
            event_type: ["view", "View", "buy", "like"][(turn % 4) as usize].to_owned(),
            value: (turn % 5 > 1).then(|| bits_of_f32((turn % 7) as f32 - 3.0)),
            location: (!turn.is_multiple_of(3)).then(|| format!("place {}", turn % 70)),
            session: (turn % 6 > 1).then(|| word_of(turn as i64 % 1_000 + row as i64 % 3)),
            member: turn & 1,
            ..Line::view(
                format!("user {:05}", row / per_user),
                row as i64,
                format!("item {}", row % 40),
            )
        }
    };
    (0..rows).map(line).collect()
}

fn scan(
    segment: &Arc<Segment>,
    schema: &Schema,
    query: &TierQuery,
    step: usize,
) -> Result<Vec<Line>> {
    let mut cursor = Cursor::new(segment.clone(), &ScanQuery::default())?;
    let mut found = Vec::new();
    while cursor.user()?.is_some() {
        let mut out = Columns::for_schema(schema);
        cursor.take(step, None, query, &mut out)?;
        assert!(out.rows() <= step);
        found.extend(lines_of(segment, &out, None));
    }
    Ok(found)
}

fn meets(line: &Line, hint: &FieldHint) -> bool {
    let (is_null, number) = match hint.field {
        VALUE => (
            line.value.is_none(),
            line.value.map(|bits| {
                let number = f64::from(f32::from_bits(bits as u32));
                crate::model::ordered_word(crate::model::DataType::Double, number.to_bits())
            }),
        ),
        SESSION => (line.session.is_none(), line.session),
        LOCATION => (line.location.is_none(), None),
        _ => (false, None),
    };
    match &hint.test {
        Test::Null => is_null,
        Test::NotNull => !is_null,
        Test::Texts(texts) => {
            let text = match hint.field {
                LOCATION => line.location.as_ref(),
                _ => Some(&line.event_type),
            };
            text.is_some_and(|text| texts.contains(text))
        }
        Test::TextRange(..) => true,
        Test::Words(ranges) => number.is_some_and(|number| {
            ranges
                .iter()
                .any(|[low, high]| (*low..=*high).contains(&number))
        }),
    }
}

fn hint() -> impl Strategy<Value = FieldHint> {
    let fields = prop::sample::select(vec![VALUE, LOCATION, SESSION]);
    let null = (fields, any::<bool>()).prop_map(|(field, null)| FieldHint {
        field,
        test: if null { Test::Null } else { Test::NotNull },
    });
    let sessions = (0_i64..1_010, 0_i64..100).prop_map(|(low, more)| FieldHint {
        field: SESSION,
        test: Test::Words(vec![[word_of(low), word_of(low + more)]]),
    });
    let values = (-4_i32..5, 0_i32..3).prop_map(|(low, more)| FieldHint {
        field: VALUE,
        test: Test::Words(vec![[low, low + more].map(|number| {
            let number = f64::from(number);
            crate::model::ordered_word(crate::model::DataType::Double, number.to_bits())
        })]),
    });
    let places = (0_u32..75).prop_map(|place| FieldHint {
        field: LOCATION,
        test: Test::Texts(vec![format!("place {place}")]),
    });
    let types = prop::sample::subsequence(vec!["view", "View", "buy", "none"], 0..3);
    let types = types.prop_map(|types| FieldHint {
        field: EVENT_TYPE,
        test: Test::Texts(types.into_iter().map(str::to_owned).collect()),
    });
    prop_oneof![null, sessions, values, places, types]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_that_meet_all_hints_come(
        rows in prop_oneof![Just(SPAN), Just(3 * SPAN), 1_usize..4_000],
        per_user in prop::sample::select(vec![1_usize, 7, 1_500]),
        every in prop::sample::select(vec![300_usize, SPAN, 1_700]),
        seed in any::<u64>(),
        hints in prop::collection::vec(hint(), 0..3),
        types in prop::sample::subsequence(vec!["VIEW", "buy", "none"], 0..3),
        step in prop::sample::select(vec![100_usize, SPAN, 5_000]),
    ) {
        let (schema, lines) = (schema(), lines(rows, per_user, every, seed));
        let segment = segment(&schema, &lines);
        segment.check_invariants(&schema).unwrap();
        let query = TierQuery {
            event_types: types.into_iter().map(str::to_owned).collect(),
            hints,
            ..TierQuery::everything(&schema)
        };
        let all = naive::matching(&lines, &query);
        let found = scan(&segment, &schema, &query, step).unwrap();
        let mut rest = all.iter();
        prop_assert!(found.iter().all(|line| rest.any(|other| other == line)));
        let is_wanted = |line: &&Line| query.hints.iter().all(|hint| meets(line, hint));
        let mut rest = found.iter();
        let mut wanted = all.iter().filter(is_wanted);
        prop_assert!(wanted.all(|line| rest.any(|other| other == line)));
        // What has no wanted row in a span by nulls and sets alone is not read.
        let spans: Vec<&[Line]> = lines.chunks(SPAN).collect();
        for hint in &query.hints {
            let is_exact = !matches!(hint.test, Test::Words(_)) && hint.field != LOCATION
                || matches!(hint.test, Test::Null | Test::NotNull);
            let left_out = |span: &&&[Line]| !span.iter().any(|line| meets(line, hint));
            for span in spans.iter().filter(left_out).filter(|_| is_exact) {
                prop_assert!(!found.iter().any(|line| span.contains(line)));
            }
        }
    }
}

/// Every stream of statistics with another value in each place, one after the other.
fn constant(value: u64, spans: usize) -> StreamHandle {
    StreamHandle {
        handle: Handle::default(),
        descriptor: Descriptor {
            encoding: Encoding::Constant,
            count: spans,
            params: [value, 0, 0, 0, 0, 0],
        },
    }
}

#[test]
fn statistics_that_are_not_those_of_the_rows_are_found() {
    let schema = schema();
    let lines = lines(3_000, 10, 700, 5);
    let file = written(&schema, &lines);
    let spans = lines.len().div_ceil(SPAN);
    let wrong = |edit: &dyn Fn(&mut Footer)| {
        let edited = resealed(&file, edit);
        Segment::open("test.seg", edited, &schema)
    };
    type Edit = Box<dyn Fn(&mut Footer)>;
    let nulls = |field: usize, value: u64| -> Edit {
        Box::new(move |footer| {
            footer.statistics[field].as_mut().unwrap().nulls = constant(value, spans);
        })
    };
    let sets = |value: u64| -> Edit {
        Box::new(move |footer| {
            let statistics = footer.statistics[EVENT_TYPE].as_mut().unwrap();
            statistics.values = ValuesHandle::Sets(constant(value, spans));
        })
    };
    let bounds = |low: u64, high: u64| -> Edit {
        Box::new(move |footer| {
            let statistics = footer.statistics[SESSION].as_mut().unwrap();
            let bounds = [low, high].map(|bound| constant(bound, spans));
            statistics.values = ValuesHandle::Bounds(Box::new(bounds));
        })
    };
    // What no rows can have is found by a scan, too.
    let edits: [(Edit, bool); 7] = [
        (nulls(EVENT_TYPE, 1), false),
        (nulls(SESSION, 0), false),
        (nulls(SESSION, 1 << 20), true),
        (sets(0b1000_0001), false),
        (sets(0), true),
        (bounds(word_of(0), word_of(1)), false),
        (bounds(word_of(1), word_of(0)), true),
    ];
    for (nth, (edit, is_impossible)) in edits.iter().enumerate() {
        let segment = Arc::new(wrong(edit).unwrap());
        let error = segment.check_invariants(&schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corruption, "{nth}");
        assert!(error.message().contains("statistics"), "{nth}: {error}");
        let query = TierQuery {
            hints: [EVENT_TYPE, SESSION]
                .map(|field| FieldHint {
                    field,
                    test: Test::NotNull,
                })
                .to_vec(),
            ..TierQuery::everything(&schema)
        };
        let found = scan(&segment, &schema, &query, 100);
        assert_eq!(found.is_err(), *is_impossible, "{nth}");
    }
    // Of another number of spans, of a kind that the column has not, or of an encoding without sense.
    let unfit: [Edit; 4] = [
        Box::new(move |footer| {
            footer.statistics[SESSION].as_mut().unwrap().nulls = constant(0, spans + 1);
        }),
        Box::new(move |footer| {
            let statistics = footer.statistics[SESSION].as_mut().unwrap();
            statistics.values = ValuesHandle::Sets(constant(1, spans));
        }),
        Box::new(move |footer| {
            let statistics = footer.statistics[EVENT_TYPE].as_mut().unwrap();
            let bounds = [constant(0, spans), constant(0, spans)];
            statistics.values = ValuesHandle::Bounds(Box::new(bounds));
        }),
        Box::new(move |footer| {
            let statistics = footer.statistics[EVENT_TYPE].as_mut().unwrap();
            statistics.nulls.descriptor.encoding = Encoding::Packed;
            statistics.nulls.descriptor.params = [0, 63, 0, 0, 0, 0];
        }),
    ];
    for edit in &unfit {
        let error = wrong(edit).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corruption);
    }
}
