use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::export::{
    Export as Plan, ExportReport, Form, FormOptions, Layout, Manifest, ManifestFile, ManifestPlan,
    Partition, Place, WrittenFile, write_export,
};
use annals::{Change, Changes, ScanOrder, Store};
use clap::Args;

use super::export_check::check;
use crate::export_args::{Earlier, FormArgs, LayoutArgs, SelectionArgs, manifest_of};
use crate::export_files::{Target, path_of};
use crate::failure::{Failure, Outcome};
use crate::output::{check_output, count, say, seconds, warn};
use crate::progress::Progress;
use crate::store::open_for_reading;
use crate::unmatched::{warn_of_names, warn_of_time};

#[derive(Args)]
pub struct Export {
    /// The folder of the store
    store: PathBuf,
    /// The file to write, or `-` for standard output; with `--split` or `--partition-by` a folder. It
    /// appears when it is complete, with a manifest beside it (FILE.manifest.json) or in it
    #[arg(
        long,
        value_name = "PATH|-",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    output: Option<PathBuf>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    layout: LayoutArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// What was known at the commit SEQ
    #[arg(long, value_name = "SEQ")]
    as_of: Option<u64>,
    /// Make the export of a manifest again, and tell whether its content and its files are as they were
    #[arg(long, value_name = "MANIFEST")]
    check: Option<PathBuf>,
}

impl Export {
    pub fn run(self) -> Outcome {
        if let Some(manifest) = &self.check {
            return check(manifest, &open_for_reading(&self.store)?);
        }
        let start = Instant::now();
        let Some(output) = self.output.clone() else {
            return Err(Failure::usage("--output is missing"));
        };
        let is_stream = output == Path::new("-");
        if is_stream && self.form.is_folder() {
            return Err(Failure::usage(
                "--output -: --split and --partition-by write a folder of files; give its path",
            ));
        }
        check_output("--output", &output, &[], &self.store)?;
        let form = self.form.form(&output)?;
        let layout = self.layout.layout()?;
        let store = open_for_reading(&self.store)?;
        let (export, sequence, steps) = self.plan(&store, form, layout.clone())?;
        warn_of_names(&store, &self.selection.events.names());
        warn_of_time(&store, &self.selection.window);
        warn(self.form.split.and_then(|split| split.warning()));
        let mut target = Target::create(&output, self.form.is_folder())?;
        let mut batches = export.batches()?;
        let columns = batches.schema().clone();
        let progress = Progress::of_rows("exporting", batches.progress().1);
        let options = self.options(&layout, batches.times());
        let parts = self.form.split.as_ref().map(|split| split.parts());
        let first: Vec<Place> = match (parts, self.form.partition_by) {
            (_, Some(_)) => Vec::new(),
            (None, None) => vec![Place::default()],
            (Some(parts), None) => parts
                .iter()
                .map(|part| Place {
                    part: Some(*part),
                    partition: None,
                })
                .collect(),
        };
        let name = |place: &Place| path_of(place, self.form.partition_by, form);
        let written = write_export(
            &mut batches,
            form,
            &options,
            &first,
            &mut |place| target.file(&name(place)),
            &mut |done, _| {
                progress.at(done);
                std::ops::ControlFlow::Continue(())
            },
        )?;
        drop(progress);
        let plan = ManifestPlan {
            selection: self.selection.selection(),
            layout,
            split: self.form.split,
            partition: self.form.partition_by,
            form,
            leak_guard: self.layout.has_leak_guard(),
        };
        let single = output
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let files = written.files.iter().map(|file| ManifestFile {
            path: match self.form.is_folder() {
                true => name(&file.place).to_string_lossy().into_owned(),
                false => single.clone().unwrap_or_default(),
            },
            records: file.records,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        });
        let report = written.report.clone();
        let mut manifest =
            Manifest::new(&store, sequence, plan, &columns, report, files.collect())?;
        manifest.notes.extend(written.note.clone());
        let changed = steps.len() as u64;
        manifest.changes = steps;
        for file in &written.files {
            if let Some(part) = file.place.part {
                *manifest.parts.entry(part.to_string()).or_default() += file.records;
            }
        }
        target.finish(&manifest_of(&output), &manifest.to_json()?)?;
        tell(&written.report, &written.files, start);
        if changed > 0 {
            say(format_args!(
                "{} to apply to the earlier rows first: `changes` in the manifest",
                count(changed, "step")
            ));
        }
        Ok(())
    }

