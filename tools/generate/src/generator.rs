use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arrivals::{Arrivals, Session};
use crate::options::{Error, IMPRESSION_ITEMS, Options};
use crate::popularity::Popularity;
use crate::population::Population;
use crate::shape::Shape;
use crate::values::{Device, EventType, draw_event_value};

/// Rows in a hundred that carry an impression.
const IMPRESSION_PERCENT: u32 = 20;

/// One interaction, by numbers; [`Shape::user_id`] and its like give the texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Number of the user, below [`Options::users`].
    pub user: u32,
    /// Number of the item, below [`Options::items`].
    pub item: u32,
    /// Unix seconds.
    pub timestamp: i64,
    /// What the user did.
    pub event_type: EventType,
    /// One of [`EVENT_VALUES`](crate::EVENT_VALUES), on 30 % of the rows.
    pub event_value: Option<f32>,
    /// Code of the location, below [`LOCATIONS`](crate::LOCATIONS).
    pub location: u16,
    /// The device of the session, unless it did not say.
    pub device: Option<Device>,
    /// [`IMPRESSION_ITEMS`] different item numbers on 20 % of the rows, none
    /// on the others.
    pub impression: Vec<u32>,
    /// Number of the session, counted from 0 in order of their starts. Not a column.
    pub session: u64,
}

/// The stream of rows, in order of arrival.
///
/// Holds 20 bytes a user, 4 an item, and the open sessions: tens of them for ten million rows,
/// hundreds for a hundred million.
pub struct Generator {
    population: Population,
    arrivals: Arrivals,
    upcoming: Option<Session>,
    open: BinaryHeap<Reverse<Open>>,
    rows_left: u64,
    rng: Xoshiro256PlusPlus,
    events: Events,
    shape: Shape,
}

impl Generator {
    /// Prepares the stream in time and memory linear in users and items.
    ///
    /// # Errors
    /// What [`Options::validate`] finds.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.validate()?;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        let events_rng = split(&mut rng);
        let impressions_rng = split(&mut rng);
        let population = Population::new(&options, &mut rng)?;
        let items = Popularity::new(options.items, &mut rng)?;
        let mut arrivals = Arrivals::new(options.rows);
        let upcoming = arrivals.next(&population, &mut rng);
        Ok(Generator {
            population,
            arrivals,
            upcoming,
            open: BinaryHeap::new(),
            rows_left: options.rows,
            shape: options.shape,
            rng,
            events: Events {
                items,
                carousel: options.carousel,
                rng: events_rng,
                impressions_rng,
            },
        })
    }

    /// What the ids look like.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Rows still to come.
    pub fn rows_left(&self) -> u64 {
        self.rows_left
    }

    /// Overwrites `row` by the next one; false, with `row` as it was, after the last. Takes a fraction
    /// of a microsecond. `row` should be reused, so that its impression need not be allocated again.
    pub fn next(&mut self, row: &mut Row) -> bool {
        self.open_sessions();
        let Some(mut earliest) = self.open.peek_mut() else {
            return false;
        };
        let Reverse(open) = &mut *earliest;
        row.session = open.session.number;
        row.user = open.session.user;
        row.timestamp = open.session.time;
        row.location = open.session.location;
        row.device = open.session.device;
        self.events.draw(open, row);
        self.rows_left -= 1;
        open.session.events_left -= 1;
        if open.session.events_left == 0 {
            PeekMut::pop(earliest);
        } else {
            open.session.wait(&mut self.events.rng);
        }
        true
    }

    /// Opens every session that starts before the next event of those that are open.
    fn open_sessions(&mut self) {
        while let Some(upcoming) = &self.upcoming {
            let earliest = self.open.peek().map(|Reverse(open)| open.session.time);
            if earliest.is_some_and(|time| time < upcoming.time) {
                return;
            }
            let following = self.arrivals.next(&self.population, &mut self.rng);
            if let Some(session) = std::mem::replace(&mut self.upcoming, following) {
                self.open.push(Reverse(Open {
                    session,
                    carousel: Vec::new(),
                }));
            }
        }
    }
}

/// What happens within sessions. Impressions have values of their own, so that nothing else depends
/// on how many are drawn.
struct Events {
    items: Popularity,
    carousel: bool,
    rng: Xoshiro256PlusPlus,
    impressions_rng: Xoshiro256PlusPlus,
}

impl Events {
    /// Draws the columns of `row` that differ between the events of a session.
    fn draw(&mut self, open: &mut Open, row: &mut Row) {
        row.item = self.items.draw(&mut self.rng);
        row.event_type = EventType::draw(&mut self.rng);
        row.event_value = draw_event_value(&mut self.rng);
        row.impression.clear();
        if self.rng.random_range(0..100) >= IMPRESSION_PERCENT {
            return;
        }
        let list = if self.carousel {
            &mut open.carousel
        } else {
            &mut row.impression
        };
        if list.is_empty() {
            let rng = &mut self.impressions_rng;
            self.items.draw_different(list, IMPRESSION_ITEMS, rng);
        }
        if self.carousel {
            row.impression.extend_from_slice(&open.carousel);
        }
    }
}

/// Returns the source as it was and moves it 2^128 values on, so that the two never meet.
fn split(rng: &mut Xoshiro256PlusPlus) -> Xoshiro256PlusPlus {
    let before = rng.clone();
    rng.jump();
    before
}

/// An open session; the order is by the time of the next event, then by start.
struct Open {
    session: Session,
    /// The one list of its impressions, empty until the first.
    carousel: Vec<u32>,
}

impl Open {
    fn key(&self) -> (i64, u64) {
        (self.session.time, self.session.number)
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Open {}
