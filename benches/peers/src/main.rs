//! The same work on the same data for annals and the stores one would otherwise pick.
//!
//! `annals-peers` draws the interactions, has every store do every work in a process of its own,
//! compares their answers by value, and writes the figures as a table, as JSON and as a chart.

mod args;
mod arrow_batch;
mod checksum;
mod child;
mod data;
mod kv;
mod machine;
mod parent;
mod peer;
mod peers;
mod plain;
mod process;
mod protocol;
mod questions;
mod report;
mod results;
mod run;
mod schedule;
mod scratch;
mod seen;
mod sorted;
mod times;
mod works;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::args::Args;
use crate::scratch::Scratch;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["child", name, scratch, command] => child::run(name, &Scratch::new(*scratch), command),
        ["report", files @ ..] => report_again(files),
        ["--help"] => {
            println!("{}", args::USAGE);
            Ok(())
        }
        _ => measure(args.into_iter()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: impl Iterator<Item = String>) -> Result<()> {
    let home = env!("CARGO_MANIFEST_DIR");
    run::run(Path::new(home), &Args::parse(home, args)?)
}

/// Writes the tables of earlier runs, and the chart of their folder, again.
fn report_again(files: &[&str]) -> Result<()> {
    for file in files.iter().map(PathBuf::from) {
        report::write(&report::read(&file)?, &file)?;
        report::write_chart(file.parent().unwrap_or(Path::new(".")))?;
    }
    Ok(())
}
