//! The interactions of a store as a table.

use std::fmt;
use std::sync::Arc;

use annals::{FieldId, Snapshot, Store};
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use crate::estimates::Estimates;
use crate::exec::InteractionsExec;
use crate::pushdown::{Reader, Wanted};
use crate::schema::{Known, table_schema};

/// All interactions of a store, as of one commit; a column for each field of its schema (see
/// [`table_schema`]).
///
/// Rows come in the order of user and time, in partitions by user. Filters on the user (`=`, `<>`, `<`, `<=`,
/// `>`, `>=`, `BETWEEN`, `IN`, and `OR` of them), on the time (as on the user, but for `<>`, `IN` and `OR`; of
/// `timestamp`, or of `to_timestamp_seconds(timestamp)`) and on the event type (`=`, `IN`, `OR`) go to the engine, which does not
/// read what they leave out. They are exact but for event types where the store has two that differ in the
/// case of letters alone; those are checked again.
///
/// ```
/// use std::sync::Arc;
/// use annals::{Durability, Interaction, Limits, Schema, Store};
/// use annals_datafusion::Interactions;
/// use datafusion::prelude::SessionContext;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let schema = Schema::builder().build(&Limits::personalize())?;
/// let store = Store::create(folder.path().join("store"), &schema)?;
/// store.write(Interaction::new("ada", "tea", 60), Durability::Buffered)?;
///
/// let context = SessionContext::new();
/// context.register_table("interactions", Arc::new(Interactions::of(&store)))?;
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let rows = context.sql("SELECT item_id FROM interactions WHERE user_id = 'ada'").await?;
/// assert_eq!(rows.count().await?, 1);
/// # Ok(()) })
/// # }
/// ```
#[derive(Clone)]
pub struct Interactions {
    inner: Arc<Inner>,
}

struct Inner {
    snapshot: Snapshot,
    schema: SchemaRef,
    names: Vec<String>,
    known: Known,
    /// Every event type of the snapshot, and those that came since.
    event_types: Vec<String>,
    estimates: Estimates,
}

impl Interactions {
    /// The interactions of a store by now. What is written later is not shown: make another. Cost: a count,
    /// and the footers of the segments, which are in memory.
    pub fn of(store: &Store) -> Self {
        // The snapshot first: event types that come later are no harm.
        let snapshot = store.snapshot();
        let schema = table_schema(snapshot.schema());
        let names = schema.fields().iter().map(|field| field.name().clone());
        Self {
            inner: Arc::new(Inner {
                names: names.collect(),
                known: Known::of(snapshot.schema()),
                event_types: store.event_types(),
                estimates: Estimates::of(store),
                schema,
                snapshot,
            }),
        }
    }

    /// What is shown: every commit up to its sequence number.
    pub fn snapshot(&self) -> &Snapshot {
        &self.inner.snapshot
    }

    /// Every event type that a row may have.
    pub fn event_types(&self) -> &[String] {
        &self.inner.event_types
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            names: &self.inner.names,
            known: self.inner.known,
            event_types: &self.inner.event_types,
        }
    }

    /// A scan of some fields, in at most `partitions` parts.
    pub(crate) fn scan_of(
        &self,
        fields: Vec<FieldId>,
        wanted: Wanted,
        partitions: usize,
    ) -> Result<InteractionsExec> {
        let inner = &self.inner;
        let out = Arc::new(inner.schema.project(&fields)?);
        InteractionsExec::new(
            &inner.snapshot,
            out,
            fields,
            wanted,
            partitions,
            &inner.estimates,
        )
    }
}

impl fmt::Debug for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = self.inner.snapshot.sequence();
        f.debug_struct("Interactions")
            .field("sequence", &sequence)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Interactions {
    fn schema(&self) -> SchemaRef {
        self.inner.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let reader = self.reader();
        Ok(filters
            .iter()
            .map(|filter| reader.support(filter))
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = 0..self.inner.names.len();
        let fields = projection.cloned().unwrap_or_else(|| all.collect());
        let wanted = self.reader().wanted(filters);
        let partitions = state.config().target_partitions();
        let scan: Arc<dyn ExecutionPlan> = Arc::new(self.scan_of(fields, wanted, partitions)?);
        Ok(match limit {
            Some(_) => scan.with_fetch(limit).unwrap_or(scan),
            None => scan,
        })
    }
}
