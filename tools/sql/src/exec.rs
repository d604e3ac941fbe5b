//! The scan of a store in a plan.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use annals::{Columns, FieldId, Projection, Scan, ScanOrder, ScanQuery, Snapshot, UserRange};
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

/// A scan of a snapshot, a part for each range of users.
///
/// Every partition comes in the order of user and time; the partitions are ranges of users, one behind the
/// other. Both are declared, so that what groups, sorts or looks back by user needs neither a sort nor an
/// exchange.
#[derive(Clone)]
pub(crate) struct InteractionsExec {
    snapshot: Snapshot,
    /// The fields to give, in their order.
    fields: Arc<[FieldId]>,
    wanted: Arc<Wanted>,
    /// The users of each partition.
    parts: Arc<[Vec<UserRange>]>,
    fetch: Option<usize>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl InteractionsExec {
    /// A scan of `fields`, whose columns `out` describes, in at most `partitions` parts.
    pub(crate) fn new(
        snapshot: &Snapshot,
        out: SchemaRef,
        fields: Vec<FieldId>,
        wanted: Wanted,
        partitions: usize,
        estimates: &Estimates,
    ) -> Result<Self> {
        let parts = parts(snapshot, &wanted, partitions)?;
        let statistics = estimates.statistics(snapshot.schema(), &out, &fields, &wanted);
        let properties = properties(snapshot, out, &fields, &parts)?;
        Ok(Self {
            snapshot: snapshot.clone(),
            fields: fields.into(),
            wanted: Arc::new(wanted),
            parts: parts.into(),
            fetch: None,
            statistics: Arc::new(statistics),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn query(&self, batch_rows: usize) -> ScanQuery {
        let schema = self.snapshot.schema();
        let named = self
            .fields
            .iter()
            .filter_map(|field| schema.fields().get(*field));
        ScanQuery {
            time: self.wanted.time,
            event_types: self.wanted.event_types.clone().unwrap_or_default(),
            projection: Projection::names(named.map(|field| field.name())),
            order: ScanOrder::UserTime,
            batch_rows,
            ..ScanQuery::default()
        }
    }
}

/// The users of each partition: at most `partitions` ranges of about as many rows, less those that are not
/// asked for.
fn parts(snapshot: &Snapshot, wanted: &Wanted, partitions: usize) -> Result<Vec<Vec<UserRange>>> {
    if wanted.is_nothing() {
        return Ok(vec![Vec::new()]);
    }
    let ranges = snapshot.user_ranges(partitions.max(1)).map_err(engine)?;
    let parts = ranges.into_iter().map(|range| {
        let part = crate::users::UserSet::of(range);
        part.intersection(&wanted.users).ranges().to_vec()
    });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    Ok(if parts.is_empty() {
        vec![Vec::new()]
    } else {
        parts
    })
}

fn properties(
    snapshot: &Snapshot,
    out: SchemaRef,
    fields: &[FieldId],
    parts: &[Vec<UserRange>],
) -> Result<PlanProperties> {
    let schema = snapshot.schema();
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
    let by_user = LexOrdering::new(ordering.first().cloned());
    let partitioning = match by_user {
        Some(by_user) if parts.len() > 1 => {
            let splits = parts
                .iter()
                .skip(1)
                .filter_map(|part| part.first()?.from.clone());
            let text = |id: String| ScalarValue::Utf8(Some(id));
            let key = out.fields().get(user.unwrap_or_default());
            let splits = splits.map(|id| match key.map(|field| field.data_type()) {
                Some(datafusion::arrow::datatypes::DataType::Dictionary(keys, _)) => {
                    ScalarValue::Dictionary(keys.clone(), Box::new(text(id)))
                }
                _ => text(id),
            });
            let splits = splits.map(|value| SplitPoint::new(vec![value])).collect();
            Partitioning::Range(RangePartitioning::try_new(by_user, splits)?)
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
        let out = self.schema();
        let part = Part {
            snapshot: self.snapshot.clone(),
            query: self.query(context.session_config().batch_size()),
            ranges: ranges.iter().cloned().collect(),
            open: None,
            batches: Batches::new(
                self.snapshot.schema().clone(),
                out.clone(),
                self.fields.to_vec(),
            ),
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
    snapshot: Snapshot,
    query: ScanQuery,
    ranges: VecDeque<UserRange>,
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
                let Some(users) = self.ranges.pop_front() else {
                    break;
                };
                self.query.users = users;
                let scan = self.snapshot.scan(&self.query).map_err(engine)?;
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
