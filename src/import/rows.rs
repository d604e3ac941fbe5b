//! The cells of a CSV record to a row.

use super::RowSink;
use crate::types::{Cell, DataType, Error, FieldId, Result, Row, Validator};

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    User,
    Timestamp,
    Text,
    Number,
}

/// Makes rows of records whose columns stand for known fields.
pub(super) struct RowMaker<'a> {
    pub(super) validator: &'a Validator,
    columns: Vec<(FieldId, Kind)>,
}

impl<'a> RowMaker<'a> {
    /// `columns` has the field of each column.
    pub(super) fn new(validator: &'a Validator, columns: Vec<FieldId>) -> Self {
        let schema = validator.schema();
        let kind = |id: FieldId| match schema.fields().get(id).map(|field| field.data_type()) {
            _ if id == schema.user() => Kind::User,
            _ if id == schema.timestamp() => Kind::Timestamp,
            Some(DataType::String) => Kind::Text,
            _ => Kind::Number,
        };
        Self {
            validator,
            columns: columns.into_iter().map(|id| (id, kind(id))).collect(),
        }
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The field of a column.
    pub(super) fn field(&self, column: usize) -> FieldId {
        self.columns.get(column).map_or(0, |(id, _)| *id)
    }

    /// Gives one record of so many `fields` to the sink, and its timestamp back. `cells` is memory
    /// that is used again.
    #[inline]
    pub(super) fn push<'r, S: RowSink + ?Sized>(
        &self,
        fields: impl ExactSizeIterator<Item = &'r str>,
        cells: &mut Vec<Cell<'r>>,
        sink: &mut S,
    ) -> Result<i64> {
        self.check_count(fields.len())?;
        cells.resize(self.validator.schema().fields().len(), Cell::Null);
        let (mut user, mut timestamp) = ("", 0);
        for ((id, kind), text) in self.columns.iter().zip(fields) {
            let cell = match kind {
                Kind::Timestamp => {
                    timestamp = self.validator.parse_timestamp(text)?;
                    continue;
                }
                Kind::User if !text.is_empty() => {
                    user = text;
                    continue;
                }
                Kind::Text if !text.is_empty() => Cell::Text(text),
                _ => self.validator.parse_cell(*id, text)?,
            };
            if let Some(slot) = cells.get_mut(*id) {
                *slot = cell;
            }
        }
        sink.push(&Row {
            user,
            timestamp,
            cells,
        })?;
        Ok(timestamp)
    }

    /// Checks that a record has a value for each column.
    pub(super) fn check_count(&self, values: usize) -> Result<()> {
        let columns = self.columns.len();
        if values == columns {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{values} values, but the header has {columns} columns; correct the row, and quote \
             values that hold commas"
        )))
    }
}
