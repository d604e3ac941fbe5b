//! Histories of many users at once.

use std::sync::Arc;

use annals::{History, HistoryQuery};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};

use crate::columns::{self, HistoryColumns};
use crate::errors::Failed;

/// A row for each user: the id, and the history as one list.
pub fn table(
    snapshot: &annals::Snapshot,
    name: &str,
    users: &[&str],
    query: &HistoryQuery,
    mut copied: HistoryColumns,
    history: &mut History,
) -> Result<RecordBatch, Failed> {
    let mut ends = Vec::with_capacity(users.len() + 1);
    ends.push(0i32);
    snapshot.histories(users, query, history, |_, history| {
        copied.append(history)?;
        ends.push(i32::try_from(copied.rows()).map_err(|_| columns::too_long())?);
        Ok::<_, Failed>(())
    })?;
    let rows = copied.rows();
    let (fields, arrays) = copied.finish()?;
    let events = StructArray::try_new_with_length(fields.clone(), arrays, None, rows)
        .map_err(columns::unfit)?;
    let item = Arc::new(Field::new("item", DataType::Struct(fields), false));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
    let lists = ListArray::try_new(item.clone(), offsets, Arc::new(events), None)
        .map_err(columns::unfit)?;
    let users: ArrayRef = Arc::new(StringArray::from_iter_values(users));
    let schema = Schema::new(vec![
        Field::new(name, DataType::Utf8, false),
        Field::new("HISTORY", DataType::List(item), false),
    ]);
    RecordBatch::try_new(Arc::new(schema), vec![users, Arc::new(lists)]).map_err(columns::unfit)
}
