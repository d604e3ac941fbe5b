//! A look at the files of a log before RocksDB opens them: whether all are there that its manifest and
//! the last note name, whether the logs are whole, and what stands in them.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::super::batch::{self, Change};
use super::super::position::{FileMark, Noted};
use super::folder::{self, damaged, said};
use super::framing::{self, End};
use super::version_edits::{Database, Failure};
use crate::model::{Error, ErrorKind, RESTORE_STORE, Result};

/// What is there.
pub(super) struct Survey {
    folder: PathBuf,
    noted: Noted,
    pub(super) database: Database,
    manifest: FileMark,
    /// Where the manifest ends in bytes that are no record.
    manifest_torn_at: Option<u64>,
    /// The logs that hold entries which no table file has, rising.
    logs: Vec<FileMark>,
}

/// What to do about damage that records stand behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnDamage {
    /// Give an error.
    #[default]
    Refuse,
    /// Show what precedes it, and change nothing. An error where a part of what was noted is not
    /// among that.
    Stop,
    /// Keep what precedes it, and set the rest aside.
    Drop,
}

/// How the logs end.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The log that is to be cut, and at which byte.
    cut: Option<(u64, u64)>,
    /// Logs behind it.
    behind: Vec<u64>,
    /// What is wrong, where the bytes that are cut are damaged, and no torn write.
    pub(super) damage: Option<String>,
    /// Whole records behind the damage.
    pub(super) dropped_records: u64,
    /// Bytes from the damage on that are no part of a whole record.
    pub(super) damaged_bytes: u64,
    /// The last log, up to the end of its last whole record.
    pub(super) end: Option<(u64, u64)>,
    /// RocksDB's number of the change that must follow.
    pub(super) next: Option<u64>,
}

/// A change that stands in a log.
pub(super) struct Logged<'a> {
    pub(super) log: u64,
    pub(super) change: Change<'a>,
}

