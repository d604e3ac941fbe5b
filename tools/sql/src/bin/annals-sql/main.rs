//! `annals-sql`: SQL over a store. Results go to standard output, everything else to standard error.

mod args;
mod completion;
mod count;
mod failure;
mod output;
mod parquet_file;
mod queries;
mod repl;
mod sink;
mod table;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use failure::{Failure, Outcome, say};
use queries::Queries;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let text = error.render().to_string();
            say(text.strip_prefix("error: ").unwrap_or(&text).trim_end());
            return ExitCode::from(failure::USAGE);
        }
        Err(error) => error.exit(),
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: &Cli) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = cli.threads {
        builder.worker_threads(threads);
    }
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("starting threads", &error))?;
    let mut queries = Queries::open(cli)?;
    if let Some(sql) = cli.statements()? {
        return runtime.block_on(queries.run(&sql, cli));
    }
    if std::io::stdin().is_terminal() {
        return repl::run(&runtime, &mut queries, cli);
    }
    let mut sql = String::new();
    let read = std::io::stdin().read_to_string(&mut sql);
    read.map_err(|error| Failure::io("reading standard input", &error))?;
    runtime.block_on(queries.run(&sql, cli))
}
