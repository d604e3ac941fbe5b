//! What is not that of a stream is an error, and leaves what was there.

use crate::codec::choose::encode_as;
use crate::codec::{
    Descriptor, Encoding, Flags, ListEncoder, ListEncoding, ListReader, ListSources, SliceSource,
    Stream, encode, encode_packed,
};
use crate::column::ListColumn;

const ENCODINGS: [Encoding; 5] = [
    Encoding::Packed,
    Encoding::Runs,
    Encoding::Classes,
    Encoding::Sparse,
    Encoding::Delta,
];

#[test]
fn nothing_lies_beyond_the_last_value() {
    let values: Vec<u64> = (0..150).map(|at| at / 40 * 3).collect();
    let assert_ends = |descriptor: &Descriptor, bytes: &[u8]| {
        let (stream, source) = (Stream::open(descriptor).unwrap(), SliceSource(bytes));
        let (mut out, count) = (vec![7u64], descriptor.count);
        for range in [0..count + 1, count..count + 1, count - 1..count + 2] {
            assert!(stream.decode(source, range.clone(), &mut out).is_err());
            assert!(
                stream
                    .fill(source, range.start, &mut vec![0u64; range.len()])
                    .is_err()
            );
            assert!(
                stream
                    .select(source, range, &[true; 9], &mut Vec::new())
                    .is_err()
            );
        }
        assert!(stream.gather(source, &[0, count], &mut out).is_err());
        assert_eq!(out, [7]);
        stream.decode(source, count..count, &mut out).unwrap();
        stream.gather(source, &[], &mut out).unwrap();
        assert_eq!(out, [7]);
    };
    for encoding in ENCODINGS {
        let mut bytes = Vec::new();
        let descriptor = encode_as(encoding, &values, &mut bytes).unwrap();
        assert_ends(&descriptor, &bytes);
    }
    assert_ends(&encode(&[3u64; 150], &mut Vec::new()).unwrap(), &[]);
}

#[test]
fn what_came_before_the_damage_is_taken_back() {
    let values: Vec<u64> = (0..3000).map(|at| at / 70 % 5).collect();
    let mut bytes = Vec::new();
    let descriptor = encode_as(Encoding::Runs, &values, &mut bytes).unwrap();
    let stream = Stream::open(&descriptor).unwrap();
    // Where the runs of the third block of 1024 begin, and where they end.
    for (index, first) in [
        (2, 0u32),
        (3, u32::MAX),
        (3, descriptor.params[0] as u32 + 1),
    ] {
        let mut bytes = bytes.clone();
        bytes[index * 4..index * 4 + 4].copy_from_slice(&first.to_le_bytes());
        let (source, mut out) = (SliceSource(&bytes), vec![7u64]);
        assert!(stream.decode(source, 0..3000, &mut out).is_err());
        assert!(
            stream
                .gather(source, &[1, 80, 1500, 2500], &mut out)
                .is_err()
        );
        assert_eq!(out, [7]);
        stream.decode(source, 0..1000, &mut out).unwrap();
        assert_eq!(out[1..], values[..1000]);
    }
}

#[test]
fn parameters_outside_their_range_are_refused() {
    let open = |encoding: Encoding, params: [u64; 6]| {
        Stream::open(&Descriptor {
            encoding,
            count: 100,
            params,
        })
        .is_ok()
    };
    for encoding in [Encoding::Classes, Encoding::Delta] {
        assert!(open(encoding, [1, 2, 3, 57, 40, 0]));
        assert!(!open(encoding, [1, 2, 3, 58, 40, 0]));
        assert!(!open(encoding, [1, 2, 3, 1 << 33, 40, 0]));
        assert!(!open(encoding, [2, 1, 3, 4, 40, 0]));
        assert!(!open(encoding, [1, 2, 4, 3, 40, 0]));
    }
    assert!(!open(Encoding::Delta, [1, 2, 3, 4, 65, 0]));
    assert!(open(Encoding::Runs, [100, 0, 3, 0, 0, 0]));
    assert!(!open(Encoding::Runs, [101, 0, 3, 0, 0, 0]));
    for width in [58, 63, 65, 1 << 40] {
        assert!(!open(Encoding::Packed, [0, width, 0, 0, 0, 0]));
        assert!(!open(Encoding::Sparse, [0, 0, width, 0, 0, 0]));
    }
}

