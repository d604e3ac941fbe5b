//! The schema of a store changes.

use std::path::Path;

use super::recovery::Opening;
use crate::model::{Result, Schema};
use crate::store::engine::Engine;

impl Engine {
    /// Gives the store in `root`, which nobody else may have open for writing, another schema. All rows
    /// are sealed before, so that the log has none of the earlier schema.
    pub(crate) fn evolve(root: &Path, opening: Opening, schema: &Schema) -> Result<()> {
        let engine = Self::open(root, opening)?;
        if engine.schema.json() == schema.json() {
            return Ok(());
        }
        let schema = Schema::parse(schema.json(), engine.limits())?;
        engine.schema.check_evolution(&schema)?;
        engine.check_quota(&schema)?;
        engine.flush()?;
        engine.publish(
            |manifest| {
                manifest.schema = schema.json().to_owned();
                Ok(())
            },
            |current, _| Ok(current.clone()),
        )
    }
}
