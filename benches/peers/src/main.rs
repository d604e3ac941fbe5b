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
mod schedule;
mod scratch;
mod seen;
mod sorted;
mod times;
mod works;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;

use annals_generate::{Generator, Options};
use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::data::Rows;
use crate::parent::Python;
use crate::peers::Kind;
use crate::questions::Questions;
use crate::results::Results;
use crate::schedule::{Schedule, Subject};
use crate::scratch::Scratch;

/// Rows of a batch that is handed to Python.
const ARROW_ROWS: usize = 1 << 20;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["child", name, scratch, command] => child::run(name, &Scratch::new(*scratch), command),
        ["report", file] => report_again(Path::new(file)),
        ["--help"] => {
            println!("{}", args::USAGE);
            Ok(())
        }
        _ => run(args.into_iter()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: impl Iterator<Item = String>) -> Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = Args::parse(env!("CARGO_MANIFEST_DIR"), args)?;
    let known = peers::all();
    let unknown = |name: &&String| !known.iter().any(|kind| kind.name() == name.as_str());
    if let Some(name) = args.stores.iter().find(unknown) {
        bail!("no store {name}\n{}", args::USAGE);
    }
    let asked =
        |kind: &Kind| args.stores.is_empty() || args.stores.iter().any(|name| name == kind.name());
    let kinds: Vec<Kind> = known.into_iter().filter(asked).collect();
    let python = Python::new(home);
    let scratch = Scratch::new(&args.scratch);
    let tenth_scratch = Scratch::new(args.scratch.join("tenth"));
    let options = Options::new(args.rows);
    prepare(&options, &kinds, &scratch, !args.skip_csv)?;
    let tenth = args.tenth.then(|| Options::new(args.rows / 10));
    if let Some(options) = &tenth {
        prepare(options, &kinds, &tenth_scratch, !args.skip_csv)?;
    }

    let mut results = Results {
        date: machine::today(),
        machine: machine::Machine::look(&python.interpreter()),
        versions: machine::versions(home, &python.interpreter()),
        settings: kinds
            .iter()
            .map(|kind| (kind.name().to_owned(), kind.settings().to_owned()))
            .collect(),
        ..Results::of(&options, &kinds, args.rounds)
    };
    let tenth = tenth.map(|options| Results::of(&options, &kinds, args.rounds));
    results.tenth = tenth.map(Box::new);
    let subjects = kinds.iter().flat_map(|kind| {
        let with = |scratch, tenth| Subject {
            kind,
            scratch,
            tenth,
        };
        let tenth = args.tenth.then(|| with(&tenth_scratch, true));
        tenth.into_iter().chain([with(&scratch, false)])
    });
    let subjects: Vec<Subject<'_>> = subjects.collect();
    let schedule = Schedule {
        subjects: &subjects,
        python: &python,
        rounds: args.rounds,
        csv: !args.skip_csv,
        writes: !args.skip_writes,
    };
    schedule.run(&mut results)?;
    let compared = results.compare();
    eprintln!("{compared} answers compared");
    fs::create_dir_all(&args.results)?;
    let file = args.results.join(format!("{}.json", args.name));
    serde_json::to_writer_pretty(BufWriter::new(File::create(&file)?), &results)?;
    report::write(&results, &file)?;
    if !args.keep {
        fs::remove_dir_all(scratch.folder())?;
    }
    println!("{}", report::table(&results));
    match results.failed() {
        0 => Ok(()),
        failed => bail!(
            "{failed} stores failed or answered differently; see {}",
            file.display()
        ),
    }
}

/// Draws the data and the questions, and puts them where every process finds them.
fn prepare(options: &Options, kinds: &[Kind], scratch: &Scratch, csv: bool) -> Result<()> {
    fs::create_dir_all(scratch.folder())?;
    eprintln!("drawing {} rows", options.rows);
    let rows = Rows::generate(options)?;
    rows.save(&scratch.rows())?;
    Questions::draw(&rows, options.seed)?.save(&scratch.questions())?;
    if kinds.iter().any(|kind| matches!(kind, Kind::Python(_))) {
        save_arrow(&rows, &scratch.arrow())?;
    }
    if csv && kinds.iter().any(Kind::reads_csv) {
        let mut out = BufWriter::new(File::create(scratch.csv())?);
        Generator::new(options.clone())?.write_csv(&mut out, &mut |_| {})?;
    }
    Ok(())
}

fn save_arrow(rows: &Rows, path: &Path) -> Result<()> {
    let out = BufWriter::new(File::create(path)?);
    let mut writer = arrow::ipc::writer::FileWriter::try_new(out, &arrow_batch::schema())?;
    for start in (0..rows.len()).step_by(ARROW_ROWS) {
        let end = (start + ARROW_ROWS).min(rows.len());
        writer.write(&arrow_batch::batch(rows, start..end)?)?;
    }
    Ok(writer.finish()?)
}

/// Writes table and chart of an earlier run again.
fn report_again(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let results: Results = serde_json::from_str(&text)?;
    report::write(&results, file)?;
    println!("{}", report::table(&results));
    Ok(())
}
