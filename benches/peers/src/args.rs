//! What the command line says.

use std::path::PathBuf;

use annals_generate::Shape;
use anyhow::{Context, Result, bail, ensure};

pub struct Args {
    /// Each is a run of its own, one after the other.
    pub shapes: Vec<Shape>,
    pub rows: u64,
    pub rounds: usize,
    /// Only these stores; empty for all.
    pub stores: Vec<String>,
    pub works: Works,
    pub scratch: PathBuf,
    pub results: PathBuf,
    /// What the names of the results' files begin with, before that of the shape.
    pub name: Option<String>,
    pub keep: bool,
    /// The same with a tenth of the rows, by turns.
    pub tenth: bool,
}

/// The kinds of work that are measured.
#[derive(Clone, Copy, Default)]
pub struct Works {
    pub csv: bool,
    pub load: bool,
    pub cold: bool,
    pub reads: bool,
    pub writes: bool,
}

pub const USAGE: &str = "\
annals-peers [OPTION]..
  --shapes A,B     only these, of even, shop, news, tail
  --rows N         rows of the data; default 10000000
  --rounds N       runs of each work, of which the median counts; default 5
  --stores A,B     only these, of mem, annals, rocksdb, lmdb, redb, fjall, sqlite, parquet, duckdb, vortex
  --only A,B       only these works, of csv, load, cold, reads, writes
  --scratch DIR    folder for data and stores; default scratch/ beside this crate
  --results DIR    folder for the results; default results/ beside this crate
  --name NAME      results' files are NAME-SHAPE instead of SHAPE
  --tenth          the same with a tenth of the rows, by turns, to see how cost grows
  --keep           leave the scratch folder
  --growth         --tenth --only load --stores annals,rocksdb,lmdb --rounds 3 --name growth
  --cold           --only cold --stores annals,rocksdb,lmdb,redb --rounds 3 --name cold
  --large          --rows 100000000 --shapes even --stores annals --tenth --only load,reads --name large
annals-peers report FILE..   table of each results' file again, and the chart of all";

impl Args {
    pub fn parse(home: &str, mut args: impl Iterator<Item = String>) -> Result<Self> {
        let home = PathBuf::from(home);
        let mut parsed = Self {
            shapes: Shape::ALL.to_vec(),
            rows: 10_000_000,
            rounds: 5,
            stores: Vec::new(),
            works: Works::ALL,
            scratch: home.join("scratch"),
            results: home.join("results"),
            name: None,
            keep: false,
            tenth: false,
        };
        while let Some(option) = args.next() {
            let mut value = || {
                args.next()
                    .with_context(|| format!("{option} wants a value"))
            };
            match option.as_str() {
                "--shapes" => {
                    let names = value()?;
                    let shapes = names
                        .split(',')
                        .map(|name| -> Result<Shape> { Ok(name.parse()?) });
                    parsed.shapes = shapes.collect::<Result<_>>()?;
                }
                "--rows" => parsed.rows = value()?.parse()?,
                "--rounds" => parsed.rounds = value()?.parse()?,
                "--stores" => parsed.stores = listed(&value()?),
                "--only" => parsed.works = Works::parse(&value()?)?,
                "--scratch" => parsed.scratch = value()?.into(),
                "--results" => parsed.results = value()?.into(),
                "--name" => parsed.name = Some(value()?),
                "--tenth" => parsed.tenth = true,
                "--keep" => parsed.keep = true,
                "--growth" => parsed.growth()?,
                "--cold" => parsed.cold()?,
                "--large" => parsed.large()?,
                _ => bail!("no option {option}\n{USAGE}"),
            }
        }
        ensure!(parsed.rounds > 0, "--rounds is 0; give at least 1");
        Ok(parsed)
    }

    fn growth(&mut self) -> Result<()> {
        self.tenth = true;
        self.rounds = 3;
        self.works = Works::parse("load")?;
        self.stores = listed("annals,rocksdb,lmdb");
        self.name = Some("growth".to_owned());
        Ok(())
    }

    fn cold(&mut self) -> Result<()> {
        self.rounds = 3;
        self.works = Works::parse("cold")?;
        self.stores = listed("annals,rocksdb,lmdb,redb");
        self.name = Some("cold".to_owned());
        Ok(())
    }

    fn large(&mut self) -> Result<()> {
        self.shapes = vec![Shape::Even];
        self.rows = 100_000_000;
        self.stores = listed(crate::peers::OURS);
        self.tenth = true;
        self.works = Works::parse("load,reads")?;
        self.name = Some("large".to_owned());
        Ok(())
    }

    /// The name of a shape's results' files, without an ending.
    pub fn file_name(&self, shape: Shape) -> String {
        match &self.name {
            Some(name) => format!("{name}-{shape}"),
            None => shape.to_string(),
        }
    }
}

impl Works {
    const ALL: Self = Self {
        csv: true,
        load: true,
        cold: true,
        reads: true,
        writes: true,
    };

    fn parse(names: &str) -> Result<Self> {
        let mut works = Self::default();
        for name in names.split(',') {
            let asked = match name {
                "csv" => &mut works.csv,
                "load" => &mut works.load,
                "cold" => &mut works.cold,
                "reads" => &mut works.reads,
                "writes" => &mut works.writes,
                _ => bail!("no work {name:?}\n{USAGE}"),
            };
            *asked = true;
        }
        Ok(works)
    }

    /// Whether a store has to be loaded.
    pub fn need_load(self) -> bool {
        self.load || self.cold || self.serve()
    }

    /// Whether stores are opened to be asked and written to.
    pub fn serve(self) -> bool {
        self.reads || self.writes
    }
}

fn listed(names: &str) -> Vec<String> {
    names.split(',').map(str::to_owned).collect()
}
