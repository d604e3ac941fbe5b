//! Exports written whole: every file of them, and the manifest.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use super::builder::Export;
use super::form::{Form, FormOptions};
use super::layout::{ArrowLists, Layout};
use super::manifest::{Manifest, ManifestFile, ManifestPlan};
use super::split::{Partition, SplitPlace};
use super::written::write_export;
use crate::model::{Error, ErrorKind, Result, ScanOrder};

/// Months of which files are written side by side, as far as memory is shared out.
const MONTHS: usize = 64;
/// Rows that all files together hold in memory, about.
const OPEN_ROWS: usize = 1 << 22;
/// Rows of a row group, at least.
const LEAST_GROUP: usize = 1 << 13;
/// The manifest in a folder of files.
const MANIFEST: &str = "manifest.json";

/// Is told the rows that were looked at, and those there are; breaking ends the export.
pub type ExportProgress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

impl Export {
    /// Whether there are several files, in a folder: of an export that is split or partitioned.
    pub fn is_folder(&self) -> bool {
        self.split.is_some() || self.partition.is_some()
    }

    /// Writes the export to `path`: a file, with its manifest beside it (`PATH.manifest.json`), or, where it is split
    /// or partitioned, a folder that is missing or empty, with `manifest.json` in it. Files are written under other
    /// names, synced, and appear when they are complete, the manifest last.
    ///
    /// # Errors
    /// `AlreadyExists` for a folder that holds something; `InvalidInput` where the form cannot hold the columns or the
    /// strings; `Io`, also where `progress` ended the export. Nothing is left behind then, and what was there before
    /// stays.
    pub fn write_to(
        &self,
        path: impl AsRef<Path>,
        form: Form,
        progress: ExportProgress<'_>,
    ) -> Result<Manifest> {
        let path = path.as_ref();
        match self.is_folder() {
            true => self.write_folder(path, form, progress),
            false => self.write_file(path, form, progress),
        }
    }

    /// Writes the export to what the host makes: `create` is told the path of a file from the folder of all, and
    /// makes it at its first record; the only file of an export that is neither split nor partitioned has the path
    /// `name`. The host writes the manifest.
    ///
    /// # Errors
    /// As [`Export::write_to`]; whoever made the files removes them then.
    pub fn write_with<W: Write + Send>(
        &self,
        name: &str,
        form: Form,
        create: &mut dyn FnMut(&Path) -> io::Result<W>,
        progress: ExportProgress<'_>,
    ) -> Result<Manifest> {
        if self.lists == ArrowLists::View {
            return Err(Error::invalid(
                "lists view: only for records in memory; leave the lists plain for files",
            ));
        }
        let export = match form {
            Form::Inter => self.clone().with_times(),
            _ => self.clone(),
        };
        let mut batches = export.batches()?;
        let columns = batches.schema().clone();
        let options = export.form_options(batches.times());
        let path_of = |place: &SplitPlace| match export.is_folder() {
            true => path_of(place, export.partition, form),
            false => PathBuf::from(name),
        };
        let written = write_export(
            &mut batches,
            form,
            &options,
            &export.first_places(),
            &mut |place| create(&path_of(place)),
            progress,
        )?;
        let plan = ManifestPlan {
            selection: export.selection.clone(),
            layout: export.layout.clone(),
            split: export.split,
            partition: export.partition,
            form,
            leak_guard: export.guard,
        };
        let files = written.files.iter().map(|file| ManifestFile {
            path: path_of(&file.place).to_string_lossy().into_owned(),
            records: file.records,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        });
        let files = files.collect();
        let mut manifest = Manifest::new(&export.snapshots, plan, &columns, written.report, files)?;
        manifest.notes.extend(written.note);
        manifest.changes.clone_from(&export.steps);
        for file in &written.files {
            if let Some(part) = file.place.part {
                *manifest.parts.entry(part.to_string()).or_default() += file.records;
            }
        }
        Ok(manifest)
    }

    fn form_options(&self, times: Option<(i64, i64)>) -> FormOptions {
        let files = match self.partition {
            None => 1,
            Some(Partition::UserHash(shards)) => shards as usize,
            Some(Partition::Month) => MONTHS,
        };
        FormOptions {
            layout: self.layout.clone(),
            sorted: self.layout == Layout::Rows
                && self.order == ScanOrder::UserTime
                && self.snapshots.len() == 1,
            times,
            // Files that are written side by side have no use for threads of their own.
            threads: match self.is_folder() {
                true => 0,
                false => self.threads,
            },
            row_group_rows: (files > 1).then(|| (OPEN_ROWS / files).max(LEAST_GROUP)),
        }
    }

