//! Window functions over rows that come in the order of their partitions, a batch at a time.

mod exec;
mod frame;
mod function;
mod rows;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::windows::BoundedWindowAggExec;

use exec::SortedWindowExec;

/// Puts [`SortedWindowExec`] in the place of DataFusion's operator wherever it computes the same.
#[derive(Debug)]
pub(crate) struct SortedWindows;

impl PhysicalOptimizerRule for SortedWindows {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        sorted_windows(plan)
    }

    fn name(&self) -> &str {
        "sorted_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A plan in which window functions over rows that come in the order of their partitions are computed a batch at a
/// time, where they are of those that are known here. [`session`](crate::session) does it by itself; who plans by a
/// session of another kind calls it on the finished plan.
///
/// # Errors
/// Those of DataFusion.
pub fn sorted_windows(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|plan| {
        Ok(match plan.downcast_ref::<BoundedWindowAggExec>() {
            Some(_) => Transformed::yes(replaced(plan)),
            None => Transformed::no(plan),
        })
    })
    .data()
}

/// The operator of this engine, or the plan itself.
fn replaced(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let inner = plan.downcast_ref::<BoundedWindowAggExec>().cloned();
    match inner.and_then(|inner| SortedWindowExec::of(Arc::new(inner))) {
        Some(sorted) => Arc::new(sorted),
        None => plan,
    }
}
