//! What is written together, and how safely.

use super::Interaction;

/// When a write counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the operating system has it: survives the death of the process, not a power loss.
    Buffered,
    /// When the disk has it: survives power loss. Concurrent writers share one sync.
    #[default]
    Synced,
}

/// Interactions that are written together or not at all, under one sequence number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteBatch {
    pub(crate) interactions: Vec<Interaction>,
}

impl WriteBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an interaction; within a batch the order of adding is the order of arrival.
    pub fn push(&mut self, interaction: Interaction) {
        self.interactions.push(interaction);
    }

    /// The number of interactions.
    pub fn len(&self) -> usize {
        self.interactions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.interactions.is_empty()
    }
}

impl From<Interaction> for WriteBatch {
    fn from(interaction: Interaction) -> Self {
        Self {
            interactions: vec![interaction],
        }
    }
}

impl FromIterator<Interaction> for WriteBatch {
    fn from_iter<I: IntoIterator<Item = Interaction>>(interactions: I) -> Self {
        Self {
            interactions: interactions.into_iter().collect(),
        }
    }
}

impl Extend<Interaction> for WriteBatch {
    fn extend<I: IntoIterator<Item = Interaction>>(&mut self, interactions: I) {
        self.interactions.extend(interactions);
    }
}

/// What a commit answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// The commit's sequence number: arrival order, from 1. An empty batch gets that of the
    /// newest commit.
    pub sequence: u64,
    /// Rows written.
    pub rows: u64,
}
