//! Users and items with what they have.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;

use annals::query::UserRange;
use annals::{ScanQuery, Snapshot, Value};
use clap::{Args, ValueEnum};

use crate::args::{EventTypes, Format, TimeForm, Window};
use crate::failure::Outcome;
use crate::output::{Kind, Records, Stdout, stdout};
use crate::store::open_for_reading;
use crate::tally::{By, Tally, by_values, each_user, query};
use crate::unmatched::{warn_of_event_types, warn_of_time};

/// Which interactions count, and how they are written.
#[derive(Args)]
struct Counted {
    /// The folder of the store
    store: PathBuf,
    #[command(flatten)]
    types: EventTypes,
    #[command(flatten)]
    window: Window,
    /// How to write them [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum, value_name = "F")]
    format: Option<Format>,
    /// How to write timestamps [default: iso in a table, epoch elsewhere]
    #[arg(long, value_enum, value_name = "FORM")]
    time: Option<TimeForm>,
}

impl Counted {
    fn snapshot(&self) -> Outcome<Snapshot> {
        let store = open_for_reading(&self.store)?;
        warn_of_event_types(&store, &self.types);
        warn_of_time(&store, &self.window);
        Ok(store.snapshot())
    }

    fn query(&self) -> ScanQuery {
        query(&self.window, &self.types)
    }

    fn records(&self, id: &str) -> Outcome<Records<Stdout>> {
        let columns = [
            (id, Kind::Id),
            ("INTERACTIONS", Kind::Count),
            ("FIRST", Kind::Time),
            ("LAST", Kind::Time),
        ];
        Records::new(stdout(), Format::or_usual(self.format), self.time, &columns)
    }
}

fn row(id: &str, tally: Tally) -> [Value; 4] {
    let (first, last) = tally.times;
    [
        Value::String(id.to_owned()),
        Value::Long(tally.rows as i64),
        Value::Long(first),
        Value::Long(last),
    ]
}

/// The items with what they have, in no order. Memory grows with their number.
fn items(snapshot: &Snapshot, query: ScanQuery) -> Outcome<Vec<(String, Tally)>> {
    let item = By::Field(snapshot.schema().item());
    let found = by_values(snapshot, query, &[item])?.into_iter();
    let named = found.filter_map(|(values, tally)| match values.into_iter().next() {
        Some(Value::String(id)) => Some((id, tally)),
        _ => None,
    });
    Ok(named.collect())
}

/// Lists the users in the order of their ids, with the number of their interactions, and the times of the
/// first and the last.
#[derive(Args)]
pub struct Users {
    #[command(flatten)]
    counted: Counted,
    /// Only users whose ids begin so
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prefix: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Users {
    pub fn run(self) -> Outcome {
        let snapshot = self.counted.snapshot()?;
        let mut records = self.counted.records("USER_ID")?;
        let prefix = self.prefix.unwrap_or_default();
        let query = self.counted.query().users(UserRange::new(
            (!prefix.is_empty()).then(|| prefix.clone()),
            None,
        ));
        let mut left = self.limit.unwrap_or(usize::MAX);
        each_user(&snapshot, query, |user, tally| {
            if left == 0 || !user.starts_with(&prefix) {
                return Ok(false);
            }
            left -= 1;
            records.write(&row(user, tally))?;
            Ok(true)
        })?;
        records.finish()
    }
}

/// Lists the items in the order of their ids, with the number of their interactions, and the times of the
/// first and the last. Items that stand in impressions alone are not listed.
#[derive(Args)]
pub struct Items {
    #[command(flatten)]
    counted: Counted,
    /// Only items whose ids begin so
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prefix: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Items {
    pub fn run(self) -> Outcome {
        let snapshot = self.counted.snapshot()?;
        let mut found = items(&snapshot, self.counted.query())?;
        let prefix = self.prefix.unwrap_or_default();
        found.retain(|(id, _)| id.starts_with(&prefix));
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut records = self.counted.records("ITEM_ID")?;
        for (id, tally) in found.into_iter().take(self.limit.unwrap_or(usize::MAX)) {
            records.write(&row(&id, tally))?;
        }
        records.finish()
    }
}

/// Lists the users or items with the most interactions.
#[derive(Args)]
pub struct Top {
    #[command(flatten)]
    counted: Counted,
    /// Whose interactions are counted
    #[arg(long, value_enum)]
    by: Whose,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Whose {
    /// Those of each user
    User,
    /// Those with each item
    Item,
}

impl Top {
    pub fn run(self) -> Outcome {
        let snapshot = self.counted.snapshot()?;
        let mut best = Best::new(self.limit);
        let name = match self.by {
            Whose::User => {
                each_user(&snapshot, self.counted.query(), |user, tally| {
                    best.add(user, tally);
                    Ok(true)
                })?;
                "USER_ID"
            }
            Whose::Item => {
                let found = items(&snapshot, self.counted.query())?;
                found
                    .iter()
                    .for_each(|(item, tally)| best.add(item, *tally));
                "ITEM_ID"
            }
        };
        let mut records = self.counted.records(name)?;
        for (id, tally) in best.into_sorted() {
            records.write(&row(&id, tally))?;
        }
        records.finish()
    }
}

/// Those with the most rows; of equal ones the first by id.
struct Best {
    most: usize,
    /// The one that goes next on top.
    heap: BinaryHeap<Reverse<Place>>,
}

/// Rows, id, and the times.
type Place = (u64, Reverse<String>, (i64, i64));

impl Best {
    fn new(most: usize) -> Self {
        Self {
            most,
            heap: BinaryHeap::new(),
        }
    }

    fn add(&mut self, id: &str, tally: Tally) {
        let lowest = self.heap.peek().map_or(0, |Reverse((rows, ..))| *rows);
        if self.heap.len() == self.most && tally.rows < lowest {
            return;
        }
        let place = (tally.rows, Reverse(id.to_owned()), tally.times);
        self.heap.push(Reverse(place));
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    fn into_sorted(self) -> impl Iterator<Item = (String, Tally)> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted.map(|Reverse((rows, Reverse(id), times))| (id, Tally { rows, times }))
    }
}
