//! A segment under the schema that it was written under.

use super::evolved::own_schema;
use super::reader::Segment;
use crate::model::{Result, Schema};

impl Segment {
    /// The segment as it was written, under its own schema, where that is another than `schema`.
    ///
    /// # Errors
    /// `Corruption`.
    pub(in crate::segment) fn as_written(&self, schema: &Schema) -> Result<Option<(Self, Schema)>> {
        if self.footer.schema == schema.json() {
            return Ok(None);
        }
        let own = own_schema(&self.footer)?;
        let segment = Self::assemble(self.footer.clone(), self.pages.clone(), &own)?;
        Ok(Some((segment, own)))
    }
}
