//! What readers rely on, checked row by row for `verify`.

use std::ops::Range;

use super::column_reader::ColumnReader;
use super::inspect::BlockReport;
use super::reader::{Segment, Selection};
use crate::codec::BLOCK;
use crate::column::{Column, Columns, NumberColumn, Strings};
use crate::model::{Error, Result, Schema};
use crate::segment::format::{
    BlockLines, ColumnFooter, SPAN, StreamHandle, ValuesHandle, item_hash, lines_of,
};
use crate::text::TextRoom;

impl Segment {
    /// Decodes everything and checks the invariants of FORMAT.md section 9.
    ///
    /// # Errors
    /// `Corruption` naming the first rule that does not hold.
    pub fn check_invariants(&self, schema: &Schema) -> Result<()> {
        if let Some((written, own)) = self.as_written(schema)? {
            return written.check_invariants(&own);
        }
        let blocks = self.blocks()?;
        let lines = self.block_lines()?;
        let mut bounds = Bounds::default();
        let mut before: Option<String> = None;
        let mut room = TextRoom::default();
        let mut next_row = 0;
        for index in 0..self.directory.len() {
            let user = self.directory.ids.at(index, &mut room)?;
            let rows = self.directory.rows(index)?;
            let rising = before.as_deref().is_none_or(|before| before < user);
            self.hold(rising, "users are not sorted")?;
            let found = self.directory.find(user)?;
            let found = found.filter(|found| found.index == index && found.rows == rows);
            self.hold(
                found.is_some(),
                "the user directory does not find a user's rows",
            )?;
            let hints = lines.hints(rows.end.saturating_sub(1));
            let known = found.is_some_and(|found| found.hints == hints);
            self.hold(
                known,
                "the user directory does not tell a user's last lines",
            )?;
            self.hold(
                rows.start == next_row,
                "the users' rows do not follow each other",
            )?;
            (before, next_row) = (Some(user.to_owned()), rows.end);
            self.check_user(schema, rows, &blocks, &mut bounds)?;
        }
        self.hold(next_row == self.rows(), "the users' rows are not all rows")?;
        let samples = self.footer.line_samples;
        let samples = self.pages.get(samples.offset, samples.len)?;
        let sampled = samples == lines.samples(self.rows());
        self.hold(sampled, "the samples of lines are not those of the blocks")?;
        self.check_bounds(&bounds, before.as_deref())?;
        self.check_statistics(schema)?;
        self.directory.ids.buffers()?;
        for field in 0..self.columns.len() {
            if let Some(strings) = self.dictionary(field) {
                strings.buffers()?;
            }
        }
        self.check_item_hashes()
    }

    /// Where the blocks lie of which the user directory tells.
    fn block_lines(&self) -> Result<BlockLines> {
        let lines = |stream: &StreamHandle| {
            let bytes = self.pages.get(stream.handle.offset, stream.handle.len)?;
            Ok(lines_of(stream, bytes))
        };
        let items = self.footer.columns.get(self.item);
        let items = items.and_then(ColumnFooter::codes);
        Ok(BlockLines {
            timestamps: lines(&self.footer.timestamp_codes)?,
            items: items.map_or(Ok(Vec::new()), lines)?,
        })
    }

    fn hold(&self, holds: bool, otherwise: &str) -> Result<()> {
        if holds {
            return Ok(());
        }
        Err(Error::corrupt(format!("{}: {otherwise}", self.name())))
    }

    fn check_user(
        &self,
        schema: &Schema,
        rows: Range<usize>,
        blocks: &[BlockReport],
        bounds: &mut Bounds,
    ) -> Result<()> {
        let mut columns = Columns::for_schema(schema);
        let asked = vec![true; self.columns.len()];
        self.read_rows(&Selection::Range(rows.clone()), &asked, true, &mut columns)?;
        let order = columns.timestamps.iter().zip(&columns.sequences);
        self.hold(order.is_sorted(), "a user's rows are not sorted")?;
        for (row, at) in rows.zip(&columns.timestamps) {
            let zone = blocks.get(row / BLOCK).map(|block| block.timestamps);
            let inside = zone.is_some_and(|[low, high]| (low..=high).contains(at));
            self.hold(inside, "a timestamp lies outside its zone")?;
        }
        bounds.widen(&columns);
        for (field, column) in columns.fields.iter().enumerate() {
            let (codes, field): (&[u32], usize) = match column {
                Column::Strings(codes) => (codes, field),
                Column::Lists(lists) => (&lists.items, self.item),
                Column::Absent | Column::Numbers(_) => continue,
            };
            let entries = self.dictionary(field).map_or(0, |strings| strings.len());
            let inside = codes.iter().all(|code| *code as usize <= entries);
            self.hold(inside, "a code lies outside its dictionary")?;
        }
        Ok(())
    }

