//! How a store was opened.

use std::path::PathBuf;

/// How it was opened, to be opened again.
pub struct Opened {
    pub path: PathBuf,
    pub is_writable: bool,
    pub settings: annals::Settings,
}

impl Opened {
    pub fn open(&self) -> annals::Result<annals::Store> {
        let builder = annals::Store::builder().settings(self.settings.clone());
        match self.is_writable {
            true => builder.open(&self.path),
            false => builder.open_read_only(&self.path),
        }
    }
}
