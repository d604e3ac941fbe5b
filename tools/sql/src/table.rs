//! The interactions of a store as a table.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use annals::columns::FieldId;
use annals::partitions::Partition;
use annals::shards::{ShardMap, ShardSet};
use annals::{ErrorKind, Schema, Snapshot, Store};
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::plan_err;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use crate::estimates::Estimates;
use crate::exec::{InteractionsExec, Source};
use crate::failure::{engine, internal};
use crate::pushdown::{Reader, Wanted};
use crate::schema::{Known, table_schema};

/// All interactions of a store as of one commit, or of a set of shards as of one commit of each; a column for each field of its schema (see
/// [`table_schema`]).
///
/// Rows come in the order of user and time, in partitions by user. Filters on the user (`=`, `<>`, `<`, `<=`,
/// `>`, `>=`, `BETWEEN`, `IN`, and `OR` of them), on the time (as on the user, but for `<>`, `IN` and `OR`; of
/// `timestamp`, or of `to_timestamp_seconds(timestamp)`) and on the event type (`=`, `IN`, `OR`) go to the engine, which does not
/// read what they leave out. They are exact but for event types where the store has two that differ in the
/// case of letters alone; those are checked again. Comparisons with values, `IN` and `IS NULL` on other columns let the engine
/// pass over blocks of rows by their statistics ([`annals::query::Hint`]); what is left is checked again.
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
    /// By shard where there is a map, else one.
    snapshots: Vec<Snapshot>,
    /// Where other processes find each; empty where they do not.
    pins: Vec<Arc<Partition>>,
    map: Option<Arc<ShardMap>>,
    engine_schema: Arc<Schema>,
    schema: SchemaRef,
    names: Vec<String>,
    known: Known,
    /// Every event type of the snapshots, and those that came since.
    event_types: Vec<String>,
    estimates: Estimates,
}

impl Interactions {
    /// The interactions of a store by now. What is written later is not shown: make another. Cost: a count,
    /// and the footers of the segments, which are in memory.
    pub fn of(store: &Store) -> Self {
        Self::over(&[store], store.schema().clone(), None)
    }

    /// The interactions of a set of shards by now: `stores` by position in the map, as
    /// [`ShardSet::stores`](annals::shards::ShardSet::stores) gives them. Filters on single users go to their shards
    /// alone. Partitions come in the order of user and time, but users of different shards interleave: what goes by
    /// user is exchanged between partitions.
    ///
    /// # Errors
    /// `Plan` for another number of stores than of shards, and for different schemas.
    pub fn of_shards(map: &Arc<ShardMap>, stores: &[&Store]) -> Result<Self> {
        let (Some(first), true) = (stores.first(), stores.len() == map.len()) else {
            return plan_err!("{} stores of {} shards", stores.len(), map.len());
        };
        let schema = first.schema();
        for (shard, store) in map.shards().iter().zip(stores) {
            if store.schema().fields() != schema.fields() {
                return plan_err!("{} has another schema than the first shard", shard.folder());
            }
        }
        Ok(Self::over(stores, schema.clone(), Some(map.clone())))
    }

    /// The interactions that the store, or all shards of the set, in the folder `path` keep under the name `pin`
    /// ([`annals::shards::pin`]): what several processes read together, since each finds the same by that name.
    ///
    /// # Errors
    /// `NotFound` of the engine when there is no such pin; as [`Interactions::of_shards`].
    pub fn of_pin(path: impl AsRef<Path>, pin: &str) -> Result<Self> {
        let path = path.as_ref();
        let map = match ShardSet::map_of(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            map => Some(Arc::new(map.map_err(engine)?)),
        };
        let folders = annals::shards::stores(path).map_err(engine)?;
        let mut opened = Vec::with_capacity(folders.len());
        let mut pins = Vec::with_capacity(folders.len());
        for folder in &folders {
            let store = Store::builder().open_pin(folder, pin).map_err(engine)?;
            let whole = store.snapshot().partitions(folder, pin, 1);
            pins.extend(whole.map_err(engine)?.into_iter().map(Arc::new));
            opened.push(store);
        }
        let stores: Vec<&Store> = opened.iter().collect();
        let table = match (map, stores.as_slice()) {
            (None, [one]) => Self::of(one),
            (None, _) => return Err(internal("several stores that are no set")),
            (Some(map), stores) => Self::of_shards(&map, stores)?,
        };
        table.pinned(pins)
    }

    fn pinned(self, pins: Vec<Arc<Partition>>) -> Result<Self> {
        if pins.len() != self.inner.snapshots.len() {
            return Err(internal("another number of pins than of snapshots"));
        }
        let inner = Arc::into_inner(self.inner);
        let inner = inner.ok_or_else(|| internal("a new table that is shared"))?;
        Ok(Self {
            inner: Arc::new(Inner { pins, ..inner }),
        })
    }

    fn over(stores: &[&Store], engine_schema: Arc<Schema>, map: Option<Arc<ShardMap>>) -> Self {
        // The snapshots first: event types that come later are no harm.
        let snapshots = stores.iter().map(|store| store.snapshot()).collect();
        let mut event_types: Vec<_> = stores.iter().flat_map(|one| one.event_types()).collect();
        event_types.sort();
        event_types.dedup();
        let schema = table_schema(&engine_schema);
        let names = schema.fields().iter().map(|field| field.name().clone());
        Self {
            inner: Arc::new(Inner {
                snapshots,
                pins: Vec::new(),
                map,
                names: names.collect(),
                known: Known::of(&engine_schema),
                event_types,
                estimates: Estimates::of(stores),
                schema,
                engine_schema,
            }),
        }
    }

    /// What is shown: every commit up to the sequence number of each, by shard.
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.inner.snapshots
    }

    /// The snapshot that has the interactions of a user.
    pub(crate) fn snapshot_of(&self, user: &str) -> Result<&Snapshot> {
        let shard = self.inner.map.as_ref().map_or(0, |map| map.shard_of(user));
        let snapshot = self.inner.snapshots.get(shard);
        snapshot.ok_or_else(|| internal("a shard without its snapshot"))
    }

    /// The schema of what is shown.
    pub(crate) fn engine_schema(&self) -> &Arc<Schema> {
        &self.inner.engine_schema
    }

    /// Every event type that a row may have.
    pub fn event_types(&self) -> &[String] {
        &self.inner.event_types
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            schema: Some(&self.inner.engine_schema),
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
        let sources = inner.snapshots.iter().enumerate();
        let sources = sources.map(|(shard, snapshot)| {
            let own = |map: &Arc<ShardMap>| {
                let here = |user: &str| map.shard_of(user) == shard;
                wanted.users.with_points(here)
            };
            let users = inner.map.as_ref().map_or_else(|| wanted.users.clone(), own);
            Source {
                snapshot: snapshot.clone(),
                users,
                pin: inner.pins.get(shard).cloned(),
            }
        });
        let none = |source: &Source| source.users.ranges().is_empty();
        let sources: Vec<_> = sources.filter(|source| !none(source)).collect();
        InteractionsExec::new(
            &inner.engine_schema,
            sources,
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
        let sequences = self.inner.snapshots.iter().map(Snapshot::sequence);
        f.debug_struct("Interactions")
            .field("sequences", &sequences.collect::<Vec<_>>())
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
