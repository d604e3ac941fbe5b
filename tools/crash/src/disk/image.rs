//! The files of a folder, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::Outcome;

/// Folders and files below a folder, by path from it: `/hot/CURRENT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    pub folders: BTreeSet<String>,
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Image {
    /// Reads a folder.
    pub fn read(root: &Path) -> Outcome<Self> {
        let mut image = Self::default();
        image.read_folder(root, "")?;
        Ok(image)
    }

    fn read_folder(&mut self, root: &Path, folder: &str) -> Outcome<()> {
        for entry in fs::read_dir(root.join(folder.trim_start_matches('/')))? {
            let entry = entry?;
            let name = entry.file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.read_folder(root, &path)?;
                self.folders.insert(path);
            } else {
                self.files.insert(path, Arc::new(fs::read(entry.path())?));
            }
        }
        Ok(())
    }

    /// Makes the folder `root` hold just this.
    pub fn write(&self, root: &Path) -> Outcome<()> {
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::create_dir_all(root)?;
        let at = |path: &str| root.join(path.trim_start_matches('/'));
        for folder in &self.folders {
            fs::create_dir_all(at(folder))?;
        }
        for (path, bytes) in &self.files {
            fs::write(at(path), bytes.as_slice())?;
        }
        Ok(())
    }

    /// What differs from another, a line a path.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found: Vec<String> = self
            .folders
            .symmetric_difference(&other.folders)
            .map(|folder| format!("{folder} is in one"))
            .collect();
        let paths: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        for path in paths {
            let (one, two) = (self.files.get(path), other.files.get(path));
            if one != two {
                let bytes = |file: Option<&Arc<Vec<u8>>>| file.map(|bytes| bytes.len());
                found.push(format!(
                    "{path}: {:?} and {:?} bytes",
                    bytes(one),
                    bytes(two)
                ));
            }
        }
        found
    }
}