    /// The files that there are in any case.
    fn first_places(&self) -> Vec<SplitPlace> {
        match (&self.split, self.partition) {
            (_, Some(_)) => Vec::new(),
            (None, None) => vec![SplitPlace::default()],
            (Some(split), None) => {
                let parts = split.parts().iter();
                let place = |part| SplitPlace {
                    part: Some(part),
                    partition: None,
                };
                parts.copied().map(place).collect()
            }
        }
    }

    fn write_file(
        &self,
        path: &Path,
        form: Form,
        progress: ExportProgress<'_>,
    ) -> Result<Manifest> {
        let failed = failing("writing", path);
        // What a link points to is replaced, not the link.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let beside = manifest_of(&place);
        let file = part_of(&place).map_err(&failed)?;
        let mut sink = Some(BufWriter::new(file.reopen().map_err(&failed)?));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut create = |_: &Path| {
            sink.take()
                .ok_or_else(|| io::ErrorKind::AlreadyExists.into())
        };
        let written = self.write_with(&name, form, &mut create, progress);
        let manifest = written.map_err(|error| of_path(error, path))?;
        let json = manifest.to_json()?;
        let mut note = part_of(&beside).map_err(&failed)?;
        note.write_all(json.as_bytes()).map_err(&failed)?;
        file.as_file().sync_all().map_err(&failed)?;
        note.as_file().sync_all().map_err(&failed)?;
        // An earlier one is not of this file.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        file.persist(&place).map_err(|error| failed(error.error))?;
        note.persist(&beside).map_err(|error| failed(error.error))?;
        sync(folder_of(&place)).map_err(&failed)?;
        Ok(manifest)
    }

    fn write_folder(
        &self,
        path: &Path,
        form: Form,
        progress: ExportProgress<'_>,
    ) -> Result<Manifest> {
        let failed = failing("writing", path);
        refuse_full(path)?;
        let made = Builder::new()
            .prefix(".annals-")
            .suffix(".part")
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(folder_of(path));
        let made: TempDir = made.map_err(&failed)?;
        let mut files = Vec::new();
        let mut create = |name: &Path| {
            let file = made.path().join(name);
            fs::create_dir_all(folder_of(&file))?;
            let created = File::create_new(&file)?;
            files.push(file);
            Ok(BufWriter::new(created))
        };
        let written = self.write_with("", form, &mut create, progress);
        let manifest = written.map_err(|error| of_path(error, path))?;
        let note = made.path().join(MANIFEST);
        fs::write(&note, manifest.to_json()?).map_err(&failed)?;
        files.push(note);
        let mut folders = vec![made.path()];
        for file in &files {
            sync(file).map_err(&failed)?;
            let between = file.ancestors().skip(1);
            for folder in between.take_while(|folder| *folder != made.path()) {
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
        for folder in folders {
            sync(folder).map_err(&failed)?;
        }
        fs::rename(made.path(), path).map_err(&failed)?;
        // It is not there under its first name any more.
        drop(made);
        sync(folder_of(path)).map_err(&failed)?;
        Ok(manifest)
    }
}

/// The path of a place's file, from the folder of the export.
fn path_of(place: &SplitPlace, partition: Option<Partition>, form: Form) -> PathBuf {
    let mut path = PathBuf::new();
    if let Some(part) = place.part {
        path.push(part.name());
    }
    if let (Some(partition), Some(value)) = (partition, &place.partition) {
        path.push(format!("{}={value}", partition.column()));
    }
    path.push(format!("part-0.{}", form.name()));
    path
}

/// The path of the manifest of an export to one file.
pub fn manifest_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".manifest.json");
    PathBuf::from(name)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn part_of(place: &Path) -> io::Result<NamedTempFile> {
    Builder::new()
        .prefix(".annals-")
        .suffix(".part")
        // As any new file has, less the umask.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(place))
}

/// Names the export where the system failed; what is wrong with the export itself concerns no file.
fn of_path(error: Error, path: &Path) -> Error {
    match error.kind() {
        ErrorKind::Io => error.within(path.display()),
        _ => error,
    }
}

/// Syncs a file or a folder.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn refuse_full(path: &Path) -> Result<()> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Error::new(
            ErrorKind::AlreadyExists,
            format!(
                "{}: the folder is not empty; give a new one, or remove this one first",
                path.display()
            ),
        )),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failing("reading", path)(error))
        }
        _ => Ok(()),
    }
}

fn failing(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::io(format!("{doing} {}", path.display()), error)
}
