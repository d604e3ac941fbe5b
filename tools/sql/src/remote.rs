//! A scan of pins, as another process can run it.

use std::sync::Arc;

use annals::columns::FieldId;
use annals::partitions::Partition;
use annals::query::Hint;
use annals::{Snapshot, TimeRange};
use datafusion::common::{Statistics, plan_err};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use serde::{Deserialize, Serialize};

use crate::exec::{InteractionsExec, Ranges, Source, parts};
use crate::pushdown::Wanted;
use crate::schema::table_schema;
use crate::users::UserSet;

/// A scan of an [`Interactions`](crate::Interactions) over pins, or the part of it that one process runs: which pins it
/// opens, which users of each its partitions read, columns, filters and limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteScan {
    pins: Vec<Partition>,
    /// By partition; each range of users is of a pin, by position.
    parts: Vec<Ranges>,
    fields: Vec<FieldId>,
    time: TimeRange,
    event_types: Option<Vec<String>>,
    hints: Vec<Hint>,
    fetch: Option<usize>,
}

impl RemoteScan {
    /// The scan that a plan is; `None` for another plan, and for a scan of what is not pinned.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn of(plan: &dyn ExecutionPlan) -> Result<Option<Self>> {
        Ok(Self::divided(plan, 1)?.and_then(|mut scans| scans.pop()))
    }

    /// The same in `tasks` parts of about as many rows, each in as many partitions as the plan has, or more where there
    /// are shards. Partitions that nothing is left for are empty. Cost: a few searches in the user directories for each.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn divided(plan: &dyn ExecutionPlan, tasks: usize) -> Result<Option<Vec<Self>>> {
        let Some(scan) = plan.downcast_ref::<InteractionsExec>() else {
            return Ok(None);
        };
        let pins = scan.sources().iter();
        let pins = pins.map(|source| source.pin.as_deref().cloned());
        let Some(pins) = pins.collect::<Option<Vec<Partition>>>() else {
            return Ok(None);
        };
        let (wanted, each) = (scan.wanted(), scan.parts().len());
        let parts = match tasks {
            1 => scan.parts().to_vec(),
            _ if wanted.is_nothing() => Vec::new(),
            _ => parts(scan.sources(), each.saturating_mul(tasks))?,
        };
        let each = each.max(parts.len().div_ceil(tasks.max(1)));
        let scans = (0..tasks).map(|task| {
            let own = parts.iter().skip(task * each).take(each).cloned();
            let mut own: Vec<Ranges> = own.collect();
            // All tasks of a stage have as many partitions.
            own.resize(each, Ranges::new());
            Self {
                pins: pins.clone(),
                parts: own,
                fields: scan.fields().to_vec(),
                time: wanted.time,
                event_types: wanted.event_types.clone(),
                hints: wanted.hints.clone(),
                fetch: plan.fetch(),
            }
        });
        Ok(Some(scans.collect()))
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> usize {
        self.parts.len()
    }

    /// The plan that runs it. `open` gives the snapshot of a pin, as
    /// [`Partition::open`] does; who runs several scans of one pin opens it once.
    ///
    /// # Errors
    /// `Plan` for a scan that does not fit the pinned store; what `open` gives.
    pub fn plan(
        &self,
        open: impl Fn(&Partition) -> Result<Snapshot>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut sources = Vec::with_capacity(self.pins.len());
        for pin in &self.pins {
            sources.push(Source {
                snapshot: open(pin)?,
                users: UserSet::all(),
                pin: Some(Arc::new(pin.clone())),
            });
        }
        let Some(first) = sources.first() else {
            return plan_err!("a scan of no pin");
        };
        let schema = first.snapshot.schema().clone();
        let is_known = |ranges: &Ranges| ranges.iter().all(|(at, _)| *at < sources.len());
        if !self.parts.iter().all(is_known)
            || self
                .fields
                .iter()
                .any(|field| *field >= schema.fields().len())
        {
            return plan_err!("a scan of columns or pins that there are not");
        }
        let out = Arc::new(table_schema(&schema).project(&self.fields)?);
        let wanted = Wanted {
            users: UserSet::all(),
            time: self.time,
            event_types: self.event_types.clone(),
            hints: self.hints.clone(),
        };
        let statistics = Statistics::new_unknown(&out);
        let (parts, fields) = (self.parts.clone(), self.fields.clone());
        let scan =
            InteractionsExec::of_parts(&schema, sources, parts, out, fields, wanted, statistics)?;
        let scan: Arc<dyn ExecutionPlan> = Arc::new(scan);
        Ok(match self.fetch {
            Some(_) => scan.with_fetch(self.fetch).unwrap_or(scan),
            None => scan,
        })
    }
}
