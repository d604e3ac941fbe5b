//! Ids that stand for none: `null`, `undefined`, `None`, `NaN`.

use annals::import::is_placeholder_id;
use annals::{History, HistoryQuery, Projection, Store};

use crate::failure::Outcome;
use crate::output::{count, warn};

/// How to have them refused.
const ADVICE: &str = "programs write it where they have no id, and all of these are one user now; correct the ids at their \
     source, or have them refused (annals limits STORE --set refuse_placeholder_ids=true)";

/// Counts records with such ids, and keeps the first.
#[derive(Default)]
pub struct Placeholders {
    records: u64,
    first: String,
}

impl Placeholders {
    /// Looks at a record's ids; `place` says where it is.
    pub fn look_at<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a str>,
        place: impl FnOnce() -> String,
    ) {
        let mut ids = ids.into_iter();
        let Some(id) = ids.find(|id| is_placeholder_id(id)) else {
            return;
        };
        if self.records == 0 {
            self.first = format!("{id:?} in {}", place());
        }
        self.records += 1;
    }

    pub fn warn(&self, what: &str) {
        if self.records > 0 {
            warn([format_args!(
                "{} with an id that stands for none, the first {}; {ADVICE}",
                count(self.records, what),
                self.first
            )]);
        }
    }
}

/// The usual spellings.
const SPELLINGS: [&str; 11] = [
    "null",
    "NULL",
    "Null",
    "undefined",
    "UNDEFINED",
    "Undefined",
    "none",
    "None",
    "NONE",
    "NaN",
    "nan",
];

/// Warns of users of these names in a store, with the number of their rows. Cost: a lookup each.
pub fn warn_of_placeholder_users(store: &Store) -> Outcome {
    let query = HistoryQuery::default().projection(Projection::names([""; 0]));
    let mut history = History::new();
    for id in SPELLINGS {
        store.history(id, &query, &mut history)?;
        if !history.is_empty() {
            let rows = count(history.len() as u64, "row");
            warn([format_args!(
                "the store has {rows} of a user {id:?}; {ADVICE}"
            )]);
        }
    }
    Ok(())
}
