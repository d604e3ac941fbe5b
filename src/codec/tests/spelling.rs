//! Ids as what they are: every form, against the strings themselves.

use proptest::prelude::*;

use crate::codec::{SliceSource, Spelling, WireReader, WireWriter, spell};
use crate::model::Result;
use crate::text::TextRoom;

/// Spells strings whatever that gains, and reads all of them back as a reader of the footer does.
fn spelled(strings: &[String]) -> Option<(Spelling, Vec<u8>)> {
    let bytes = strings.iter().map(|string| string.as_bytes());
    let (written, words) = spell(bytes, usize::MAX)?;
    let mut wire = WireWriter::new();
    written.write(&mut wire);
    let wire = wire.finish();
    let mut reader = WireReader::new(&wire);
    let spelling = Spelling::open(&mut reader).unwrap().unwrap();
    assert!(reader.is_empty());
    assert_eq!(spelling, written);
    assert_eq!(spelling.bytes(strings.len()), Some(words.len()));
    let mut room = TextRoom::default();
    for (index, string) in strings.iter().enumerate() {
        spelling
            .read(SliceSource(&words), index, &mut room)
            .unwrap();
        assert_eq!(room.as_str().unwrap(), string);
        assert!(string.len() <= spelling.max_len());
    }
    Some((spelling, words))
}

fn strings(of: &[&str]) -> Vec<String> {
    of.iter().map(|string| (*string).to_owned()).collect()
}

/// Bits of each string, and the name of the form.
fn form(of: &[&str]) -> Option<(usize, &'static str)> {
    let (spelling, _) = spelled(&strings(of))?;
    let bytes = spelling.bytes(8_000)? - spelling.bytes(0)?;
    Some((bytes / 1_000, spelling.name()))
}

#[test]
fn each_form_takes_the_bits_that_its_strings_differ_in() {
    let numbers = Some((7, "numbers"));
    assert_eq!(form(&["1", "97", "128"]), numbers);
    assert_eq!(form(&["item 1001", "item 997", "item 1124"]), numbers);
    assert_eq!(form(&["0", "9999999999999999999"]), Some((64, "numbers")));
    assert_eq!(form(&["u0000", "u0001", "u0009"]), Some((2, "letters")));
    assert_eq!(form(&["u0100", "u0200", "u0355"]), Some((7, "letters")));
    assert_eq!(form(&["B00AAA", "B00BBB"]), Some((3, "letters")));
    // Versions and variants of UUIDs are the same in each.
    let uuids = [
        "00000000-0000-4000-8000-000000000000",
        "01234567-89ab-4cde-8f01-23456789abcd",
        "ffffffff-ffff-4fff-8fff-ffffffffffff",
    ];
    assert_eq!(form(&uuids), Some((120, "letters")));
    let upper = uuids.map(str::to_uppercase);
    let upper = upper.each_ref().map(String::as_str);
    assert_eq!(form(&upper), Some((120, "letters")));
    assert_eq!(form(&["b\u{F6}b 1", "b\u{F6}b 2"]), Some((1, "letters")));
}

#[test]
fn strings_of_no_form_are_text() {
    let long = ["a".repeat(65), "b".repeat(65)];
    let many: Vec<String> = (0..65_u8)
        .map(|n| char::from(b'0' + n).to_string())
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let none: [&[&str]; 10] = [
        &[],
        &[""],
        &["alone"],
        &["same", "same"],
        &["1", "02"],
        &["1", "01", "-1"],
        &["1", "10000000000000000000"],
        &["view", "purchase"],
        &["\u{E4}", "\u{F6}"],
        &long.each_ref().map(String::as_str),
    ];
    for strings in none {
        assert_eq!(form(strings), None, "{strings:?}");
    }
    assert_eq!(form(&many), None);
    assert!(form(many.get(1..).unwrap()).is_some());
}

#[test]
fn what_gains_little_is_text() {
    let ids: Vec<String> = (0..200).map(|n| format!("id{n:06}")).collect();
    let bytes = |count: usize| ids.iter().take(count).map(|id| id.as_bytes());
    assert!(spell(bytes(10), 10 * 8 + 44).is_none());
    assert!(spell(bytes(200), 200 * 8 + 804).is_some());
}

fn alike() -> impl Strategy<Value = Vec<String>> {
    let letter = prop_oneof![
        Just("[01]"),
        Just("[0-9]"),
        Just("[0-9a-f]"),
        Just("[A-Z0-9]"),
        Just("[A-Za-z0-9_-]"),
        Just("[ -~]"),
    ];
    (letter, 1..64_usize, "[a-z\u{F6}-]{0,8}").prop_flat_map(|(letter, len, shared)| {
        let own = len.min(64_usize.saturating_sub(shared.len())).max(1);
        let string = proptest::string::string_regex(&format!("{letter}{{{own}}}"))
            .unwrap()
            .prop_map(move |own| format!("{shared}{own}"));
        proptest::collection::vec(string, 1..40)
    })
}

fn numbered() -> impl Strategy<Value = Vec<String>> {
    let digits = prop_oneof![0..20_u64, 0..1_000_000_u64, any::<u64>()];
    let numbers = proptest::collection::vec(digits, 1..40);
    ("[a-z\u{F6}0-9-]{0,10}", numbers).prop_map(|(shared, numbers)| {
        numbers
            .iter()
            .map(|number| format!("{shared}{number}"))
            .collect()
    })
}

fn any_form() -> impl Strategy<Value = Vec<String>> {
    let any = proptest::collection::vec("\\PC{0,12}", 0..10);
    prop_oneof![4 => alike(), 4 => numbered(), 1 => any]
}

proptest! {
    #[test]
    fn strings_of_any_form_come_back(strings in any_form()) {
        spelled(&strings);
    }

    #[test]
    fn alike_strings_of_few_letters_are_spelled(
        ids in proptest::collection::vec("[0-9a-f]{8}-[0-9a-f]{4}", 2..50),
    ) {
        let differ = ids.iter().any(|id| Some(id) != ids.first());
        prop_assert_eq!(spelled(&ids).is_some(), differ);
    }

    /// Words of a damaged file: an error, or a string of the form.
    #[test]
    fn damaged_words_are_errors_or_strings_of_the_form(
        strings in any_form(),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Some((spelling, words)) = spelled(&strings) {
            let mut room = TextRoom::default();
            let damaged: Vec<u8> = words.iter().zip(noise.iter().chain(std::iter::repeat(&255)))
                .map(|(word, noise)| word ^ noise)
                .collect();
            for source in [&damaged[..], &noise[..]] {
                for index in (0..strings.len() + 3).chain([usize::MAX / 1_000, usize::MAX]) {
                    if spelling.read(SliceSource(source), index, &mut room).is_ok() {
                        let text = room.as_str().unwrap();
                        prop_assert!(text.len() <= spelling.max_len());
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_spelling_or_an_error(
        kind in 0..4_u8,
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let bytes = [&[kind], &bytes[..]].concat();
        let opened: Result<Option<Spelling>> = Spelling::open(&mut WireReader::new(&bytes));
        if let Ok(Some(spelling)) = opened {
            let mut room = TextRoom::default();
            if spelling.read(SliceSource(&bytes), 0, &mut room).is_ok() {
                prop_assert!(room.as_str().is_ok());
            }
        }
    }
}
