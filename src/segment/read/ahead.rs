//! What a lookup asks for before it reads any of it, so that cache misses run side by side.

use std::ops::Range;

use super::column_reader::ColumnReader;
use super::reader::Segment;
use crate::column::{Column, Columns};
use crate::segment::format::{Hints, Located};

impl Segment {
    /// Says that [`Segment::prefetch_values`] is about to look up where a short range of rows lies.
    pub(in crate::segment) fn prefetch_index(&self, rows: &Range<usize>, asked: &[bool]) {
        for Located { stream, region } in self.codes_of(asked) {
            stream.prefetch_index(region, rows);
        }
    }

    /// Asks for the lines where the timestamps of a user's last rows lie, about, and their items where
    /// these are asked for.
    pub(super) fn prefetch_hinted(&self, rows: &Range<usize>, hints: Hints, asked: &[bool]) {
        if !self.line_samples.are_near(rows) {
            // On the disk they lie elsewhere: the wait for them is that for the index.
            self.prefetch_index(rows, asked);
        }
        let [timestamps, items] = self.line_samples.places(rows, hints);
        self.timestamps.region.prefetch_in_file(timestamps);
        let column = self.columns.get(self.item).and_then(ColumnReader::codes);
        if let (Some(codes), Some(true)) = (column, asked.get(self.item)) {
            codes.region.prefetch_in_file(items);
        }
    }

    /// Asks for the timestamps of a short range of rows and their values of the columns asked for.
    pub(in crate::segment) fn prefetch_values(&self, rows: &Range<usize>, asked: &[bool]) {
        for Located { stream, region } in self.codes_of(asked) {
            stream.prefetch_values(region, rows);
        }
    }

    /// The timestamps, and the codes of the columns asked for.
    fn codes_of(&self, asked: &[bool]) -> impl Iterator<Item = &Located> {
        let fields = self.columns.iter().zip(asked);
        let fields = fields.filter_map(|(column, asked)| asked.then(|| column.codes()).flatten());
        std::iter::once(&self.timestamps).chain(fields)
    }

    /// Says that the strings of these columns, which are the segment's own, are about to be copied.
    pub(in crate::segment) fn prefetch_strings(&self, columns: &Columns) {
        for (reader, column) in self.columns.iter().zip(&columns.fields) {
            if let (ColumnReader::Strings { dictionary, .. }, Column::Strings(codes)) =
                (reader, column)
            {
                dictionary.prefetch_strings(codes);
            }
        }
    }

    /// Says that strings of the columns asked for will be copied.
    pub(super) fn ask_dictionaries(&self, asked: &[bool]) {
        for (reader, asked) in self.columns.iter().zip(asked) {
            if let (ColumnReader::Strings { dictionary, .. }, true) = (reader, asked) {
                dictionary.ask_tiny();
            }
        }
    }
}
