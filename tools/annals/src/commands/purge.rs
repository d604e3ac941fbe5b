use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::Store;
use annals::inspect::{PurgeFinding, PurgeOptions, PurgeReceipt};
use clap::Args;

use crate::args::ReportFormat;
use crate::failure::{Failure, Outcome};
use crate::output::{count, print_done, print_json, say, seconds};

/// Takes what was deleted out of every file of the store: rewrites segments, tables and logs, and looks
/// for the deleted ids in all files, as values and byte by byte. Nobody may have the store open for
/// writing meanwhile.
///
/// The receipt is kept in the store, in `purges/`. It names no id: each stands as a salted hash. When a
/// deleted id is found, the command ends with exit code 4, and the next purge looks for it again. Where
/// nothing was deleted since the last purge there is no receipt; in JSON it is null.
#[derive(Args)]
pub struct Purge {
    /// The folder of the store
    store: PathBuf,
    /// Release the pins of the store first, which may hold some of it, and the leases of consumers that have not
    /// taken the deletions, who then have to start over
    #[arg(long, conflicts_with = "check")]
    force: bool,
    /// Look for what the receipt of an earlier purge names, among all values, instead
    #[arg(long, value_name = "RECEIPT")]
    check: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Purge {
    pub fn run(self) -> Outcome {
        match &self.check {
            Some(receipt) => self.check(receipt),
            None => self.purge(),
        }
    }

    fn purge(&self) -> Outcome {
        let start = Instant::now();
        let held = holders(&self.store)?;
        let options = PurgeOptions::default().force(self.force);
        let receipt = Store::open(&self.store)?.purge(&options)?;
        let left = holders(&self.store)?;
        for holder in held.iter().filter(|holder| !left.contains(holder)) {
            say(format_args!("{holder} is released"));
        }
        let Some(receipt) = receipt else {
            return match self.format {
                ReportFormat::Json => print_json(&None::<PurgeReceipt>),
                ReportFormat::Table => {
                    print_done(format_args!("nothing was deleted since the last purge"))
                }
            };
        };
        match self.format {
            ReportFormat::Json => print_json(&receipt)?,
            ReportFormat::Table => {
                print_done(format_args!(
                    "{} purged, {} rewritten, {} bytes before and {} after, in {}",
                    count(receipt.deleted.len() as u64, "id"),
                    count(receipt.rewritten_segments, "segment"),
                    receipt.bytes_before,
                    receipt.bytes_after,
                    seconds(start.elapsed())
                ))?;
                if !receipt.still_used.is_empty() {
                    print_done(format_args!(
                        "{} used by what came later, or by others",
                        count(receipt.still_used.len() as u64, "deleted id")
                    ))?;
                }
                print_done(format_args!(
                    "{} searched: {}",
                    count(receipt.searched_files, "file"),
                    match receipt.is_clean() {
                        true => "no deleted id is found",
                        false => "deleted ids are found",
                    }
                ))?;
                let as_values = receipt.deleted.iter().filter(|one| !one.in_bytes).count();
                if as_values > 0 {
                    print_done(format_args!(
                        "{} searched for among all values alone: below 8 bytes, or in other texts",
                        count(as_values as u64, "id")
                    ))?;
                }
            }
        }
        said(&receipt.found)
    }

    fn check(&self, path: &Path) -> Outcome {
        let failed = |error| Failure::io(format_args!("reading {}", path.display()), &error);
        let bytes = std::fs::read(path).map_err(failed)?;
        let receipt: PurgeReceipt = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::invalid(format_args!(
                "{}: not a receipt of a purge: {error}",
                path.display()
            ))
        })?;
        let found = Store::builder().check_purge(&self.store, &receipt)?;
        match self.format {
            ReportFormat::Json => print_json(&found)?,
            ReportFormat::Table if found.is_empty() => print_done(format_args!(
                "none of {} is found",
                count(receipt.deleted.len() as u64, "deleted id")
            ))?,
            ReportFormat::Table => {}
        }
        said(&found)
    }
}

/// What may hold deleted bytes of a store, as it is called.
fn holders(store: &Path) -> Result<Vec<String>, Failure> {
    let pins = Store::pins(store)?.into_iter();
    let pins = pins.map(|pin| format!("the pin {}", pin.name));
    let leases = Store::leases(store)?.into_iter();
    Ok(pins
        .chain(leases.map(|lease| format!("the lease {}", lease.name)))
        .collect())
}

fn said(found: &[PurgeFinding]) -> Outcome {
    let Some(first) = found.first() else {
        return Ok(());
    };
    Err(Failure::damaged(format_args!(
        "{} found, first in {}: {} (hash {})",
        count(found.len() as u64, "deleted id"),
        first.file,
        first.place,
        first.hash
    )))
}
