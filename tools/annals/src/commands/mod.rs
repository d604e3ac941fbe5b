//! A file a command.

mod backup;
mod checkpoint;
mod compact;
mod completions;
mod count;
mod delete;
mod digest;
mod dump;
mod dump_segment;
mod dump_store;
mod export;
mod export_check;
mod filter;
mod generate;
mod history;
mod import;
mod import_preview;
mod init;
mod insights;
mod lease;
mod limits;
mod listing;
mod man;
mod partitions;
mod pin;
mod purge;
mod put;
mod put_events;
mod recommendations;
mod records;
mod repair;
mod report;
mod restore;
mod retention;
mod schema;
mod shard;
mod skew;
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
    /// Import files, all or nothing: CSV, JSON lines, Parquet, and CSV of other forms
    Import(import::Import),
    /// Record interactions from JSON lines
    Put(put::Put),
    /// Record event requests (PutEvents), one a line
    PutEvents(put_events::PutEvents),
    /// Record what was recommended, one recommendation a line
    Recommendations(recommendations::Recommendations),
    /// Delete interactions of users, or of an item
    Delete(delete::Delete),
    /// Show what one user did
    History(history::History),
    /// Tell which candidates a user has not interacted with
    Unseen(unseen::Unseen),
    /// Tell which candidates, or which users, a filter expression keeps
    Filter(filter::Filter),
    /// List the users
    Users(listing::Users),
    /// List the items
    Items(listing::Items),
    /// List the users or items with the most interactions
    Top(listing::Top),
    /// Count interactions by the values of fields, and by day
    Count(count::Count),
    /// Write interactions to files, as rows or as training data
    Export(Box<export::Export>),
    /// Show a digest of all interactions
    Digest(digest::Digest),
    /// Compare what is served with what was exported
    Skew(skew::Skew),
    /// Show what is physically there
    Dump(dump::Dump),
    /// Show figures about the store
    Stats(stats::Stats),
    /// Report what the data lacks for training
    Insights(insights::Insights),
    /// Write a report on the store as a page of HTML
    Report(report::Report),
    /// Show the limits of a store, or raise some
    Limits(limits::Limits),
    /// Read every byte and check every checksum and invariant
    Verify(verify::Verify),
    /// Take out what is damaged, so that the rest is read again, and list what is lost
    Repair(repair::Repair),
    /// Copy a store as it is at this moment
    Checkpoint(checkpoint::Checkpoint),
    /// Keep a store as it is at this moment under a name
    Pin(pin::Pin),
    /// Divide a pinned snapshot into ranges of users
    Partitions(partitions::Partitions),
    /// Say what a consumer of changes has taken
    Lease(lease::Lease),
    /// Copy a store into a folder of backups
    Backup(backup::Backup),
    /// Copy a backup to a new store
    Restore(restore::Restore),
    /// Show or change how long interactions are kept
    Retention(retention::Retention),
    /// Take what was deleted out of every file
    Purge(purge::Purge),
    /// Lay users out over several stores, and ask all of them
    #[command(subcommand)]
    Shard(shard::Shard),
    /// Merge what was written into few segments
    Compact(compact::Compact),
    /// Generate a realistic CSV file
    Generate(generate::Generate),
    /// Write the completions of a shell
    Completions(completions::Completions),
    /// Write the manual pages
    Man(man::Man),
}

impl Command {
    /// Runs the command; `whole` gives the command line that it is part of.
    pub fn run(self, whole: fn() -> clap::Command) -> Outcome {
        match self {
            Self::Schema(command) => command.run(),
            Self::Init(command) => command.run(),
            Self::Import(command) => command.run(),
            Self::Put(command) => command.run(),
            Self::PutEvents(command) => command.run(),
            Self::Recommendations(command) => command.run(),
            Self::Delete(command) => command.run(),
            Self::History(command) => command.run(),
            Self::Unseen(command) => command.run(),
            Self::Filter(command) => command.run(),
            Self::Users(command) => command.run(),
            Self::Items(command) => command.run(),
            Self::Top(command) => command.run(),
            Self::Count(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Digest(command) => command.run(),
            Self::Skew(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Stats(command) => command.run(),
            Self::Insights(command) => command.run(),
            Self::Report(command) => command.run(),
            Self::Limits(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Repair(command) => command.run(),
            Self::Checkpoint(command) => command.run(),
            Self::Pin(command) => command.run(),
            Self::Partitions(command) => command.run(),
            Self::Lease(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Retention(command) => command.run(),
            Self::Purge(command) => command.run(),
            Self::Shard(command) => command.run(),
            Self::Compact(command) => command.run(),
            Self::Generate(command) => command.run(),
            Self::Completions(command) => command.run(whole()),
            Self::Man(command) => command.run(whole()),
        }
    }
}
