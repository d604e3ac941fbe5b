use std::path::PathBuf;

use annals::{Limits, Schema, Store};
use clap::{Args, ValueEnum};

use super::schema::read_schema;
use crate::failure::Outcome;
use crate::output::{print_done, warn};

#[derive(Args)]
pub struct Init {
    /// The folder of the store; made where it is missing
    store: PathBuf,
    /// An Avro schema in JSON, as the interactions dataset contract describes it
    #[arg(long, value_name = "schema.json")]
    schema: PathBuf,
    /// The quotas that schema and data are held to; kept in the store
    #[arg(long, value_enum, default_value_t = Quotas::Personalize)]
    limits: Quotas,
    /// Make the store in a folder that holds other files; these stay as they are
    #[arg(long)]
    into_nonempty: bool,
    /// Let the group of the folder read the store; otherwise its files are the owner's alone
    #[arg(long)]
    group_may_read: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Quotas {
    /// The figures of the interactions dataset contract
    Personalize,
    /// None
    Unlimited,
}

impl Init {
    pub fn run(self) -> Outcome {
        let limits = match self.limits {
            Quotas::Personalize => Limits::personalize(),
            Quotas::Unlimited => Limits::unlimited(),
        };
        let schema: Schema = read_schema(&self.schema, &limits)?;
        Store::builder()
            .limits(limits)
            .into_nonempty(self.into_nonempty)
            .group_may_read(self.group_may_read)
            .create(&self.store, &schema)?;
        warn(schema.warnings());
        print_done(format_args!(
            "{}: store created, {} fields",
            self.store.display(),
            schema.fields().len()
        ))
    }
}
