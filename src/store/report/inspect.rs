//! What is physically there, for the command-line tool.

use std::sync::Arc;

use crate::column::{Columns, Strings};
use crate::model::{Error, ErrorKind, Result};
use crate::segment::{BlockReport, ColumnReport};
use crate::store::engine::{Engine, LiveSegment};

/// The versions of the formats on disk that this build writes; FORMAT.md has their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct FormatVersions {
    /// Of the manifest.
    pub manifest: u32,
    /// Of the account.
    pub account: u32,
    /// Of segments.
    pub segment: u32,
    /// Of a row in the hot tier.
    pub hot_row: u32,
}

impl FormatVersions {
    /// Those of this build.
    pub const LATEST: Self = Self {
        manifest: crate::store::folder::MANIFEST_VERSION,
        account: crate::store::folder::ACCOUNT_VERSION,
        segment: crate::segment::LATEST_VERSION,
        hot_row: crate::hot::ROW_FORMAT as u32,
    };
}

/// The manifest's content.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ManifestReport {
    /// How many edits there were; each seal, import and compaction is one.
    pub edit: u64,
    /// The schema document.
    pub schema: String,
    /// The limits.
    pub limits: crate::model::Limits,
    /// The number that the next segment or generation gets.
    pub next_id: u64,
    /// No commit in a segment is above this.
    pub last_sequence: u64,
    /// Live generations, oldest first.
    pub generations: Vec<u64>,
    /// Published segments.
    pub segments: Vec<u64>,
}

/// One hot generation.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct GenerationReport {
    /// Its number.
    pub id: u64,
    /// Whether it takes the writes.
    pub active: bool,
    /// Its rows.
    pub rows: u64,
    /// Memory it takes, in bytes, about.
    pub memory_bytes: u64,
    /// First and last sequence number; `None` when it is empty.
    pub sequences: Option<(u64, u64)>,
    /// First and last timestamp, in epoch seconds; `None` when it is empty.
    pub timestamps: Option<(i64, i64)>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct SegmentReport {
    /// Its number.
    pub id: u64,
    /// The run it belongs to.
    pub run: u64,
    /// How its rows came in: `bulk` or `recorded`.
    pub origin: &'static str,
    /// Its file, from the store's folder.
    pub file: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Its users.
    pub users: u64,
    /// First and last user.
    pub user_range: [String; 2],
    /// First and last timestamp, in epoch seconds.
    pub timestamps: [i64; 2],
    /// First and last sequence number.
    pub sequences: [u64; 2],
    /// Its columns, with what else takes room in the file.
    pub columns: Vec<ColumnReport>,
}

impl Engine {
    pub(crate) fn manifest_report(&self) -> ManifestReport {
        let manifest = self.manifest.lock();
        ManifestReport {
            edit: manifest.edit,
            schema: manifest.schema.clone(),
            limits: manifest.limits.clone(),
            next_id: manifest.next_id,
            last_sequence: manifest.last_sequence,
            generations: manifest.generations.clone(),
            segments: manifest.segments.iter().map(|entry| entry.id).collect(),
        }
    }

    pub(crate) fn generation_reports(&self) -> Vec<GenerationReport> {
        let version = self.version.load();
        let last = version.generations.len().saturating_sub(1);
        let reports = version.generations.iter().enumerate();
        reports
            .map(|(index, generation)| GenerationReport {
                id: generation.id(),
                active: index == last,
                rows: generation.rows(),
                memory_bytes: generation.memory_bytes() as u64,
                sequences: generation.sequences(),
                timestamps: generation.timestamps(),
            })
            .collect()
    }

    pub(crate) fn segment_reports(&self) -> Vec<SegmentReport> {
        let version = self.version.load();
        version
            .segments()
            .map(|live| {
                let footer = live.segment.footer();
                SegmentReport {
                    id: live.entry.id,
                    run: live.entry.run,
                    origin: footer.origin.name(),
                    file: live.segment.name().to_owned(),
                    file_bytes: live.entry.file_bytes,
                    rows: footer.rows as u64,
                    users: live.segment.users() as u64,
                    user_range: footer.users.clone(),
                    timestamps: footer.timestamps,
                    sequences: footer.sequence_range(),
                    columns: live.segment.columns(&self.schema),
                }
            })
            .collect()
    }

    /// The blocks of a segment's zone map.
    pub(crate) fn segment_blocks(&self, id: u64) -> Result<Vec<BlockReport>> {
        self.live_segment(id)?.segment.blocks()
    }

    /// Rows of a segment as they lie, dictionaries included.
    pub(crate) fn segment_rows(&self, id: u64, rows: std::ops::Range<usize>) -> Result<Columns> {
        let segment = &self.live_segment(id)?.segment;
        let mut columns = Columns::for_schema(&self.schema);
        segment.rows_at(rows, &mut columns)?;
        columns.user_ids = Some(segment.user_ids());
        for (field, slot) in columns.dictionaries.iter_mut().enumerate() {
            *slot = segment.dictionary(field);
        }
        Ok(columns)
    }

    /// The dictionary of a string field of a segment.
    pub(crate) fn segment_dictionary(&self, id: u64, field: usize) -> Result<Arc<dyn Strings>> {
        let strings = self.live_segment(id)?.segment.dictionary(field);
        strings.ok_or_else(|| Error::invalid("the field has no dictionary"))
    }

    fn live_segment(&self, id: u64) -> Result<Arc<LiveSegment>> {
        let version = self.version.load();
        let found = version.segments().find(|live| live.entry.id == id);
        found.cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("segment {id}: the store has no such segment"),
            )
        })
    }
}
