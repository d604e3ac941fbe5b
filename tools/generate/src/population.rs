use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::options::{Error, Options};
use crate::popularity::Popularity;
use crate::values::LOCATIONS;

/// A user at the quantile q of activity (0 the most active) has rows in proportion to
/// (q + `FLATTEN`)^-`EXPONENT`. The pair makes the most active user some 400 times the mean
/// whatever the number of users, and the median row that of a user with some 21 times the mean: with
/// 50 rows a user, 20,000 and 1,060 rows.
const EXPONENT: f64 = 1.2;
const FLATTEN: f64 = 0.000_67;

/// Mean events of a session, where the user has enough rows for several.
const SESSION_EVENTS: f64 = 9.0;
/// Light users have shorter sessions rather than none: about this many in the year.
const LEAST_SESSIONS: f64 = 3.0;
/// Longest session, in events.
const MOST_EVENTS: u32 = 256;

/// Sessions in a hundred that take place away from the user's home.
const AWAY_PERCENT: u32 = 5;

/// The users: how often each comes, for how long, and where from.
pub(crate) struct Population {
    visits: WeightedAliasIndex<f64>,
    locations: Popularity,
    users: Vec<User>,
}

struct User {
    home: u16,
    /// Chance that an event is the last of its session.
    leaves: f32,
}

impl Population {
    pub(crate) fn new(options: &Options, rng: &mut impl Rng) -> Result<Self, Error> {
        let mut activity = activity(options.users);
        activity.shuffle(rng);
        let locations = Popularity::new(LOCATIONS.into(), rng)?;

        let rows_per_weight = options.rows as f64 / activity.iter().sum::<f64>();
        let mut users = Vec::with_capacity(activity.len());
        for weight in &mut activity {
            let sessions = *weight * rows_per_weight / LEAST_SESSIONS;
            let events = sessions.clamp(1.0, SESSION_EVENTS);
            users.push(User {
                home: locations.draw(rng) as u16,
                leaves: (1.0 / events) as f32,
            });
            *weight /= events;
        }
        Ok(Population {
            visits: WeightedAliasIndex::new(activity)?,
            locations,
            users,
        })
    }

    /// Draws who comes next: the user, the number of events of the visit and its location.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> Visit {
        let user = self.visits.sample(rng);
        let (home, leaves) = self
            .users
            .get(user)
            .map_or((0, 1.0), |u| (u.home, u.leaves));
        let mut events = 1;
        while events < MOST_EVENTS && !rng.random_bool(leaves.into()) {
            events += 1;
        }
        let away = rng.random_range(0..100) < AWAY_PERCENT;
        let location = if away {
            self.locations.draw(rng) as u16
        } else {
            home
        };
        Visit {
            user: user as u32,
            events,
            location,
        }
    }
}

pub(crate) struct Visit {
    pub(crate) user: u32,
    pub(crate) events: u32,
    pub(crate) location: u16,
}

fn activity(users: u32) -> Vec<f64> {
    (0..users)
        .map(|rank| (f64::from(rank) + 0.5) / f64::from(users))
        .map(|quantile| libm::pow(quantile + FLATTEN, -EXPONENT))
        .collect()
}
