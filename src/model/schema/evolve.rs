//! What of a schema may change while there are interactions.

use super::super::{Error, Result};
use super::{DataType, Field, Role, Schema};

impl Schema {
    /// Checks that what was written under this schema can be read under `next`, and that rows of this
    /// schema still fit.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field and the rule.
    pub(crate) fn check_evolution(&self, next: &Self) -> Result<()> {
        for field in &self.fields {
            let Some(changed) = next.fields.iter().find(|other| other.name == field.name) else {
                return Err(Error::invalid(format!(
                    "field {}: missing in the new schema; a field stays, since there may be values",
                    field.name
                )));
            };
            field.check_change(changed)?;
        }
        for field in &next.fields {
            if self.position(&field.name).is_none() && !field.nullable {
                return Err(Error::invalid(format!(
                    "field {}: new, and not nullable; earlier interactions have no value for it: make its \
                     type [\"null\", ...]",
                    field.name
                )));
            }
        }
        Ok(())
    }
}

impl Field {
    fn check_change(&self, next: &Self) -> Result<()> {
        let refused = |rule: &str| Err(Error::invalid(format!("field {}: {rule}", self.name)));
        let same = self.data_type == next.data_type;
        if !same && !self.data_type.widens_to(next.data_type) {
            return refused(&format!(
                "its type is {}, and {} in the new schema; int becomes long and float double, nothing else",
                self.data_type.name(),
                next.data_type.name()
            ));
        }
        if self.nullable && !next.nullable {
            return refused("nullable; it stays so, since there may be nulls");
        }
        if self.role != Role::Metadata && (!same || self.nullable != next.nullable) {
            return refused("reserved; it stays as it is");
        }
        if self.categorical && !next.categorical {
            return refused("categorical; it stays so");
        }
        Ok(())
    }
}

impl DataType {
    /// Whether each value of this type is one of `next`.
    pub(crate) fn widens_to(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Int, Self::Long) | (Self::Float, Self::Double)
        )
    }
}
