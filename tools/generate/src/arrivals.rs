use rand::Rng;

use crate::population::Population;
use crate::values::Device;
use crate::{END, START};

const DAY: i64 = 86_400;

/// Sessions start this long before the end, so that they can run their course. [`Session::wait`]
/// still holds back the rare one that would not.
const LAST_START: i64 = END - DAY;

/// Sessions by hour of the day, in per mille: few at night, most in the evening.
const HOURS: [u32; 24] = [
    22, 13, 8, 6, 6, 9, 16, 27, 37, 42, 45, 47, 50, 49, 46, 45, 47, 52, 61, 74, 86, 87, 76, 49,
];

/// The sessions of the year by the time they start. Their events add up to the rows asked for: the
/// share of rows that are spoken for is the share of the year that has passed.
pub(crate) struct Arrivals {
    rows: u64,
    planned: u64,
    sessions: u64,
}

impl Arrivals {
    pub(crate) fn new(rows: u64) -> Self {
        Arrivals {
            rows,
            planned: 0,
            sessions: 0,
        }
    }

    /// The next session, or none once every row is spoken for.
    pub(crate) fn next(&mut self, population: &Population, rng: &mut impl Rng) -> Option<Session> {
        let left = self.rows - self.planned;
        if left == 0 {
            return None;
        }
        let visit = population.draw(rng);
        let events = left.min(visit.events.into());
        let spoken_for = self.planned as f64 + rng.random::<f64>() * events as f64;
        let session = Session {
            number: self.sessions,
            user: visit.user,
            events_left: events,
            time: time_of_year(spoken_for / self.rows as f64),
            location: visit.location,
            device: Device::draw(rng),
        };
        self.planned += events;
        self.sessions += 1;
        Some(session)
    }
}

/// One visit of a user, at its next event.
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) user: u32,
    pub(crate) events_left: u64,
    pub(crate) time: i64,
    pub(crate) location: u16,
    pub(crate) device: Option<Device>,
}

impl Session {
    /// Moves on to the time of the following event: mostly half a minute, at times the same second,
    /// at most eight and a half minutes later.
    pub(crate) fn wait(&mut self, rng: &mut impl Rng) {
        const BITS: [u8; 16] = [0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 7, 8];
        let drawn: u32 = rng.random();
        let bits = BITS
            .get((drawn >> 28) as usize)
            .copied()
            .unwrap_or_default();
        let least = (1 << bits) - 1;
        let pause = least + (drawn & least);
        self.time = (self.time + i64::from(pause)).min(END - 1);
    }
}

/// The second at which this share of the year's sessions, 0 to 1, has started.
fn time_of_year(share: f64) -> i64 {
    let days = share * ((LAST_START - START) / DAY) as f64;
    let day = days as i64;
    let mut per_mille = (days - day as f64) * 1000.0;
    for (hour, weight) in (0..).zip(HOURS.map(f64::from)) {
        if per_mille < weight {
            let second = (per_mille / weight * 3600.0) as i64;
            return START + day * DAY + hour * 3600 + second;
        }
        per_mille -= weight;
    }
    START + (day + 1) * DAY - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_from_the_start_to_the_last_start() {
        assert_eq!(HOURS.iter().sum::<u32>(), 1000);
        assert_eq!(time_of_year(0.0), START);
        assert_eq!(time_of_year(1.0), LAST_START);
        let mut before = START;
        for step in 1..100_000 {
            let time = time_of_year(f64::from(step) / 100_000.0);
            assert!(before <= time && time <= LAST_START, "step {step}");
            before = time;
        }
    }

    #[test]
    fn evenings_are_busier_than_nights() {
        let hours: Vec<i64> = (0..364_000)
            .map(|step| (time_of_year(f64::from(step) / 364_000.0) - START) % DAY / 3600)
            .collect();
        let share = |hour| hours.iter().filter(|&&h| h == hour).count() as f64 / 364_000.0;
        assert!((share(21) - 0.087).abs() < 0.002, "{}", share(21));
        assert!((share(3) - 0.006).abs() < 0.002, "{}", share(3));
    }
}
