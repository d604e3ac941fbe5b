//! Window functions in a plan.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::BoundedWindowAggExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan,
    InputDistributionRequirements, InputOrderMode, PlanProperties, ReplaceChildrenOptions,
};
use futures::stream;

use super::function::Function;
use super::rows::{Computed, Held, Rows};

/// DataFusion's [`BoundedWindowAggExec`] over rows that come in the order of partitions, for the functions that
/// are computed here. That one keeps a state for each partition and calls each function once for each, which
/// for users of some ten rows takes most of a query's time; this one calls it once a batch.
///
/// All that a plan is told is what the other tells.
pub(crate) struct SortedWindowExec {
    inner: Arc<BoundedWindowAggExec>,
    functions: Vec<Function>,
    metrics: ExecutionPlanMetricsSet,
}

impl SortedWindowExec {
    /// In the place of `inner`; `None` where one of its functions has to be left to it.
    pub(super) fn of(inner: Arc<BoundedWindowAggExec>) -> Option<Self> {
        if inner.input_order_mode != InputOrderMode::Sorted || inner.state_observer().is_some() {
            return None;
        }
        let input = inner.input().schema();
        let (first, rest) = inner.window_expr().split_first()?;
        let is_same = rest.iter().all(|expr| {
            expr.partition_by() == first.partition_by() && expr.order_by() == first.order_by()
        });
        if !is_same || first.partition_by().is_empty() {
            return None;
        }
        let functions = inner.window_expr().iter();
        let functions = functions.map(|expr| Function::of(&**expr, &input));
        Some(Self {
            functions: functions.collect::<Option<_>>()?,
            inner,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn computed(&self) -> Computed {
        let exprs = self.inner.window_expr();
        let first = exprs.first();
        let order_by = first.and_then(|expr| expr.order_by().first());
        let by_value = self.functions.iter().any(|function| function.is_by_value());
        Computed {
            partition_by: first.map_or(Vec::new(), |expr| expr.partition_by().to_vec()),
            order_by: order_by
                .filter(|_| by_value)
                .map(|order| order.expr.clone()),
            functions: exprs
                .iter()
                .cloned()
                .zip(self.functions.iter().copied())
                .collect(),
            schema: self.inner.schema(),
        }
    }
}

impl fmt::Debug for SortedWindowExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedWindowExec").finish_non_exhaustive()
    }
}

impl DisplayAs for SortedWindowExec {
    fn fmt_as(&self, form: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.inner.window_expr().iter().map(|expr| expr.name());
        let names = names.collect::<Vec<_>>().join(", ");
        match form {
            DisplayFormatType::TreeRender => writeln!(f, "select_list={names}"),
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "SortedWindowExec: wdw=[{names}]")
            }
        }
    }
}

impl ExecutionPlan for SortedWindowExec {
    fn name(&self) -> &'static str {
        "SortedWindowExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inner.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.inner.required_input_ordering()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.inner.input_distribution_requirements()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.inner.maintains_input_order()
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let inner = self.inner.clone().replace_children(children, options)?;
        Ok(super::replaced(inner))
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
        let memory = MemoryConsumer::new(format!("{}[{partition}]", self.name()));
        let rows = Rows {
            computed: Arc::new(self.computed()),
            input: self.inner.input().execute(partition, context.clone())?,
            held: Held::new(memory.register(context.memory_pool())),
            ready: VecDeque::new(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let batches = stream::try_unfold(rows, |mut rows| async {
            let batch = rows.next().await?;
            Ok(batch.map(|batch| (batch, rows)))
        });
        let schema = self.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.inner.child_stats_requests(partition)
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        self.inner.statistics_from_inputs(inputs, args)
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        self.inner.cardinality_effect()
    }
}
