//! Codes of users in a batch that is filled from several places.

use std::sync::Arc;

use crate::column::{Columns, Dictionary, Strings};
use crate::model::{Error, Result};
use crate::text::TextRoom;

/// Gives users codes of the batch being filled.
pub(in crate::store) struct UserCodes<'a> {
    /// The batch's users so far, in order; `None` keeps the source's own codes.
    pub(in crate::store) batch: Option<&'a mut Dictionary>,
}

impl UserCodes<'_> {
    /// Fills `out.users` up to its rows with the code of `user`.
    pub(in crate::store) fn append(&mut self, user: &str, out: &mut Columns) -> Result<()> {
        let Some(batch) = &mut self.batch else {
            return Err(Error::internal(
                "users without a batch whose codes they take",
            ));
        };
        if out.users.len() < out.rows() {
            let code = code_of(batch, user)?;
            out.users.resize(out.rows(), code);
        }
        Ok(())
    }

    /// Turns user codes of a segment, from row `start` on, into those of the batch.
    pub(in crate::store) fn translate(
        &mut self,
        ids: &Arc<dyn Strings>,
        start: usize,
        out: &mut Columns,
    ) -> Result<()> {
        let Some(batch) = &mut self.batch else {
            return Ok(());
        };
        let added = out.users.get_mut(start..);
        let added = added.ok_or_else(|| Error::internal("a source that took users away"))?;
        let mut room = TextRoom::default();
        for run in added.chunk_by_mut(|a, b| a == b) {
            let Some(user) = run.first() else { continue };
            let code = code_of(batch, ids.read(*user, &mut room)?)?;
            run.fill(code);
        }
        Ok(())
    }
}

/// The code of a user that is the batch's last one or a new one.
pub(in crate::store) fn code_of(batch: &mut Dictionary, user: &str) -> Result<u32> {
    let last = batch.len() as u32;
    if last > 0 && batch.get(last)? == user {
        return Ok(last);
    }
    batch.push(user)
}
