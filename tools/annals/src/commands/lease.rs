use std::path::PathBuf;
use std::time::Duration;

use annals::Store;
use annals::copies::Lease as Taken;
use clap::Args;

use crate::args::{ReportFormat, age_in_seconds};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, moment, print, print_done, print_json, table, warn};
use crate::store::open_for_reading;

/// Says what a consumer of changes has taken, so that the store remembers what comes later until the consumer
/// has taken that, too (`annals export --changes-since`); also while another process writes to the store. A purge
/// waits for the leases. Without a name, lists them.
#[derive(Args)]
pub struct Lease {
    /// The folder of the store
    store: PathBuf,
    /// Letters, digits, `_`, `-` and `.`
    name: Option<String>,
    /// The newest commit that the consumer has taken: the sequence of its last manifest
    #[arg(long, value_name = "SEQ", requires = "name")]
    at: Option<u64>,
    /// Let it expire after this time, unless it is taken again: 90s, 30m, 12h, 7d, 2w
    #[arg(long = "for", value_name = "AGE", value_parser = age_in_seconds, requires = "at")]
    lasts: Option<u64>,
    /// Release the lease
    #[arg(long, requires = "name", conflicts_with = "at")]
    release: bool,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Lease {
    pub fn run(self) -> Outcome {
        match (&self.name, self.at) {
            (Some(name), Some(sequence)) => self.take(name, sequence),
            (Some(name), None) if self.release => {
                Store::release_lease(&self.store, name)?;
                match self.format {
                    ReportFormat::Json => print_json(&serde_json::json!({ "released": name })),
                    ReportFormat::Table => print_done(format_args!("{name} is released")),
                }
            }
            (name, _) => self.list(name.as_deref()),
        }
    }

    fn take(&self, name: &str, sequence: u64) -> Outcome {
        let newest = open_for_reading(&self.store)?.snapshot().sequence();
        if sequence > newest {
            return Err(Failure::invalid(format_args!(
                "--at {sequence}: the newest commit is {newest}; give the sequence of the consumer's last manifest"
            )));
        }
        let before = Store::leases(&self.store)?;
        let before = before.iter().find(|lease| lease.name == name);
        if let Some(before) = before.filter(|before| before.sequence > sequence) {
            warn([format_args!(
                "{name} had taken changes up to the commit {}: what happened between is kept only as far as nothing has let \
                 go of it meanwhile; annals export --changes-since {sequence} tells",
                before.sequence
            )]);
        }
        let lasts = self.lasts.map(Duration::from_secs);
        let lease = Store::builder().lease(&self.store, name, sequence, lasts)?;
        match self.format {
            ReportFormat::Json => print_json(&lease),
            ReportFormat::Table => print_done(format_args!(
                "{name} has taken changes up to the commit {sequence}; {}",
                match lease.expires_seconds {
                    Some(_) => format!("later ones are kept until {}", expires(&lease)),
                    None => "later ones are kept until it is released".to_owned(),
                }
            )),
        }
    }

    fn list(&self, name: Option<&str>) -> Outcome {
        let mut leases = Store::leases(&self.store)?;
        if let Some(name) = name {
            leases.retain(|lease| lease.name == name);
            if leases.is_empty() {
                return Err(Failure::invalid(format_args!(
                    "{name}: there is no lease of this name; say what its consumer has taken, to take one (--at SEQ)"
                )));
            }
        }
        match self.format {
            ReportFormat::Json => print_json(&leases),
            ReportFormat::Table if leases.is_empty() => print_done(format_args!("no leases")),
            ReportFormat::Table => {
                let header = [
                    ("name", Align::Left),
                    ("taken up to", Align::Right),
                    ("taken", Align::Left),
                    ("expires", Align::Left),
                ];
                let rows = leases.iter().map(|lease| {
                    vec![
                        lease.name.clone(),
                        lease.sequence.to_string(),
                        moment(lease.taken_seconds),
                        expires(lease),
                    ]
                });
                print(table(&header, rows))
            }
        }
    }
}

fn expires(lease: &Taken) -> String {
    lease
        .expires_seconds
        .map_or_else(|| "never".to_owned(), moment)
}
