//! Rows of columns, brought together.

use std::ops::Range;

use crate::column::Columns;
use crate::model::Result;

/// Brings rows together in memory that is used again.
pub(super) struct Gather {
    columns: Columns,
}

/// Rows of columns.
#[derive(Clone)]
pub(super) struct Picked<'a> {
    pub(super) columns: &'a Columns,
    pub(super) rows: Range<usize>,
}

impl Gather {
    /// `columns` has the columns of those that rows are picked from.
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns }
    }

    /// The rows at these positions; where they follow each other, nothing is copied.
    pub(super) fn pick<'a>(&'a mut self, from: &'a Columns, rows: &[u32]) -> Result<Picked<'a>> {
        let first = rows.first().map_or(0, |first| *first as usize);
        let follow = rows
            .iter()
            .zip(first as u32..)
            .all(|(row, next)| *row == next);
        if follow {
            return Ok(Picked {
                columns: from,
                rows: first..first + rows.len(),
            });
        }
        self.columns.clear();
        self.columns.append_rows(from, rows)?;
        let users = rows
            .iter()
            .map(|row| from.users.get(*row as usize).copied());
        self.columns.users.extend(users.flatten());
        self.columns.user_ids.clone_from(&from.user_ids);
        self.columns.dictionaries.clone_from(&from.dictionaries);
        Ok(Picked {
            columns: &self.columns,
            rows: 0..rows.len(),
        })
    }
}
