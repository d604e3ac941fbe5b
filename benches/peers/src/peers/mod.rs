//! One file for each store.

mod annals;
mod duckdb;
mod fjall;
mod lmdb;
mod memory;
mod parquet;
mod redb;
mod rocksdb;
mod sqlite;
mod vortex;

use crate::peer::Store;

/// What runs in this binary, and what runs in a Python process of its own.
pub enum Kind {
    Here(Store),
    Python(Script),
}

/// A store that is driven from a script.
pub struct Script {
    pub name: &'static str,
    pub settings: &'static str,
    pub file: &'static str,
    pub csv: bool,
}

impl Kind {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Here(store) => store.name,
            Self::Python(script) => script.name,
        }
    }

    pub fn settings(&self) -> &'static str {
        match self {
            Self::Here(store) => store.settings,
            Self::Python(script) => script.settings,
        }
    }

    pub fn reads_csv(&self) -> bool {
        match self {
            Self::Here(store) => store.load_csv.is_some(),
            Self::Python(script) => script.csv,
        }
    }

    pub fn cold(&self) -> bool {
        matches!(self, Self::Here(store) if store.cold)
    }

    pub fn writes(&self) -> bool {
        matches!(self, Self::Here(store) if store.writes)
    }
}

/// The name of the in-memory limit, whose answers are the right ones.
pub const LIMIT: &str = "mem";
/// The store that the others are compared with.
pub const OURS: &str = "annals";

/// All of them, the limit first.
pub fn all() -> Vec<Kind> {
    vec![
        Kind::Here(memory::STORE),
        Kind::Here(annals::STORE),
        Kind::Here(rocksdb::STORE),
        Kind::Here(lmdb::STORE),
        Kind::Here(redb::STORE),
        Kind::Here(fjall::STORE),
        Kind::Here(sqlite::STORE),
        Kind::Here(parquet::STORE),
        Kind::Python(duckdb::SCRIPT),
        Kind::Python(vortex::SCRIPT),
    ]
}
