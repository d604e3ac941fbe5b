//! What the command line says.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub struct Args {
    pub rows: u64,
    pub rounds: usize,
    /// Only these stores; empty for all.
    pub stores: Vec<String>,
    pub scratch: PathBuf,
    pub results: PathBuf,
    /// The name of the results' files, without an ending.
    pub name: String,
    pub keep: bool,
    /// The same with a tenth of the rows, by turns.
    pub tenth: bool,
    /// Without the works that take long or much disk.
    pub skip_csv: bool,
    pub skip_writes: bool,
}

pub const USAGE: &str = "\
annals-peers [OPTION]..
  --rows N         rows of the data; default 10000000
  --rounds N       runs of each work, of which the median counts; default 5
  --stores A,B     only these, of mem, annals, rocksdb, lmdb, redb, fjall, sqlite, parquet, duckdb, vortex
  --scratch DIR    folder for data and stores; default scratch/ beside this crate
  --results DIR    folder for the results; default results/ beside this crate
  --name NAME      name of the results' files; default peers
  --tenth          the same with a tenth of the rows, by turns, to see how cost grows
  --keep           leave the scratch folder
  --skip-csv       no CSV files
  --skip-writes    no writes
  --large          --rows 100000000 --stores annals --tenth --name large --skip-csv --skip-writes";

impl Args {
    pub fn parse(home: &str, mut args: impl Iterator<Item = String>) -> Result<Self> {
        let home = PathBuf::from(home);
        let mut parsed = Self {
            rows: 10_000_000,
            rounds: 5,
            stores: Vec::new(),
            scratch: home.join("scratch"),
            results: home.join("results"),
            name: "peers".to_owned(),
            keep: false,
            tenth: false,
            skip_csv: false,
            skip_writes: false,
        };
        while let Some(option) = args.next() {
            let mut value = || {
                args.next()
                    .with_context(|| format!("{option} wants a value"))
            };
            match option.as_str() {
                "--rows" => parsed.rows = value()?.parse()?,
                "--rounds" => parsed.rounds = value()?.parse()?,
                "--stores" => parsed.stores = value()?.split(',').map(str::to_owned).collect(),
                "--scratch" => parsed.scratch = value()?.into(),
                "--results" => parsed.results = value()?.into(),
                "--name" => parsed.name = value()?,
                "--tenth" => parsed.tenth = true,
                "--keep" => parsed.keep = true,
                "--skip-csv" => parsed.skip_csv = true,
                "--skip-writes" => parsed.skip_writes = true,
                "--large" => parsed.large(),
                _ => bail!("no option {option}\n{USAGE}"),
            }
        }
        Ok(parsed)
    }

    fn large(&mut self) {
        self.rows = 100_000_000;
        self.stores = vec![crate::peers::OURS.to_owned()];
        self.tenth = true;
        self.name = "large".to_owned();
        self.skip_csv = true;
        self.skip_writes = true;
    }
}
