//! The commits of a seed: each depends on seed and number alone.

use annals::{Durability, ImportMode, Limits, Schema, Settings};
use clap::ValueEnum;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::Outcome;

/// How far from an event's commit the recommendation may be that it names.
const NEAR: u64 = 8;
/// Bytes of text in a large batch: many small generations, and below what one commit may take.
const LARGE_BYTES: u64 = 400 << 10;
/// Where there are such batches, one commit in so many is one.
const LARGE_EVERY: u64 = 32;

const SCHEMA: &str = r#"{"type": "record", "name": "Interactions", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "IMPRESSION", "type": ["string", "null"]},
    {"name": "RECOMMENDATION_ID", "type": ["string", "null"]},
    {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["string", "null"]},
    {"name": "NOTE", "type": ["string", "null"]}
], "version": "1.0"}"#;

/// The schema of every store here.
pub fn schema() -> Outcome<Schema> {
    Ok(Schema::parse(SCHEMA, &Limits::unlimited())?)
}

/// Which commits and which maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mix {
    /// Some of everything.
    All,
    /// Single interactions and batches.
    Puts,
    /// Requests and recommendations.
    Events,
    /// Bulk imports, some of them FULL.
    Imports,
    /// Single interactions, and a seal or a compaction before each.
    Compactions,
    /// Interactions without sessions, imports, and many deletions: what a purge in between changes nothing of.
    Deletes,
}

/// One interaction that is written by itself or imported.
#[derive(Clone, Debug)]
pub struct Record {
    pub user: String,
    pub item: String,
    pub timestamp: i64,
    pub event_type: &'static str,
    pub note: Option<String>,
}

/// One event of a request.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub item: String,
    pub timestamp: i64,
    pub event_type: &'static str,
    pub impression: Vec<String>,
    pub recommendation: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Commit {
    Write(Vec<Record>, Durability),
    Import(Vec<Record>, ImportMode),
    Put {
        session: String,
        user: Option<String>,
        events: Vec<Event>,
        durability: Durability,
    },
    Recommend {
        id: String,
        items: Vec<String>,
        durability: Durability,
    },
    Delete {
        deleted: Deleted,
        durability: Durability,
    },
}

/// What is deleted.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// Of a user, all or what is older.
    User(String, Option<i64>),
    /// An item, for everybody.
    Item(String),
}

impl Commit {
    /// Whether the commit, once acknowledged, and all before it survive power loss.
    pub fn is_synced(&self) -> bool {
        match self {
            Self::Import(..) => true,
            Self::Write(_, durability)
            | Self::Put { durability, .. }
            | Self::Recommend { durability, .. }
            | Self::Delete { durability, .. } => *durability == Durability::Synced,
        }
    }
}

/// What is done before a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    Flush,
    Compact,
    Maintain,
    Sync,
    /// An import that is dropped.
    Abandon,
    Reopen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Few,
    Request,
    /// A batch of about as many rows as a generation takes.
    Generation,
    /// One of several times as many.
    Generations,
    /// One with more text than RocksDB takes into a table in memory.
    Large,
    Import,
    FullImport,
    Recommendation,
    Delete,
}

#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub mix: Mix,
}

impl Plan {
    fn random(self, number: u64, stream: u64) -> Xoshiro256PlusPlus {
        let word = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.rotate_left(32) ^ stream;
        Xoshiro256PlusPlus::seed_from_u64(word)
    }

    /// Small generations and few runs, so that there is always something to seal and to merge. Some
    /// seeds do that on background threads.
    pub fn settings(self) -> Settings {
        let mut random = self.random(0, 1);
        Settings::default()
            .generation_rows(match random.random_range(0..3) {
                0 => random.random_range(60..150),
                _ => random.random_range(12..60),
            })
            .generation_bytes(match random.random_range(0..2) {
                0 => 48 << 10,
                _ => 1 << 20,
            })
            .memory_budget_bytes(1 << 20)
            .max_runs(random.random_range(1..=2))
            .threads(2)
            .background(random.random_bool(0.5))
    }

    /// Whether some batches are large, which makes the log so.
    fn is_large(self) -> bool {
        self.random(0, 6).random_range(0..4) == 0
    }

