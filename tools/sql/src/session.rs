//! A session of queries over a store.

use std::path::Path;
use std::sync::Arc;

use annals::filter::AttributeDataset;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::attributes::attributes;
use crate::functions::{HistoryFunction, SequencesFunction};
use crate::position::Position;
use crate::table::Interactions;
use crate::windows::SortedWindows;

/// Consumers of memory that an error names when there is not enough.
const NAMED_CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN.saturating_add(4);

/// How queries run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads, and partitions of a scan. Default: the cores there are.
    pub threads: Option<usize>,
    /// Bytes that sorts, joins and groups may take before they spill to temporary files, or where they cannot,
    /// end with an error. Default: no bound. What scans take is bounded by itself.
    pub memory: Option<usize>,
}

/// DataFusion's settings, of which those are changed that make use of the order and the partitions of scans.
pub fn config(options: &Options) -> SessionConfig {
    let mut config = SessionConfig::new().with_information_schema(true);
    if let Some(threads) = options.threads {
        config = config.with_target_partitions(threads);
    }
    // Errors say where.
    config.options_mut().sql_parser.collect_spans = true;
    let optimizer = &mut config.options_mut().optimizer;
    // An order that is there already is kept, and partitions by user serve what groups by more than the user.
    optimizer.prefer_existing_sort = true;
    optimizer.subset_repartition_threshold = 1;
    config
}

/// A session for queries over a store, of the settings of [`config`].
///
/// # Errors
/// Those of DataFusion, where there is no folder for temporary files.
pub fn session(options: &Options) -> Result<SessionContext> {
    let mut runtime =
        RuntimeEnvBuilder::new().with_disk_manager_builder(DiskManagerBuilder::default());
    if let Some(memory) = options.memory {
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), NAMED_CONSUMERS);
        runtime = runtime.with_memory_pool(Arc::new(pool));
    }
    let state = SessionStateBuilder::new()
        .with_config(config(options))
        .with_runtime_env(Arc::new(runtime.build()?))
        .with_default_features()
        .with_physical_optimizer_rule(Arc::new(SortedWindows))
        .build();
    let context = SessionContext::new_with_state(state);
    let position = context.udf("array_position")?;
    context.register_udf(ScalarUDF::from(Position::new(position)));
    Ok(context)
}

/// Gives a session the tables of a store or of a set of shards: `interactions`, and the functions `history` and
/// `sequences`. Called again with a newer one, it goes on to that; queries that run keep what they see.
///
/// # Errors
/// Those of DataFusion.
pub fn register(context: &SessionContext, interactions: &Interactions) -> Result<()> {
    context.deregister_table("interactions")?;
    context.register_table("interactions", Arc::new(interactions.clone()))?;
    context.register_udtf("history", Arc::new(HistoryFunction::new(interactions)));
    context.register_udtf("sequences", Arc::new(SequencesFunction::new(interactions)));
    Ok(())
}

/// Gives a session the table `items` or `users` out of a CSV file under an Avro schema; see [`attributes`].
///
/// # Errors
/// As [`attributes`].
pub fn register_attributes(
    context: &SessionContext,
    dataset: AttributeDataset,
    schema: &str,
    csv: impl AsRef<Path>,
) -> Result<()> {
    let name = match dataset {
        AttributeDataset::Items => "items",
        AttributeDataset::Users => "users",
    };
    let table = attributes(dataset, schema, csv)?;
    context.deregister_table(name)?;
    context.register_table(name, Arc::new(table))?;
    Ok(())
}
