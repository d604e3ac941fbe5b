//! `annals`: the command-line tool. Results go to standard output, everything else to standard error.

mod args;
mod commands;
mod failure;
mod input;
mod output;
mod progress;
mod store;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the operating system or the store refused: no such file or store, disk full, ...
  2  the command line is wrong
  3  the data or an argument breaks a rule of the schema, the limits or the file format
  4  damage on disk was found
  5  the store is open for writing elsewhere
  6  a bug in annals: nothing was written, report it

Errors go to standard error as `annals: message`.";

/// An embedded store of what users did to items.
#[derive(Parser)]
#[command(name = "annals", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
