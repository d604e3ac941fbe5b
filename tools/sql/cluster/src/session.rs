//! A session that plans for workers.

use std::sync::Arc;

use annals_datafusion::{Options, RemoteScan, config};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use datafusion_distributed::{
    DesiredTaskCountEvent, DesiredTaskCountEventResponse, DistributedExt, DistributedLeafExec,
    ScaleUpLeafNodeEvent, ScaleUpLeafNodeEventResponse, SessionStateBuilderExt, WorkerResolver,
    get_distributed_worker_resolver,
};
use url::Url;

use crate::codec::Codec;

/// A session whose queries over pinned stores are run by workers, each of which runs as many threads as
/// [`Options::threads`] says; [`serve`](crate::serve) is one. A scan of one partition stays in this process.
///
/// # Errors
/// Those of DataFusion.
pub fn session(workers: Vec<Url>, options: &Options) -> Result<SessionContext> {
    let state = SessionStateBuilder::new()
        .with_config(config(options))
        .with_default_features()
        .with_distributed_worker_resolver(Workers(workers))
        .with_distributed_planner()
        .with_distributed_user_codec(Codec::below(None))
        .with_distributed_desired_task_count_handler(desired_tasks)
        .with_distributed_scale_up_leaf_node_handler(divided)
        .build();
    Ok(SessionContext::new_with_state(state))
}

struct Workers(Vec<Url>);

impl WorkerResolver for Workers {
    fn get_urls(&self) -> Result<Vec<Url>> {
        Ok(self.0.clone())
    }
}

/// As many tasks as workers for a scan that has several partitions.
fn desired_tasks(
    event: DesiredTaskCountEvent<'_>,
) -> Option<Result<DesiredTaskCountEventResponse>> {
    let partitions = match RemoteScan::of(&**event.plan) {
        Ok(scan) => scan?.partitions(),
        Err(error) => return Some(Err(error)),
    };
    let workers = get_distributed_worker_resolver(event.session_config);
    let workers = workers.and_then(|workers| Ok(workers.get_urls()?.len()));
    Some(workers.map(|workers| match partitions {
        0 | 1 => DesiredTaskCountEventResponse::maximum(1),
        _ => DesiredTaskCountEventResponse::desired(workers.max(1)),
    }))
}

/// A part of a scan for each task.
fn divided(event: ScaleUpLeafNodeEvent<'_>) -> Option<Result<ScaleUpLeafNodeEventResponse>> {
    let scans = match RemoteScan::divided(&**event.plan, event.task_count) {
        Ok(scans) => scans?,
        Err(error) => return Some(Err(error)),
    };
    let codec = Codec::below(None);
    let plans = scans.iter().map(|scan| codec.plan(scan));
    let plans: Result<Vec<Arc<dyn ExecutionPlan>>> = plans.collect();
    let leaf = plans.and_then(|plans| DistributedLeafExec::try_new(event.plan.clone(), plans));
    Some(leaf.map(|leaf| ScaleUpLeafNodeEventResponse::new(Arc::new(leaf))))
}
