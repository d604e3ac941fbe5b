//! Histories of many users in one call, against a call for each: the same users, the same store, one right behind the
//! other, so that other work on the machine takes from both.
//!
//! ```sh
//! annals generate --rows 10000000 --shape shop --schema-out schema.json --output rows.csv
//! annals init store --schema schema.json && annals import store rows.csv
//! cargo bench --bench many -- store
//! ```
//!
//! Without a store, as `make bench` runs it, it does nothing. It prints medians of [`ROUNDS`] rounds of [`ASKED`]
//! users, drawn anew in each, in ns a user, and the ratio of the medians.

use std::hint::black_box;
use std::time::{Duration, Instant};

use annals::columns::FieldId;
use annals::query::{TextBuffer, UserRange};
use annals::{History, HistoryQuery, Projection, Snapshot, Store};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Users of one call.
const ASKED: usize = 1000;

/// Each draws other users, and takes both ways.
const ROUNDS: usize = 301;

fn main() -> Result<()> {
    for folder in std::env::args().skip(1).filter(|arg| arg != "--bench") {
        let snapshot = Store::open_read_only(&folder)?.snapshot();
        let users = snapshot.users(UserRange::default())?;
        let users: Vec<String> = users.collect::<annals::Result<_>>()?;
        println!("{folder}: {} users, ns a user", users.len());
        let mut bench = Bench::new(&snapshot, &users)?;
        let ids = Projection::names(["ITEM_ID", "EVENT_TYPE"]);
        let all = Projection::All;
        bench.run("newest 100, item and event type, codes", 100, &ids, false)?;
        bench.run("newest 100, item and event type, strings", 100, &ids, true)?;
        bench.run("newest 100, all fields, codes", 100, &all, false)?;
        bench.run("newest 10, item and event type, codes", 10, &ids, false)?;
        bench.run("latest, item and event type, strings", 1, &ids, true)?;
    }
    Ok(())
}

struct Bench<'a> {
    snapshot: &'a Snapshot,
    users: &'a [String],
    random: u64,
    fields: [FieldId; 2],
    history: History,
    text: TextBuffer,
}

impl<'a> Bench<'a> {
    fn new(snapshot: &'a Snapshot, users: &'a [String]) -> Result<Self> {
        let schema = snapshot.schema();
        Ok(Self {
            snapshot,
            users,
            random: 0x9E37_79B9_7F4A_7C15,
            fields: [schema.require("ITEM_ID")?, schema.require("EVENT_TYPE")?],
            history: History::new(),
            text: TextBuffer::new(),
        })
    }

    fn draw(&mut self) -> Vec<&'a str> {
        let users = self.users;
        let mut draw = || {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            users[(self.random % users.len() as u64) as usize].as_str()
        };
        (0..ASKED).map(|_| draw()).collect()
    }

    fn run(&mut self, name: &str, limit: usize, fields: &Projection, strings: bool) -> Result<()> {
        let query = HistoryQuery::default()
            .limit(limit)
            .projection(fields.clone())
            .copies_text(strings);
        let (mut singles, mut together) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // Each way has users of its own, which the other has not brought near.
            for way in [round % 2, (round + 1) % 2] {
                let users: Vec<String> = self.draw().into_iter().map(str::to_owned).collect();
                let users: Vec<&str> = users.iter().map(String::as_str).collect();
                match way {
                    0 => singles.push(self.one_by_one(&users, &query, strings)?),
                    _ => together.push(self.in_one_call(&users, &query, strings)?),
                }
            }
        }
        let [one, many] = [singles, together].map(|times| median(times).as_nanos() as f64);
        let [one, many] = [one, many].map(|time| time / ASKED as f64);
        println!(
            "  {name}: single {one:.0}, together {many:.0}, {:.2}x",
            many / one
        );
        Ok(())
    }

    fn one_by_one(
        &mut self,
        users: &[&str],
        query: &HistoryQuery,
        strings: bool,
    ) -> Result<Duration> {
        let begin = Instant::now();
        for user in users {
            self.snapshot.history(user, query, &mut self.history)?;
            take(&self.history, self.fields, strings, &mut self.text)?;
        }
        Ok(begin.elapsed())
    }

    fn in_one_call(
        &mut self,
        users: &[&str],
        query: &HistoryQuery,
        strings: bool,
    ) -> Result<Duration> {
        let (fields, text) = (self.fields, &mut self.text);
        let begin = Instant::now();
        self.snapshot
            .histories(users, query, &mut self.history, |_, history| {
                take(history, fields, strings, text)
            })?;
        Ok(begin.elapsed())
    }
}

fn take(
    history: &History,
    fields: [FieldId; 2],
    strings: bool,
    text: &mut TextBuffer,
) -> Result<()> {
    black_box(history.len());
    if strings {
        let [item, event_type] = fields;
        history.copy_text(event_type, text)?;
        history.copy_text(item, text)?;
        black_box(text.len());
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