impl Survey {
    /// Looks at the files in `folder`. `noted` is the last note of the log.
    ///
    /// # Errors
    /// `Corruption`, naming the file, where one is missing, cut, damaged or of another state than the
    /// note; `Io`.
    pub(super) fn of(folder: &Path, noted: &Noted) -> Result<Self> {
        let manifest = folder::manifest(folder)?;
        let path = folder.join(folder::manifest_name(manifest.number));
        check_manifest(&path, manifest, noted)?;
        let file = File::open(&path).map_err(|error| said("opening", &path, error))?;
        let (database, end) = Database::read(file).map_err(|error| match error.kind() {
            ErrorKind::Corruption => damaged(&path, error.full_message()),
            _ => error.within(path.display()),
        })?;
        let same = manifest.number == noted.position.manifest.number;
        let manifest_torn_at = match end {
            End::Whole => None,
            // RocksDB syncs each edit: what is torn was never believed.
            End::Torn { at } if !same || !noted.closed && at >= noted.position.manifest.bytes => {
                Some(at)
            }
            End::Torn { at } | End::Damaged { at } => {
                return Err(damaged(&path, format!("it is damaged behind byte {at}")));
            }
        };
        let survey = Self {
            folder: folder.to_owned(),
            noted: noted.clone(),
            logs: needed_logs(folder, &database)?,
            database,
            manifest,
            manifest_torn_at,
        };
        survey.check_identity()?;
        survey.check_tables()?;
        survey.check_logs()?;
        Ok(survey)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn check_identity(&self) -> Result<()> {
        let (noted, found) = (&self.noted.position.database, &self.database.id);
        match noted == found {
            true => Ok(()),
            false => Err(damaged(
                &self.folder,
                format!("it is RocksDB's database {found}, but the store's is {noted}"),
            )),
        }
    }

    fn check_tables(&self) -> Result<()> {
        for (number, bytes) in self.table_files() {
            let path = self.folder.join(folder::table_name(number));
            let found = folder::bytes_of(&path)?;
            if found != bytes {
                return Err(damaged(
                    &path,
                    format!("it has {found} bytes, but must have {bytes}"),
                ));
            }
        }
        Ok(())
    }

    /// The manifest up to the end of its last whole edit.
    pub(super) fn whole_manifest(&self) -> FileMark {
        let FileMark { number, bytes } = self.manifest;
        let bytes = self.manifest_torn_at.unwrap_or(bytes);
        FileMark { number, bytes }
    }

    /// Number and bytes of each table file.
    pub(super) fn table_files(&self) -> impl Iterator<Item = (u64, u64)> {
        let families = self.database.families.values();
        families
            .flat_map(|family| &family.files)
            .map(|(number, bytes)| (*number, *bytes))
    }

    /// Every log that the note names and that is still needed must be there, and as long at least.
    fn check_logs(&self) -> Result<()> {
        let first = self.database.first_log();
        let exact = self.is_exact();
        let noted = &self.noted.position.logs;
        for want in noted.iter().filter(|log| log.number >= first) {
            let path = self.folder.join(folder::log_name(want.number));
            let found = self.logs.iter().find(|log| log.number == want.number);
            let bytes = match found {
                Some(found) => found.bytes,
                // Its name was not synced, and nothing stood in it.
                None if want.bytes == 0 && !exact => 0,
                None => return Err(damaged(&path, "it is missing")),
            };
            if bytes < want.bytes || exact && bytes != want.bytes {
                let want = want.bytes;
                let most = match exact {
                    true => "",
                    false => " at least",
                };
                return Err(damaged(
                    &path,
                    format!("it has {bytes} bytes, but must have {want}{most}"),
                ));
            }
        }
        // An opening that did not come to its end leaves an empty one.
        let unknown =
            |log: &&FileMark| log.bytes > 0 && noted.iter().all(|known| known.number != log.number);
        match self.logs.iter().find(unknown).filter(|_| exact) {
            Some(log) => Err(damaged(
                &self.folder.join(folder::log_name(log.number)),
                "it came here after the store was closed",
            )),
            None => Ok(()),
        }
    }

    /// Whether nothing may have changed since the note.
    fn is_exact(&self) -> bool {
        self.noted.closed && self.manifest.number == self.noted.position.manifest.number
    }

    /// Reads the logs, and calls `visit` with each change that no table file holds, in order.
    ///
    /// # Errors
    /// `Corruption`, naming the file, where a log is damaged, or does not follow the one before;
    /// `Io`; what `visit` gives.
    pub(super) fn read_logs(
        &self,
        on_damage: OnDamage,
        visit: &mut dyn FnMut(Logged<'_>) -> Result<()>,
    ) -> Result<Tail> {
        let mut tail = Tail::default();
        let mut next = None;
        for (place, log) in self.logs.iter().enumerate() {
            let path = self.folder.join(folder::log_name(log.number));
            if tail.cut.is_some() {
                tail.behind.push(log.number);
                self.count_records(&path, log.bytes, &mut tail)?;
                continue;
            }
            let is_last = place + 1 == self.logs.len();
            let end = self.read_log(*log, &path, &mut next, visit, &mut tail)?;
            match end {
                LogEnd::Framing(End::Whole) => {}
                LogEnd::Framing(End::Torn { at })
                    if is_last && !self.is_exact() && at >= self.noted_bytes(log.number) =>
                {
                    tail.cut = Some((log.number, at));
                }
                LogEnd::Framing(End::Torn { at } | End::Damaged { at }) => {
                    let records = tail.dropped_records;
                    let behind = match (is_last, records) {
                        (false, _) => "there are logs behind it".to_owned(),
                        (true, 0) => "more was noted to be there".to_owned(),
                        (true, records) => format!("{records} records stand behind it"),
                    };
                    let what = format!("it is damaged behind byte {at}, and {behind}");
                    self.pass_damage(on_damage, place, at, what, &mut tail)?;
                }
                LogEnd::Hole { at, found, want } => {
                    let what = format!(
                        "it goes on with change {found} behind byte {at}, where change {want} must \
                         follow: a part of it or the log before it is missing"
                    );
                    self.pass_damage(on_damage, place, at, what, &mut tail)?;
                }
            }
        }
        tail.next = next;
        Ok(tail)
    }

    /// Ends the logs at byte `at` of the one at `place`, whose bytes from there on are damaged, where
    /// that is allowed.
    fn pass_damage(
        &self,
        on_damage: OnDamage,
        place: usize,
        at: u64,
        what: String,
        tail: &mut Tail,
    ) -> Result<()> {
        let Some(([.., log], behind)) = self.logs.split_at_checked(place + 1) else {
            return Err(Error::internal("damage in a log that is not there"));
        };
        let path = self.folder.join(folder::log_name(log.number));
        let all_noted = at >= self.noted_bytes(log.number)
            && behind.iter().all(|log| self.noted_bytes(log.number) == 0);
        let passes = match on_damage {
            OnDamage::Drop => true,
            OnDamage::Stop => all_noted && !self.is_exact(),
            OnDamage::Refuse => false,
        };
        let what = format!("{}: {what}", path.display());
        if !passes {
            return Err(Error::corrupt(format!(
                "{what}; {RESTORE_STORE}; or give up what stands behind the damage: annals repair STORE \
                 --drop-damaged-log (StoreBuilder::drop_damaged_log)"
            )));
        }
        tail.cut = Some((log.number, at));
        tail.damage = Some(what);
        Ok(())
    }

    fn read_log(
        &self,
        FileMark { number: log, bytes }: FileMark,
        path: &Path,
        next: &mut Option<u64>,
        visit: &mut dyn FnMut(Logged<'_>) -> Result<()>,
        tail: &mut Tail,
    ) -> Result<LogEnd> {
        let file = File::open(path).map_err(|error| said("opening", path, error))?;
        let (mut hole, mut whole) = (None, 0);
        let (mut dropped, mut dropped_bytes) = (0, 0);
        let end = framing::read::<Failure>(
            file,
            |record, end| {
                let sequence = batch::sequence(record)?;
                if hole.is_some() {
                    dropped += 1;
                    return Ok(());
                }
                if let Some(want) = next.filter(|want| *want != sequence) {
                    hole = Some((sequence, want));
                    dropped += 1;
                    return Ok(());
                }
                let sequences = batch::decode(record, |change| visit(Logged { log, change }))?;
                *next = Some(sequences.end);
                whole = end;
                Ok(())
            },
            |_, bytes| {
                tail.dropped_records += 1;
                dropped_bytes += bytes;
                Ok(())
            },
        )
        .map_err(|failure| failure.into_error().within(path.display()))?;
        tail.dropped_records += dropped;
        tail.end = Some((log, whole));
        if let End::Torn { at } | End::Damaged { at } = end {
            tail.damaged_bytes = bytes.saturating_sub(at + dropped_bytes);
        }
        Ok(match hole {
            Some((found, want)) => LogEnd::Hole {
                at: whole,
                found,
                want,
            },
            None => LogEnd::Framing(end),
        })
    }

    /// Counts what stands in a log of so many bytes that is given up.
    fn count_records(&self, path: &Path, bytes: u64, tail: &mut Tail) -> Result<()> {
        let file = File::open(path).map_err(|error| said("opening", path, error))?;
        let (mut before, mut behind, mut behind_bytes) = (0, 0, 0);
        let end = framing::read::<Failure>(
            file,
            |_, _| {
                before += 1;
                Ok(())
            },
            |_, bytes| {
                behind += 1;
                behind_bytes += bytes;
                Ok(())
            },
        )
        .map_err(Failure::into_error)?;
        tail.dropped_records += before + behind;
        if let End::Torn { at } | End::Damaged { at } = end {
            tail.damaged_bytes += bytes.saturating_sub(at + behind_bytes);
        }
        Ok(())
    }

    /// Bytes of a log that the note says are there.
    fn noted_bytes(&self, log: u64) -> u64 {
        let mut noted = self.noted.position.logs.iter();
        let found = noted.find(|noted| noted.number == log);
        found.map_or(0, |found| found.bytes)
    }

    /// Makes the files whole, durably: cuts what is torn, and sets aside what is damaged. Gives the
    /// paths of copies of what was damaged.
    pub(super) fn mend(&self, tail: &Tail) -> Result<Vec<PathBuf>> {
        let mut kept = Vec::new();
        if let Some(at) = self.manifest_torn_at {
            let name = folder::manifest_name(self.manifest.number);
            folder::cut(&self.folder.join(name), at)?;
        }
        for log in &tail.behind {
            kept.push(folder::set_aside(&self.folder, &folder::log_name(*log))?);
        }
        if let Some((log, at)) = tail.cut {
            let name = folder::log_name(log);
            if tail.damage.is_some() {
                kept.push(folder::keep_copy(&self.folder, &name)?);
            }
            folder::cut(&self.folder.join(name), at)?;
        }
        Ok(kept)
    }
}

enum LogEnd {
    Framing(End),
    /// A record that does not follow the one before it.
    Hole {
        at: u64,
        found: u64,
        want: u64,
    },
}

/// Compares the manifest with the note before a byte of it is believed.
fn check_manifest(path: &Path, found: FileMark, noted: &Noted) -> Result<()> {
    let want = noted.position.manifest;
    if found.number < want.number {
        let want = folder::manifest_name(want.number);
        return Err(damaged(
            path,
            format!("CURRENT names it, but {want} was in use already"),
        ));
    }
    if found.number > want.number {
        // RocksDB was opened since, and began a manifest: there may be more than the note says.
        return Ok(());
    }
    let exact = noted.closed;
    if found.bytes < want.bytes || exact && found.bytes != want.bytes {
        return Err(damaged(
            path,
            format!("it has {} bytes, but must have {}", found.bytes, want.bytes),
        ));
    }
    Ok(())
}

/// The logs from the first that is needed on.
fn needed_logs(folder: &Path, database: &Database) -> Result<Vec<FileMark>> {
    let first = database.first_log();
    let mut logs = folder::logs(folder)?;
    logs.retain(|log| log.number >= first);
    Ok(logs)
}
