//! Ids that a segment keeps as numbers are read as the strings that they are, in every way.

use std::sync::Arc;

use super::arbitrary::{Line, lines_of, schema, segment};
use super::naive;
use crate::column::{Columns, Strings};
use crate::model::{HashedKey, ScanQuery, TierQuery, UserRange};
use crate::segment::format::item_hash;
use crate::segment::read::{Cursor, Segment};
use crate::text::{TextBuffer, TextRoom};

const ITEM: usize = 1;

/// A form of ids: how it is called, the id of a number, and whether it is spelled.
type Form = (&'static str, fn(u64) -> String, bool);

fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

const FORMS: [Form; 8] = [
    ("numbers", |number| number.to_string(), true),
    (
        "a prefix and numbers",
        |number| format!("user-{}", number * 7),
        true,
    ),
    (
        "numbers of one width",
        |number| format!("u{number:07}"),
        true,
    ),
    (
        "codes of ten letters",
        |number| {
            let mut left = scattered(number);
            let mut letter = || {
                let digit = (left % 36) as u8;
                left /= 36;
                char::from(if digit < 10 {
                    b'0' + digit
                } else {
                    b'A' + digit - 10
                })
            };
            (0..10).map(|_| letter()).collect()
        },
        true,
    ),
    (
        "hashes",
        |number| format!("{:016x}", scattered(number)),
        true,
    ),
    (
        "UUIDs",
        |number| {
            let word = scattered(number);
            let [a, b, c] = [word >> 32, word >> 16 & 0xffff, word & 0xfff];
            format!(
                "{a:08x}-{b:04x}-4{c:03x}-8{c:03x}-{:012x}",
                number * 0x1_0001
            )
        },
        true,
    ),
    (
        "long and of one width",
        |number| format!("{}{number:09}", "catalogue/".repeat(5)),
        true,
    ),
    (
        "slugs",
        |number| format!("on-{}-words", "x".repeat((number % 50) as usize)) + &number.to_string(),
        false,
    ),
];

/// Two rows a user, of items that come again.
fn rows(id_of: fn(u64) -> String) -> Vec<Line> {
    let line = |number: u64| {
        let item = id_of(number * 31 % 301);
        let shown = id_of(number % 400);
        Line {
            impression: vec![item.clone(), shown],
            ..Line::view(id_of(number / 2), number as i64, item)
        }
    };
    let mut lines: Vec<Line> = (0..800).map(line).collect();
    lines.sort_by(|a, b| (&a.user, a.timestamp).cmp(&(&b.user, b.timestamp)));
    lines
}

fn scanned(segment: &Arc<Segment>, users: UserRange) -> Vec<Line> {
    let schema = schema();
    let query = ScanQuery {
        users,
        ..ScanQuery::default()
    };
    let mut cursor = Cursor::new(segment.clone(), &query).unwrap();
    let mut lines = Vec::new();
    while let Some(user) = cursor.user().unwrap() {
        let user = user.to_owned();
        let mut out = Columns::for_schema(&schema);
        cursor
            .take(77, None, &TierQuery::everything(&schema), &mut out)
            .unwrap();
        let taken = lines_of(segment, &out, None);
        assert_eq!(taken[0].user, user);
        lines.extend(taken);
    }
    lines
}

#[test]
fn rows_with_ids_of_each_form_are_read() {
    let schema = schema();
    let everything = TierQuery {
        copies_text: true,
        ..TierQuery::everything(&schema)
    };
    for (name, id_of, is_spelled) in FORMS {
        let lines = rows(id_of);
        let segment = segment(&schema, &lines);
        assert_eq!(
            segment.footer().user_ids.spelling.is_some(),
            is_spelled,
            "{name}"
        );
        segment.check_invariants(&schema).unwrap();
        for rows in lines.chunk_by(|a, b| a.user == b.user) {
            let user = rows[0].user.as_str();
            let mut out = Columns::for_schema(&schema);
            segment
                .history(HashedKey::of(user), &everything, &mut out)
                .unwrap();
            assert_eq!(lines_of(&segment, &out, Some(user)), rows, "{name}");
            assert_eq!(rows, naive::history(&lines, user, &everything));
        }
        assert!(!segment.has_user(&id_of(400)).unwrap());
        assert!(segment.has_item(&id_of(300)).unwrap());
        assert!(!segment.has_item(&id_of(401)).unwrap());
        assert_eq!(scanned(&segment, UserRange::default()), lines);
        let users = UserRange {
            from: Some(id_of(120)),
            to: Some(id_of(130)),
        };
        let within = lines.iter().filter(|line| users.contains(&line.user));
        assert!(scanned(&segment, users.clone()).iter().eq(within), "{name}");
    }
}

/// All that a dictionary gives, against its strings laid out for Arrow.
fn check(strings: &dyn Strings, name: &str) -> Vec<String> {
    let (offsets, text) = strings.buffers().unwrap();
    let ends: Vec<usize> = offsets
        .as_chunks::<4>()
        .0
        .iter()
        .map(|end| u32::from_le_bytes(*end) as usize)
        .collect();
    let cut = ends
        .windows(2)
        .map(|pair| std::str::from_utf8(&text[pair[0]..pair[1]]).unwrap());
    let all: Vec<String> = cut.map(str::to_owned).collect();
    assert_eq!(all.len(), strings.len());
    let codes: Vec<u32> = (0..=strings.len() as u32).rev().collect();
    let mut room = TextRoom::default();
    for code in codes.iter().filter(|code| **code > 0) {
        let string = all[*code as usize - 1].as_str();
        assert_eq!(strings.read(*code, &mut room).unwrap(), string, "{name}");
        assert_eq!(strings.get(*code).unwrap(), string, "{name}");
        assert_eq!(strings.hash(*code).unwrap(), item_hash(string));
    }
    for beyond in [0, strings.len() as u32 + 1, u32::MAX] {
        assert!(strings.read(beyond, &mut room).is_err());
        assert!(strings.get(beyond).is_err());
    }
    let mut copied = TextBuffer::new();
    strings.append_text(&codes, &mut copied).unwrap();
    strings.append_text_backwards(&codes, &mut copied).unwrap();
    let expected = all.iter().rev().map(String::as_str).chain(["", ""]);
    let expected = expected.chain(all.iter().map(String::as_str));
    assert!(
        (0..copied.len())
            .map(|at| copied.get(at).unwrap())
            .eq(expected),
        "{name}"
    );
    all
}

/// Before and behind the making of tables for copying.
#[test]
fn dictionaries_of_each_form_give_their_strings() {
    let schema = schema();
    for (name, id_of, _) in FORMS {
        let segment = segment(&schema, &rows(id_of));
        for strings in [segment.user_ids(), segment.dictionary(ITEM).unwrap()] {
            let mut few = TextBuffer::new();
            strings.append_text(&[3, 1], &mut few).unwrap();
            let before = check(&*strings, name);
            assert_eq!(few.get(0), Some(before[2].as_str()));
            assert!(strings.slots().unwrap().len() > 0);
            assert_eq!(check(&*strings, name), before);
        }
        let held = segment.memory_bytes();
        assert!(held > 300 * 8, "{name}: {held} bytes");
    }
}

/// What was decoded to be lent is counted.
#[test]
fn decoded_strings_are_counted() {
    let schema = schema();
    let (_, id_of, _) = FORMS[5];
    let segment = segment(&schema, &rows(id_of));
    let users = segment.user_ids();
    let before = segment.memory_bytes();
    users.read(1, &mut TextRoom::default()).unwrap();
    assert_eq!(segment.memory_bytes(), before);
    users.get(1).unwrap();
    let piece = segment.memory_bytes() - before;
    assert!(piece >= 256 * 37, "{piece}");
    users.get(2).unwrap();
    assert_eq!(segment.memory_bytes() - before, piece);
    users.get(400).unwrap();
    assert!(segment.memory_bytes() - before > piece);
}
