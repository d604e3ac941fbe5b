//! A bulk import into all shards at once.

use std::sync::Arc;

use super::map::ShardMap;
use super::set::{ShardCommit, failed};
use crate::import::RowSink;
use crate::types::{Error, Interaction, Result, Row};
use crate::{BulkImport, ImportMode};

/// A bulk import in progress into all shards of a set, in one pass over the rows: each goes to the shard of
/// its user. It is a [`RowSink`], so that [`CsvImport`](crate::import::CsvImport) fills it.
///
/// Nothing is visible before [`ShardImport::commit`], and dropping it leaves no trace. Memory: the budget of
/// the set's settings, of which each shard has an equal part. The quota of event types is held to in each shard.
pub struct ShardImport {
    map: Arc<ShardMap>,
    mode: ImportMode,
    /// By position.
    imports: Vec<BulkImport>,
    allows_empty: bool,
}

impl ShardImport {
    pub(super) fn new(map: Arc<ShardMap>, mode: ImportMode, imports: Vec<BulkImport>) -> Self {
        Self {
            map,
            mode,
            imports,
            allows_empty: false,
        }
    }

    /// Adds an interaction; see [`BulkImport::push`].
    ///
    /// # Errors
    /// As [`BulkImport::push`].
    pub fn push(&mut self, interaction: &Interaction) -> Result<()> {
        self.of(interaction.user())?.push(interaction)
    }

    /// Adds a row; see [`BulkImport::push_row`].
    ///
    /// # Errors
    /// As [`BulkImport::push_row`].
    pub fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        self.of(row.user)?.push_row(row)
    }

    /// Whether a FULL import of no rows at all may remove the earlier bulk data of all shards. Default: it
    /// may not.
    pub fn allow_empty(&mut self, allow: bool) {
        self.allows_empty = allow;
    }

    /// Rows added so far, of all shards.
    pub fn rows(&self) -> u64 {
        self.imports.iter().map(BulkImport::rows).sum()
    }

    /// The rows of earlier bulk data that committing now would remove, of all shards.
    pub fn replaces(&self) -> u64 {
        self.imports.iter().map(BulkImport::replaces).sum()
    }

    /// Publishes the rows, shard after shard: in each all or none of them, durably and at once. **It is not
    /// atomic across shards.** When a shard fails, those before it have their rows and those from it on are as
    /// they were; the error says which. A FULL import is then made again from the start, which replaces what
    /// the first shards took; of an INCREMENTAL one, the rows of the shards that failed are imported again.
    ///
    /// A FULL import also replaces the bulk data of shards that get no row.
    ///
    /// # Errors
    /// As [`BulkImport::commit`].
    pub fn commit(self) -> Result<Vec<ShardCommit>> {
        if self.mode == ImportMode::Full && self.rows() == 0 && !self.allows_empty {
            return Err(Error::invalid(format!(
                "a FULL import of no rows would remove the {} rows of bulk data that the shards have; import rows, \
                 or let it be empty (ShardImport::allow_empty, --allow-empty)",
                self.replaces()
            )));
        }
        let mut done = Vec::with_capacity(self.imports.len());
        for (shard, mut import) in self.imports.into_iter().enumerate() {
            import.allow_empty(true);
            let commit = import
                .commit()
                .map_err(|error| failed(&done, shard, error))?;
            done.push(ShardCommit { shard, commit });
        }
        Ok(done)
    }

    fn of(&mut self, user: &str) -> Result<&mut BulkImport> {
        let shard = self.map.shard_of(user);
        let import = self.imports.get_mut(shard);
        import.ok_or_else(|| Error::internal("a shard without its import"))
    }
}

impl RowSink for ShardImport {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.push_row(row)
    }
}