    /// The footer's bounds, by which a lookup or a scan passes over the segment.
    fn check_bounds(&self, found: &Bounds, last_user: Option<&str>) -> Result<()> {
        let [first, last] = &self.footer.users;
        let mut room = TextRoom::default();
        let own = self.directory.ids.at(0, &mut room)?;
        let users = own == first && last_user == Some(last.as_str());
        self.hold(
            users,
            "the footer's first and last user are not the directory's",
        )?;
        let timestamps = found.timestamps == Some(self.footer.timestamps);
        self.hold(
            timestamps,
            "the footer's timestamps are not those of the rows",
        )?;
        let sequences = found.sequences == Some(self.footer.sequence_range());
        self.hold(
            sequences,
            "the footer's sequence numbers are not those of the rows",
        )
    }

    /// What is known of spans of rows, by which a scan passes over them: nulls and sets are those of the rows, and
    /// no number lies outside of its bounds.
    fn check_statistics(&self, schema: &Schema) -> Result<()> {
        let fields = schema.fields().iter().zip(&self.columns);
        for ((field, reader), statistics) in fields.zip(&self.statistics) {
            let (Some(codes), Some(statistics)) = (reader.codes(), statistics) else {
                continue;
            };
            let spans = self.rows().div_ceil(SPAN);
            let known = self.span_values(statistics, &(0..spans))?;
            for (span, known) in known.into_iter().enumerate() {
                let rows = span * SPAN..(span * SPAN + SPAN).min(self.rows());
                let rows = Selection::Range(rows);
                let holds = match (reader, &statistics.values) {
                    (ColumnReader::Numbers { table, .. }, ValuesHandle::Bounds(_)) => {
                        let mut numbers = NumberColumn::default();
                        self.read_numbers(codes, table, &rows, &mut numbers)?;
                        known.is_of_numbers(field.data_type(), &numbers)
                    }
                    (_, values) => {
                        let mut found: Vec<u64> = Vec::new();
                        self.read(codes, &rows, &mut found)?;
                        known.is_of_codes(matches!(values, ValuesHandle::Sets(_)), &found)
                    }
                };
                if !holds {
                    return Err(Error::corrupt(format!(
                        "{}: the statistics of {} are not those of its rows",
                        self.name(),
                        field.name()
                    )));
                }
            }
        }
        Ok(())
    }

    /// The hashes by which candidates are told apart from what a user has seen.
    fn check_item_hashes(&self) -> Result<()> {
        let Some(items) = self.dictionary(self.item) else {
            return Ok(());
        };
        let mut room = TextRoom::default();
        for code in 1..=items.len() as u32 {
            let same = self.item_hash(code)? == item_hash(items.read(code, &mut room)?);
            self.hold(same, "an item's hash is not that of its id")?;
        }
        Ok(())
    }
}

/// The lowest and highest of what was read.
#[derive(Default)]
struct Bounds {
    timestamps: Option<[i64; 2]>,
    sequences: Option<[u64; 2]>,
}

impl Bounds {
    fn widen(&mut self, columns: &Columns) {
        widen(&mut self.timestamps, &columns.timestamps);
        widen(&mut self.sequences, &columns.sequences);
    }
}

fn widen<T: Copy + Ord>(bounds: &mut Option<[T; 2]>, values: &[T]) {
    for value in values {
        let [low, high] = bounds.unwrap_or([*value; 2]);
        *bounds = Some([low.min(*value), high.max(*value)]);
    }
}
