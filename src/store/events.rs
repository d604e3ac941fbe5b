//! Events of a session: whose they are, and which of them count.

use super::engine::Engine;
use crate::types::{Durability, EventsCommit, Result, SessionBatch, WriteBatch};

impl Engine {
    /// Writes the events of a session, all or none, as one commit.
    pub(crate) fn put_events(
        &self,
        batch: SessionBatch,
        durability: Durability,
    ) -> Result<EventsCommit> {
        let user = batch.user.unwrap_or(batch.session);
        let interactions = batch.events.into_iter().map(|event| {
            let mut interaction = event.interaction;
            interaction.user_id.clone_from(&user);
            interaction
        });
        let written: WriteBatch = interactions.collect();
        Ok(EventsCommit {
            commit: self.write(written, durability)?,
            duplicates: Vec::new(),
        })
    }
}
