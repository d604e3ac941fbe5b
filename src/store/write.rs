//! A batch: validated, numbered, appended, and synced where asked.

use std::sync::atomic::Ordering;

use super::engine::Engine;
use crate::types::{
    Cell, Commit, Durability, Interaction, Result, Role, Row, RowScratch, WriteBatch,
};

/// How often a writer that waits for room looks again by itself.
const RECHECK: std::time::Duration = std::time::Duration::from_millis(50);

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
        let fields = self.schema.fields().len();
        let rows: Vec<Row<'_>> = interactions
            .iter()
            .zip(cells.chunks(fields))
            .map(|(interaction, cells)| Row {
                user: &interaction.user_id,
                timestamp: interaction.timestamp,
                cells,
            })
            .collect();
        self.write_rows(&rows, durability)
    }

    /// Writes validated rows, all or nothing.
    fn write_rows(&self, rows: &[Row<'_>], durability: Durability) -> Result<Commit> {
        let sequence = if rows.is_empty() {
            self.visible.load(Ordering::Acquire)
        } else {
            self.append(rows)?
        };
        if durability == Durability::Synced {
            // A sync that follows a failed one may succeed without what the failed one lost.
            self.group_sync.wait(
                sequence,
                || self.visible.load(Ordering::Acquire),
                || self.writable()?.sync().map_err(|error| self.poison(error)),
            )?;
        }
        Ok(Commit {
            sequence,
            rows: rows.len() as u64,
        })
    }

    fn cells<'a>(&self, interactions: &'a [Interaction]) -> Result<Vec<Cell<'a>>> {
        let mut cells = Vec::with_capacity(interactions.len() * self.schema.fields().len());
        let mut scratch = RowScratch::default();
        for (position, interaction) in interactions.iter().enumerate() {
            self.validator
                .append_cells(interaction, &mut scratch, &mut cells)
                .map_err(|error| error.within(at(position, interaction)))?;
        }
        Ok(cells)
    }

    /// Gives the rows the next sequence number and hands them to the log; they are visible on
    /// return.
    fn append(&self, rows: &[Row<'_>]) -> Result<u64> {
        let mut commit = self.commit.lock();
        let tier = self.writable()?;
        let mut generation = self.active()?;
        if self.is_full(&generation) {
            self.rotate(tier, true)?;
            while self.must_wait() {
                self.sealer.up();
                self.sealed.wait_for(&mut commit, RECHECK);
                self.writable()?;
            }
            generation = self.active()?;
        }
        if let Some(field) = self.schema.position_of(Role::EventType) {
            let types = rows.iter().filter_map(|row| match row.cells.get(field) {
                Some(Cell::Text(name)) => Some(*name),
                _ => None,
            });
            self.admit_event_types(types)?;
        }
        let sequence = self.visible.load(Ordering::Acquire) + 1;
        tier.append(&generation, rows, sequence)
            .map_err(|error| match error.kind() {
                crate::types::ErrorKind::InvalidInput => error,
                _ => self.poison(error),
            })?;
        self.visible.store(sequence, Ordering::Release);
        self.ask_for_next(&generation);
        Ok(sequence)
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
