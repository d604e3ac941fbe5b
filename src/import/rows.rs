//! The cells of a CSV record to a row.

use super::RowSink;
use crate::check::Validator;
use crate::csv::Dialect;
use crate::model::{Cell, DataType, Error, Field, FieldId, Result, Role, Row};

/// What a column holds.
#[derive(Clone, Copy)]
enum CellKind {
    User,
    Timestamp,
    Text,
    Impression,
    Number,
}

struct Column {
    field: FieldId,
    kind: CellKind,
    /// Characters beyond which a text is longer than the service takes.
    most_chars: usize,
}

/// Makes rows of records whose columns stand for known fields.
pub(super) struct RowMaker<'a> {
    pub(super) validator: &'a Validator,
    columns: Vec<Column>,
}

impl Column {
    #[inline]
    fn is_long(&self, text: &str) -> bool {
        text.len() > self.most_chars && text.chars().count() > self.most_chars
    }
}

/// What there is to say about a row that was taken.
pub(super) struct Taken {
    pub(super) timestamp: i64,
    /// Whether any of its strings is longer than the service takes.
    pub(super) is_long: bool,
    /// Whether its impression looks like a list whose items something else than bars separates.
    pub(super) is_other_list: bool,
}

impl<'a> RowMaker<'a> {
    /// `columns` has the field of each column.
    pub(super) fn new(validator: &'a Validator, columns: Vec<FieldId>) -> Self {
        let schema = validator.schema();
        let kind = |id: FieldId| match schema.fields().get(id).map(|field| field.data_type()) {
            _ if id == schema.user() => CellKind::User,
            _ if id == schema.timestamp() => CellKind::Timestamp,
            Some(DataType::String) if Some(id) == schema.position_of(Role::Impression) => {
                CellKind::Impression
            }
            Some(DataType::String) => CellKind::Text,
            _ => CellKind::Number,
        };
        let most_chars = |id: FieldId| {
            let field = schema.fields().get(id)?;
            validator.limits().cell_chars(field.role())
        };
        let column = |field: FieldId| Column {
            field,
            kind: kind(field),
            most_chars: most_chars(field).unwrap_or(usize::MAX),
        };
        Self {
            validator,
            columns: columns.into_iter().map(column).collect(),
        }
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<&str> {
        let fields = self.validator.schema().fields();
        let name = |id: &FieldId| fields.get(*id).map_or("?", Field::name);
        self.columns
            .iter()
            .map(|column| name(&column.field))
            .collect()
    }

    /// The fields whose values in a record are longer than the service takes.
    pub(super) fn long_fields<'r>(
        &self,
        values: impl Iterator<Item = &'r str>,
    ) -> impl Iterator<Item = FieldId> {
        let columns = self.columns.iter().zip(values);
        let long = columns.filter(|(column, text)| column.is_long(text));
        long.map(|(column, _)| column.field)
    }

    /// Gives one record of so many `fields` to the sink. `cells` is memory that is used again.
    #[inline]
    pub(super) fn push<'r, S: RowSink + ?Sized>(
        &self,
        fields: impl ExactSizeIterator<Item = &'r str>,
        cells: &mut Vec<Cell<'r>>,
        sink: &mut S,
    ) -> Result<Taken> {
        check_count(fields.len(), self.columns.len(), Dialect::CSV)?;
        cells.resize(self.validator.schema().fields().len(), Cell::Null);
        let (mut user, mut timestamp) = ("", 0);
        let (mut is_long, mut is_other_list) = (false, false);
        for (column, text) in self.columns.iter().zip(fields) {
            let cell = match column.kind {
                CellKind::Timestamp => {
                    timestamp = self.validator.parse_timestamp(text)?;
                    continue;
                }
                CellKind::User if !text.is_empty() => {
                    user = text;
                    continue;
                }
                CellKind::Text if !text.is_empty() => {
                    is_long |= column.is_long(text);
                    Cell::Text(text)
                }
                CellKind::Impression if !text.is_empty() => {
                    is_long |= column.is_long(text);
                    is_other_list |= is_list_without_bars(text);
                    Cell::Text(text)
                }
                _ => self.validator.parse_cell(column.field, text)?,
            };
            if let Some(slot) = cells.get_mut(column.field) {
                *slot = cell;
            }
        }
        sink.push(&Row {
            user,
            timestamp,
            cells,
        })?;
        Ok(Taken {
            timestamp,
            is_long,
            is_other_list,
        })
    }
}

/// Whether an impression of one item looks like several.
fn is_list_without_bars(text: &str) -> bool {
    !text.contains('|') && text.contains([',', ' ', '['])
}

/// Checks that a record has a value for each column.
pub(super) fn check_count(values: usize, columns: usize, dialect: Dialect) -> Result<()> {
    if values == columns {
        return Ok(());
    }
    let advice = match dialect {
        Dialect::CSV => ", and quote values that hold commas",
        _ if dialect.quotes => ", and quote values that hold the delimiter",
        _ => "",
    };
    Err(Error::invalid(format!(
        "{values} values, but the header has {columns} columns; correct the row{advice}"
    )))
}
