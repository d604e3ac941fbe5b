use std::path::PathBuf;
use std::time::Duration;

use annals::partitions::Partition;
use annals::shards;
use clap::Args;

use crate::args::{ReportFormat, age_in_seconds};
use crate::failure::Outcome;
use crate::output::{Align, print, print_json, table, thousands};

/// Divides a store, or a set of shards, into ranges of users of about as many rows each, for engines that read it by
/// many processes. Each names a pinned snapshot: what is written, deleted or compacted meanwhile does not change
/// what it gives. `annals pin STORE NAME --release` releases the pin.
#[derive(Args)]
pub struct Partitions {
    /// The folder of the store, or of a set of shards
    store: PathBuf,
    /// How many, at most; of a set about so many, and one for each shard at least
    #[arg(long, value_name = "N", default_value_t = 16)]
    parts: usize,
    /// A pin that is there (annals pin STORE NAME); without, a new one is made, which expires after a day
    #[arg(long, value_name = "NAME")]
    pin: Option<String>,
    /// Let the new pin expire after this time: 90s, 30m, 12h, 7d, 2w
    #[arg(long = "for", value_name = "AGE", value_parser = age_in_seconds, conflicts_with = "pin")]
    lasts: Option<u64>,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Partitions {
    pub fn run(self) -> Outcome {
        let lasts = self.lasts.map(Duration::from_secs);
        let pin = self.pin.as_deref();
        let partitions = shards::partitions(&self.store, pin, lasts, self.parts)?;
        match self.format {
            ReportFormat::Json => print_json(&partitions),
            ReportFormat::Table => print(shown(&partitions)),
        }
    }
}

fn shown(partitions: &[Partition]) -> String {
    let header = [
        ("store", Align::Left),
        ("pin", Align::Left),
        ("commit", Align::Right),
        ("from user", Align::Left),
        ("before user", Align::Left),
        ("rows", Align::Right),
        ("bytes", Align::Right),
    ];
    let bound = |bound: &Option<String>| bound.clone().unwrap_or_default();
    let rows = partitions.iter().map(|one| {
        vec![
            one.path.display().to_string(),
            one.snapshot.pin.clone(),
            one.snapshot.sequence.to_string(),
            bound(&one.users.from),
            bound(&one.users.to),
            thousands(one.rows),
            thousands(one.bytes),
        ]
    });
    table(&header, rows)
}
