use std::path::PathBuf;
use std::time::Duration;

use annals::copies::Pin as Kept;
use annals::{Store, shards};
use clap::Args;

use crate::args::{ReportFormat, age_in_seconds};
use crate::failure::Outcome;
use crate::output::{Align, moment, print, print_done, print_json, table};

/// Keeps a store, or every shard of a set, as it is at this moment under a name, also while another process writes to it:
/// STORE/pins/NAME is a store that every command reads. It shares its files with the store, and what is replaced since takes
/// room until the pin is released or expires. Without a name, lists the pins.
#[derive(Args)]
pub struct Pin {
    /// The folder of the store, or of a set of shards
    store: PathBuf,
    /// Letters, digits, `_`, `-` and `.`
    name: Option<String>,
    /// Let it expire after this time: 90s, 30m, 12h, 7d, 2w
    #[arg(long = "for", value_name = "AGE", value_parser = age_in_seconds, requires = "name")]
    lasts: Option<u64>,
    /// Release the pin instead
    #[arg(long, requires = "name", conflicts_with = "lasts")]
    release: bool,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Pin {
    pub fn run(self) -> Outcome {
        let Some(name) = &self.name else {
            return self.list();
        };
        if self.release {
            shards::unpin(&self.store, name)?;
            return match self.format {
                ReportFormat::Json => print_json(&serde_json::json!({ "released": name })),
                ReportFormat::Table => print_done(format_args!("{name} is released")),
            };
        }
        let lasts = self.lasts.map(Duration::from_secs);
        let pins = shards::pin(&self.store, name, lasts)?;
        match (self.format, pins.as_slice()) {
            (ReportFormat::Json, [pin]) => print_json(pin),
            (ReportFormat::Json, pins) => print_json(&pins),
            (ReportFormat::Table, pins) => pins.iter().try_for_each(|pin| {
                print_done(format_args!(
                    "{}: {}",
                    pin.path.display(),
                    match pin.expires_seconds {
                        Some(_) => format!("kept until {}", expires(pin)),
                        None => "kept until it is released".to_owned(),
                    }
                ))
            }),
        }
    }

    fn list(&self) -> Outcome {
        let mut pins = Vec::new();
        for store in shards::stores(&self.store)? {
            pins.extend(Store::pins(store)?);
        }
        match self.format {
            ReportFormat::Json => print_json(&pins),
            ReportFormat::Table if pins.is_empty() => print_done(format_args!("no pins")),
            ReportFormat::Table => {
                let header = [
                    ("name", Align::Left),
                    ("made", Align::Left),
                    ("expires", Align::Left),
                ];
                let rows = pins
                    .iter()
                    .map(|pin| vec![pin.name.clone(), moment(pin.made_seconds), expires(pin)]);
                print(table(&header, rows))
            }
        }
    }
}

fn expires(pin: &Kept) -> String {
    pin.expires_seconds
        .map_or_else(|| "never".to_owned(), moment)
}
