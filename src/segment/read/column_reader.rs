//! What one field's column is read by.

use std::sync::Arc;

use crate::codec::{ListReader, Stream};
use crate::column::Column;
use crate::io::Pages;
use crate::model::{Error, Result, Schema};
use crate::segment::format::{
    ColumnFooter, Footer, Located, MappedStrings, NumberTable, Region, SET_ENTRIES, SPAN,
    ValuesHandle,
};

/// One field's reader.
pub(in crate::segment) enum ColumnReader {
    Absent,
    /// Of a field that came after the segment: null in each row.
    Missing,
    Strings {
        codes: Located,
        dictionary: Arc<MappedStrings>,
    },
    Numbers {
        codes: Located,
        table: NumberTable,
        /// Whether the words are of single precision, and wanted of double.
        is_float: bool,
    },
    Lists {
        regions: Box<[Region; 4]>,
        reader: ListReader,
    },
}

impl ColumnReader {
    /// The stream that has a code for each row.
    pub(in crate::segment) fn codes(&self) -> Option<&Located> {
        match self {
            Self::Strings { codes, .. } | Self::Numbers { codes, .. } => Some(codes),
            Self::Absent | Self::Missing | Self::Lists { .. } => None,
        }
    }
}

pub(super) fn open_column(column: &ColumnFooter, pages: &Arc<Pages>) -> Result<ColumnReader> {
    Ok(match column {
        ColumnFooter::Absent => ColumnReader::Absent,
        ColumnFooter::Strings { codes, dictionary } => ColumnReader::Strings {
            codes: Located::open(codes, pages)?,
            dictionary: Arc::new(MappedStrings::new(pages.clone(), dictionary.clone())?),
        },
        ColumnFooter::Numbers { codes, table } => ColumnReader::Numbers {
            codes: Located::open(codes, pages)?,
            table: *table,
            is_float: false,
        },
        ColumnFooter::Lists { handles, encoding } => ColumnReader::Lists {
            regions: Box::new(handles.map(|handle| Region::new(pages, handle))),
            reader: ListReader::open(encoding)?,
        },
    })
}

/// The column must be of the kind the schema says and have the segment's rows.
pub(super) fn check_kind(
    column: &ColumnReader,
    schema: &Schema,
    field: usize,
    rows: usize,
) -> Result<()> {
    let fits = match (Column::for_field(schema, field), column) {
        (Column::Absent, ColumnReader::Absent) => true,
        (Column::Strings(_), ColumnReader::Strings { codes, .. })
        | (Column::Numbers(_), ColumnReader::Numbers { codes, .. }) => codes.stream.len() == rows,
        (Column::Lists(_), ColumnReader::Lists { reader, .. }) => reader.len() == rows,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "column number {field} does not fit the schema"
    )))
}

/// The statistics must be such as columns of their kind have, one of each span of rows. They are opened when
/// they are needed.
pub(super) fn check_statistics(footer: &Footer) -> Result<()> {
    let spans = footer.rows.div_ceil(SPAN);
    let columns = footer.columns.iter().zip(&footer.statistics);
    for (field, (column, statistics)) in columns.enumerate() {
        let Some(statistics) = statistics else {
            continue;
        };
        let fits = match (column, &statistics.values) {
            (_, ValuesHandle::Unknown) => true,
            (ColumnFooter::Strings { dictionary, .. }, ValuesHandle::Sets(_)) => {
                dictionary.count <= SET_ENTRIES
            }
            (ColumnFooter::Numbers { .. }, ValuesHandle::Bounds(_)) => true,
            _ => false,
        };
        for stream in statistics.streams() {
            Stream::open(&stream.descriptor)?;
        }
        let mut streams = statistics.streams();
        if !fits || !streams.all(|stream| stream.descriptor.count == spans) {
            return Err(Error::corrupt(format!(
                "the statistics of column number {field} do not fit it"
            )));
        }
    }
    Ok(())
}
