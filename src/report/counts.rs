//! How often something comes, and how unevenly.

use std::collections::BTreeMap;

/// How many things come so often: popularity, activity, lengths. Exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread(BTreeMap<u64, u64>);

impl Spread {
    /// A thing that comes so often.
    pub(super) fn add(&mut self, often: u64) {
        *self.0.entry(often).or_default() += 1;
    }

    /// Pairs of how often, rising, and how many things.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> {
        self.0.iter().map(|(often, things)| (*often, *things))
    }

    pub(super) fn things(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn total(&self) -> u64 {
        self.iter().map(|(often, things)| often * things).sum()
    }

    pub(super) fn max(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(often, _)| *often)
    }

    /// How often the thing in the middle comes.
    pub(super) fn median(&self) -> u64 {
        let middle = self.things().div_ceil(2);
        let mut before = 0;
        let found = self.iter().find(|(_, things)| {
            before += things;
            before >= middle
        });
        found.map_or(0, |(often, _)| often)
    }

    /// Gini's coefficient: 0 where all come as often, towards 1 where one has all. Source: the mean
    /// difference of all pairs over twice the mean, from sorted values.
    pub(super) fn gini(&self) -> f64 {
        let (things, total) = (self.things() as f64, self.total() as f64);
        if total == 0.0 {
            return 0.0;
        }
        let mut before = 0.0;
        let mut weighted = 0.0;
        for (often, count) in self.iter() {
            let (often, count) = (often as f64, count as f64);
            // The ranks of these things, from 1, summed.
            let ranks = count * (2.0 * before + count + 1.0) / 2.0;
            weighted += often * ranks;
            before += count;
        }
        (2.0 * weighted / (things * total) - (things + 1.0) / things).max(0.0)
    }

    /// The share of the total that the most frequent tenth of the things has.
    pub(super) fn share_of_top_tenth(&self) -> f64 {
        let mut left = self.things().div_ceil(10);
        let mut sum = 0;
        for (often, things) in self.iter().rev() {
            let taken = things.min(left);
            sum += taken * often;
            left -= taken;
        }
        match self.total() {
            0 => 0.0,
            total => sum as f64 / total as f64,
        }
    }

    /// Points of rank against frequency, the most frequent first, thinned to those that a plot can show apart.
    pub(super) fn ranks(&self) -> Vec<(f64, f64)> {
        let mut rank = 0;
        let mut points = Vec::new();
        for (often, things) in self.iter().rev() {
            points.push(((rank + 1) as f64, often as f64));
            rank += things;
            points.push((rank as f64, often as f64));
        }
        points.dedup();
        points
    }
}
