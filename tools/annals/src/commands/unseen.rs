use std::io::Write;
use std::path::PathBuf;

use annals::Value;
use clap::Args;

use crate::args::{EventTypes, Format, read_candidates};
use crate::failure::Outcome;
use crate::output::{Kind, Records, print_json, stdout};
use crate::store::open_of_user;
use crate::unmatched::{warn_of_event_types, warn_of_user};

/// Tells which candidates a user has not interacted with, in their order.
#[derive(Args)]
pub struct Unseen {
    /// The folder of the store
    store: PathBuf,
    /// The user, exactly as it was written
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    user: String,
    /// A file of item ids, one a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    candidates: PathBuf,
    #[command(flatten)]
    types: EventTypes,
    /// How to write them [default: the bare ids, one a line]
    #[arg(long, value_enum, value_name = "F")]
    format: Option<Format>,
}

impl Unseen {
    pub fn run(self) -> Outcome {
        let candidates = read_candidates(&self.candidates)?;
        let store = open_of_user(&self.store, &self.user)?;
        let flags = store.unseen(&self.user, &candidates, &self.types.names())?;
        warn_of_event_types(&store, &self.types);
        warn_of_user(&store, &self.user)?;
        let unseen = candidates.iter().zip(flags);
        let unseen: Vec<&String> = unseen.filter_map(|(id, flag)| flag.then_some(id)).collect();
        match self.format {
            None => {
                let mut out = stdout();
                for id in unseen {
                    writeln!(out, "{id}")?;
                }
                Ok(out.flush()?)
            }
            Some(Format::Json) => print_json(&unseen),
            Some(format) => {
                let mut records = Records::new(stdout(), format, None, &[("ITEM_ID", Kind::Id)])?;
                for id in unseen {
                    records.write(&[Value::String(id.clone())])?;
                }
                records.finish()
            }
        }
    }
}
