//! `annals-cluster`: SQL over a pinned store, or a set of shards, by several processes.

use std::path::PathBuf;
use std::process::ExitCode;

use annals_cluster::{serve, session};
use annals_datafusion::{Interactions, Options, register};
use clap::{Parser, Subcommand};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::displayable;
use datafusion_distributed::display_plan_ascii;
use tokio::net::TcpListener;
use url::Url;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(
    version,
    about = "SQL over a pinned store, or a set of shards, by several processes"
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs parts of queries until it is ended; prints the URL that it is reached at
    Worker {
        /// The address to listen at; port 0 takes a free one. There is no authentication: whoever reaches it reads the
        /// stores
        #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
        listen: String,
        /// Only stores below this folder are opened
        #[arg(long, value_name = "FOLDER")]
        root: Option<PathBuf>,
    },
    /// Runs a query over what a store or a set of shards keeps under a name (`annals pin`)
    Query {
        /// The store, or the set of shards
        store: PathBuf,
        /// The name of the pin
        pin: String,
        sql: String,
        /// The URLs of workers, which find the store under the same path
        #[arg(long, value_delimiter = ',', required = true, value_name = "URL,...")]
        workers: Vec<Url>,
        /// Threads of each worker
        #[arg(long, value_name = "N")]
        threads: Option<usize>,
        /// Prints the plan instead of the answer
        #[arg(long)]
        explain: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Line::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("annals-cluster: {error}");
            ExitCode::from(1)
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Worker { listen, root } => {
            let listener = TcpListener::bind(&listen).await?;
            println!("http://{}", listener.local_addr()?);
            tokio::select! {
                served = serve(listener, root) => Ok(served?),
                ended = tokio::signal::ctrl_c() => Ok(ended?),
            }
        }
        Command::Query {
            store,
            pin,
            sql,
            workers,
            threads,
            explain,
        } => {
            let options = Options {
                threads,
                memory: None,
            };
            let context = session(workers, &options)?;
            register(&context, &Interactions::of_pin(store, &pin)?)?;
            let frame = context.sql(&sql).await?;
            if explain {
                let plan = frame.create_physical_plan().await?;
                match plan.name() {
                    "DistributedExec" => println!("{}", display_plan_ascii(&*plan, false)),
                    _ => println!("{}", displayable(&*plan).indent(false)),
                }
                return Ok(());
            }
            let batches = frame.collect().await?;
            println!("{}", pretty_format_batches(&batches)?);
            Ok(())
        }
    }
}
