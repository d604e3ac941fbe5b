//! The command line.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

use crate::failure::{Failure, Outcome};

const HELP: &str = "\
Tables: interactions, and items and users where their files are given. Functions: history('user', n) and \
sequences(max_length). Names that stand in no quotes are found in any case of letters. Without SQL, statements come from \
standard input; on a terminal line by line, with history, completion and timing (.help says more).

Exit codes:
  0  done
  1  the operating system or the store refused: no such file or store, disk or memory full, ...
  2  the command line is wrong
  3  the SQL, the data or an argument breaks a rule
  4  damage on disk was found
  5  the store is open for writing elsewhere
  6  a bug: report it
  130  interrupted

Errors go to standard error as `annals-sql: message`.";

/// SQL over a store of interactions, or over a set of shards.
#[derive(Clone, Debug, Parser)]
#[command(name = "annals-sql", version, max_term_width = 100, after_help = HELP)]
pub struct Cli {
    /// The store, or the set of shards
    pub store: PathBuf,
    /// Statements, separated by semicolons
    #[arg(conflicts_with = "file")]
    pub sql: Option<String>,
    /// Read the statements from a file
    #[arg(short, long)]
    pub file: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the result of the only statement to a file, which appears when it is complete; - for standard output
    #[arg(short, long, default_value = "-")]
    pub output: PathBuf,
    /// Rows of a table that are shown; 0 for all
    #[arg(long, default_value_t = 40)]
    pub rows: usize,
    /// Show the plans of the statements, and do not run them
    #[arg(long)]
    pub explain: bool,
    /// Say on standard error what each statement took
    #[arg(long)]
    pub timing: bool,
    /// Attributes of items: a CSV file, which becomes the table items
    #[arg(long, value_name = "FILE", requires = "items_schema")]
    pub items: Option<PathBuf>,
    /// The Avro schema of --items
    #[arg(long, value_name = "FILE", requires = "items")]
    pub items_schema: Option<PathBuf>,
    /// Attributes of users: a CSV file, which becomes the table users
    #[arg(long, value_name = "FILE", requires = "users_schema")]
    pub users: Option<PathBuf>,
    /// The Avro schema of --users
    #[arg(long, value_name = "FILE", requires = "users")]
    pub users_schema: Option<PathBuf>,
    /// Threads; default: the cores there are
    #[arg(long, value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// MiB that sorts, joins and groups may take before they spill to temporary files
    #[arg(long, value_name = "MIB", value_parser = at_least_one)]
    pub memory: Option<usize>,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the first rows, and how many there are
    Table,
    /// With a header; lists joined by bars
    Csv,
    /// One array of objects
    Json,
    /// An object a line
    Jsonl,
    /// Compressed by zstd, strings plain
    Parquet,
}

impl Cli {
    /// The statements, where they were given.
    pub fn statements(&self) -> Outcome<Option<String>> {
        match (&self.sql, &self.file) {
            (Some(sql), _) => Ok(Some(sql.clone())),
            (None, Some(file)) => read(file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// A file of text.
pub fn read(path: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(path);
    text.map_err(|error| Failure::io(format_args!("reading {}", path.display()), &error))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".to_owned()),
    }
}
