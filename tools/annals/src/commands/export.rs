use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::copies::Changes;
use annals::export::{Export as Plan, ExportReport, Form, Layout, ManifestFile, manifest_of};
use annals::shards::ShardSet;
use annals::{ErrorKind, Snapshot, Store};
use clap::Args;

use super::export_check::check;
use crate::export_args::{Earlier, FormArgs, LayoutArgs, SelectionArgs};
use crate::export_files::Target;
use crate::failure::{Failure, Outcome};
use crate::output::{check_output, count, say, seconds, warn};
use crate::progress::Progress;
use crate::store::{is_set, open_for_reading, tell_of_damage};
use crate::unmatched::{warn_of_names, warn_of_time};

#[derive(Args)]
pub struct Export {
    /// The folder of the store, or of a set of shards
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
    /// Make the export of a manifest, or of a folder with one, again, and tell whether its content and its files are as
    /// they were
    #[arg(long, value_name = "MANIFEST")]
    check: Option<PathBuf>,
}

/// What an export is of.
enum Source {
    Store(Store),
    Set(ShardSet),
}

impl Source {
    fn open(path: &Path) -> Outcome<Self> {
        Ok(match is_set(path) {
            true => {
                let set = ShardSet::open_read_only(path)?;
                set.stores()?.into_iter().for_each(tell_of_damage);
                Self::Set(set)
            }
            false => Self::Store(open_for_reading(path)?),
        })
    }

    fn snapshots(&self) -> Outcome<Vec<Snapshot>> {
        Ok(match self {
            Self::Store(store) => vec![store.snapshot()],
            Self::Set(set) => set.snapshot()?.shards().to_vec(),
        })
    }
}

impl Export {
    pub fn run(self) -> Outcome {
        if let Some(manifest) = &self.check {
            return check(manifest, &Source::open(&self.store)?.snapshots()?);
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
        let source = Source::open(&self.store)?;
        let export = self.plan(&source, form, layout)?;
        if let Source::Store(store) = &source {
            warn_of_names(store, &self.selection.events.names());
            warn_of_time(store, &self.selection.window);
        }
        warn(self.form.split.and_then(|split| split.warning()));
        let mut target = Target::create(&output, export.is_folder())?;
        let name = output
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let progress = Progress::of_rows("exporting", 0);
        let written = export.write_with(
            &name.unwrap_or_default(),
            form,
            &mut |path| target.file(path),
            &mut |done, all| {
                progress.at_of(done, all);
                ControlFlow::Continue(())
            },
        );
        drop(progress);
        // What is wrong with the export itself concerns no file.
        let manifest = written.map_err(|error| match error.kind() {
            ErrorKind::Io => Failure::from(error).within(output.display()),
            _ => error.into(),
        })?;
        target.finish(&manifest_of(&output), &manifest.to_json()?)?;
        tell(&manifest.report, &manifest.files, start);
        let changed = manifest.changes.len() as u64;
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

    fn plan(&self, source: &Source, form: Form, layout: Layout) -> Outcome<Plan> {
        let selection = self.selection.selection();
        let export = match (source, &self.selection.changes_since) {
            (Source::Store(store), Some(earlier)) => {
                self.changes(store, earlier)?.export(selection)?
            }
            (Source::Store(store), None) => {
                let mut snapshot = store.snapshot();
                if let Some(sequence) = self.as_of {
                    snapshot = snapshot.as_of(sequence)?;
                }
                snapshot.export().selection(selection)
            }
            (Source::Set(_), earlier) if earlier.is_some() || self.as_of.is_some() => {
                return Err(Failure::usage(
                    "--changes-since and --as-of are of the commits of one store; export each shard (SET/shard-N)",
                ));
            }
            (Source::Set(set), _) => set.snapshot()?.export()?.selection(selection),
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
        Ok(export)
    }
}

/// Says what was written, and what was left out.
fn tell(report: &ExportReport, files: &[ManifestFile], start: Instant) {
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
