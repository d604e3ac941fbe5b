//! A process that runs parts of queries.

use std::path::PathBuf;

use annals_datafusion::sorted_windows;
use datafusion::error::DataFusionError;
use datafusion_distributed::{
    DistributedExt, Worker, WorkerPlanRewriteEvent, WorkerPlanRewriteEventResponse,
    WorkerQueryContext,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use crate::codec::Codec;

/// Runs parts of queries that come in by `listener`, over stores below `root` or all, until it is dropped.
///
/// Pins are opened at first use and stay open for later queries, 64 at most: the space of a released pin is free again
/// once the process ends or has opened others.
///
/// # Errors
/// Those of the transport.
pub async fn serve(
    listener: TcpListener,
    root: Option<PathBuf>,
) -> Result<(), tonic::transport::Error> {
    let codec = Codec::below(root);
    let worker = Worker::from_session_builder(move |context: WorkerQueryContext| {
        let builder = context
            .builder
            .with_distributed_user_codec(codec.clone())
            .with_distributed_worker_plan_rewrite_handler(rewritten);
        async move { Ok::<_, DataFusionError>(builder.build()) }
    });
    Server::builder()
        .add_service(worker.into_worker_server())
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await
}

fn rewritten(
    event: WorkerPlanRewriteEvent<'_>,
) -> datafusion::error::Result<WorkerPlanRewriteEventResponse> {
    sorted_windows(event.plan).map(WorkerPlanRewriteEventResponse::new)
}
