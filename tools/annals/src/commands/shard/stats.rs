use std::path::PathBuf;

use annals::shards::ShardSet;
use clap::Args;
use serde::Serialize;

use crate::args::ReportFormat;
use crate::failure::Outcome;
use crate::output::{Align, print, print_json, table, thousands};
use crate::store::tell_of_damage;

/// Shows the shards of a set, by rising hashes, and figures about each.
#[derive(Args)]
pub struct Stats {
    /// The folder of the set
    set: PathBuf,
    /// How to write them
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

#[derive(Serialize)]
struct Report {
    /// The seed of the hash.
    seed: String,
    /// How often the shards were changed, the making included.
    edit: u64,
    rows: u64,
    users: u64,
    segment_bytes: u64,
    shards: Vec<Figures>,
}

#[derive(Serialize)]
struct Figures {
    shard: usize,
    folder: String,
    /// Of the hash, both inside.
    first: String,
    last: String,
    store: String,
    rows: u64,
    bulk_rows: u64,
    users: u64,
    items: u64,
    segments: u64,
    segment_bytes: u64,
    /// The newest commit.
    sequence: u64,
}

impl Stats {
    pub fn run(self) -> Outcome {
        let report = self.report()?;
        match self.format {
            ReportFormat::Json => print_json(&report),
            ReportFormat::Table => print(shown(&report)),
        }
    }

    fn report(&self) -> Outcome<Report> {
        let set = ShardSet::open_read_only(&self.set)?;
        let map = set.map();
        let mut shards = Vec::with_capacity(map.len());
        for (position, shard) in map.shards().iter().enumerate() {
            let store = set.store(position)?;
            tell_of_damage(store);
            let stats = store.stats()?;
            shards.push(Figures {
                shard: position,
                folder: shard.folder().to_owned(),
                first: format!("{:016x}", shard.range().first()),
                last: format!("{:016x}", shard.range().last()),
                store: shard.store_id().to_owned(),
                rows: stats.rows,
                bulk_rows: stats.bulk_rows,
                users: stats.users,
                items: stats.items,
                segments: stats.segments,
                segment_bytes: stats.segment_bytes,
                sequence: stats.sequence,
            });
        }
        let sum = |figure: fn(&Figures) -> u64| shards.iter().map(figure).sum();
        Ok(Report {
            seed: format!("{:016x}", map.seed()),
            edit: map.edit(),
            rows: sum(|one| one.rows),
            users: sum(|one| one.users),
            segment_bytes: sum(|one| one.segment_bytes),
            shards,
        })
    }
}

fn shown(report: &Report) -> String {
    let header = [
        ("shard", Align::Right),
        ("folder", Align::Left),
        ("first hash", Align::Left),
        ("rows", Align::Right),
        ("by import", Align::Right),
        ("users", Align::Right),
        ("segments", Align::Right),
        ("segment bytes", Align::Right),
        ("newest commit", Align::Right),
    ];
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(report.shards.len() + 1);
    for one in &report.shards {
        rows.push(vec![
            one.shard.to_string(),
            one.folder.clone(),
            one.first.clone(),
            thousands(one.rows),
            thousands(one.bulk_rows),
            thousands(one.users),
            thousands(one.segments),
            thousands(one.segment_bytes),
            thousands(one.sequence),
        ]);
    }
    rows.push(vec![
        "all".to_owned(),
        String::new(),
        String::new(),
        thousands(report.rows),
        thousands(report.shards.iter().map(|one| one.bulk_rows).sum()),
        thousands(report.users),
        thousands(report.shards.iter().map(|one| one.segments).sum()),
        thousands(report.segment_bytes),
        String::new(),
    ]);
    table(&header, rows)
}
