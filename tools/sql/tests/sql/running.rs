//! Running SQL, and results as text.

use std::sync::Arc;

use annals::Store;
use annals_datafusion::{Interactions, Options, register, session};
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;

/// Rows of values as text; `NULL` for null.
pub type Answer = Vec<Vec<String>>;

pub fn context(store: &Store, threads: usize) -> SessionContext {
    context_of(&Interactions::of(store), threads)
}

pub fn context_of(interactions: &Interactions, threads: usize) -> SessionContext {
    let options = Options {
        threads: Some(threads),
        memory: None,
    };
    let context = session(&options).unwrap();
    register(&context, interactions).unwrap();
    context
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

pub fn answer(context: &SessionContext, sql: &str) -> Answer {
    let batches = block_on(async { context.sql(sql).await.unwrap().collect().await });
    batches
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .iter()
        .flat_map(texts)
        .collect()
}

pub fn error(context: &SessionContext, sql: &str) -> String {
    let failed = block_on(async {
        match context.sql(sql).await {
            Ok(frame) => frame.collect().await.map(|_| ()),
            Err(error) => Err(error),
        }
    });
    failed.unwrap_err().to_string()
}

/// The physical plan, as EXPLAIN has it.
pub fn plan(context: &SessionContext, sql: &str) -> String {
    block_on(async {
        let frame = context.sql(sql).await.unwrap();
        let plan = frame.create_physical_plan().await.unwrap();
        displayable(Arc::as_ref(&plan)).indent(false).to_string()
    })
}

pub fn texts(batch: &RecordBatch) -> Answer {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    let row = |row: usize| {
        columns
            .iter()
            .map(|column| column.value(row).to_string())
            .collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Whether each batch of a column is a dictionary.
pub fn is_dictionary(batch: &RecordBatch, column: &str) -> bool {
    let column = batch.column_by_name(column).unwrap();
    matches!(
        column.data_type(),
        datafusion::arrow::datatypes::DataType::Dictionary(..)
    )
}