    fn changes(&self, store: &Store, earlier: &Earlier) -> Outcome<Changes> {
        let own = store.id().to_string();
        if let Some(other) = earlier.store.as_ref().filter(|other| **other != own) {
            return Err(Failure::invalid(format_args!(
                "--changes-since: the manifest is of the store {other}, and this is {own}"
            )));
        }
        let mut changes = store.changes_since(earlier.sequence)?;
        if let Some(sequence) = self.as_of {
            changes.snapshot = changes.snapshot.as_of(sequence)?;
            changes.steps.retain(|step| step.sequence() <= sequence);
        }
        if !changes.steps.is_empty() && self.output.as_deref() == Some(Path::new("-")) {
            return Err(Failure::usage(
                "--output -: earlier rows were deleted or changed since, which only a manifest says; write to a file",
            ));
        }
        Ok(changes)
    }

    /// The export, the newest commit that it sees, and what is to be done to earlier rows.
    fn plan(&self, store: &Store, form: Form, layout: Layout) -> Outcome<(Plan, u64, Vec<Change>)> {
        let selection = self.selection.selection();
        let (sequence, export, steps) = match &self.selection.changes_since {
            Some(earlier) => {
                let changes = self.changes(store, earlier)?;
                let export = changes.export(selection)?;
                (changes.snapshot.sequence(), export, changes.steps)
            }
            None => {
                let mut snapshot = store.snapshot();
                if let Some(sequence) = self.as_of {
                    snapshot = snapshot.as_of(sequence)?;
                }
                let export = snapshot.export().selection(selection);
                (snapshot.sequence(), export, Vec::new())
            }
        };
        let mut export = export
            .layout(layout)
            .strings(form.strings(self.form.strings())?)
            .order(self.form.order())
            .threads(self.form.threads());
        if let Some(split) = self.form.split {
            export = export.split(split);
        }
        if let Some(partition) = self.form.partition_by {
            export = export.partition(partition);
        }
        if !self.layout.has_leak_guard() {
            export = export.without_leak_guard();
        }
        if form == Form::Inter {
            export = export.with_times();
        }
        Ok((export, sequence, steps))
    }

    fn options(&self, layout: &Layout, times: Option<(i64, i64)>) -> FormOptions {
        let files = match self.form.partition_by {
            None => 1,
            Some(Partition::UserHash(shards)) => shards as usize,
            Some(Partition::Month) => MONTHS,
        };
        let mut options = FormOptions::default();
        options.layout = layout.clone();
        options.sorted = *layout == Layout::Rows && self.form.order() == ScanOrder::UserTime;
        options.times = times;
        // Files that are written side by side have no use for threads of their own.
        options.threads = match self.form.is_folder() {
            true => 0,
            false => self.form.threads(),
        };
        options.row_group_rows = (files > 1).then(|| (OPEN_ROWS / files).max(LEAST_GROUP));
        options
    }
}

/// Months of which files are written side by side, as far as memory is shared out.
const MONTHS: usize = 64;
/// Rows that all files together hold in memory, about.
const OPEN_ROWS: usize = 1 << 22;
/// Rows of a row group, at least.
const LEAST_GROUP: usize = 1 << 13;

/// Says what was written, and what was left out.
fn tell(report: &ExportReport, files: &[WrittenFile], start: Instant) {
    for (rule, rows) in report.dropped.by_rule() {
        if rows > 0 {
            say(format_args!(
                "{} left out by {}",
                count(rows, "row"),
                rule.replace('_', "-")
            ));
        }
    }
    if report.short_of_negatives > 0 {
        say(format_args!(
            "{} with fewer negatives than asked for: there are no more items that the user did not interact with",
            count(report.short_of_negatives, "target")
        ));
    }
    if report.not_shown > 0 {
        say(format_args!(
            "{} of an item that is not in the impression",
            count(report.not_shown, "event")
        ));
    }
    let rows = report.content.rows;
    let made = match report.records == rows {
        true => String::new(),
        false => format!(" as {}", count(report.records, "record")),
    };
    let in_files = match files.len() {
        1 => String::new(),
        files => format!(" into {}", count(files as u64, "file")),
    };
    say(format_args!(
        "{} exported{made}{in_files} in {}",
        count(rows, "row"),
        seconds(start.elapsed())
    ));
}
