//! A row as bytes, equal where rows are.

use crate::model::{Cell, FieldId, Row};

/// Memory for the bytes of one row after another.
#[derive(Default)]
pub(super) struct RowKey(Vec<u8>);

impl RowKey {
    /// All fields.
    pub(super) fn of_row(&mut self, row: &Row<'_>) -> &[u8] {
        self.begin(row);
        row.cells.iter().for_each(|cell| self.push(cell));
        &self.0
    }

    pub(super) fn of_user_item_time(&mut self, row: &Row<'_>, item: FieldId) -> &[u8] {
        self.begin(row);
        self.push(row.cells.get(item).unwrap_or(&Cell::Null));
        &self.0
    }

    fn begin(&mut self, row: &Row<'_>) {
        self.0.clear();
        self.0.extend_from_slice(&row.timestamp.to_le_bytes());
        self.push(&Cell::Text(row.user));
    }

    fn push(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Null => self.0.push(0),
            Cell::Bits(bits) => {
                self.0.push(1);
                self.0.extend_from_slice(&bits.to_le_bytes());
            }
            Cell::Text(text) => {
                self.0.push(2);
                self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
    }
}
