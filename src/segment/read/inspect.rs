//! What is physically there, for people and for `verify`.

use super::reader::{Segment, Selection};
use crate::codec::{BLOCK, Encoding};
use crate::column::Columns;
use crate::model::{Error, Result, Schema};
use crate::segment::format::{ColumnFooter, Handle, StatisticsHandle, StreamHandle, StringsHandle};
use crate::text::TextRoom;

/// One column's size and encoding in one segment.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ColumnReport {
    /// The field's name, or in parentheses what else the bytes are.
    pub name: String,
    /// How its values are encoded.
    pub encoding: String,
    /// Bytes of values.
    pub value_bytes: u64,
    /// Bytes of its dictionary or table.
    pub dictionary_bytes: u64,
    /// Entries of its dictionary.
    pub dictionary_entries: u64,
    /// Bytes of its statistics: nulls, sets of strings and bounds of numbers of every 1,024 rows.
    pub statistics_bytes: u64,
}

/// One block of 128 rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct BlockReport {
    /// Its first row.
    pub first_row: usize,
    /// Its rows.
    pub rows: usize,
    /// Its lowest and highest timestamp, in epoch seconds.
    pub timestamps: [i64; 2],
}

/// A damaged part of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The file, from the store's folder.
    pub file: String,
    /// First damaged byte and the one after the last.
    pub bytes: [u64; 2],
    /// The parts of the segment that lie there, by name.
    pub what: String,
    /// Whether the whole file is missing.
    pub is_missing: bool,
}

impl Segment {
    /// The parts of the file, column by column.
    pub fn columns(&self, schema: &Schema) -> Vec<ColumnReport> {
        if let Ok(Some((written, own))) = self.as_written(schema) {
            return written.columns(&own);
        }
        let footer = &self.footer;
        let ids = &footer.user_ids;
        let mut reports = vec![
            ColumnReport {
                name: "USER_ID".to_owned(),
                encoding: with_form("directory", ids),
                value_bytes: bytes(&[
                    footer.directory,
                    footer.line_samples,
                    footer.user_starts.handle,
                ]),
                dictionary_bytes: bytes(&[ids.offsets, ids.text]),
                dictionary_entries: ids.count as u64,
                statistics_bytes: 0,
            },
            of_stream("TIMESTAMP", &footer.timestamp_codes),
            of_stream("(sequence)", &footer.sequences),
            ColumnReport {
                value_bytes: bytes(&[footer.zone_min.handle, footer.zone_max.handle]),
                ..of_stream("(zone map)", &footer.zone_min)
            },
        ];
        let columns = footer.columns.iter().zip(&footer.statistics);
        for (field, (column, statistics)) in schema.fields().iter().zip(columns) {
            let streams = statistics.iter().flat_map(StatisticsHandle::streams);
            let report = of_column(field.name(), column).map(|report| ColumnReport {
                statistics_bytes: streams.map(|stream| stream.handle.len as u64).sum(),
                ..report
            });
            reports.extend(report);
        }
        reports
    }

    /// The blocks of 128 rows.
    ///
    /// # Errors
    /// `Corruption` when the zone map is damaged.
    pub fn blocks(&self) -> Result<Vec<BlockReport>> {
        let zones = Selection::Range(0..self.zone_min.stream.len());
        let (mut lows, mut highs): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
        self.read(&self.zone_min, &zones, &mut lows)?;
        self.read(&self.zone_max, &zones, &mut highs)?;
        let at = |code: i64| {
            let step = self.footer.timestamp_step as i64;
            self.footer.timestamps[0].wrapping_add(code.wrapping_mul(step))
        };
        Ok(lows
            .into_iter()
            .zip(highs)
            .enumerate()
            .map(|(block, (low, high))| BlockReport {
                first_row: block * BLOCK,
                rows: BLOCK.min(self.rows() - block * BLOCK),
                timestamps: [at(low), at(high)],
            })
            .collect())
    }

    /// Appends the rows of a range as they lie, users and sequences included.
    ///
    /// # Errors
    /// `InvalidInput` when the range leaves the segment, `Corruption` when bytes are damaged.
    pub fn rows_at(&self, rows: std::ops::Range<usize>, out: &mut Columns) -> Result<()> {
        if rows.start > rows.end || rows.end > self.rows() {
            return Err(Error::invalid(format!(
                "rows {}..{} of a segment with {} rows",
                rows.start,
                rows.end,
                self.rows()
            )));
        }
        for row in rows.clone() {
            out.users.push(self.user_of(row)? as u32 + 1);
        }
        let asked = vec![true; self.columns.len()];
        self.read_rows(&Selection::Range(rows), &asked, true, out)
    }

    /// The user whose row this is.
    ///
    /// # Errors
    /// `Corruption` when the user directory is damaged.
    pub fn user_at(&self, row: usize) -> Result<String> {
        let index = self.user_of(row)?;
        let mut room = TextRoom::default();
        self.directory.ids.at(index, &mut room).map(str::to_owned)
    }

