//! Stores that have every kind of file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::{Durability, ImportMode, Interaction, Settings, Store};

use crate::support::record::Record;
use crate::support::{create, folder, open, quiet};

/// A store as it lies on disk, what is in it, and what lay there before.
pub(super) struct Template {
    folder: tempfile::TempDir,
    /// Copies of earlier states, oldest first.
    pub(super) earlier: Vec<tempfile::TempDir>,
    /// A store of another identity with the same history.
    pub(super) other: Option<tempfile::TempDir>,
    /// The items after each commit.
    pub(super) states: Vec<BTreeSet<String>>,
    /// The commit that must be there at least.
    pub(super) least: usize,
    /// Requests of events: the commit, the items, the number of the first id.
    pub(super) requests: Vec<(usize, Vec<String>, usize)>,
}

impl Template {
    pub(super) fn closed() -> Self {
        let (mut template, _) = Self::with_history();
        let (other, _) = Self::with_history();
        template.other = Some(other.folder);
        template
    }

    /// The same, with commits behind the last note when the process died.
    pub(super) fn died() -> Self {
        let (mut template, mut history) = Self::with_history();
        template.least = template.states.len() - 1;
        template.earlier.push(template.copy());
        let store = open(template.path(), settings());
        for number in 0..8 {
            let durability = match number % 2 {
                0 => Durability::Buffered,
                _ => Durability::Synced,
            };
            history.write(&store, 3, durability);
        }
        let died = folder();
        copy(template.path(), died.path());
        drop(store);
        template.folder = died;
        template.states = history.states;
        template
    }

    fn with_history() -> (Self, History) {
        let (folder, mut history) = (folder(), History::default());
        let path = folder.path().join("store");
        // So many that their items are kept as numbers.
        history.import(&create(&path, settings()), 90);
        let mut earlier = Vec::new();
        for round in 0..4 {
            let store = open(&path, settings());
            history.write(&store, 5, Durability::Synced);
            history.events(&store);
            match round {
                1 => store.flush().unwrap(),
                2 => history.import(&store, 10),
                _ => history.recommend(&store),
            }
            drop(store);
            earlier.push(copy_of(&path));
        }
        let last = earlier.pop().unwrap();
        let template = Self {
            folder: last,
            earlier,
            other: None,
            least: history.states.len() - 1,
            states: history.states.clone(),
            requests: history.requests.clone(),
        };
        (template, history)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn copy(&self) -> tempfile::TempDir {
        copy_of(self.path())
    }

    /// Every file, from the store's folder.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        files_of(self.path())
    }
}

fn settings() -> Settings {
    quiet()
}

/// Commits, and what is there after each.
#[derive(Default)]
struct History {
    states: Vec<BTreeSet<String>>,
    requests: Vec<(usize, Vec<String>, usize)>,
}

impl History {
    fn add(&mut self, items: Vec<String>) {
        if self.states.is_empty() {
            self.states.push(BTreeSet::new());
        }
        let mut state = self.states.last().unwrap().clone();
        state.extend(items);
        self.states.push(state);
    }

    fn items(&self, rows: usize) -> Vec<String> {
        let commit = self.states.len().max(1);
        (0..rows)
            .map(|row| format!("item {commit} {row}"))
            .collect()
    }

    fn import(&mut self, store: &Store, rows: usize) {
        let items = self.items(rows);
        let mut import = store.import(ImportMode::Incremental).unwrap();
        for (number, item) in items.iter().enumerate() {
            let record = Record::new(&format!("user {}", number % 5), item, number as i64);
            record.push_to(&mut import).unwrap();
        }
        import.commit().unwrap();
        self.add(items);
    }

    fn write(&mut self, store: &Store, rows: usize, durability: Durability) {
        let items = self.items(rows);
        let batch: annals::WriteBatch = items
            .iter()
            .map(|item| {
                Interaction::new("user 1", item, 7)
                    .event_type("view")
                    .with("POSITION", 1)
            })
            .collect();
        store.write(batch, durability).unwrap();
        self.add(items);
    }

    fn events(&mut self, store: &Store) {
        let items = self.items(3);
        let first_id = self.requests.len() * items.len();
        let request = request(&items, first_id);
        store.put_events(&request, Durability::Synced).unwrap();
        self.add(items.clone());
        self.requests.push((self.states.len() - 1, items, first_id));
    }

    fn recommend(&mut self, store: &Store) {
        let recommendation =
            Recommendation::new(format!("shown {}", self.states.len()), ["tea", "cake"]);
        store
            .record_recommendation(&recommendation, Durability::Synced)
            .unwrap();
        self.add(Vec::new());
    }
}

/// A request of events with ids from `first_id` on.
pub(super) fn request(items: &[String], first_id: usize) -> PutEvents<'static> {
    let event = |(number, item): (usize, &String)| {
        PutEvent::new("view", 7)
            .event_id(format!("event {}", first_id + number))
            .item_id(item.clone())
            .property("position", annals::Value::Int(1))
    };
    PutEvents::new("session")
        .user_id("user 2")
        .events(items.iter().enumerate().map(event))
}

pub(super) fn copy_of(from: &Path) -> tempfile::TempDir {
    let to = folder();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for file in files_of(from) {
        let target = to.join(&file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), target).unwrap();
    }
    // A folder counts also where it is empty.
    for name in ["hot", "segments", "temporary"] {
        std::fs::create_dir_all(to.join(name)).unwrap();
    }
}

/// Every file below a folder, from it, sorted.
pub(super) fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}
