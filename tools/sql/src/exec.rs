//! The scan of a store in a plan.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use annals::columns::{Columns, FieldId};
use annals::partitions::Partition;
use annals::query::{Scan, ScanOrder, UserRange};
use annals::{Projection, ScanQuery, Schema, Snapshot};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ScalarValue, SplitPoint, Statistics};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr,
    RangePartitioning,
};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::stream;

use crate::arrays::Batches;
use crate::estimates::Estimates;
use crate::failure::{engine, internal};
use crate::pushdown::Wanted;
use crate::shown::Shown;
use crate::users::UserSet;

/// A scan of one snapshot, or of those of the shards of a set, a part for each range of users of each.
///
/// Every partition comes in the order of user and time; the partitions of one snapshot are ranges of users, one
/// behind the other. Both are declared, so that what groups, sorts or looks back by user needs neither a sort
/// nor an exchange. The users of shards interleave: of several the order alone is declared.
#[derive(Clone)]
pub(crate) struct InteractionsExec {
    schema: Arc<Schema>,
    /// The fields to give, in their order.
    fields: Arc<[FieldId]>,
    wanted: Arc<Wanted>,
    sources: Arc<[Source]>,
    parts: Arc<[Ranges]>,
    fetch: Option<usize>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// What a scan reads: a snapshot, and those of its users that are asked for.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) snapshot: Snapshot,
    pub(crate) users: UserSet,
    /// Where another process finds it: all users of a pin.
    pub(crate) pin: Option<Arc<Partition>>,
}

/// What a partition reads, one behind the other: ranges of users, in order, each of a source by position. They are of
/// one source.
pub(crate) type Ranges = Vec<(usize, UserRange)>;

impl InteractionsExec {
    /// A scan of `fields`, whose columns `out` describes, in about `partitions` parts: of each source the users
    /// that are asked for, at least one part where there are any.
    pub(crate) fn new(
        schema: &Arc<Schema>,
        sources: Vec<Source>,
        out: SchemaRef,
        fields: Vec<FieldId>,
        wanted: Wanted,
        partitions: usize,
        estimates: &Estimates,
    ) -> Result<Self> {
        let statistics = estimates.statistics(schema, &out, &fields, &wanted);
        let parts = match wanted.is_nothing() {
            true => Vec::new(),
            false => parts(&sources, partitions)?,
        };
        Self::of_parts(schema, sources, parts, out, fields, wanted, statistics)
    }

    /// The same of parts that are known.
    pub(crate) fn of_parts(
        schema: &Arc<Schema>,
        sources: Vec<Source>,
        mut parts: Vec<Ranges>,
        out: SchemaRef,
        fields: Vec<FieldId>,
        wanted: Wanted,
        statistics: Statistics,
    ) -> Result<Self> {
        if parts.is_empty() {
            parts.push(Ranges::new());
        }
        let by_user = sources.len() == 1;
        let properties = properties(schema, out, &fields, &parts, by_user)?;
        Ok(Self {
            schema: schema.clone(),
            fields: fields.into(),
            wanted: Arc::new(wanted),
            sources: sources.into(),
            parts: parts.into(),
            fetch: None,
            statistics: Arc::new(statistics),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn parts(&self) -> &[Ranges] {
        &self.parts
    }

    /// The fields to give, in their order.
    pub(crate) fn fields(&self) -> &[FieldId] {
        &self.fields
    }

    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn query(&self, batch_rows: usize) -> ScanQuery {
        let schema = self.schema.fields();
        let named = self.fields.iter().filter_map(|field| schema.get(*field));
        ScanQuery::default()
            .time(self.wanted.time)
            .event_types(self.wanted.event_types.clone().unwrap_or_default())
            .projection(Projection::names(named.map(|field| field.name())))
            .order(ScanOrder::UserTime)
            .hints(self.wanted.hints.iter().cloned())
            .batch_rows(batch_rows)
    }
}

/// The partitions: of each source ranges of about as many rows, less the users that are not asked for.
pub(crate) fn parts(sources: &[Source], partitions: usize) -> Result<Vec<Ranges>> {
    let each = partitions.div_ceil(sources.len().max(1)).max(1);
    let mut parts = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        for range in source.snapshot.user_ranges(each).map_err(engine)? {
            let users = UserSet::of(range).intersection(&source.users);
            let ranges = users.ranges().iter();
            let part: Ranges = ranges.map(|users| (at, users.clone())).collect();
            if !part.is_empty() {
                parts.push(part);
            }
        }
    }
    Ok(parts)
}

/// What the planner is told of the order and the partitions; `by_user` where the users of each stand behind those
/// of the one before.
fn properties(
    schema: &Schema,
    out: SchemaRef,
    fields: &[FieldId],
    parts: &[Ranges],
    by_user: bool,
) -> Result<PlanProperties> {
    let place = |field: FieldId| fields.iter().position(|asked| *asked == field);
    let sorted = |place: usize| {
        let name = out.fields().get(place).map_or("", |field| field.name());
        let expr: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, place));
        PhysicalSortExpr::new(expr, SortOptions::new(false, false))
    };
    // Time is in order within a user alone: without the user there is no order.
    let user = place(schema.user());
    let time = user.and_then(|_| place(schema.timestamp()));
    let ordering: Vec<_> = user.into_iter().chain(time).map(sorted).collect();
    let key = LexOrdering::new(ordering.first().cloned());
    let partitioning = match key {
        Some(by) if by_user && parts.len() > 1 && parts.iter().all(|part| !part.is_empty()) => {
            let behind = parts.iter().skip(1);
            let splits = behind.filter_map(|part| part.first()?.1.from.clone());
            let text = |id: String| ScalarValue::Utf8(Some(id));
            let key = out.fields().get(user.unwrap_or_default());
            let splits = splits.map(|id| match key.map(|field| field.data_type()) {
                Some(datafusion::arrow::datatypes::DataType::Dictionary(keys, _)) => {
                    ScalarValue::Dictionary(keys.clone(), Box::new(text(id)))
                }
                _ => text(id),
            });
            let splits = splits.map(|value| SplitPoint::new(vec![value])).collect();
            Partitioning::Range(RangePartitioning::try_new(by, splits)?)
        }
        _ => Partitioning::UnknownPartitioning(parts.len()),
    };
    let equivalence = EquivalenceProperties::new_with_orderings(out, LexOrdering::new(ordering));
    let properties = PlanProperties::new(
        equivalence,
        partitioning,
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Ok(properties.with_scheduling_type(SchedulingType::Cooperative))
}

impl fmt::Debug for InteractionsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InteractionsExec").finish_non_exhaustive()
    }
}

