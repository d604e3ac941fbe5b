//! What comes into the write-ahead log behind what a reader has read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use super::super::position::FileMark;
use super::super::table::Table;
use super::super::{batch, families};
use super::folder::{self, said};
use super::framing::{self, End};
use super::survey::Survey;
use super::version_edits::Failure;
use crate::model::Result;

/// Where a reader stands in the newest file of the log. As long as the writer begins no other file, and no
/// generation or table, it can go on from here.
pub(crate) struct LogTail {
    folder: PathBuf,
    /// RocksDB's manifest, as far as it was read.
    manifest: FileMark,
    families: BTreeMap<u32, LogPlace>,
    log: u64,
    /// The end of the last record that was read.
    at: u64,
    /// RocksDB's number of the change that must follow.
    next: Option<u64>,
}

/// What a change in the log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogPlace {
    Generation(u64),
    Table(Table),
}

/// Called with each change: what it is of, key and value; without a value the key was removed.
type VisitChange<'a> = dyn FnMut(LogPlace, &[u8], Option<&[u8]>) -> Result<()> + 'a;

impl LogTail {
    /// Behind what was read by a survey: up to the byte `at` of the file `log`.
    pub(super) fn new(survey: &Survey, (log, at): (u64, u64), next: Option<u64>) -> Self {
        let families = survey.database.families.iter();
        let place = |name: &str| match families::generation_of(name) {
            Some(id) => Some(LogPlace::Generation(id)),
            None => Table::of_name(name).map(LogPlace::Table),
        };
        Self {
            folder: survey.folder().to_owned(),
            manifest: survey.whole_manifest(),
            families: families
                .filter_map(|(number, family)| Some((*number, place(&family.name)?)))
                .collect(),
            log,
            at,
            next,
        }
    }

    /// Calls `visit` with each change that came since, in order. `false` where it cannot go on, and
    /// everything has to be read anew.
    ///
    /// # Errors
    /// `Io`; what `visit` gives.
    pub(crate) fn read(&mut self, visit: &mut VisitChange<'_>) -> Result<bool> {
        if !self.is_newest()? {
            return Ok(false);
        }
        let path = self.folder.join(folder::log_name(self.log));
        let mut file = File::open(&path).map_err(|error| said("opening", &path, error))?;
        let block = framing::block_of(self.at);
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(block))
            .map_err(|error| said("reading", &path, error))?;
        let (mut at, mut next, mut goes_on) = (self.at, self.next, true);
        let families = &self.families;
        let end = framing::read_from::<Failure>(
            file,
            self.at,
            |record, end| {
                let sequence = batch::sequence(record)?;
                goes_on &= next.is_none_or(|next| next == sequence);
                let sequences = batch::decode(record, |change| {
                    match families.get(&change.family) {
                        Some(place) if goes_on => visit(*place, change.key, change.value),
                        // Another file is about to begin.
                        _ => {
                            goes_on = false;
                            Ok(())
                        }
                    }
                })?;
                (at, next) = (end, Some(sequences.end));
                Ok(())
            },
            |_, _| Ok(()),
        )
        .map_err(|failure| failure.into_error().within(path.display()))?;
        let is_whole = !matches!(end, End::Damaged { .. });
        if !goes_on || !is_whole || !self.is_newest()? {
            return Ok(false);
        }
        (self.at, self.next) = (at, next);
        Ok(true)
    }

    /// Whether no file came, and no generation or table.
    fn is_newest(&self) -> Result<bool> {
        let newest = folder::logs(&self.folder)?.pop();
        Ok(newest.is_some_and(|newest| newest.number == self.log)
            && folder::manifest(&self.folder)? == self.manifest)
    }
}
