use std::path::PathBuf;

use annals::shards::ShardSet;
use clap::Args;

use crate::args::Quotas;
use crate::commands::schema::read_schema;
use crate::failure::Outcome;
use crate::output::{count, print_done, warn};

/// Creates a set of shards of equal ranges of the hash of user ids.
#[derive(Args)]
pub struct Init {
    /// The folder of the set; made where it is missing
    set: PathBuf,
    /// An Avro schema in JSON, as the interactions dataset contract describes it
    #[arg(long, value_name = "schema.json")]
    schema: PathBuf,
    /// How many shards
    #[arg(long, value_name = "K")]
    shards: usize,
    #[command(flatten)]
    quotas: Quotas,
    /// Let the group of the folder read the set; otherwise its files are the owner's alone
    #[arg(long)]
    group_may_read: bool,
}

impl Init {
    pub fn run(self) -> Outcome {
        let limits = self.quotas.limits()?;
        let schema = read_schema(&self.schema, &limits)?;
        ShardSet::builder()
            .limits(limits)
            .group_may_read(self.group_may_read)
            .create(&self.set, &schema, self.shards)?;
        warn(schema.warnings());
        print_done(format_args!(
            "{}: set of {} created, {}",
            self.set.display(),
            count(self.shards as u64, "shard"),
            count(schema.fields().len() as u64, "field")
        ))
    }
}
