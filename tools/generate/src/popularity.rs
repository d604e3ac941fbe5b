use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::options::Error;

/// Numbers by Zipf's law: the k-th most popular is drawn with a weight of 1/k.
///
/// A draw picks an octave of ranks by its weight, then a rank in it by rejection, which takes less
/// than two trials. So it needs no table that outgrows the caches, and no logarithm, which platforms
/// round differently.
pub(crate) struct Popularity {
    octaves: WeightedAliasIndex<f64>,
    /// The numbers by rank, the most popular first.
    numbers: Vec<u32>,
}

impl Popularity {
    /// The numbers below `count`, ranked at random.
    pub(crate) fn new(count: u32, rng: &mut impl Rng) -> Result<Self, Error> {
        let mut numbers: Vec<u32> = (0..count).collect();
        numbers.shuffle(rng);
        let octaves = (0..=count.ilog2()).map(|octave| {
            let (first, width) = ranks(octave, count);
            (first..first + width).map(|rank| 1.0 / rank as f64).sum()
        });
        Ok(Popularity {
            octaves: WeightedAliasIndex::new(octaves.collect())?,
            numbers,
        })
    }

    pub(crate) fn draw(&self, rng: &mut impl Rng) -> u32 {
        let octave = self.octaves.sample(rng) as u32;
        let (first, width) = ranks(octave, self.numbers.len() as u32);
        loop {
            let drawn: u64 = rng.random();
            let (place, chance) = (drawn >> 32, drawn & u64::from(u32::MAX));
            let rank = first + ((place * width) >> 32);
            if chance * rank < first << 32 {
                let number = self.numbers.get(rank as usize - 1);
                return number.copied().unwrap_or_default();
            }
        }
    }

    /// Replaces `list` by `count` different numbers, of which there must be as many.
    pub(crate) fn draw_different(&self, list: &mut Vec<u32>, count: usize, rng: &mut impl Rng) {
        list.clear();
        while list.len() < count.min(self.numbers.len()) {
            let number = self.draw(rng);
            if !list.contains(&number) {
                list.push(number);
            }
        }
    }
}

/// The first rank, counted from 1, and the number of ranks of an octave.
fn ranks(octave: u32, count: u32) -> (u64, u64) {
    let first = 1 << octave;
    (first, first.min(u64::from(count) + 1 - first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn every_rank_gets_its_share() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for count in [1, 2, 12, 16, 33] {
            let popularity = Popularity::new(count, &mut rng).unwrap();
            let mut counts = vec![0; count as usize];
            for _ in 0..200_000 {
                counts[popularity.draw(&mut rng) as usize] += 1;
            }
            counts.sort_unstable_by(|a, b| b.cmp(a));
            let harmonic: f64 = (1..=count).map(|rank| 1.0 / f64::from(rank)).sum();
            for (at, &found) in counts.iter().enumerate() {
                let expected = 200_000.0 / harmonic / (at + 1) as f64;
                let apart = (f64::from(found) - expected).abs();
                assert!(
                    apart < 5.0 * expected.sqrt() + 1e-6,
                    "{found} draws of rank {} of {count}, not {expected}",
                    at + 1
                );
            }
        }
    }

    #[test]
    fn a_list_never_waits_for_more_than_there_is() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let popularity = Popularity::new(3, &mut rng).unwrap();
        let mut list = vec![7; 5];
        popularity.draw_different(&mut list, 10, &mut rng);
        list.sort_unstable();
        assert_eq!(list, [0, 1, 2]);
    }
}
