//! Scans as bytes.

use std::path::PathBuf;
use std::sync::Arc;

use annals_datafusion::RemoteScan;
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use crate::pins::Pins;

/// Sends scans of pins as JSON, and opens what it receives.
#[derive(Clone, Debug)]
pub(crate) struct Codec {
    pins: Arc<Pins>,
}

impl Codec {
    /// Opens stores below a folder, or all.
    pub(crate) fn below(root: Option<PathBuf>) -> Self {
        Self {
            pins: Arc::new(Pins::below(root)),
        }
    }

    /// The plan that runs a scan.
    pub(crate) fn plan(&self, scan: &RemoteScan) -> Result<Arc<dyn ExecutionPlan>> {
        scan.plan(|pin| self.pins.open(pin))
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &TaskContext,
        _: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !inputs.is_empty() {
            return plan_err!("a scan takes no input");
        }
        let scan: RemoteScan = serde_json::from_slice(bytes).map_err(json)?;
        self.plan(&scan)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        out: &mut Vec<u8>,
        _: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        match RemoteScan::of(&*node)? {
            Some(scan) => serde_json::to_writer(out, &scan).map_err(json),
            None => plan_err!("{} is no scan of pinned stores", node.name()),
        }
    }
}

fn json(error: serde_json::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