    /// Of a hundred commits so many are synced: few leave a long log that is not.
    fn synced_of_hundred(self) -> u32 {
        *pick(&[33, 33, 5, 0], &mut self.random(0, 7)).unwrap_or(&33)
    }

    /// Whether a thread does nothing but sync.
    pub fn syncs_beside(self) -> bool {
        self.settings().background && self.random(0, 8).random_bool(0.5)
    }

    /// About the bytes of the longest notes.
    fn note_bytes(self) -> usize {
        *pick(&[40, 400, 1500], &mut self.random(0, 9)).unwrap_or(&40)
    }

    pub fn step(self, number: u64) -> Step {
        let drawn = self.random(number, 2).random_range(0..100);
        if self.mix == Mix::Compactions {
            return if drawn < 30 {
                Step::Flush
            } else {
                Step::Compact
            };
        }
        match drawn {
            0..8 => Step::Flush,
            8..13 => Step::Compact,
            13..21 => Step::Maintain,
            21..26 => Step::Reopen,
            26..28 => Step::Sync,
            28..30 => Step::Abandon,
            _ => Step::Nothing,
        }
    }

    fn kind(self, number: u64) -> Kind {
        if self.mix == Mix::All && self.is_large() && number % LARGE_EVERY == LARGE_EVERY / 2 {
            return Kind::Large;
        }
        let drawn = self.random(number, 3).random_range(0..100);
        match (self.mix, drawn) {
            (Mix::Compactions, _) => Kind::Few,
            (Mix::Puts, 0..70) | (Mix::All, 0..35) => Kind::Few,
            (Mix::Puts, _) | (Mix::All, 60..70) => Kind::Generation,
            (Mix::Events, 0..80) | (Mix::All, 35..60) => Kind::Request,
            (Mix::Events, 80..95) | (Mix::All, 91..96) => Kind::Recommendation,
            (Mix::Events, _) | (Mix::All, 96..) => Kind::Delete,
            (Mix::Imports, 0..60) | (Mix::All, 80..88) => Kind::Import,
            (Mix::Imports, _) | (Mix::All, 88..91) => Kind::FullImport,
            (Mix::All, 70..75) | (Mix::Deletes, 60..65) => Kind::Generations,
            (Mix::Deletes, 45..60) => Kind::Generation,
            (Mix::Deletes, 65..75) => Kind::Import,
            (Mix::Deletes, 75..77) => Kind::FullImport,
            (Mix::Deletes, 77..) => Kind::Delete,
            (Mix::All | Mix::Deletes, _) => Kind::Few,
        }
    }

    /// The commit with this sequence number.
    pub fn commit(self, number: u64) -> Commit {
        let mut random = self.random(number, 4);
        let durability = match random.random_range(0..100) < self.synced_of_hundred() {
            true => Durability::Synced,
            false => Durability::Buffered,
        };
        let full = self.settings().generation_rows;
        let rows = match self.kind(number) {
            Kind::Request => return self.request(number, durability, &mut random),
            Kind::Recommendation => return recommendation(number, durability, &mut random),
            Kind::Delete => return self.delete(number, durability, &mut random),
            Kind::Few => random.random_range(1..4),
            Kind::Generation => random.random_range(full - 2..full + 3),
            Kind::Generations => random.random_range(2 * full..3 * full),
            Kind::Large => random.random_range(20..60),
            Kind::Import | Kind::FullImport => random.random_range(20..60),
        };
        let mut records = records(number, rows, self.note_bytes(), &mut random);
        match self.kind(number) {
            Kind::Large => {
                let each = LARGE_BYTES / rows;
                records.iter_mut().for_each(|record| lengthen(record, each));
                Commit::Write(records, durability)
            }
            Kind::Import => Commit::Import(records, ImportMode::Incremental),
            Kind::FullImport => Commit::Import(records, ImportMode::Full),
            _ => Commit::Write(records, durability),
        }
    }

    /// Rows of an import that is never committed.
    pub fn abandoned(self, number: u64) -> Vec<Record> {
        records(number, 30, self.note_bytes(), &mut self.random(number, 5))
    }

