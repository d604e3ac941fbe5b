//! A stream of any descriptor over any bytes is read or refused; one of any values is read back.

#![no_main]

use annals::fuzzing::{Descriptor, SliceSource, Stream, WireReader, encode};
use annals_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fn read_any(input: &mut Input<'_>) {
    let record = input.part();
    let Ok(descriptor) = Descriptor::read(&mut WireReader::new(record)) else {
        return;
    };
    let Ok(stream) = Stream::open(&descriptor) else {
        return;
    };
    let range = input.range(stream.len());
    let step = usize::from(input.byte()) + 1;
    let wanted: Vec<bool> = (0..40).map(|code| code % 3 == 1).collect();
    let source = SliceSource(input.0);
    let (mut narrow, mut wide, mut signed) = (Vec::<u32>::new(), Vec::<u64>::new(), Vec::new());
    if stream.decode(source, range.clone(), &mut narrow).is_ok() {
        assert_eq!(narrow.len(), range.len());
    }
    if stream.decode(source, range.clone(), &mut wide).is_ok() {
        let same = |(wide, narrow): (&u64, &u32)| *wide as u32 == *narrow;
        assert!(wide.iter().zip(&narrow).all(same));
    }
    let positions: Vec<usize> = range.clone().step_by(step).collect();
    if stream
        .gather::<i64>(source, &positions, &mut signed)
        .is_ok()
    {
        assert_eq!(signed.len(), positions.len());
    }
    let mut hits = Vec::new();
    if stream
        .select(source, range.clone(), &wanted, &mut hits)
        .is_ok()
    {
        assert!(hits.is_sorted_by(|a, b| a < b) && hits.iter().all(|hit| range.contains(hit)));
    }
}

fn read_back(values: &[u64]) {
    let mut bytes = Vec::new();
    let descriptor = encode(values, &mut bytes).expect("any values are encoded");
    let stream = Stream::open(&descriptor).expect("what was encoded is opened");
    let source = SliceSource(&bytes);
    let mut decoded = Vec::new();
    let read = stream.decode::<u64>(source, 0..values.len(), &mut decoded);
    read.expect("what was encoded is decoded");
    assert_eq!(decoded, values);
    let wanted = [false, true, false, true];
    let is_wanted =
        |value: u64| usize::try_from(value).is_ok_and(|at| wanted.get(at) == Some(&true));
    // A selection looks at 32 bits.
    if values.iter().all(|value| u32::try_from(*value).is_ok()) {
        let mut hits = Vec::new();
        let read = stream.select(source, 0..values.len(), &wanted, &mut hits);
        read.expect("what was encoded is selected from");
        let expected: Vec<usize> = (0..values.len())
            .filter(|at| is_wanted(values[*at]))
            .collect();
        assert_eq!(hits, expected);
    }
}

fuzz_target!(|bytes: &[u8]| {
    read_any(&mut Input(bytes));
    let mut input = Input(bytes);
    let (width, repeat) = (input.byte() % 8 + 1, usize::from(input.byte() % 9) + 1);
    let values = input.0.chunks(usize::from(width)).flat_map(|chunk| {
        let value = chunk
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        std::iter::repeat_n(value, repeat)
    });
    read_back(&values.collect::<Vec<u64>>());
});
