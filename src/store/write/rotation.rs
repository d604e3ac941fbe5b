//! From one generation to the next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::{Generation, Tier};
use crate::model::{Error, Result};
use crate::store::engine::{Engine, Version};

impl Engine {
    /// The generation that takes the writes.
    pub(in crate::store) fn active(&self) -> Result<Arc<Generation>> {
        self.version
            .load()
            .generations
            .last()
            .cloned()
            .ok_or_else(|| Error::internal("a store without a generation to write to"))
    }

    pub(in crate::store) fn is_full(&self, generation: &Generation) -> bool {
        self.holds_share(generation, 1)
    }

    /// Whether a generation holds one part in `parts` of what it may.
    fn holds_share(&self, generation: &Generation, parts: u64) -> bool {
        generation.rows() >= self.settings.generation_rows.div_ceil(parts)
            || generation.memory_bytes() as u64 >= self.settings.generation_bytes / parts
    }

    /// Has the background thread begin the next generation once this one is half full.
    pub(super) fn ask_for_next(&self, active: &Generation) {
        if !self.next_asked.load(Ordering::Relaxed) && self.holds_share(active, 2) {
            self.next_asked.store(true, Ordering::Relaxed);
            self.sealer.up();
        }
    }

    /// Begins the generation after the active one where a writer has asked for it, so that writers
    /// need not wait for it later.
    pub(in crate::store) fn prepare_next(&self) -> Result<()> {
        let tier = self.writable()?;
        let mut next = self.next.lock();
        if next.is_none() && self.next_asked.load(Ordering::Relaxed) {
            *next = Some(self.begin(tier)?);
        }
        Ok(())
    }

    /// Begins a generation that the manifest lists, and that takes no writes yet.
    fn begin(&self, tier: &Tier) -> Result<Arc<Generation>> {
        let mut begun = None;
        self.publish(
            |manifest| {
                let id = manifest.take_id();
                manifest.generations.push(id);
                Ok(())
            },
            |current, manifest| {
                let id = manifest.generations.last().ok_or_else(not_begun)?;
                begun = Some(tier.begin(*id).map_err(|error| self.poison(error))?);
                // The log has the generation: a second try would meet it.
                self.version_of(manifest, current, current.generations.clone())
                    .map_err(|error| self.poison(error))
            },
        )?;
        begun.ok_or_else(not_begun)
    }

    /// Has the next generation take the writes, and asks for the one after it where `ask` says that
    /// it will be needed soon; the commit lock must be held. Cost: little when the next has been
    /// prepared, else that of beginning it.
    pub(in crate::store) fn rotate(&self, tier: &Tier, ask: bool) -> Result<()> {
        let mut next = self.next.lock();
        let begun = match next.take() {
            Some(prepared) => prepared,
            None => self.begin(tier)?,
        };
        self.next_asked.store(ask, Ordering::Relaxed);
        {
            // Held by whoever makes a version of the current one.
            let _manifest = self.manifest.lock();
            let current = self.version.load();
            let segments = current.segments().cloned().collect();
            let generations = current.generations.iter().cloned().chain([begun]);
            let version = Version::new(
                segments,
                generations.collect(),
                self.floor_after(&current),
                current.joins.clone(),
            );
            let version = version.with_lost(current.lost.clone());
            let version = version.after_removing(current.removed);
            self.show(version);
        }
        self.sealer.up();
        Ok(())
    }
}

fn not_begun() -> Error {
    Error::internal("a generation that was not begun")
}

/// Generations of a version that wait to be sealed: all but the one that takes the writes.
pub(in crate::store) fn waiting(version: &Version) -> Vec<Arc<Generation>> {
    let mut generations = version.generations.clone();
    generations.pop();
    generations
}