    fn delete(
        self,
        number: u64,
        durability: Durability,
        random: &mut Xoshiro256PlusPlus,
    ) -> Commit {
        let near = random.random_range(number.saturating_sub(NEAR)..number);
        let deleted = match random.random_range(0..8) {
            0 => Deleted::Item("shown".to_owned()),
            1 => Deleted::Item(format!("shown {near}")),
            2 => Deleted::Item(format!("offer {near}.0")),
            3 => Deleted::Item(format!("item {near}.0")),
            4 => Deleted::User(user(random), Some(random.random_range(1..50))),
            5 => Deleted::User(session(random), None),
            _ => Deleted::User(user(random), None),
        };
        Commit::Delete {
            deleted,
            durability,
        }
    }

    fn request(
        self,
        number: u64,
        durability: Durability,
        random: &mut Xoshiro256PlusPlus,
    ) -> Commit {
        let near = |wanted: Kind, from: u64, to: u64| -> Vec<u64> {
            let numbers = from.max(1)..to;
            numbers.filter(|near| self.kind(*near) == wanted).collect()
        };
        let named = near(
            Kind::Recommendation,
            number.saturating_sub(NEAR),
            number + NEAR,
        );
        let mut events: Vec<Event> = (0..random.random_range(1..4))
            .map(|position| event(number, position, &named, random))
            .collect();
        // One that came before, behind one that did not: it must be left out.
        let before = near(Kind::Request, number.saturating_sub(NEAR), number);
        if let Some(before) = pick(&before, random) {
            events.push(event(*before, 0, &named, random));
        }
        Commit::Put {
            session: session(random),
            user: (random.random_range(0..3) == 0).then(|| user(random)),
            events,
            durability,
        }
    }
}

fn pick<'a, T>(from: &'a [T], random: &mut Xoshiro256PlusPlus) -> Option<&'a T> {
    if from.is_empty() {
        return None;
    }
    from.get(random.random_range(0..from.len()))
}

fn user(random: &mut Xoshiro256PlusPlus) -> String {
    format!("user {}", random.random_range(0..9))
}

fn session(random: &mut Xoshiro256PlusPlus) -> String {
    format!("session {}", random.random_range(0..6))
}

fn event_type(random: &mut Xoshiro256PlusPlus) -> &'static str {
    pick(&["view", "purchase", "like"], random).unwrap_or(&"view")
}

fn event(number: u64, position: u64, named: &[u64], random: &mut Xoshiro256PlusPlus) -> Event {
    let shown = random.random_range(0..4);
    Event {
        id: format!("event {number}.{position}"),
        item: format!("item {number}.{position}"),
        timestamp: random.random_range(0..50),
        event_type: event_type(random),
        impression: match shown {
            0 => vec![format!("shown {number}"), "shown".to_owned()],
            _ => Vec::new(),
        },
        recommendation: pick(named, random).map(|named| format!("recommendation {named}")),
    }
}

fn records(
    number: u64,
    rows: u64,
    note_bytes: usize,
    random: &mut Xoshiro256PlusPlus,
) -> Vec<Record> {
    let note = |random: &mut Xoshiro256PlusPlus| {
        let text = format!("note {number} ");
        text.repeat(1 + random.random_range(0..note_bytes) / text.len())
    };
    (0..rows)
        .map(|row| Record {
            user: user(random),
            item: format!("item {number}.{row}"),
            timestamp: random.random_range(0..50),
            event_type: event_type(random),
            note: (random.random_range(0..3) == 0).then(|| note(random)),
        })
        .collect()
}

/// Text that does not compress away, so that its place in files is its own.
fn lengthen(record: &mut Record, bytes: u64) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(bytes ^ record.item.len() as u64);
    let mut note = record.item.clone();
    while (note.len() as u64) < bytes {
        note.push_str(&format!("{:016x}", random.random::<u64>()));
    }
    record.note = Some(note);
}

fn recommendation(number: u64, durability: Durability, random: &mut Xoshiro256PlusPlus) -> Commit {
    let items = (0..random.random_range(1..4)).map(|item| format!("offer {number}.{item}"));
    Commit::Recommend {
        id: format!("recommendation {number}"),
        items: items.collect(),
        durability,
    }
}
