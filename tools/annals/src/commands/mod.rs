//! A file a command.

mod backup;
mod checkpoint;
mod compact;
mod dump;
mod dump_segment;
mod dump_store;
mod export;
mod filter;
mod generate;
mod history;
mod import;
mod init;
mod insights;
mod put;
mod put_events;
mod recommendations;
mod records;
mod repair;
mod restore;
mod schema;
mod stats;
mod unseen;
mod verify;

use clap::Subcommand;

use crate::failure::Outcome;

#[derive(Subcommand)]
pub enum Command {
    /// Propose or check a schema
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Create a store
    Init(init::Init),
    /// Import CSV files, all or nothing
    Import(import::Import),
    /// Record interactions from JSON lines
    Put(put::Put),
    /// Record event requests (PutEvents), one a line
    PutEvents(put_events::PutEvents),
    /// Record what was recommended, one recommendation a line
    Recommendations(recommendations::Recommendations),
    /// Show what one user did
    History(history::History),
    /// Tell which candidates a user has not interacted with
    Unseen(unseen::Unseen),
    /// Tell which candidates, or which users, a filter expression keeps
    Filter(filter::Filter),
    /// Write the store as CSV
    Export(export::Export),
    /// Show what is physically there
    Dump(dump::Dump),
    /// Show figures about the store
    Stats(stats::Stats),
    /// Report what the data lacks for training
    Insights(insights::Insights),
    /// Read every byte and check every checksum and invariant
    Verify(verify::Verify),
    /// Open a store whose log is damaged, without what stands behind the damage
    Repair(repair::Repair),
    /// Copy a store as it is at this moment
    Checkpoint(checkpoint::Checkpoint),
    /// Copy a store into a folder of backups
    Backup(backup::Backup),
    /// Copy a backup to a new store
    Restore(restore::Restore),
    /// Merge what was written into few segments
    Compact(compact::Compact),
    /// Generate a realistic CSV file
    Generate(generate::Generate),
}

impl Command {
    pub fn run(self) -> Outcome {
        match self {
            Self::Schema(command) => command.run(),
            Self::Init(command) => command.run(),
            Self::Import(command) => command.run(),
            Self::Put(command) => command.run(),
            Self::PutEvents(command) => command.run(),
            Self::Recommendations(command) => command.run(),
            Self::History(command) => command.run(),
            Self::Unseen(command) => command.run(),
            Self::Filter(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Stats(command) => command.run(),
            Self::Insights(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Repair(command) => command.run(),
            Self::Checkpoint(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Compact(command) => command.run(),
            Self::Generate(command) => command.run(),
        }
    }
}