impl DisplayAs for InteractionsExec {
    fn fmt_as(&self, form: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Shown {
            schema: self.properties.eq_properties.schema(),
            wanted: &self.wanted,
            properties: &self.properties,
            fetch: self.fetch,
        };
        match form {
            DisplayFormatType::TreeRender => shown.lines(f),
            DisplayFormatType::Default | DisplayFormatType::Verbose => shown.line(f),
        }
    }
}

impl ExecutionPlan for InteractionsExec {
    fn name(&self) -> &str {
        "InteractionsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
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
        match children.as_slice() {
            [] => Ok(self),
            _ => Err(internal("a scan takes no input")),
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
        let ranges = self.parts.get(partition);
        let ranges = ranges.ok_or_else(|| internal("a partition that the scan does not have"))?;
        let source = |(at, users): &(usize, UserRange)| {
            let source = self.sources.get(*at);
            let source = source.ok_or_else(|| internal("a range of users of no source"))?;
            Ok((source.snapshot.clone(), users.clone()))
        };
        let out = self.schema();
        let part = Part {
            query: self.query(context.session_config().batch_size()),
            ranges: ranges.iter().map(source).collect::<Result<_>>()?,
            open: None,
            batches: Batches::new(self.schema.clone(), out.clone(), self.fields.to_vec()),
            left: self.fetch.unwrap_or(usize::MAX),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let batches = RecordBatchStreamAdapter::new(out, stream::iter(part));
        Ok(make_cooperative(Box::pin(batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let whole = (*self.statistics).clone();
        let part = match args.partition() {
            Some(_) => Estimates::part(whole, self.parts.len()),
            None => whole,
        };
        Ok(Arc::new(part.with_fetch(self.fetch, 0, 1)?))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        let fetch = limit;
        Some(Arc::new(Self {
            fetch,
            ..self.clone()
        }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }
}

/// One partition as it is read. Nothing is read ahead: whoever drops it ends it.
struct Part {
    query: ScanQuery,
    ranges: VecDeque<(Snapshot, UserRange)>,
    open: Option<(Scan, Columns)>,
    batches: Batches,
    /// Rows that are still to be given.
    left: usize,
    metrics: BaselineMetrics,
}

impl Part {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let time = self.metrics.elapsed_compute().clone();
        let _timer = time.timer();
        while self.left > 0 {
            let Some((scan, columns)) = &mut self.open else {
                let Some((snapshot, users)) = self.ranges.pop_front() else {
                    break;
                };
                self.query.users = users;
                let scan = snapshot.scan(&self.query).map_err(engine)?;
                let columns = scan.new_batch();
                self.open = Some((scan, columns));
                continue;
            };
            if !scan.read(columns).map_err(engine)? {
                self.open = None;
                continue;
            }
            let rows = columns.rows().min(self.left);
            self.left -= rows;
            self.metrics.record_output(rows);
            return self.batches.batch(columns, rows).map(Some);
        }
        Ok(None)
    }
}

impl Iterator for Part {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch();
        if next.is_err() {
            self.left = 0;
        }
        next.transpose()
    }
}
