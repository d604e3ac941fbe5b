//! Table functions: `history('user', n)` and `sequences(max_length)`.

use std::sync::Arc;

use annals::{History, HistoryQuery, Value};
use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, col};

use crate::failure::engine;
use crate::sequences::Sequences;
use crate::table::Interactions;
use crate::values::Growing;

/// `history('user', n)`: the newest `n` interactions of a user, or all where there is no `n`, newest first,
/// those of the same second by falling arrival. Its columns are those of [`Interactions`]. It costs a lookup,
/// when the query is planned.
#[derive(Debug)]
pub struct HistoryFunction {
    interactions: Interactions,
}

impl HistoryFunction {
    /// Over what a table shows.
    pub fn new(interactions: &Interactions) -> Self {
        let interactions = interactions.clone();
        Self { interactions }
    }
}

impl TableFunctionImpl for HistoryFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let (user, limit) = match args.exprs() {
            [user] => (text("history", user)?, None),
            [user, limit] => (text("history", user)?, Some(count("history", limit)?)),
            other => {
                return plan_err!(
                    "history takes a user id and how many interactions, history('ada', 10), not {} arguments",
                    other.len()
                );
            }
        };
        Ok(Arc::new(history(&self.interactions, user, limit)?))
    }
}

/// The newest `limit` interactions of a user, or all, newest first, as a table: see [`HistoryFunction`]. Cost: a lookup.
///
/// # Errors
/// The engine's.
pub fn history(interactions: &Interactions, user: &str, limit: Option<usize>) -> Result<MemTable> {
    let query = HistoryQuery::default().limit(limit);
    let mut history = History::new();
    let snapshot = interactions.snapshot_of(user)?;
    let read = snapshot.history(user, &query, &mut history);
    read.map_err(engine)?;
    let schema = interactions.schema();
    let user_field = snapshot.schema().user();
    let arrays = schema.fields().iter().enumerate().map(|(field, column)| {
        let mut growing = Growing::of(column.data_type())?;
        for event in history.iter() {
            // A history has no column of the user whose it is.
            growing.push(match field == user_field {
                true => Value::String(user.to_owned()),
                false => event.value(field).map_err(engine)?,
            })?;
        }
        Ok(growing.finish())
    });
    let batch = RecordBatch::try_new(schema.clone(), arrays.collect::<Result<_>>()?)?;
    let order = col("timestamp").sort(false, false);
    let table = MemTable::try_new(schema, vec![vec![batch]])?;
    Ok(table.with_sort_order(vec![vec![order]]))
}

/// `sequences(max_length)`: a row for each user, with the newest `max_length` interactions, oldest first, or
/// all where there is no `max_length`; see [`Sequences`].
#[derive(Debug)]
pub struct SequencesFunction {
    interactions: Interactions,
}

impl SequencesFunction {
    /// Over what a table shows.
    pub fn new(interactions: &Interactions) -> Self {
        let interactions = interactions.clone();
        Self { interactions }
    }
}

impl TableFunctionImpl for SequencesFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let max_length = match args.exprs() {
            [] => usize::MAX,
            [max_length] => count("sequences", max_length)?,
            other => {
                return plan_err!(
                    "sequences takes the greatest length, sequences(50), not {} arguments",
                    other.len()
                );
            }
        };
        Ok(Arc::new(Sequences::new(&self.interactions, max_length)))
    }
}

fn text<'a>(function: &str, expr: &'a Expr) -> Result<&'a str> {
    if let Expr::Literal(value, _) = expr
        && let Some(Some(text)) = value.try_as_str()
    {
        return Ok(text);
    }
    plan_err!("{function} takes a user's id in single quotes, not {expr}")
}

fn count(function: &str, expr: &Expr) -> Result<usize> {
    if let Expr::Literal(ScalarValue::Int64(Some(count)), _) = expr
        && let Ok(count) = usize::try_from(*count)
        && count > 0
    {
        return Ok(count);
    }
    plan_err!("{function} takes a whole number from 1, not {expr}")
}
