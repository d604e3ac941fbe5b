//! A column of numbers.

use serde::Serialize;

use super::histogram::Histogram;

/// Figures about a column of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NumberInsights {
    /// The lowest. Exact.
    pub min: f64,
    /// The highest. Exact.
    pub max: f64,
    /// The mean, within rounding.
    pub mean: f64,
    /// The standard deviation of all values, within rounding.
    pub standard_deviation: f64,
    /// The numbers below which a quarter, a half and three quarters lie. Estimated: each is less
    /// than 1/128 too near to zero; numbers of 8 binary digits (255, 4.5) are exact.
    pub quartiles: [f64; 3],
    /// Values far below the others. As exact as the quartiles.
    pub outliers_below: u64,
    /// Values far above the others.
    pub outliers_above: u64,
    /// Where outliers begin: [`Thresholds::outlier_distance`](super::Thresholds) times the distance
    /// of the outer quartiles below the first and above the last; where these are equal, three
    /// standard deviations from the mean.
    pub bounds: (f64, f64),
}

/// Gathers them.
#[derive(Default)]
pub(super) struct NumberProfile {
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    /// Sum of the squares of distances from the mean (Welford 1962).
    squares: f64,
    histogram: Histogram,
}

impl NumberProfile {
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        if self.count == 1 {
            (self.min, self.max) = (number, number);
        }
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        let distance = number - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (number - self.mean);
        self.histogram.add(number, 1);
    }

    /// The figures; `None` without any number.
    pub(super) fn finish(&self, distance: f64) -> Option<NumberInsights> {
        if self.count == 0 {
            return None;
        }
        let deviation = (self.squares / self.count as f64).max(0.0).sqrt();
        let quartiles = [0.25, 0.5, 0.75].map(|share| self.histogram.quantile(share));
        let [first, _, last] = quartiles;
        let bounds = match (last - first) * distance {
            0.0 => (self.mean - 3.0 * deviation, self.mean + 3.0 * deviation),
            reach => (first - reach, last + reach),
        };
        let (below, above) = self.histogram.outside(bounds.0, bounds.1);
        Some(NumberInsights {
            min: self.min,
            max: self.max,
            mean: self.mean,
            standard_deviation: deviation,
            quartiles,
            outliers_below: below,
            outliers_above: above,
            bounds,
        })
    }
}
