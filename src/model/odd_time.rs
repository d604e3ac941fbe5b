//! Timestamps that are allowed but probably not meant.

use super::thousands;

/// Any time in milliseconds from 1973 on is above it, and any in seconds until the year 5138 is not.
const MOST_SECONDS: i64 = 100_000_000_000;
/// The same of microseconds and milliseconds.
const MOST_MILLISECONDS: i64 = MOST_SECONDS * 1000;
/// The same of nanoseconds and microseconds.
const MOST_MICROSECONDS: i64 = MOST_MILLISECONDS * 1000;

/// What is odd about a timestamp, which should be in Unix epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddTime {
    /// It is 0, as missing times often are.
    Zero,
    /// It looks like milliseconds.
    Milliseconds,
    /// It looks like microseconds.
    Microseconds,
    /// It looks like nanoseconds.
    Nanoseconds,
}

impl OddTime {
    const ALL: [Self; 4] = [
        Self::Zero,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Nanoseconds,
    ];

    /// What is odd about a timestamp; `None` for one between 1970 and the year 5138.
    #[inline]
    pub fn of(timestamp: i64) -> Option<Self> {
        if (1..=MOST_SECONDS).contains(&timestamp) || timestamp < 0 {
            return None;
        }
        Some(match timestamp {
            0 => Self::Zero,
            _ if timestamp <= MOST_MILLISECONDS => Self::Milliseconds,
            _ if timestamp <= MOST_MICROSECONDS => Self::Microseconds,
            _ => Self::Nanoseconds,
        })
    }

    /// What such timestamps are, in words: `is 0`, `looks like milliseconds`.
    pub fn what(self) -> &'static str {
        match self {
            Self::Zero => "is 0, the beginning of 1970",
            Self::Milliseconds => "looks like milliseconds",
            Self::Microseconds => "looks like microseconds",
            Self::Nanoseconds => "looks like nanoseconds",
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Zero => "give each row the time at which it happened, or leave it out",
            Self::Milliseconds => "timestamps are Unix epoch seconds: divide by 1000",
            Self::Microseconds => "timestamps are Unix epoch seconds: divide by 1000000",
            Self::Nanoseconds => "timestamps are Unix epoch seconds: divide by 1000000000",
        }
    }
}

/// Rows with odd timestamps: their number, and the first of each kind with its place, of type `P`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddTimes<P> {
    /// In the order of [`OddTime::ALL`].
    kinds: [Option<OddRows<P>>; 4],
}

/// Rows whose timestamps are odd in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OddRows<P> {
    /// What is odd about them.
    pub odd: OddTime,
    /// How many there are.
    pub rows: u64,
    /// The timestamp of the first.
    pub timestamp: i64,
    /// Where the first is.
    pub place: P,
}

impl<P> Default for OddTimes<P> {
    fn default() -> Self {
        Self {
            kinds: [const { None }; 4],
        }
    }
}

impl<P> OddTimes<P> {
    /// Counts a row if its timestamp is odd; `place` says where it is.
    #[inline]
    pub fn look_at(&mut self, timestamp: i64, place: impl FnOnce() -> P) {
        if let Some(odd) = OddTime::of(timestamp) {
            self.add(odd, 1, timestamp, place);
        }
    }

    fn add(&mut self, odd: OddTime, rows: u64, timestamp: i64, place: impl FnOnce() -> P) {
        let kinds = OddTime::ALL.iter().zip(&mut self.kinds);
        for (_, slot) in { kinds }.filter(|(kind, _)| **kind == odd) {
            match slot {
                Some(known) => known.rows += rows,
                None => {
                    *slot = Some(OddRows {
                        odd,
                        rows,
                        timestamp,
                        place: place(),
                    });
                    return;
                }
            }
        }
    }

    /// Adds the rows of what came later, whose places become such as `place` gives.
    pub(crate) fn append<Q>(&mut self, later: &OddTimes<Q>, place: impl Fn(&Q) -> P) {
        for found in later.iter() {
            self.add(found.odd, found.rows, found.timestamp, || {
                place(&found.place)
            });
        }
    }

    /// What was found, a kind each.
    pub fn iter(&self) -> impl Iterator<Item = &OddRows<P>> {
        self.kinds.iter().flatten()
    }
}

impl<P: std::fmt::Display> OddTimes<P> {
    /// A warning of each kind: how many rows, where the first is, its timestamp, and what to do.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.iter().map(|found| {
            format!(
                "{} row{} whose TIMESTAMP {}, the first at {}, value {}; {}",
                thousands(found.rows),
                if found.rows == 1 { "" } else { "s" },
                found.odd.what(),
                found.place,
                found.timestamp,
                found.odd.advice()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_time_is_told_by_its_size() {
        for (timestamp, odd) in [
            (1, None),
            (1_574_553_634, None),
            (100_000_000_000, None),
            (-1_574_553_634_000, None),
            (0, Some(OddTime::Zero)),
            (100_000_000_001, Some(OddTime::Milliseconds)),
            (1_574_553_634_000, Some(OddTime::Milliseconds)),
            (1_574_553_634_000_000, Some(OddTime::Microseconds)),
            (1_574_553_634_000_000_000, Some(OddTime::Nanoseconds)),
            (i64::MAX, Some(OddTime::Nanoseconds)),
        ] {
            assert_eq!(OddTime::of(timestamp), odd, "{timestamp}");
        }
    }

    #[test]
    fn the_first_of_each_kind_is_kept() {
        let mut times = OddTimes::default();
        for (line, timestamp) in (2..).zip([0, 5, 1_574_553_634_000, 0, 1_574_553_635_000]) {
            times.look_at(timestamp, || line);
        }
        let mut all = OddTimes::default();
        all.append(&times, |line| format!("line {line}"));
        all.append(&times, |line| format!("line {line}"));
        let warnings: Vec<String> = all.warnings().collect();
        assert_eq!(
            warnings,
            [
                "4 rows whose TIMESTAMP is 0, the beginning of 1970, the first at line 2, value 0; give \
                 each row the time at which it happened, or leave it out",
                "4 rows whose TIMESTAMP looks like milliseconds, the first at line 4, value \
                 1574553634000; timestamps are Unix epoch seconds: divide by 1000",
            ]
        );
    }
}
