//! Batches of rows into the rows of an import.

use super::{Column, ColumnsBuilder, Interner, NarrowColumn, NarrowRows, RowSizes};
use crate::check::Validator;
use crate::model::{Error, FieldId, Result};

/// Collects the rows of batches, and gives equal strings of different batches equal codes.
pub(crate) struct NarrowBuilder {
    rows: NarrowRows,
    item: FieldId,
    users: Interner,
    /// By field; an impression's items are the item field's.
    interners: Vec<Interner>,
    /// Memory for the codes of numbers.
    codes: Vec<u32>,
}

impl NarrowBuilder {
    /// No rows, with a column for every field of the schema.
    pub(crate) fn new(validator: &Validator) -> Self {
        let rows = NarrowRows::for_schema(validator.schema());
        Self {
            item: validator.schema().item(),
            users: Interner::default(),
            interners: rows.fields.iter().map(|_| Interner::default()).collect(),
            rows,
            codes: Vec::new(),
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Adds the rows of a batch behind those that are there.
    ///
    /// # Errors
    /// `InvalidInput` when a dictionary is full or past 2^32 impression items; `Internal` for a batch of
    /// another schema. Some rows may have been added then.
    pub(crate) fn append(&mut self, batch: &ColumnsBuilder) -> Result<()> {
        let users = self.users.absorb(batch.user_ids())?;
        let mut codes = Vec::with_capacity(self.interners.len());
        for (field, interner) in self.interners.iter_mut().enumerate() {
            let strings = batch.strings(field).ok_or_else(other_schema)?;
            codes.push(interner.absorb(strings)?);
        }
        let new_codes = |field: FieldId| codes.get(field).map_or(&[][..], Vec::as_slice);
        let most = |field: FieldId| self.interners.get(field).map_or(0, Interner::len);
        let from = batch.columns();
        self.rows
            .users
            .translate(&from.users, &users, self.users.len())?;
        self.rows.extend_timestamps(&from.timestamps);
        for (id, (column, from)) in self.rows.fields.iter_mut().zip(&from.fields).enumerate() {
            match (column, from) {
                (NarrowColumn::Strings(out), Column::Strings(from)) => {
                    out.translate(from, new_codes(id), most(id))?;
                }
                (NarrowColumn::Numbers(out), Column::Numbers(from)) => {
                    out.append(from, &mut self.codes)?;
                }
                (NarrowColumn::Lists(out), Column::Lists(from)) => {
                    out.append(from, new_codes(self.item), most(self.item))?;
                }
                (NarrowColumn::Absent, Column::Absent) => {}
                _ => return Err(other_schema()),
            }
        }
        Ok(())
    }

    /// How much there is.
    pub(crate) fn sizes(&self) -> RowSizes {
        let interners = self.interners.iter().chain([&self.users]);
        RowSizes {
            rows: self.rows(),
            list_items: self.rows.list_items(),
            text_bytes: interners.map(Interner::text_bytes).max().unwrap_or(0),
        }
    }

    /// Bytes of memory taken, dictionaries included.
    pub(crate) fn memory_bytes(&self) -> usize {
        let interners = self.interners.iter().map(Interner::memory_bytes);
        self.rows.memory_bytes() + self.users.memory_bytes() + interners.sum::<usize>()
    }

    /// Strings in all dictionaries.
    pub(crate) fn strings(&self) -> usize {
        let interners = self.interners.iter().map(Interner::len);
        self.users.len() + interners.sum::<usize>()
    }

    /// The rows, in the order of arrival.
    pub(crate) fn finish(self) -> NarrowRows {
        let dictionaries = self.interners.into_iter();
        let shared = |interner: Interner| -> Option<std::sync::Arc<dyn super::Strings>> {
            Some(interner.into_dictionary())
        };
        NarrowRows {
            user_ids: Some(self.users.into_dictionary()),
            dictionaries: dictionaries.map(shared).collect(),
            ..self.rows
        }
    }
}

fn other_schema() -> Error {
    Error::internal("a batch of another schema")
}
