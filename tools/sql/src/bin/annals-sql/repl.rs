//! Statements line by line.

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use datafusion::datasource::TableProvider;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use tokio::runtime::Runtime;

use crate::args::{Cli, Format};
use crate::completion::{COMMANDS, Prompt};
use crate::count::rows;
use crate::failure::{Failure, Outcome, say};
use crate::output::print;
use crate::queries::{Queries, parse};

/// Statements that the history keeps.
const HISTORY_LINES: usize = 10_000;

/// What a line asks for.
enum Step {
    Go,
    End,
}

/// Reads statements until the end of input. Each sees what was written to the store before it.
pub fn run(runtime: &Runtime, queries: &mut Queries, cli: &Cli) -> Outcome {
    let config = Config::builder().max_history_size(HISTORY_LINES);
    let config = config.map_err(unreadable)?.auto_add_history(true).build();
    let mut editor: Editor<Prompt, FileHistory> =
        Editor::with_config(config).map_err(unreadable)?;
    let history = history_file();
    if let Some(history) = &history {
        // The first time there is none.
        let _ = editor.load_history(history);
    }
    let mut cli = cli.clone();
    cli.timing = true;
    say(
        "statements end with a semicolon; .help shows the commands, Ctrl-C ends a statement, Ctrl-D all",
    );
    loop {
        editor.set_helper(Some(Prompt::new(names(queries))));
        let line = match editor.readline("annals> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(unreadable(error)),
        };
        match one(runtime, queries, &mut cli, line.trim()) {
            Ok(Step::Go) => {}
            Ok(Step::End) => break,
            Err(failure) => {
                let _ = failure.report();
            }
        }
        if let Some(history) = &history
            && let Err(error) = editor.append_history(history)
        {
            say(&format!("the history is not kept: {error}"));
        }
    }
    Ok(())
}

fn one(runtime: &Runtime, queries: &mut Queries, cli: &mut Cli, line: &str) -> Outcome<Step> {
    if line.is_empty() {
        return Ok(Step::Go);
    }
    if line.starts_with('.') {
        return command(runtime, queries, cli, line);
    }
    queries.refresh()?;
    for statement in parse(line)? {
        let start = Instant::now();
        let done = runtime.block_on(queries.statement(statement, cli))?;
        if cli.timing {
            let took = start.elapsed().as_secs_f64();
            say(&format!("{} in {took:.3} s", rows(done.rows)));
        }
    }
    Ok(Step::Go)
}

fn command(runtime: &Runtime, queries: &Queries, cli: &mut Cli, line: &str) -> Outcome<Step> {
    let mut words = line.split_whitespace();
    let (name, argument) = (words.next().unwrap_or_default(), words.next());
    let sql = match (name, argument) {
        (".quit" | ".exit", None) => return Ok(Step::End),
        (".help", None) => {
            let lines = COMMANDS
                .iter()
                .map(|(name, does)| format!("{name:<10} {does}"));
            print(&lines.collect::<Vec<_>>().join("\n"))?;
            return Ok(Step::Go);
        }
        (".timer", Some(on)) => {
            cli.timing = is_on(on)?;
            return Ok(Step::Go);
        }
        (".explain", Some(on)) => {
            cli.explain = is_on(on)?;
            return Ok(Step::Go);
        }
        (".rows", Some(count)) => {
            let count = count.parse();
            cli.rows = count.map_err(|_| Failure::usage(".rows takes a whole number"))?;
            return Ok(Step::Go);
        }
        (".format", Some(format)) => {
            let format = Format::from_str(format, true)
                .ok()
                .filter(|format| *format != Format::Parquet);
            cli.format =
                format.ok_or_else(|| Failure::usage(".format takes table, csv, json or jsonl"))?;
            return Ok(Step::Go);
        }
        (".tables", None) => "SELECT table_name, table_type FROM information_schema.tables \
                              WHERE table_schema = 'public' ORDER BY table_name"
            .to_owned(),
        (".schema", table) => format!("DESCRIBE {}", table.unwrap_or("interactions")),
        _ => {
            return Err(Failure::usage(format_args!(
                "no such command: {line}; .help shows them"
            )));
        }
    };
    let plain = Cli {
        explain: false,
        rows: 0,
        ..cli.clone()
    };
    for statement in parse(&sql)? {
        runtime.block_on(queries.statement(statement, &plain))?;
    }
    Ok(Step::Go)
}

fn is_on(word: &str) -> Outcome<bool> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Failure::usage("on or off")),
    }
}

/// Tables, columns and functions.
fn names(queries: &Queries) -> Vec<String> {
    let state = queries.context().state();
    let mut names: Vec<String> = Vec::new();
    names.extend(["history", "sequences"].map(str::to_owned));
    for catalog in queries.context().catalog_names() {
        let catalog = queries.context().catalog(&catalog);
        let schemas = catalog.iter().flat_map(|catalog| {
            let names = catalog.schema_names();
            names.into_iter().filter_map(|name| catalog.schema(&name))
        });
        names.extend(schemas.flat_map(|schema| schema.table_names()));
    }
    let schema = queries.interactions().schema();
    names.extend(schema.fields().iter().map(|field| field.name().clone()));
    names.extend(state.scalar_functions().keys().cloned());
    names.extend(state.aggregate_functions().keys().cloned());
    names.extend(state.window_functions().keys().cloned());
    names
}

/// `$ANNALS_SQL_HISTORY`, or a file in the home folder.
fn history_file() -> Option<PathBuf> {
    let given = std::env::var_os("ANNALS_SQL_HISTORY").map(PathBuf::from);
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".annals_sql_history")))
}

fn unreadable(error: ReadlineError) -> Failure {
    Failure::io("reading the terminal", &std::io::Error::other(error))
}
