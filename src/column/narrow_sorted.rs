//! Rows that come in order, user by user, into narrow columns.

use std::sync::Arc;

use super::{Column, Columns, Dictionary, NarrowColumn, NarrowRows, RowSizes, Strings};
use crate::model::{Error, FieldId, Result, Schema};

/// Collects rows whose codes stay as they are. Users are kept as runs, which take nothing a row.
pub(crate) struct SortedRows {
    rows: NarrowRows,
    item: FieldId,
    user_ids: Dictionary,
    user_ends: Vec<u32>,
    sequences: Vec<u64>,
    /// Memory for the codes of numbers.
    codes: Vec<u32>,
}

/// Rows in order, in narrow columns.
pub(crate) struct SortedParts {
    /// The columns, those of the users aside; user codes count up.
    pub(crate) rows: NarrowRows,
    /// Where the rows of each user end.
    pub(crate) user_ends: Vec<u32>,
    /// Empty where all rows are of one commit that has no number yet.
    pub(crate) sequences: Vec<u64>,
}

impl SortedRows {
    /// No rows, with a column for every field of the schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        Self {
            rows: NarrowRows::for_schema(schema),
            item: schema.item(),
            user_ids: Dictionary::default(),
            user_ends: Vec::new(),
            sequences: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds rows behind those that are there; their dictionaries must be those of all rows.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows, users' ids that fill a dictionary, or impression items;
    /// `Internal` when the batch lacks users, dictionaries or columns.
    pub(crate) fn append(&mut self, batch: &Columns) -> Result<()> {
        self.append_users(batch)?;
        self.rows.extend_timestamps(&batch.timestamps);
        self.sequences.extend_from_slice(&batch.sequences);
        self.rows.dictionaries.clone_from(&batch.dictionaries);
        let most = |field: FieldId| match batch.dictionaries.get(field) {
            Some(Some(strings)) => Ok(strings.len()),
            _ => Err(Error::internal("codes without a dictionary")),
        };
        for (id, (column, from)) in self.rows.fields.iter_mut().zip(&batch.fields).enumerate() {
            match (column, from) {
                (NarrowColumn::Strings(out), Column::Strings(from)) => {
                    out.extend(from, most(id)?)?
                }
                (NarrowColumn::Numbers(out), Column::Numbers(from)) => {
                    out.append(from, &mut self.codes)?;
                }
                (NarrowColumn::Lists(out), Column::Lists(from)) => {
                    out.extend(from, most(self.item)?)?;
                }
                (NarrowColumn::Absent, Column::Absent) => {}
                _ => return Err(Error::internal("columns of another schema")),
            }
        }
        Ok(())
    }

    fn append_users(&mut self, batch: &Columns) -> Result<()> {
        let Some(ids) = &batch.user_ids else {
            return Err(Error::internal("columns without users"));
        };
        let mut end = self.len();
        for run in batch.users.chunk_by(|a, b| a == b) {
            end += run.len();
            let end = u32::try_from(end)
                .map_err(|_| Error::invalid("more than 2^32 rows in one set of columns"))?;
            // A run has a first.
            let user = ids.get(run.first().copied().unwrap_or(0))?;
            let last = self.user_ids.len() as u32;
            match self.user_ends.last_mut() {
                Some(last_end) if self.user_ids.get(last)? == user => *last_end = end,
                _ => {
                    self.user_ids.push(user)?;
                    self.user_ends.push(end);
                }
            }
        }
        Ok(())
    }

    /// How much there is, the dictionaries of the fields aside.
    pub(crate) fn sizes(&self) -> RowSizes {
        RowSizes {
            rows: self.len(),
            list_items: self.rows.list_items(),
            text_bytes: self.user_ids.text_bytes(),
        }
    }

    /// How many users there are.
    pub(crate) fn users(&self) -> usize {
        self.user_ends.len()
    }

    /// Bytes of memory taken, the dictionaries of the fields aside.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
            + self.user_ids.memory_bytes()
            + self.user_ends.capacity() * 4
            + self.sequences.capacity() * 8
    }

    /// The rows.
    pub(crate) fn finish(self) -> SortedParts {
        SortedParts {
            rows: NarrowRows {
                user_ids: Some(Arc::new(self.user_ids)),
                ..self.rows
            },
            user_ends: self.user_ends,
            sequences: self.sequences,
        }
    }
}
