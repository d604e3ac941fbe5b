//! Whatever a stream is asked for is what its plain values say.

use proptest::prelude::*;

use super::values::{cuts, lengths, made_for, noise, of_width, widths};
use crate::codec::bitmap::Bitmap;
use crate::codec::choose::encode_as;
use crate::codec::dispatch::plainly;
use crate::codec::{BLOCK, Encoding, SliceSource, Stream, Word};

struct Read<'a> {
    stream: Stream,
    bytes: &'a [u8],
    values: &'a [u64],
}

impl Read<'_> {
    fn assert_range<T: Word + std::fmt::Debug>(&self, range: std::ops::Range<usize>) {
        let want: Vec<T> = self.values[range.clone()]
            .iter()
            .map(|value| T::of(*value))
            .collect();
        let source = SliceSource(self.bytes);
        let mut decoded = vec![T::of(7)];
        self.stream
            .decode(source, range.clone(), &mut decoded)
            .unwrap();
        assert_eq!(decoded[1..], want, "{range:?}");
        let mut filled = vec![T::of(7); range.len()];
        self.stream.fill(source, range.start, &mut filled).unwrap();
        assert_eq!(filled, want, "{range:?}");
    }

    fn assert_gathered<T: Word + std::fmt::Debug>(&self, positions: &[usize]) {
        let want = positions.iter().map(|at| T::of(self.values[*at]));
        let mut gathered = vec![T::of(7)];
        let source = SliceSource(self.bytes);
        self.stream
            .gather(source, positions, &mut gathered)
            .unwrap();
        assert_eq!(gathered[1..], want.collect::<Vec<T>>(), "{positions:?}");
    }

    /// The values that are looked up are those that fit 32 bits, as codes do.
    fn assert_selected(&self, range: std::ops::Range<usize>, wanted: &[bool]) {
        let is_wanted = |at: &usize| {
            let value = usize::try_from(self.values[*at]).ok();
            value.and_then(|value| wanted.get(value)) == Some(&true)
        };
        let want: Vec<usize> = range.clone().filter(is_wanted).collect();
        let (source, mut selected) = (SliceSource(self.bytes), Vec::new());
        self.stream
            .select(source, range.clone(), wanted, &mut selected)
            .unwrap();
        assert_eq!(selected, want, "{range:?}");
    }

    /// One position in each `apart`, in runs of `run`, of those up to `end`.
    fn positions(&self, apart: u64, run: usize, seed: u64, end: usize) -> Vec<usize> {
        let hash = |run: usize| noise(run as u64 ^ seed);
        (0..end)
            .filter(|at| hash(at / run).is_multiple_of(apart))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn ranges_positions_and_selections_are_those_of_the_plain_values(
        (encoding, values) in made_for(),
        seed in any::<u64>(),
        wanted in prop::collection::vec(any::<bool>(), 130),
        flags in prop_oneof![3usize..70, Just(64usize), Just(130usize)],
        run in 1usize..40,
        plain in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        let descriptor = encode_as(encoding, &values, &mut bytes);
        prop_assume!(descriptor.is_some());
        let fits = values.iter().all(|value| u32::try_from(*value).is_ok());
        let cuts = cuts(values.len(), seed);
        let check = || {
            let stream = Stream::open(&descriptor.unwrap()).unwrap();
            assert!(fits || !stream.is_u32());
            let read = Read { stream, bytes: &bytes, values: &values };
            for (a, b) in cuts.iter().zip(cuts.iter().rev()).chain(cuts.iter().zip(&cuts[1..])) {
                let range = *a.min(b)..*a.max(b);
                read.assert_range::<u64>(range.clone());
                read.assert_range::<u32>(range.clone());
                if read.stream.is_u32() {
                    read.assert_selected(range, &wanted[..flags]);
                }
            }
            for (apart, run) in [(1, 1), (2, 1), (3, run), (40, 1), (90, 1), (400, run)] {
                let end = cuts[seed as usize % cuts.len()];
                let positions = read.positions(apart, run, seed, end);
                read.assert_gathered::<u64>(&positions);
                read.assert_gathered::<u32>(&positions);
            }
            for at in cuts.iter().filter(|at| **at < values.len()) {
                read.assert_gathered::<u64>(&[*at]);
            }
        };
        match plain {
            true => plainly(check),
            false => check(),
        }
    }

    /// Sizes are those of the widths that occur, four at most.
    #[test]
    fn classes_take_the_bits_of_their_values(
        widths in widths(), count in lengths(), seed in any::<u64>(),
    ) {
        let noise = |at: usize| noise(at as u64 ^ seed);
        // One is 0, so that what is above the lowest is the value itself.
        let widths = [0, widths[1], widths[2], widths[3].max(1)];
        let width = |at: usize| widths[if at < 4 { at } else { noise(at) as usize >> 20 & 3 }];
        let values: Vec<u64> =
            (0..count.max(4)).map(|at| of_width(width(at), noise(at) << 7)).collect();
        let mut bytes = Vec::new();
        encode_as(Encoding::Classes, &values, &mut bytes).unwrap();
        let bits = |values: &[u64]| values.iter().map(|value| 64 - value.leading_zeros() as usize).sum::<usize>();
        let blocks = values.chunks(BLOCK);
        let payloads: usize = blocks.clone().map(|block| block.len().div_ceil(4) + bits(block).div_ceil(8)).sum();
        prop_assert_eq!(bytes.len(), (blocks.len() + 1) * 4 + payloads + 32);
    }

    #[test]
    fn a_bitmap_counts_what_is_set_before_any_position(
        count in lengths(), density in 0u64..=4, seed in any::<u64>(),
    ) {
        let hash = |at: &usize| noise((*at as u64 / 3) ^ seed);
        let flags: Vec<bool> = (0..count).map(|at| hash(&at) % 4 < density).collect();
        let (bitmap, mut bytes) = (Bitmap::new(count), Vec::new());
        bitmap.encode(&flags, |flag| *flag, &mut bytes).unwrap();
        prop_assert_eq!(bytes.len(), bitmap.bytes());
        let source = SliceSource(&bytes);
        let set = |end: usize| flags[..end].iter().filter(|flag| **flag).count();
        for at in cuts(count, seed) {
            prop_assert_eq!(bitmap.rank(source, at).unwrap(), set(at));
            let (words, before) = bitmap.open(source, &(at..count)).unwrap();
            prop_assert_eq!(before, set(at));
            prop_assert!(words.len() * 64 >= count - at);
        }
        prop_assert!(bitmap.rank(source, count + 1).is_err());
        prop_assert!(bitmap.open(source, &(0..count + 1)).is_err());
    }
}
