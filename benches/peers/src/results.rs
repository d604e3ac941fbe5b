//! Everything a run found out, as it goes into the results file.

use std::collections::BTreeMap;

use annals_generate::{Options, Shape};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::peers::Kind;
use crate::protocol::Reply;
use crate::times::median;

#[derive(Default, Serialize, Deserialize)]
pub struct Results {
    pub date: String,
    pub machine: Machine,
    pub versions: BTreeMap<String, String>,
    pub settings: BTreeMap<String, String>,
    pub data: Data,
    /// Stores in the order of the table.
    pub stores: Vec<String>,
    /// Median and runs, by store and figure.
    pub figures: BTreeMap<String, BTreeMap<String, Figure>>,
    /// By name, what each store answered.
    pub answers: BTreeMap<String, BTreeMap<String, String>>,
    pub notes: BTreeMap<String, Vec<String>>,
    /// What went wrong, by store.
    pub failures: BTreeMap<String, Vec<String>>,
    /// The share of the processors' time that other programs took.
    #[serde(default)]
    pub others_percent: Option<f64>,
    /// The same with a tenth of the rows, by turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenth: Option<Box<Results>>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Data {
    #[serde(default = "even")]
    pub shape: String,
    pub rows: u64,
    /// Those that may appear.
    pub users: u32,
    pub items: u32,
    /// Those that do.
    #[serde(default)]
    pub users_seen: Option<usize>,
    #[serde(default)]
    pub items_seen: Option<usize>,
    pub seed: u64,
    pub rounds: usize,
}

/// What results are of that do not say.
fn even() -> String {
    Shape::Even.to_string()
}

#[derive(Default, Serialize, Deserialize)]
pub struct Figure {
    pub median: f64,
    pub runs: Vec<f64>,
}

impl Results {
    /// Results for these data and stores, without any figure.
    pub fn of(options: &Options, seen: [usize; 2], kinds: &[Kind], rounds: usize) -> Self {
        Self {
            data: Data {
                shape: options.shape.to_string(),
                rows: options.rows,
                users: options.users,
                items: options.items,
                users_seen: Some(seen[0]),
                items_seen: Some(seen[1]),
                seed: options.seed,
                rounds,
            },
            stores: kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            ..Self::default()
        }
    }

    pub fn take(&mut self, store: &str, reply: Reply) {
        let figures = self.figures.entry(store.to_owned()).or_default();
        for (name, runs) in reply.figures {
            let figure = figures.entry(name).or_default();
            figure.runs.extend(runs);
            figure.median = median(&figure.runs);
        }
        for (name, answer) in reply.answers {
            let by_store = self.answers.entry(name.clone()).or_default();
            let before = by_store.insert(store.to_owned(), answer.clone());
            if before.is_some_and(|before| before != answer) {
                self.note_failure(store, format!("{name}: it gave two answers"));
            }
        }
        let notes = self.notes.entry(store.to_owned()).or_default();
        for note in reply.notes {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        if let Some(error) = reply.error {
            self.note_failure(store, error);
        }
    }

    pub fn fail(&mut self, store: &str, error: &anyhow::Error) {
        self.note_failure(store, format!("{error:#}"));
    }

    fn note_failure(&mut self, store: &str, failure: String) {
        eprintln!("{store}: {failure}");
        self.failures
            .entry(store.to_owned())
            .or_default()
            .push(failure);
    }

    pub fn figure(&self, store: &str, name: &str) -> Option<f64> {
        let figure = self.figures.get(store)?.get(name)?;
        Some(figure.median).filter(|median| median.is_finite())
    }

    /// Compares the answers with those of the first store; tells how many were compared.
    pub fn compare(&mut self) -> usize {
        let mut compared = 0;
        let mut wrong = Vec::new();
        for (name, by_store) in &self.answers {
            let first = self
                .stores
                .iter()
                .find_map(|store| by_store.get_key_value(store));
            let Some((right_store, right)) = first else {
                continue;
            };
            for (store, answer) in by_store.iter().filter(|(store, _)| *store != right_store) {
                compared += 1;
                if answer != right {
                    let text = format!("{name}: {answer}, but {right_store} has {right}");
                    wrong.push((store.clone(), text));
                }
            }
        }
        for (store, text) in wrong {
            self.note_failure(&store, text);
        }
        compared + self.tenth.as_mut().map_or(0, |tenth| tenth.compare())
    }

    /// How many stores failed, or answered differently.
    pub fn failed(&self) -> usize {
        self.failures.len() + self.tenth.as_ref().map_or(0, |tenth| tenth.failed())
    }
}
