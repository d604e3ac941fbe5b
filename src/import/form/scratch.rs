//! The texts of one row's fields, in memory that is used again.

use std::ops::Range;

use crate::import::distinct::RowHashes;
use crate::import::row_key::RowKey;
use crate::model::CellBuffer;

/// Where the fields of a row are put together, and what is counted meanwhile.
#[derive(Default)]
pub(in crate::import) struct Scratch {
    pub(super) texts: Texts,
    pub(in crate::import) cells: CellBuffer,
    /// Where the items that were clicked stand.
    pub(super) clicked: Vec<Range<usize>>,
    /// Records that came so far, for forms whose times are positions.
    pub(super) records: u64,
    pub(in crate::import) told: Told,
    /// Of the rows that were taken.
    pub(in crate::import) hashes: Vec<RowHashes>,
    pub(in crate::import) key: RowKey,
}

/// What is to be told of converted rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::import) struct Told {
    /// Rows whose time was taken for UTC, since neither it nor the form names a zone.
    pub(in crate::import) takes_utc: u64,
    /// Records whose time is their position.
    pub(in crate::import) positions: u64,
    /// Records of labelled items of which none was clicked.
    pub(in crate::import) without_click: u64,
}

impl Told {
    pub(in crate::import) fn add(&mut self, other: Self) {
        self.takes_utc += other.takes_utc;
        self.positions += other.positions;
        self.without_click += other.without_click;
    }

    /// What is to be told, in words.
    pub(in crate::import) fn warnings(&self) -> impl Iterator<Item = String> {
        let plural = |number| if number == 1 { "" } else { "s" };
        let warnings = [
            (
                self.positions,
                "row",
                "without a time: its position in the import is its TIMESTAMP (--order-as-time)",
            ),
            (
                self.takes_utc,
                "row",
                "whose time names no zone, and was taken for UTC; name the zone (--timezone)",
            ),
            (
                self.without_click,
                "record",
                "of items without a click, which gave no row (--click-labels)",
            ),
        ];
        let told = warnings.into_iter().filter(|(rows, ..)| *rows > 0);
        told.map(move |(rows, kind, what)| format!("{rows} {kind}{} {what}", plural(rows)))
    }
}

/// One text a field; a field without one is empty.
#[derive(Default)]
pub(in crate::import) struct Texts {
    pub(super) text: String,
    ranges: Vec<Range<usize>>,
}

impl Texts {
    /// Empties all of so many fields.
    pub(super) fn clear(&mut self, fields: usize) {
        self.text.clear();
        self.ranges.clear();
        self.ranges.resize(fields, 0..0);
    }

    pub(super) fn set(&mut self, field: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.set_from(field, start);
    }

    /// The field has what was written to the text from `start` on.
    pub(super) fn set_from(&mut self, field: usize, start: usize) {
        let end = self.text.len();
        self.set_range(field, start..end);
    }

    pub(super) fn set_range(&mut self, field: usize, range: Range<usize>) {
        if let Some(slot) = self.ranges.get_mut(field) {
            *slot = range;
        }
    }

    pub(super) fn get(&self, field: usize) -> &str {
        let range = self.ranges.get(field).cloned().unwrap_or(0..0);
        self.text.get(range).unwrap_or_default()
    }

    pub(in crate::import) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        let text = &self.text;
        self.ranges
            .iter()
            .map(move |range| text.get(range.clone()).unwrap_or_default())
    }
}
