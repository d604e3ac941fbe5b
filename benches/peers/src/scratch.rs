//! Where everything lies that a run makes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// A folder that processes share.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub fn rows(&self) -> PathBuf {
        self.0.join("rows.bin")
    }

    /// The rows again as Arrow with strings, for Python.
    pub fn arrow(&self) -> PathBuf {
        self.0.join("rows.arrow")
    }

    pub fn csv(&self) -> PathBuf {
        self.0.join("rows.csv")
    }

    pub fn questions(&self) -> PathBuf {
        self.0.join("questions.json")
    }

    pub fn store(&self, name: &str) -> PathBuf {
        self.0.join("stores").join(name)
    }

    /// The folder of a store, empty.
    pub fn empty_store(&self, name: &str) -> Result<PathBuf> {
        let folder = self.store(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}
