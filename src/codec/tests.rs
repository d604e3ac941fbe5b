//! Every encoding gives back what went in, whole and in parts, and never trusts its bytes.

mod borders;
mod damage;
mod plain;
mod spelling;
mod values;

use proptest::prelude::*;

use super::choose::encode_as;
use super::dispatch::plainly;
use super::*;
use crate::column::ListColumn;

fn shapes() -> impl Strategy<Value = Vec<u64>> {
    let any_width = (0u32..=64).prop_flat_map(|bits| {
        let max = if bits == 64 {
            u64::MAX
        } else {
            (1 << bits) - 1
        };
        prop::collection::vec(0..=max, 0..700)
    });
    let skewed = prop::collection::vec(
        prop_oneof![8 => 0u64..3, 2 => 0u64..300, 1 => 0u64..70_000],
        0..2500,
    );
    let runs = prop::collection::vec((0u64..9, 1usize..900), 0..9).prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(value, len)| std::iter::repeat_n(value, len))
            .collect()
    });
    let modal = prop::collection::vec(prop_oneof![20 => Just(5u64), 1 => 0u64..40], 0..2000);
    let rising = prop::collection::vec(0u64..100, 0..2000).prop_map(|steps| {
        steps
            .into_iter()
            .scan(1_600_000_000u64, |at, step| {
                *at += step;
                Some(*at)
            })
            .collect()
    });
    prop_oneof![any_width, skewed, runs, modal, rising]
}