    /// The position of the user whose row this is.
    pub(in crate::segment) fn user_of(&self, row: usize) -> Result<usize> {
        let (mut low, mut high) = (0, self.directory.len());
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.directory.rows(middle)?.start <= row {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Reads every byte again and checks every checksum; gives what is damaged.
    pub fn damage(&self, schema: &Schema) -> Vec<Damage> {
        if let Some(scans) = self.scans() {
            return scans.damage(schema);
        }
        if let Ok(Some((written, own))) = self.as_written(schema) {
            return written.damage(&own);
        }
        self.pages
            .damaged()
            .into_iter()
            .map(|range| Damage {
                file: self.pages.name().to_owned(),
                what: self.parts_in(schema, range.start, range.end).join(", "),
                bytes: [range.start as u64, range.end as u64],
                is_missing: false,
            })
            .collect()
    }

    fn parts_in(&self, schema: &Schema, start: usize, end: usize) -> Vec<String> {
        let footer = &self.footer;
        let ids = &footer.user_ids;
        let mut parts = vec![
            ("user directory".to_owned(), footer.directory),
            ("user directory".to_owned(), footer.line_samples),
            ("user ids".to_owned(), ids.offsets),
            ("user ids".to_owned(), ids.text),
            ("user rows".to_owned(), footer.user_starts.handle),
            ("column TIMESTAMP".to_owned(), footer.timestamp_codes.handle),
            ("sequence numbers".to_owned(), footer.sequences.handle),
            ("zone map".to_owned(), footer.zone_min.handle),
            ("zone map".to_owned(), footer.zone_max.handle),
        ];
        for (field, column) in schema.fields().iter().zip(&footer.columns) {
            let name = format!("column {}", field.name());
            parts.extend(handles(column).into_iter().map(|part| (name.clone(), part)));
        }
        for (field, statistics) in schema.fields().iter().zip(&footer.statistics) {
            let name = format!("statistics of {}", field.name());
            let streams = statistics.iter().flat_map(StatisticsHandle::streams);
            parts.extend(streams.map(|stream| (name.clone(), stream.handle)));
        }
        let mut hit: Vec<String> = parts
            .into_iter()
            .filter(|(_, part)| part.offset < end && part.offset + part.len > start)
            .map(|(name, _)| name)
            .collect();
        hit.dedup();
        hit
    }
}

fn bytes(handles: &[Handle]) -> u64 {
    handles.iter().map(|handle| handle.len as u64).sum()
}

/// An encoding, and the form of the strings where they are no text.
fn with_form(encoding: &str, strings: &StringsHandle) -> String {
    match &strings.spelling {
        Some(spelling) => format!("{encoding}, {}", spelling.name()),
        None => encoding.to_owned(),
    }
}

fn of_stream(name: &str, stream: &StreamHandle) -> ColumnReport {
    ColumnReport {
        name: name.to_owned(),
        encoding: stream.descriptor.encoding.name().to_owned(),
        value_bytes: stream.handle.len as u64,
        dictionary_bytes: 0,
        dictionary_entries: 0,
        statistics_bytes: 0,
    }
}

fn handles(column: &ColumnFooter) -> Vec<Handle> {
    match column {
        ColumnFooter::Absent => Vec::new(),
        ColumnFooter::Strings { codes, dictionary } => vec![
            codes.handle,
            dictionary.offsets,
            dictionary.text,
            dictionary.hashes,
        ],
        ColumnFooter::Numbers { codes, table } => match table {
            crate::segment::format::NumberTable::Linear { .. } => vec![codes.handle],
            crate::segment::format::NumberTable::Distinct(handle) => vec![codes.handle, *handle],
        },
        ColumnFooter::Lists { handles, .. } => handles.to_vec(),
    }
}

fn of_column(name: &str, column: &ColumnFooter) -> Option<ColumnReport> {
    Some(match column {
        ColumnFooter::Absent => return None,
        ColumnFooter::Strings { codes, dictionary } => ColumnReport {
            encoding: with_form(codes.descriptor.encoding.name(), dictionary),
            dictionary_bytes: bytes(&[dictionary.offsets, dictionary.text, dictionary.hashes]),
            dictionary_entries: dictionary.count as u64,
            ..of_stream(name, codes)
        },
        ColumnFooter::Numbers { codes, table } => {
            let report = of_stream(name, codes);
            match table {
                crate::segment::format::NumberTable::Linear { .. } => report,
                crate::segment::format::NumberTable::Distinct(handle) => ColumnReport {
                    dictionary_bytes: handle.len as u64,
                    dictionary_entries: handle.len as u64 / 8,
                    ..report
                },
            }
        }
        ColumnFooter::Lists { handles, encoding } => {
            let flags = |all: bool| {
                if all {
                    Encoding::Constant.name()
                } else {
                    "bitmap"
                }
            };
            ColumnReport {
                name: name.to_owned(),
                encoding: format!(
                    "lists: {}, {}, {}, {}",
                    flags(encoding.present.all),
                    flags(encoding.fresh.all),
                    encoding.ends.encoding.name(),
                    encoding.items.encoding.name()
                ),
                value_bytes: bytes(handles),
                dictionary_bytes: 0,
                dictionary_entries: 0,
                statistics_bytes: 0,
            }
        }
    })
}
