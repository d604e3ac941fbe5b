//! A row for each user, as sequence models take it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, AsArray, Int64Builder, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

use crate::failure::internal;
use crate::pushdown::Reader;
use crate::schema::Known;
use crate::table::Interactions;

/// Interactions of a batch that is given, about.
const BATCH_EVENTS: usize = 1 << 16;
/// Users of a batch that is given, at most.
const BATCH_USERS: usize = 1 << 13;

/// A row for each user: `user_id`, `item_ids` and `timestamps` (lists of the newest `max_length`
/// interactions, oldest first), and `event_types` where the schema has them. In the order of users; strings
/// are plain. Filters on `user_id` go to the engine.
///
/// What is held of a partition: one batch that grows, and the interactions of one user, in the batches they
/// came in, as far back as `max_length` reaches.
#[derive(Debug)]
pub struct Sequences {
    interactions: Interactions,
    max_length: usize,
    schema: SchemaRef,
}

impl Sequences {
    /// The sequences of what a table shows, of at most `max_length` interactions.
    pub fn new(interactions: &Interactions, max_length: usize) -> Self {
        let item = |data_type, nullable| Arc::new(Field::new("item", data_type, nullable));
        let mut fields = vec![
            Field::new("user_id", DataType::Utf8, false),
            Field::new(
                "item_ids",
                DataType::List(item(DataType::Utf8, true)),
                false,
            ),
            Field::new(
                "timestamps",
                DataType::List(item(DataType::Int64, true)),
                false,
            ),
        ];
        let known = Known::of(interactions.engine_schema());
        if known.event_type.is_some() {
            fields.push(Field::new(
                "event_types",
                DataType::List(item(DataType::Utf8, true)),
                false,
            ));
        }
        Self {
            interactions: interactions.clone(),
            max_length,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    fn support(&self, filter: &Expr) -> TableProviderFilterPushDown {
        self.reader(&["user_id".to_owned()]).support(filter)
    }

    /// Reads filters on the only column that the engine knows.
    fn reader<'a>(&self, names: &'a [String]) -> Reader<'a> {
        let known = Known {
            user: 0,
            timestamp: usize::MAX,
            event_type: None,
        };
        Reader {
            schema: None,
            names,
            known,
            event_types: &[],
        }
    }
}

#[async_trait]
impl TableProvider for Sequences {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| self.support(filter)).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = self.reader(&["user_id".to_owned()]).wanted(filters);
        let schema = self.interactions.engine_schema();
        let mut fields = vec![schema.user(), schema.item(), schema.timestamp()];
        fields.extend(Known::of(schema).event_type);
        let partitions = state.config().target_partitions();
        let scan = self.interactions.scan_of(fields, wanted, partitions)?;
        let sequences = SequencesExec::new(Arc::new(scan), self.schema.clone(), self.max_length);
        let Some(projection) = projection else {
            return Ok(Arc::new(sequences));
        };
        let columns = projection.iter().filter_map(|place| {
            let name = self.schema.fields().get(*place)?.name();
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, *place));
            Some((column, name.clone()))
        });
        let columns: Vec<_> = columns.collect();
        Ok(Arc::new(ProjectionExec::try_new(
            columns,
            Arc::new(sequences),
        )?))
    }
}

/// Gathers a scan of user, item, time and event type, in the order of user and time, by user.
#[derive(Debug)]
struct SequencesExec {
    input: Arc<dyn ExecutionPlan>,
    max_length: usize,
    properties: Arc<PlanProperties>,
}

impl SequencesExec {
    fn new(input: Arc<dyn ExecutionPlan>, schema: SchemaRef, max_length: usize) -> Self {
        let user: Arc<dyn PhysicalExpr> = Arc::new(Column::new("user_id", 0));
        let by_user = PhysicalSortExpr::new(user, SortOptions::new(false, false));
        let equivalence =
            EquivalenceProperties::new_with_orderings(schema, LexOrdering::new([by_user]));
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            equivalence,
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            input,
            max_length,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for SequencesExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SequencesExec")?;
        match self.max_length {
            usize::MAX => Ok(()),
            max_length => write!(f, ": max_length={max_length}"),
        }
    }
}

impl ExecutionPlan for SequencesExec {
    fn name(&self) -> &str {
        "SequencesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// The scan is by user: whatever goes between would break a user apart.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(input, self.schema(), self.max_length))),
            Err(_) => Err(internal("sequences take one input")),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let gathering = Gathering {
            input: Some(self.input.execute(partition, context)?),
            max_length: self.max_length,
            user: None,
            open: VecDeque::new(),
            ready: Ready::new(schema.clone()),
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, gathering)))
    }
}

/// The interactions of a partition, on their way to sequences.
struct Gathering {
    /// `None` when it is at its end.
    input: Option<SendableRecordBatchStream>,
    max_length: usize,
    /// The user whose interactions are `open`.
    user: Option<String>,
    open: VecDeque<RecordBatch>,
    ready: Ready,
}

