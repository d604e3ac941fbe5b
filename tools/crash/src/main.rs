//! Crashes of the real store, RocksDB's files included: power loss, kills, failing system calls,
//! random work without any, and readers beside a writer. README.md says how to use it and how it works.

mod disk;
mod drive;
mod marks;
mod workload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a function of this program gives; errors are messages for people.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Crashes of the real store
#[derive(Parser)]
#[command(name = "annals-crash", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Power(drive::Power),
    Replay(drive::Replay),
    Kill(drive::Kill),
    Faults(drive::Faults),
    Random(drive::Random),
    Beside(drive::Beside),
    #[command(hide = true)]
    Work(workload::Work),
    #[command(hide = true)]
    Check(workload::Check),
    #[command(hide = true)]
    Watch(workload::Watch),
}

fn run(command: &Command) -> Outcome<bool> {
    match command {
        Command::Power(power) => power.run(),
        Command::Replay(replay) => replay.run(),
        Command::Kill(kill) => kill.run(),
        Command::Faults(faults) => faults.run(),
        Command::Random(random) => random.run(),
        Command::Beside(beside) => beside.run(),
        Command::Work(work) => work.run().map(|()| true),
        Command::Check(check) => check.run().map(|()| true),
        Command::Watch(watch) => watch.run().map(|()| true),
    }
}

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("annals-crash: {error}");
            ExitCode::from(2)
        }
    }
}