/// The bytes of the four streams of lists, and what describes them.
fn encoded(lists: &[Vec<u32>]) -> ([Vec<u8>; 4], ListEncoding) {
    let mut out: [Vec<u8>; 4] = Default::default();
    let [a, b, c, d] = &mut out;
    let mut encoder = ListEncoder::default();
    lists.iter().for_each(|list| encoder.push(list));
    let encoding = encoder.finish([a, b, c, d]).unwrap();
    (out, encoding)
}

fn sources(bytes: &[Vec<u8>; 4]) -> ListSources<SliceSource<'_>> {
    let [present, fresh, ends, items] = bytes.each_ref().map(|bytes| SliceSource(bytes));
    ListSources {
        present,
        fresh,
        ends,
        items,
    }
}

#[test]
fn a_list_is_kept_once_and_what_all_have_in_common_takes_no_bytes() {
    let lists = [vec![4, 5], vec![], vec![4, 5], vec![5], vec![5], vec![4, 5]];
    let (_, encoding) = encoded(&lists);
    assert_eq!((encoding.items.count, encoding.ends.count), (5, 3));
    assert_eq!(
        encoding.present,
        Flags {
            count: 6,
            all: false
        }
    );
    assert_eq!(
        encoding.fresh,
        Flags {
            count: 5,
            all: false
        }
    );
    let regular: Vec<Vec<u32>> = (0..50).map(|at| vec![at, at + 1, 3]).collect();
    let (bytes, encoding) = encoded(&regular);
    assert_eq!(
        encoding.present,
        Flags {
            count: 50,
            all: true
        }
    );
    assert_eq!(
        encoding.fresh,
        Flags {
            count: 50,
            all: true
        }
    );
    assert_eq!(encoding.ends.encoding, Encoding::Constant);
    assert_eq!(
        bytes.each_ref().map(|bytes| bytes.is_empty()),
        [true, true, true, false]
    );
}

#[test]
fn lists_that_none_repeats_come_back_in_parts() {
    let list = |at: u32| (0..at % 4).map(|nth| at + nth).collect();
    let lists: Vec<Vec<u32>> = (0..300).map(list).collect();
    let (bytes, encoding) = encoded(&lists);
    assert!(encoding.fresh.all && !encoding.present.all);
    let reader = ListReader::open(&encoding).unwrap();
    let mut out = ListColumn::default();
    for range in [100..130, 0..3, 127..129, 299..300, 63..200] {
        let before = out.ends.len();
        reader
            .decode(sources(&bytes), range.clone(), &mut out)
            .unwrap();
        for (row, at) in (before..).zip(range) {
            assert_eq!(out.get(row), lists[at]);
        }
    }
}

#[test]
fn lists_that_do_not_fit_together_are_damage() {
    let lists: Vec<Vec<u32>> = (0..1000).map(|at| vec![at / 2 * 3, 1]).collect();
    let (mut bytes, encoding) = encoded(&lists);
    let reader = ListReader::open(&encoding).unwrap();
    let mut out = ListColumn::default();
    reader.decode(sources(&bytes), 511..512, &mut out).unwrap();
    assert_eq!(out.get(0), lists[511]);
    // So many lists differ before the 512th, whereas one row can have but one of them.
    bytes[1][4..8].copy_from_slice(&400u32.to_le_bytes());
    assert!(reader.decode(sources(&bytes), 511..512, &mut out).is_err());

    let mut bytes: [Vec<u8>; 4] = Default::default();
    let all = Flags {
        count: 3,
        all: true,
    };
    let encoding = ListEncoding {
        present: all,
        fresh: all,
        ends: encode_packed(&[5u64, 2, 9], &mut bytes[2]).unwrap(),
        items: encode_packed(&[1u64, 2, 3, 4, 5, 6, 7, 8, 9], &mut bytes[3]).unwrap(),
    };
    let reader = ListReader::open(&encoding).unwrap();
    assert!(reader.decode(sources(&bytes), 0..3, &mut out).is_err());
}
