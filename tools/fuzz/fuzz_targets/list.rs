//! Lists of any descriptors over any bytes are read or refused; any lists are read back.

#![no_main]

use annals::columns::ListColumn;
use annals::fuzzing::{
    Descriptor, Flags, ListEncoder, ListEncoding, ListReader, ListSources, SliceSource, WireReader,
};
use annals_fuzz::Input;
use libfuzzer_sys::fuzz_target;

/// Items beyond which a list column is not read: a constant stream of them takes no bytes, and the
/// lists that it makes fill the memory.
const MAX_ITEMS: usize = 1 << 20;

fn encoding(input: &mut Input<'_>) -> Option<ListEncoding> {
    let all = input.byte();
    let mut flags = |all| Flags {
        count: input.number(),
        all,
    };
    let (present, fresh) = (flags(all & 1 == 1), flags(all & 2 == 2));
    let mut descriptor = || Descriptor::read(&mut WireReader::new(input.part())).ok();
    let (ends, items) = (descriptor()?, descriptor()?);
    (items.count <= MAX_ITEMS).then_some(ListEncoding {
        present,
        fresh,
        ends,
        items,
    })
}

fn read_any(input: &mut Input<'_>) {
    let Some(Ok(reader)) = encoding(input).map(|encoding| ListReader::open(&encoding)) else {
        return;
    };
    let range = input.range(reader.len());
    let sources = ListSources {
        present: SliceSource(input.part()),
        fresh: SliceSource(input.part()),
        ends: SliceSource(input.part()),
        items: SliceSource(input.0),
    };
    let mut out = ListColumn::default();
    if reader.decode(sources, range.clone(), &mut out).is_ok() {
        assert_eq!(out.ends.len(), range.len());
        assert!(out.ends.is_sorted());
        let last = out.ends.last().copied().unwrap_or(0);
        assert_eq!(last as usize, out.items.len());
    }
}

fn read_back(lists: &ListColumn, input: &mut Input<'_>) {
    let rows = lists.ends.len();
    let mut bytes: [Vec<u8>; 4] = Default::default();
    let [present, fresh, ends, items] = &mut bytes;
    let mut encoder = ListEncoder::default();
    (0..rows).for_each(|row| encoder.push(lists.get(row)));
    let encoding = encoder.finish([present, fresh, ends, items]);
    let encoding = encoding.expect("any lists are encoded");
    let reader = ListReader::open(&encoding).expect("what was encoded is opened");
    let [present, fresh, ends, items] = &bytes;
    let sources = ListSources {
        present: SliceSource(present),
        fresh: SliceSource(fresh),
        ends: SliceSource(ends),
        items: SliceSource(items),
    };
    let start = input.number().min(rows);
    let end = (start + input.number()).min(rows);
    let mut part = ListColumn::default();
    let read = reader.decode(sources, start..end, &mut part);
    read.expect("what was encoded is decoded");
    for row in start..end {
        assert_eq!(part.get(row - start), lists.get(row));
    }
}

fuzz_target!(|bytes: &[u8]| {
    read_any(&mut Input(bytes));
    let mut input = Input(bytes);
    let (parts, repeat) = (input.take(4), usize::from(input.byte() % 9) + 1);
    let mut lists = ListColumn::default();
    for list in input.0.split(|byte| *byte == 0) {
        let codes: Vec<u32> = list.iter().map(|byte| u32::from(*byte)).collect();
        for _ in 0..repeat {
            lists.push(&codes).expect("few items fit");
        }
    }
    read_back(&lists, &mut Input(parts));
});
