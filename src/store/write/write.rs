//! A batch: validated, numbered, appended, and synced where asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::{EncodedRows, Generation, Notes};
use crate::model::{
    Cell, Commit, Durability, Error, Interaction, Result, Role, Row, WriteBatch, observe,
};
use crate::store::engine::{CommitGuard, Engine};

impl Engine {
    /// Writes a batch, all or nothing.
    pub(crate) fn write(&self, batch: WriteBatch, durability: Durability) -> Result<Commit> {
        let mut interactions = batch.interactions;
        for (position, interaction) in interactions.iter_mut().enumerate() {
            self.validator
                .join_lists(interaction)
                .map_err(|error| error.within(at(position, interaction)))?;
        }
        let cells = self.cells(&interactions)?;
        if let [interaction] = interactions.as_slice() {
            return self.write_rows(&[interaction.row(&cells)], durability);
        }
        let rows: Vec<Row<'_>> = interactions
            .iter()
            .zip(cells.chunks(self.schema.fields().len()))
            .map(|(interaction, cells)| interaction.row(cells))
            .collect();
        if rows.len() != interactions.len() {
            return Err(Error::internal("interactions without their rows"));
        }
        self.write_rows(&rows, durability)
    }

    /// Writes validated rows, all or nothing.
    fn write_rows(&self, rows: &[Row<'_>], durability: Durability) -> Result<Commit> {
        let sequence = if rows.is_empty() {
            self.visible.load(Ordering::Acquire)
        } else {
            self.append(rows)?
        };
        self.settle(sequence, durability)?;
        Ok(Commit {
            sequence,
            rows: rows.len() as u64,
        })
    }

    /// Waits until the commit `sequence` is as durable as is asked for.
    pub(in crate::store) fn settle(&self, sequence: u64, durability: Durability) -> Result<()> {
        if durability == Durability::Synced {
            // A sync that follows a failed one may succeed without what the failed one lost.
            self.group_sync.wait(
                sequence,
                || self.visible.load(Ordering::Acquire),
                || self.writable()?.sync().map_err(|error| self.poison(error)),
            )?;
        }
        Ok(())
    }

    pub(in crate::store) fn cells<'a>(
        &self,
        interactions: &'a [Interaction],
    ) -> Result<Vec<Cell<'a>>> {
        let mut cells = Vec::with_capacity(interactions.len() * self.schema.fields().len());
        for (position, interaction) in interactions.iter().enumerate() {
            self.validator
                .append_cells(interaction, &mut cells)
                .map_err(|error| error.within(at(position, interaction)))?;
        }
        Ok(cells)
    }

    /// Gives the rows the next sequence number and hands them to the log; they are visible on
    /// return.
    fn append(&self, rows: &[Row<'_>]) -> Result<u64> {
        let most = self.settings.max_commit_bytes();
        let rows = self.writable()?.encode(rows, most)?;
        let (_held, generation) = self.room(self.commit.lock())?;
        let sequence = self.visible.load(Ordering::Acquire) + 1;
        self.apply(&generation, rows, &Notes::default(), sequence, || {})?;
        Ok(sequence)
    }

    /// The generation that takes the next commit; with the commit lock, which is let go where the
    /// writer has to wait.
    pub(in crate::store) fn room<'a>(
        &self,
        mut held: CommitGuard<'a>,
    ) -> Result<(CommitGuard<'a>, Arc<Generation>)> {
        let tier = self.writable()?;
        let generation = self.active()?;
        if !self.is_full(&generation) {
            return Ok((held, generation));
        }
        self.rotate(tier, true)?;
        while self.must_wait() {
            self.sealer.up();
            held = self.commit.wait_for_seal(held);
            self.writable()?;
        }
        Ok((held, self.active()?))
    }

    /// Hands rows and notes to the hot tier, as the commit `sequence`, and makes it visible once
    /// `before` has been called. The commit lock must be held.
    pub(in crate::store) fn apply(
        &self,
        generation: &Generation,
        rows: EncodedRows<'_>,
        notes: &Notes,
        sequence: u64,
        before: impl FnOnce(),
    ) -> Result<()> {
        let count = rows.rows().len() as u64;
        // Before anything is written: what is in the log must fit the mirror, now and at every opening.
        rows.check_size(notes, self.settings.max_commit_bytes())?;
        if let Some(field) = self.schema.position_of(Role::EventType) {
            let cells = rows.rows().iter().filter_map(|row| row.cells.get(field));
            let types = cells.filter_map(|cell| match cell {
                Cell::Text(name) => Some(*name),
                _ => None,
            });
            self.admit_event_types(types)?;
        }
        let appended = self.writable()?.append(generation, rows, notes, sequence);
        appended.map_err(|error| self.poison(error))?;
        before();
        self.visible.store(sequence, Ordering::Release);
        observe::committed(count);
        self.ask_for_next(generation);
        Ok(())
    }

    /// Whether more generations wait to be sealed than may, and someone else seals them.
    fn must_wait(&self) -> bool {
        let waiting = self.version.load().generations.len().saturating_sub(1);
        self.sealer.is_running() && waiting > self.settings.waiting_generations
    }
}

fn at(position: usize, interaction: &Interaction) -> String {
    format!(
        "interaction number {} of the batch (user {:?})",
        position + 1,
        interaction.user_id
    )
}
