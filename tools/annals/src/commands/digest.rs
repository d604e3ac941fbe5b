use std::path::PathBuf;

use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, detail, print_line};
use crate::store::open_for_reading;

/// A digest of all interactions, their values and how they came: equal for equal content, whatever the
/// segments, tiers or threads. The manifest of an export of all interactions has the same.
#[derive(Args)]
pub struct Digest {
    /// The folder of the store
    store: PathBuf,
    /// Of what was known at the commit SEQ
    #[arg(long, value_name = "SEQ")]
    as_of: Option<u64>,
}

impl Digest {
    pub fn run(self) -> Outcome {
        let store = open_for_reading(&self.store)?;
        let mut snapshot = store.snapshot();
        if let Some(sequence) = self.as_of {
            snapshot = snapshot.as_of(sequence)?;
        }
        let content = snapshot.content()?;
        detail(format_args!(
            "{} as of commit {}",
            count(content.rows, "row"),
            snapshot.sequence()
        ));
        print_line(content)
    }
}
