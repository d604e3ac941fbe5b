//! How much is said on standard error.

use std::sync::OnceLock;

/// Set once, from the command line.
static LEVEL: OnceLock<Level> = OnceLock::new();

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only what ends a command.
    Quiet,
    /// Warnings, notes and summaries, and progress.
    #[default]
    Usual,
    /// What a command took, too.
    Verbose,
}

impl Level {
    pub fn set(self) {
        let _ = LEVEL.set(self);
    }

    pub fn get() -> Self {
        LEVEL.get().copied().unwrap_or_default()
    }
}
