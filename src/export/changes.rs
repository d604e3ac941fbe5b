//! Exports of what changed since an earlier one.

use super::builder::Export;
use super::selection::{Selection, Sessions};
use crate::api::{Change, Changes};
use crate::model::{Error, Result};

impl Changes {
    /// Sets up an export of the rows that arrived since; the steps come beside it. What it gives adds up, with
    /// what was taken at the earlier commit and the steps applied to that, to what the same selection takes of the
    /// store now.
    ///
    /// # Errors
    /// `InvalidInput` for a selection whose exports do not add up, naming the rule: one that judges rows by others,
    /// or that leaves sessions out some of which have become users since.
    pub fn export(&self, selection: Selection) -> Result<Export> {
        if let Some(rule) = selection.rule_of_many() {
            return Err(Error::invalid(format!(
                "changes since a commit: {rule} judges rows by others, so that changes do not add up to the whole; \
                 leave it out"
            )));
        }
        let joined = self.steps.iter().find_map(|step| match step {
            Change::Joined { session, .. } => Some(session),
            _ => None,
        });
        if let (Sessions::Drop, Some(session)) = (selection.sessions, joined) {
            return Err(Error::invalid(format!(
                "changes since commit {}: the session {session:?} was left out and has become a user; start over with \
                 an export of all",
                self.since
            )));
        }
        let selection = Selection {
            after: self.since,
            upto: (self.until < self.snapshot.sequence()).then_some(self.until),
            ..selection
        };
        let mut export = self.snapshot.export().selection(selection);
        export.steps.clone_from(&self.steps);
        Ok(export)
    }
}
