//! A set of shards: a folder with a store for each range of the hash of user ids.

mod init;
mod reshape;
mod stats;
mod verify;

use std::path::PathBuf;

use annals::shards::{ShardSet, user_hash};
use clap::{Args, Subcommand};

use super::history::History;
use super::import::Import;
use crate::failure::Outcome;
use crate::output::{count, detail, print_line};

#[derive(Subcommand)]
pub enum Shard {
    /// Create a set of shards
    Init(init::Init),
    /// Import files into all shards in one pass
    Import(Box<ImportInto>),
    /// Show the shards and figures about each
    #[command(visible_alias = "list")]
    Stats(stats::Stats),
    /// Tell which shard has a user
    Route(Route),
    /// Show what one user did
    ///
    /// STORE is the folder of the set; the shard of the user alone is opened.
    History(History),
    /// Show a digest of all interactions: that of one store with the same
    Digest(Digest),
    /// Split a shard into two
    Split(reshape::Split),
    /// Make one shard of two neighbours
    Merge(reshape::Merge),
    /// Read every byte of every shard, and look whether each user is in the right one
    Verify(verify::Verify),
}

impl Shard {
    pub fn run(self) -> Outcome {
        match self {
            Self::Init(command) => command.run(),
            Self::Import(command) => command.run(),
            Self::Stats(command) => command.run(),
            Self::Route(command) => command.run(),
            Self::History(command) => command.run(),
            Self::Digest(command) => command.run(),
            Self::Split(command) => command.run(),
            Self::Merge(command) => command.run(),
            Self::Verify(command) => command.run(),
        }
    }
}

/// Imports files into all shards in one pass over them, each row to the shard of its user: all or nothing in
/// each shard. Where a shard fails, the message says which have their rows. STORE is the folder of the set.
#[derive(Args)]
pub struct ImportInto {
    #[command(flatten)]
    import: Import,
    /// Only the rows of these shards, by position, separated by commas; the others are passed over unchecked.
    /// For several processes side by side, and for the shards where an import failed
    #[arg(long, value_name = "K,...", value_delimiter = ',')]
    shards: Vec<usize>,
}

impl ImportInto {
    fn run(self) -> Outcome {
        self.import.run_on_shards(&self.shards)
    }
}

/// Tells which shard has a user: its position, its folder and the hash of the user, separated by tabs. The
/// user need not be there.
#[derive(Args)]
pub struct Route {
    /// The folder of the set
    set: PathBuf,
    /// The user, exactly as it is written
    #[arg(allow_hyphen_values = true)]
    user: String,
}

impl Route {
    fn run(self) -> Outcome {
        let map = ShardSet::map_of(&self.set)?;
        let position = map.shard_of(&self.user);
        print_line(format_args!(
            "{position}\t{}\t{:016x}",
            map.shard(position)?.folder(),
            user_hash(&self.user, map.seed())
        ))
    }
}

/// A digest of all interactions of all shards: that of one store with the same, whatever the number of
/// shards.
#[derive(Args)]
pub struct Digest {
    /// The folder of the set
    set: PathBuf,
}

impl Digest {
    fn run(self) -> Outcome {
        let set = ShardSet::open_read_only(&self.set)?;
        let content = set.snapshot()?.content()?;
        detail(format_args!(
            "{} of {}",
            count(content.rows, "row"),
            count(set.map().len() as u64, "shard")
        ));
        print_line(content)
    }
}