impl Gathering {
    /// Takes in a batch of the input.
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let users = batch.column(0).as_dictionary_opt::<Int32Type>();
        let users = users.ok_or_else(|| internal("users that are no dictionary"))?;
        let names = strings(users.values())?;
        let mut start = 0;
        for run in users.keys().values().chunk_by(|a, b| a == b) {
            let code = run.first().map_or(0, |code| *code as usize);
            let name = names.value(code);
            if self.user.as_deref() != Some(name) {
                self.close()?;
                self.user = Some(name.to_owned());
            }
            self.open.push_back(batch.slice(start, run.len()));
            start += run.len();
            self.trim();
        }
        Ok(())
    }

    /// Lets go of batches that the sequence does not reach back to.
    fn trim(&mut self) {
        let mut rows: usize = self.open.iter().map(RecordBatch::num_rows).sum();
        while let Some(first) = self.open.front()
            && rows - first.num_rows() >= self.max_length
        {
            rows -= first.num_rows();
            self.open.pop_front();
        }
    }

    /// Ends the sequence of the user.
    fn close(&mut self) -> Result<()> {
        let Some(user) = self.user.take() else {
            return Ok(());
        };
        let rows: usize = self.open.iter().map(RecordBatch::num_rows).sum();
        let mut beyond = rows.saturating_sub(self.max_length);
        for batch in self.open.drain(..) {
            let skipped = beyond.min(batch.num_rows());
            beyond -= skipped;
            self.ready
                .events(&batch.slice(skipped, batch.num_rows() - skipped))?;
        }
        self.ready.end(&user);
        Ok(())
    }
}

impl Stream for Gathering {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(input) = &mut this.input else {
                let rest = this.ready.users > 0;
                return Poll::Ready(rest.then(|| this.ready.take()));
            };
            let step = match ready!(input.poll_next_unpin(context)) {
                Some(Ok(batch)) => this.add(&batch),
                Some(Err(error)) => Err(error),
                None => {
                    this.input = None;
                    this.close()
                }
            };
            if let Err(error) = step {
                this.input = None;
                this.ready.users = 0;
                return Poll::Ready(Some(Err(error)));
            }
            if this.ready.is_full() {
                return Poll::Ready(Some(this.ready.take()));
            }
        }
    }
}

/// The batch that grows.
struct Ready {
    schema: SchemaRef,
    ids: StringBuilder,
    items: ListBuilder<StringBuilder>,
    timestamps: ListBuilder<Int64Builder>,
    /// `None` where the schema has none.
    event_types: Option<ListBuilder<StringBuilder>>,
    users: usize,
    rows: usize,
}

impl Ready {
    fn new(schema: SchemaRef) -> Self {
        let texts = || ListBuilder::new(StringBuilder::new());
        Self {
            ids: StringBuilder::new(),
            items: texts(),
            timestamps: ListBuilder::new(Int64Builder::new()),
            event_types: (schema.fields().len() > 3).then(texts),
            users: 0,
            rows: 0,
            schema,
        }
    }

    fn is_full(&self) -> bool {
        self.users >= BATCH_USERS || self.users > 0 && self.rows >= BATCH_EVENTS
    }

    /// Adds interactions to the open list.
    fn events(&mut self, batch: &RecordBatch) -> Result<()> {
        append(batch.column(1), self.items.values())?;
        let times = batch.column(2).as_primitive_opt::<Int64Type>();
        let times = times.ok_or_else(|| internal("times that are no numbers"))?;
        self.timestamps.values().append_slice(times.values());
        if let (Some(types), Some(column)) = (&mut self.event_types, batch.columns().get(3)) {
            append(column, types.values())?;
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// Ends the open list: it is this user's.
    fn end(&mut self, user: &str) {
        self.ids.append_value(user);
        self.items.append(true);
        self.timestamps.append(true);
        if let Some(types) = &mut self.event_types {
            types.append(true);
        }
        self.users += 1;
    }

    fn take(&mut self) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.items.finish()),
            Arc::new(self.timestamps.finish()),
        ];
        if let Some(types) = &mut self.event_types {
            arrays.push(Arc::new(types.finish()));
        }
        (self.users, self.rows) = (0, 0);
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }
}

/// Adds the strings of a dictionary column.
fn append(column: &ArrayRef, out: &mut StringBuilder) -> Result<()> {
    let column = column.as_dictionary_opt::<Int32Type>();
    let column = column.ok_or_else(|| internal("strings that are no dictionary"))?;
    let values = strings(column.values())?;
    for key in column.keys() {
        out.append_option(key.map(|key| values.value(key as usize)));
    }
    Ok(())
}

fn strings(values: &ArrayRef) -> Result<&StringArray> {
    let strings = values.as_string_opt::<i32>();
    strings.ok_or_else(|| internal("a dictionary of no strings"))
}
