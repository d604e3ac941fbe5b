//! Ids of any form over any bytes are read or refused; those that are spelled are read back.

#![no_main]

use annals::columns::TextRoom;
use annals::fuzzing::{SliceSource, Spelling, WireReader, WireWriter, spell};
use annals_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fn read_any(input: &mut Input<'_>) {
    let record = input.part();
    let Ok(Some(spelling)) = Spelling::open(&mut WireReader::new(record)) else {
        return;
    };
    let mut wire = WireWriter::new();
    spelling.write(&mut wire);
    let again = Spelling::open(&mut WireReader::new(&wire.finish()));
    assert_eq!(
        again.expect("what was written is read"),
        Some(spelling.clone())
    );
    let mut room = TextRoom::default();
    for index in [0, 1, 2, usize::from(input.byte()), usize::MAX] {
        let _ = spelling.read(SliceSource(input.0), index, &mut room);
        let _ = format!("{room:?}");
    }
}

fn read_back(strings: &[&str]) {
    let bytes = strings.iter().map(|string| string.as_bytes());
    let Some((spelling, words)) = spell(bytes, usize::MAX) else {
        return;
    };
    let mut room = TextRoom::default();
    for (index, string) in strings.iter().enumerate() {
        let read = spelling.read(SliceSource(&words), index, &mut room);
        read.expect("what was spelled is read");
        assert_eq!(room.as_str().expect("what was spelled is text"), *string);
    }
}

fuzz_target!(|bytes: &[u8]| {
    read_any(&mut Input(bytes));
    if let Some((width, text)) = bytes.split_first()
        && let Ok(text) = std::str::from_utf8(text)
    {
        read_back(&text.split('|').collect::<Vec<_>>());
        let chunks = text.as_bytes().chunks_exact(usize::from(*width % 70) + 1);
        let strings: Result<Vec<&str>, _> = chunks.map(std::str::from_utf8).collect();
        if let Ok(strings) = strings {
            read_back(&strings);
        }
    }
});
