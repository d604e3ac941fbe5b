//! What the benchmark says to the process of a store, and what that answers: a line of JSON each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::peer::{Fields, Form};

/// How users are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    Activity,
    Uniform,
}

impl Draw {
    pub fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Uniform => "uniform",
        }
    }
}

/// One piece of work. `check` asks for the answers too, outside the time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "lowercase")]
pub enum Work {
    History {
        draw: Draw,
        check: bool,
    },
    /// Histories of many users in one call.
    Many {
        check: bool,
    },
    Unseen {
        check: bool,
    },
    Scan {
        fields: Fields,
        form: Form,
        window: bool,
        threads: usize,
        check: bool,
    },
    Put {
        synced: bool,
        threads: usize,
        /// Events of one write.
        together: usize,
        seconds: f64,
    },
    Mixed {
        seconds: f64,
    },
}

/// Figures by name, with every run of them; answers by name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    pub figures: BTreeMap<String, Vec<f64>>,
    pub answers: BTreeMap<String, String>,
    pub notes: Vec<String>,
    pub error: Option<String>,
}

impl Reply {
    pub fn figure(&mut self, name: impl Into<String>, value: f64) {
        self.figures.entry(name.into()).or_default().push(value);
    }

    pub fn answer(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.answers.insert(name.into(), value.into());
    }
}
