use std::path::PathBuf;

use annals::{Schema, Store};
use clap::Args;

use super::schema::read_schema;
use crate::args::Quotas;
use crate::failure::Outcome;
use crate::output::{count, print_done, warn};

#[derive(Args)]
pub struct Init {
    /// The folder of the store; made where it is missing
    store: PathBuf,
    /// An Avro schema in JSON, as the interactions dataset contract describes it
    #[arg(long, value_name = "schema.json")]
    schema: PathBuf,
    #[command(flatten)]
    quotas: Quotas,
    /// Make the store in a folder that holds other files; these stay as they are
    #[arg(long)]
    into_nonempty: bool,
    /// Let the group of the folder read the store; otherwise its files are the owner's alone
    #[arg(long)]
    group_may_read: bool,
}

impl Init {
    pub fn run(self) -> Outcome {
        let limits = self.quotas.limits()?;
        let schema: Schema = read_schema(&self.schema, &limits)?;
        Store::builder()
            .limits(limits)
            .into_nonempty(self.into_nonempty)
            .group_may_read(self.group_may_read)
            .create(&self.store, &schema)?;
        warn(schema.warnings());
        print_done(format_args!(
            "{}: store created, {}",
            self.store.display(),
            count(schema.fields().len() as u64, "field")
        ))
    }
}