fn encodings() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        1 => Just(Encoding::Constant),
        5 => Just(Encoding::Packed),
        5 => Just(Encoding::Runs),
        5 => Just(Encoding::Classes),
        5 => Just(Encoding::Sparse),
        5 => Just(Encoding::Delta),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_stream_gives_back_its_values(
        values in shapes(), from in 0.0..1.0f64, to in 0.0..1.0f64, base in prop_oneof![Just(0), any::<u64>()],
    ) {
        let mut bytes = Vec::new();
        let descriptor = encode(&values, &mut bytes).unwrap();
        let stream = Stream::open(&descriptor).unwrap();
        let source = SliceSource(&bytes);
        let mut whole: Vec<u64> = Vec::new();
        stream.decode(source, 0..values.len(), &mut whole).unwrap();
        prop_assert_eq!(&whole, &values);

        let (a, b) = ((values.len() as f64 * from) as usize, (values.len() as f64 * to) as usize);
        let range = a.min(b)..a.max(b);
        let mut part: Vec<u64> = vec![7];
        stream.decode(source, range.clone(), &mut part).unwrap();
        prop_assert_eq!(&part[1..], &values[range.clone()]);

        let mut plain: Vec<u64> = Vec::new();
        plainly(|| {
            let stream = Stream::open(&descriptor)?;
            stream.decode_above(source, range.clone(), base, &mut plain)
        })
        .unwrap();
        plain.iter_mut().for_each(|value| *value = value.wrapping_sub(base));
        prop_assert_eq!(&plain, &values[range.clone()]);
        let mut visited = Vec::new();
        let mut sink = |values: &[u64]| visited.extend_from_slice(values);
        stream.visit(source, range.clone(), &mut sink).unwrap();
        prop_assert_eq!(&visited, &plain);
        let mut filled = vec![0u64; range.len()];
        stream.fill(source, range.start, &mut filled).unwrap();
        prop_assert_eq!(&filled, &plain);
        prop_assert!(!stream.is_u32() || values.iter().all(|value| *value <= u32::MAX.into()));

        let wanted: Vec<bool> = (0..80).map(|value| value % 3 == 2).collect();
        let mut selected: Vec<usize> = Vec::new();
        stream.select(source, range.clone(), &wanted, &mut selected).unwrap();
        let is_wanted = |at: &usize| *wanted.get(values[*at] as usize).unwrap_or(&false);
        // The values that are looked up are those that fit 32 bits, as codes do.
        if stream.is_u32() {
            prop_assert_eq!(selected, range.filter(is_wanted).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_encoding_gathers_what_it_visits(
        values in shapes(),
        encoding in encodings(),
        seed in any::<u64>(),
        apart in prop_oneof![Just(1u64), 2u64..5, 8u64..200, 300u64..1500],
        run in 1u64..40,
    ) {
        let mut bytes = Vec::new();
        let descriptor = encode_as(encoding, &values, &mut bytes);
        prop_assume!(descriptor.is_some());
        let descriptor = descriptor.unwrap();
        let stream = Stream::open(&descriptor).unwrap();
        let source = SliceSource(&bytes);

        // Of runs of neighbours, one of so many.
        let noise = |run: u64| (run ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let is_asked = |at: &usize| noise(*at as u64 / run) % apart == 0;
        let positions: Vec<usize> = (0..values.len()).filter(is_asked).collect();
        let expected: Vec<u64> = positions.iter().map(|at| values[*at]).collect();
        let mut gathered: Vec<u64> = vec![7];
        stream.gather(source, &positions, &mut gathered).unwrap();
        prop_assert_eq!(&gathered[1..], &expected);
        let mut plain: Vec<u64> = Vec::new();
        plainly(|| Stream::open(&descriptor)?.gather(source, &positions, &mut plain)).unwrap();
        prop_assert_eq!(plain, expected);
        gathered.truncate(1);
        prop_assert!(stream.gather(source, &[values.len()], &mut gathered).is_err());
        prop_assert_eq!(gathered, [7]);
    }

    #[test]
    fn a_descriptor_survives_the_wire(values in shapes()) {
        let descriptor = encode(&values, &mut Vec::new()).unwrap();
        let mut wire = WireWriter::new();
        descriptor.write(&mut wire);
        let record = wire.finish();
        let read = Descriptor::read(&mut WireReader::new(&record)).unwrap();
        prop_assert_eq!(read, descriptor);
    }

    #[test]
    fn damaged_streams_give_errors_or_values_but_never_panic(
        values in shapes(),
        tag in 1u8..=6,
        params in prop::array::uniform6(prop_oneof![0u64..80, any::<u64>()]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        count in 0usize..5000,
    ) {
        let mut bytes = Vec::new();
        encode(&values, &mut bytes).unwrap();
        for (at, flip) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
        }
        let mut wire = WireWriter::new();
        wire.u8(tag);
        wire.varint(count as u64);
        params.iter().for_each(|param| wire.varint(*param));
        let record = wire.finish();
        let descriptor = Descriptor::read(&mut WireReader::new(&record)).unwrap();
        if let Ok(stream) = Stream::open(&descriptor) {
            let mut out: Vec<u32> = Vec::new();
            let _ = stream.decode(SliceSource(&bytes), 0..count, &mut out);
            for positions in [&[0, 1, count / 2][..], &[count / 2, 1], &[0, 600, 601, 4000]] {
                let _ = stream.gather(SliceSource(&bytes), positions, &mut out);
            }
        }
    }

    #[test]
    fn lists_come_back(lists in prop::collection::vec(
        prop_oneof![
            3 => Just(vec![]),
            3 => Just(vec![4u32, 5, 6]),
            2 => prop::collection::vec(1u32..1000, 1..12),
        ], 0..900), regular in any::<bool>(), from in 0.0..1.0f64, to in 0.0..1.0f64)
    {
        let mut column = ListColumn::default();
        for list in &lists {
            let list = if regular && !list.is_empty() { vec![list[0]; 10] } else { list.clone() };
            column.push(&list).unwrap();
        }
        let mut out: [Vec<u8>; 4] = Default::default();
        let [a, b, c, d] = &mut out;
        let mut encoder = ListEncoder::default();
        (0..lists.len()).for_each(|row| encoder.push(column.get(row)));
        let encoding = encoder.finish([a, b, c, d]).unwrap();
        let reader = ListReader::open(&encoding).unwrap();
        let [a, b, c, d] = &out;
        let sources = ListSources {
            present: SliceSource(a),
            fresh: SliceSource(b),
            ends: SliceSource(c),
            items: SliceSource(d),
        };
        let mut whole = ListColumn::default();
        reader.decode(sources, 0..lists.len(), &mut whole).unwrap();
        prop_assert_eq!(&whole, &column);

        let (x, y) = ((lists.len() as f64 * from) as usize, (lists.len() as f64 * to) as usize);
        let range = x.min(y)..x.max(y);
        let mut part = ListColumn::default();
        reader.decode(sources, range.clone(), &mut part).unwrap();
        for (row, at) in range.clone().enumerate() {
            prop_assert_eq!(part.get(row), column.get(at));
        }
        let positions: Vec<usize> = range.filter(|at| at / 3 % 4 > 1 || at % 7 == 0).collect();
        reader.gather(sources, &positions, &mut part).unwrap();
        let gathered = part.ends.len() - positions.len();
        for (row, at) in (gathered..).zip(positions) {
            prop_assert_eq!(part.get(row), column.get(at));
        }
    }
}

#[test]
fn each_encoding_is_chosen_where_it_is_smallest() {
    let chosen = |values: &[u64]| encode(values, &mut Vec::new()).unwrap().encoding;
    let noise = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let rows = || 0..20_000u64;
    assert_eq!(chosen(&[9; 100]), Encoding::Constant);
    assert_eq!(chosen(&[]), Encoding::Constant);
    let uniform: Vec<u64> = rows().map(|at| noise(at) % 256).collect();
    assert_eq!(chosen(&uniform), Encoding::Packed);
    let runs: Vec<u64> = rows().map(|at| noise(at / 700) % 200).collect();
    assert_eq!(chosen(&runs), Encoding::Runs);
    let modal: Vec<u64> = rows()
        .map(|at| {
            if noise(at) % 5 > 0 {
                2
            } else {
                noise(at) % 4 + 2
            }
        })
        .collect();
    assert_eq!(chosen(&modal), Encoding::Sparse);
    let zipf: Vec<u64> = rows().map(|at| 50_000 / (noise(at) % 50_000 + 1)).collect();
    assert_eq!(chosen(&zipf), Encoding::Classes);
    let rising: Vec<u64> = rows()
        .map(|at| 1_600_000_000 + at * 60 + noise(at) % 60)
        .collect();
    assert_eq!(chosen(&rising), Encoding::Delta);
}
