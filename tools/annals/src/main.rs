//! `annals`: the command-line tool. Results go to standard output, everything else to standard error.

mod args;
mod commands;
mod export_args;
mod export_files;
mod failure;
mod form_args;
mod input;
mod nearest;
mod output;
mod placeholders;
mod progress;
mod store;
mod tally;
mod unmatched;
mod verbosity;

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Instant;

use annals::inspect::FormatVersions;
use clap::{CommandFactory, FromArgMatches, Parser};

use commands::Command;
use failure::{Failure, USAGE};
use output::{detail, say_always, say_lines, seconds};
use verbosity::Level;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the operating system or the store refused: no such file, store, shard or pin, disk full, ...
  2  the command line is wrong
  3  the data or an argument breaks a rule of the schema, the limits or the file format
  4  damage on disk was found
  5  the store is open for writing elsewhere
  6  what must be equal is not: a bug in annals, or for skew and export --check another content

Errors go to standard error as `annals: message`.";

/// An embedded store of what users did to items.
#[derive(Parser)]
#[command(name = "annals", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say nothing but errors: no warnings, notes, summaries or progress on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say what the command took, too
    #[arg(short, long, global = true)]
    verbose: bool,
}

fn main() -> ExitCode {
    let start = Instant::now();
    let matches = whole().try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return refused(&error.format(&mut whole())),
    };
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => Level::Quiet,
        (_, true) => Level::Verbose,
        _ => Level::Usual,
    };
    level.set();
    let outcome = cli.command.run(whole);
    detail(format_args!(
        "took {}{}",
        seconds(start.elapsed()),
        memory()
    ));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Message { code, message }) => {
            say_always(message);
            ExitCode::from(code)
        }
        // As in `... | head`.
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
    }
}

/// Says what is wrong with the command line, as any other error is said; or gives the help that was asked
/// for.
fn refused(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = error.render().to_string();
        match text.strip_prefix("error: ") {
            Some(message) => say_lines(message.trim_end()),
            None => error.exit(),
        }
        return ExitCode::from(USAGE);
    }
    error.exit()
}

/// The command line with all that it takes.
fn whole() -> clap::Command {
    Cli::command().long_version(LONG_VERSION.as_str())
}

static LONG_VERSION: LazyLock<String> = LazyLock::new(long_version);

fn long_version() -> String {
    let formats = FormatVersions::LATEST;
    format!(
        "{}\ncommit: {}\ntarget: {}\nformats: manifest {}, account {}, segment {}, hot row {}\nRocksDB: {}",
        env!("CARGO_PKG_VERSION"),
        env!("ANNALS_COMMIT"),
        env!("ANNALS_TARGET"),
        formats.manifest,
        formats.account,
        formats.segment,
        formats.hot_row,
        env!("ANNALS_ROCKSDB"),
    )
}

/// The most memory that was taken, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = most.and_then(|most| most.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map_or_else(String::new, |kib| {
        format!(", {} MiB of memory at most", kib.div_ceil(1024))
    })
}
