//! The columns of a segment that was written under an earlier schema.

use std::sync::Arc;

use super::column_reader::{ColumnReader, check_kind, open_column};
use crate::column::Column;
use crate::io::Pages;
use crate::model::{DataType, Error, Limits, Result, Schema};
use crate::segment::format::{Footer, StatisticsHandle};

/// A reader and the statistics of each field of the `schema`, of which the segment's own is an earlier state:
/// fields that came later are null in each row.
pub(super) fn open_columns(
    footer: &Footer,
    pages: &Arc<Pages>,
    schema: &Schema,
) -> Result<(Vec<ColumnReader>, Vec<Option<StatisticsHandle>>)> {
    let own = own_schema(footer)?;
    own.check_evolution(schema).map_err(|error| {
        let message = "the segment was written under a schema that the store's does not follow";
        Error::corrupt(message).caused_by(error)
    })?;
    if footer.columns.len() != own.fields().len() {
        return Err(Error::corrupt(
            "the segment has other columns than its schema",
        ));
    }
    let open = |(position, field): (usize, &crate::model::Field)| {
        let found = own.position(field.name());
        let Some((id, column)) = found.and_then(|id| Some((id, footer.columns.get(id)?))) else {
            return Ok((ColumnReader::Missing, None));
        };
        let mut reader = open_column(column, pages)?;
        check_kind(&reader, &own, id, footer.rows)?;
        let before = own.fields().get(id).map(|field| field.data_type());
        if let ColumnReader::Numbers { is_float, .. } = &mut reader {
            *is_float = before == Some(DataType::Float) && field.data_type() == DataType::Double;
        }
        // A string stays a string: what kind of column it is cannot have changed.
        match matches!(Column::for_field(schema, position), Column::Absent)
            == matches!(reader, ColumnReader::Absent)
        {
            true => Ok((reader, footer.statistics.get(id).cloned().flatten())),
            false => Err(Error::corrupt(format!(
                "column {} does not fit the schema",
                field.name()
            ))),
        }
    };
    let columns: Result<Vec<_>> = schema.fields().iter().enumerate().map(open).collect();
    Ok(columns?.into_iter().unzip())
}

/// The schema that the segment was written under.
pub(super) fn own_schema(footer: &Footer) -> Result<Schema> {
    Schema::parse(&footer.schema, &Limits::unlimited())
        .map_err(|error| Error::corrupt("the segment's schema is none").caused_by(error))
}
