use std::ops::Range;
use std::path::PathBuf;

use annals::Store;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::dump_segment::{Blocks, Detail, Rows};
use super::dump_store::{Generations, Manifest, Segments};
use crate::failure::Outcome;
use crate::output::{print, print_json};
use crate::store::open_for_reading;

/// Shows what is physically there. Without options: the manifest, the generations and the segments.
#[derive(Args)]
pub struct Dump {
    /// The folder of the store
    store: PathBuf,
    /// The manifest
    #[arg(long)]
    manifest: bool,
    /// The hot generations
    #[arg(long)]
    generations: bool,
    /// The segments, run by run
    #[arg(long)]
    segments: bool,
    /// One segment: its footer, columns, encodings and dictionaries
    #[arg(long, value_name = "ID")]
    segment: Option<u64>,
    /// With `--segment`: its blocks and their zone maps
    #[arg(long, requires = "segment")]
    blocks: bool,
    /// With `--segment`: its rows from position FROM to before TO, as they lie
    #[arg(long, value_name = "FROM..TO", requires = "segment", value_parser = positions)]
    rows: Option<Range<usize>>,
    /// How to write them
    #[arg(long, value_enum, default_value_t = DumpFormat::Text)]
    format: DumpFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DumpFormat {
    /// For people
    Text,
    /// One object
    Json,
}

/// The parts that were asked for.
#[derive(Default, Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Manifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generations: Option<Generations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Segments>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<Blocks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows>,
}

impl Dump {
    pub fn run(self) -> Outcome {
        let store = open_for_reading(&self.store)?;
        let answer = self.answer(&store)?;
        match self.format {
            DumpFormat::Json => print_json(&answer),
            DumpFormat::Text => print(answer.text()),
        }
    }

    fn answer(&self, store: &Store) -> Outcome<Answer> {
        let all = !(self.manifest || self.generations || self.segments || self.segment.is_some());
        let mut answer = Answer {
            manifest: (self.manifest || all).then(|| Manifest::of(store)),
            generations: (self.generations || all).then(|| Generations::of(store)),
            segments: (self.segments || all).then(|| Segments::of(store)),
            ..Answer::default()
        };
        if let Some(id) = self.segment {
            answer.segment = Some(Detail::of(store, id)?);
            if self.blocks {
                answer.blocks = Some(Blocks::of(store, id)?);
            }
            if let Some(rows) = &self.rows {
                answer.rows = Some(Rows::of(store, id, rows.clone())?);
            }
        }
        Ok(answer)
    }
}

impl Answer {
    fn text(&self) -> String {
        let parts = [
            self.manifest.as_ref().map(Manifest::text),
            self.generations.as_ref().map(Generations::text),
            self.segments.as_ref().map(Segments::text),
            self.segment.as_ref().map(Detail::text),
            self.blocks.as_ref().map(Blocks::text),
            self.rows.as_ref().map(Rows::text),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }
}

fn positions(text: &str) -> Result<Range<usize>, String> {
    let range = text.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to).then_some(from..to)
    });
    range.ok_or_else(|| "write two positions, such as 0..10".to_owned())
}
