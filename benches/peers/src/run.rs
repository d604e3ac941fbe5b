//! A run: for each shape the data, the stores, the works, and the results' files.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use annals_generate::{Generator, Options, Shape};
use anyhow::{Result, bail};

use crate::args::{self, Args};
use crate::arrow_batch;
use crate::data::Rows;
use crate::machine::{self, Busy, Machine};
use crate::parent::Python;
use crate::peers::{self, Kind};
use crate::questions::Questions;
use crate::report;
use crate::results::Results;
use crate::schedule::{Schedule, Subject};
use crate::scratch::Scratch;

/// Rows of a batch that is handed to Python.
const ARROW_ROWS: usize = 1 << 20;

pub fn run(home: &Path, args: &Args) -> Result<()> {
    let known = peers::all();
    let unknown = |name: &&String| !known.iter().any(|kind| kind.name() == name.as_str());
    if let Some(name) = args.stores.iter().find(unknown) {
        bail!("no store {name}\n{}", args::USAGE);
    }
    let asked =
        |kind: &Kind| args.stores.is_empty() || args.stores.iter().any(|name| name == kind.name());
    let kinds: Vec<Kind> = known.into_iter().filter(asked).collect();
    let mut failed = 0;
    let mut files = Vec::new();
    for shape in &args.shapes {
        let (file, failures) = of_shape(home, args, *shape, &kinds)?;
        failed += failures;
        files.push(file);
    }
    if args.name.is_none() {
        report::write_chart(&args.results)?;
    }
    match failed {
        0 => Ok(()),
        failed => bail!("{failed} stores failed or answered differently; see {files:?}"),
    }
}

/// Gives the results' file, and how many stores failed.
fn of_shape(home: &Path, args: &Args, shape: Shape, kinds: &[Kind]) -> Result<(PathBuf, usize)> {
    let python = Python::new(home);
    let scratch = Scratch::new(args.scratch.join(shape.name()));
    let tenth_scratch = Scratch::new(scratch.folder().join("tenth"));
    let options = Options::of_shape(shape, args.rows);
    let seen = prepare(&options, kinds, &scratch, args)?;
    let mut results = Results {
        date: machine::today(),
        machine: Machine::look(&python.interpreter(), scratch.folder()),
        versions: machine::versions(home, &python.interpreter()),
        settings: kinds
            .iter()
            .map(|kind| (kind.name().to_owned(), kind.settings().to_owned()))
            .collect(),
        ..Results::of(&options, seen, kinds, args.rounds)
    };
    if args.tenth {
        let options = Options::of_shape(shape, args.rows / 10);
        let seen = prepare(&options, kinds, &tenth_scratch, args)?;
        let tenth = Results::of(&options, seen, kinds, args.rounds);
        results.tenth = Some(Box::new(tenth));
    }
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
        works: args.works,
    };
    let before = Busy::look()?;
    schedule.run(&mut results)?;
    results.others_percent = Some(before.others_percent()?);
    let compared = results.compare();
    eprintln!("{shape}: {compared} answers compared");
    fs::create_dir_all(&args.results)?;
    let file = args.results.join(format!("{}.json", args.file_name(shape)));
    serde_json::to_writer_pretty(BufWriter::new(File::create(&file)?), &results)?;
    report::write(&results, &file)?;
    if !args.keep {
        fs::remove_dir_all(scratch.folder())?;
    }
    println!("{}", report::table(&results));
    Ok((file, results.failed()))
}

/// Draws the data and the questions, and puts them where every process finds them. Gives how many users and items
/// appear.
fn prepare(
    options: &Options,
    kinds: &[Kind],
    scratch: &Scratch,
    args: &Args,
) -> Result<[usize; 2]> {
    fs::create_dir_all(scratch.folder())?;
    eprintln!("{}: drawing {} rows", options.shape, options.rows);
    let rows = Rows::generate(options)?;
    rows.save(&scratch.rows())?;
    Questions::draw(&rows, options.seed)?.save(&scratch.questions())?;
    if kinds.iter().any(|kind| matches!(kind, Kind::Python(_))) {
        save_arrow(&rows, &scratch.arrow())?;
    }
    if args.works.csv && kinds.iter().any(Kind::reads_csv) {
        let mut out = BufWriter::new(File::create(scratch.csv())?);
        Generator::new(options.clone())?.write_csv(&mut out, &mut |_| {})?;
    }
    Ok(rows.seen())
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
