//! Rows, the same each time, and stores that hold them.

use annals::{Durability, Interaction, Limits, Schema, Store, WriteBatch};
use tempfile::TempDir;

pub const DAY: i64 = 86_400;
pub const TYPES: [&str; 4] = ["view", "click", "cart", "purchase"];

pub const SCHEMA: &str = r#"{
    "type": "record", "name": "Interactions", "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "DEVICE", "type": ["null", "string"], "categorical": true},
        {"name": "IMPRESSION", "type": ["null", "string"]}
    ]
}"#;

/// A row of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub user: String,
    pub item: String,
    pub time: i64,
    pub event_type: &'static str,
    pub value: Option<f32>,
    pub device: Option<&'static str>,
    pub impression: Vec<String>,
}

/// A generator of numbers: xorshift, of one seed.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Rows in the order in which they come in: users take turns, each in bursts of some minutes.
pub fn rows(count: usize, seed: u64) -> Vec<Row> {
    let mut numbers = Numbers::new(seed);
    let mut clocks = vec![1_700_000_000_i64; 61];
    (0..count)
        .map(|_| {
            let user = numbers.below(61) as usize;
            let gaps = [0, 20, 300, 1_800, 1_801, 20_000, DAY, 3 * DAY];
            let gap = gaps[numbers.below(8) as usize];
            clocks[user] += gap;
            let item = |numbers: &mut Numbers| format!("i{}", numbers.below(40));
            let shown = numbers.below(4) as usize;
            Row {
                user: match user {
                    0 => "é, \"quoted\"".to_owned(),
                    1 => "u1".to_owned(),
                    user => format!("u{user:02}"),
                },
                item: item(&mut numbers),
                time: clocks[user],
                event_type: TYPES[numbers.below(10).saturating_sub(6) as usize],
                value: (numbers.below(3) == 0).then(|| numbers.below(100) as f32 / 4.0),
                device: [None, Some("phone"), Some("desk|top")][numbers.below(3) as usize],
                impression: (0..shown).map(|_| item(&mut numbers)).collect(),
            }
        })
        .collect()
}

/// How a store holds its rows.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// In memory alone.
    Hot,
    /// In one run of segments.
    Compacted,
    /// In several runs, and the last in memory.
    Mixed,
}

pub const EVERY_WAY: [Held; 3] = [Held::Hot, Held::Compacted, Held::Mixed];

/// A store in a folder of its own.
pub struct Stored {
    pub folder: TempDir,
    pub store: Store,
}

impl Stored {
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }
}

pub fn store_of(rows: &[Row], held: Held) -> Stored {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::parse(SCHEMA, &Limits::personalize()).unwrap();
    let store = Store::create(folder.path().join("store"), &schema).unwrap();
    for part in rows.chunks(rows.len().div_ceil(4).max(1)) {
        if matches!(held, Held::Mixed) {
            store.flush().unwrap();
        }
        write(&store, part);
    }
    if matches!(held, Held::Compacted) {
        store.compact().unwrap();
    }
    Stored { folder, store }
}

pub fn write(store: &Store, rows: &[Row]) {
    let batch = WriteBatch::from_iter(interactions(rows));
    store.write(batch, Durability::Buffered).unwrap();
}

pub fn interactions(rows: &[Row]) -> impl Iterator<Item = Interaction> {
    rows.iter().map(|row| {
        let mut one = Interaction::new(&*row.user, &*row.item, row.time).event_type(row.event_type);
        if let Some(value) = row.value {
            one = one.with("EVENT_VALUE", value);
        }
        if let Some(device) = row.device {
            one = one.with("DEVICE", device);
        }
        if !row.impression.is_empty() {
            one = one.impression(row.impression.iter().map(String::as_str));
        }
        one
    })
}
