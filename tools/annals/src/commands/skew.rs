use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use annals::export::{Form, Manifest, manifest_of, skew};
use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::output::{count, print_line, say};
use crate::store::open_for_reading;

/// Compares what a service reads of some users, their histories and which items they have not seen, with
/// what an export of all interactions in rows has of them.
#[derive(Args)]
pub struct Skew {
    /// The folder of the store
    store: PathBuf,
    /// Users that are compared, drawn by the hash of their id
    #[arg(long, value_name = "N", default_value_t = 1000)]
    users: usize,
    /// The export, with its manifest beside it [default: one that is made for this, and removed]
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

impl Skew {
    pub fn run(self) -> Outcome {
        let store = open_for_reading(&self.store)?;
        let report = match &self.against {
            Some(path) => {
                let (manifest, form) = manifest_beside(path)?;
                let snapshot = match &manifest {
                    Some(manifest) => {
                        let then = manifest.as_of(&[store.snapshot()])?;
                        then.into_iter()
                            .next()
                            .ok_or_else(|| Failure::invalid("the manifest is of no store"))?
                    }
                    None => {
                        say(format_args!(
                            "{}: has no manifest, and is compared with the store as it is now",
                            path.display()
                        ));
                        store.snapshot()
                    }
                };
                skew(&snapshot, path, form, self.users)?
            }
            None => {
                let snapshot = store.snapshot();
                let folder = tempfile::tempdir()
                    .map_err(|error| Failure::io("making a temporary folder", &error))?;
                let path = folder.path().join("rows.parquet");
                store
                    .export()
                    .write_to(&path, Form::Parquet, &mut |_, _| ControlFlow::Continue(()))?;
                skew(&snapshot, &path, Form::Parquet, self.users)?
            }
        };
        if !report.differences.is_empty() {
            return Err(Failure::unequal(format_args!(
                "what is served differs from the export: {}",
                report.differences.join("; ")
            )));
        }
        print_line(format_args!(
            "{} with {}: what is served is what the export has",
            count(report.users, "user"),
            count(report.interactions, "interaction")
        ))
    }
}

/// The manifest of an export, where it has one, and its form.
fn manifest_beside(path: &Path) -> Outcome<(Option<Manifest>, Form)> {
    let beside = manifest_of(path);
    let json = match std::fs::read_to_string(&beside) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((None, crate::export_args::form_of(path)?));
        }
        Err(error) => {
            return Err(Failure::io(
                format_args!("reading {}", beside.display()),
                &error,
            ));
        }
    };
    let manifest =
        Manifest::parse(&json).map_err(|error| Failure::from(error).within(beside.display()))?;
    let form = manifest.plan.form;
    let selection = &manifest.plan.selection;
    let mut all = annals::export::Selection::default();
    all.columns.clone_from(&selection.columns);
    all.without.clone_from(&selection.without);
    if *selection != all || manifest.plan.layout != annals::export::Layout::Rows {
        return Err(Failure::invalid(format_args!(
            "{}: the export is not of all interactions in rows; compare with one that is",
            path.display()
        )));
    }
    Ok((Some(manifest), form))
}
