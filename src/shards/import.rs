//! A bulk import into all shards at once.

use std::sync::Arc;

use super::commit::{ShardCommit, failed};
use super::map::ShardMap;
use crate::import::{BulkImports, RowSink};
use crate::model::{Error, Interaction, Result, Row};
use crate::{BulkImport, ImportMode};

/// Shards that blocks are cut into, at most: of more, the dictionaries of a block's parts would take more than its rows.
const MOST_PARTS: usize = 64;

/// A bulk import in progress into all shards of a set, in one pass over the rows: each goes to the shard of
/// its user. It is a [`RowSink`], so that [`CsvImport`](crate::import::CsvImport) fills it: on several threads, unless
/// there are more than 64 shards.
///
/// Nothing is visible before [`ShardImport::commit`], and dropping it leaves no trace. Memory: the budget of
/// the set's settings, of which each shard has an equal part; while it is committed, a shard has what the others leave.
/// The quota of event types is held to in each shard.
pub struct ShardImport {
    map: Arc<ShardMap>,
    mode: ImportMode,
    /// By position; `None` where rows are passed over.
    imports: Vec<Option<BulkImport>>,
    passed_over: u64,
    allows_empty: bool,
}

impl ShardImport {
    pub(super) fn new(
        map: Arc<ShardMap>,
        mode: ImportMode,
        imports: Vec<Option<BulkImport>>,
    ) -> Self {
        Self {
            map,
            mode,
            imports,
            passed_over: 0,
            allows_empty: false,
        }
    }

    /// Adds an interaction; see [`BulkImport::push`].
    ///
    /// # Errors
    /// As [`BulkImport::push`].
    pub fn push(&mut self, interaction: &Interaction) -> Result<()> {
        match self.of(interaction.user())? {
            Some(import) => import.push(interaction),
            None => Ok(()),
        }
    }

    /// Adds a row; see [`BulkImport::push_row`].
    ///
    /// # Errors
    /// As [`BulkImport::push_row`].
    pub fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        match self.of(row.user)? {
            Some(import) => import.push_row(row),
            None => Ok(()),
        }
    }

    /// Whether a FULL import of no rows at all may remove the earlier bulk data of all shards. Default: it
    /// may not.
    pub fn allow_empty(&mut self, allow: bool) {
        self.allows_empty = allow;
    }

    /// Rows added so far, of all shards.
    pub fn rows(&self) -> u64 {
        self.imports.iter().flatten().map(BulkImport::rows).sum()
    }

    /// Rows of shards that take no part ([`ShardSet::import_own`](super::ShardSet::import_own)), so far. They are
    /// not checked.
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// The rows of earlier bulk data that committing now would remove, of all shards.
    pub fn replaces(&self) -> u64 {
        self.imports
            .iter()
            .flatten()
            .map(BulkImport::replaces)
            .sum()
    }

    /// Publishes the rows, shard after shard: in each all or none of them, durably and at once. **It is not
    /// atomic across shards.** When a shard fails, those before it have their rows and those from it on are as
    /// they were; the error says which. A FULL import is then made again from the start, which replaces what
    /// the first shards took; an INCREMENTAL one is made again with the shards that failed open alone
    /// ([`ShardSet::import_own`](super::ShardSet::import_own)).
    ///
    /// A FULL import also replaces the bulk data of shards that get no row.
    ///
    /// # Errors
    /// As [`BulkImport::commit`].
    pub fn commit(self) -> Result<Vec<ShardCommit>> {
        if self.mode == ImportMode::Full
            && self.rows() + self.passed_over == 0
            && !self.allows_empty
        {
            return Err(Error::invalid(format!(
                "a FULL import of no rows would remove the {} rows of bulk data that the shards have; import rows, \
                 or let it be empty (ShardImport::allow_empty, --allow-empty)",
                self.replaces()
            )));
        }
        let mut budget = self.memory_budget_bytes();
        let mut waiting = Vec::with_capacity(self.imports.len());
        for (shard, import) in self.imports.into_iter().enumerate() {
            let Some(mut import) = import else {
                continue;
            };
            let bytes = import
                .make_way()
                .map_err(|error| failed(&[], shard, error))?;
            budget = budget.saturating_sub(bytes);
            waiting.push((shard, import, bytes));
        }
        let mut done = Vec::with_capacity(waiting.len());
        for (shard, mut import, bytes) in waiting {
            import.allow_empty(true);
            budget = budget.saturating_add(bytes);
            let commit = import
                .commit_within_bytes(budget)
                .map_err(|error| failed(&done, shard, error))?;
            done.push(ShardCommit { shard, commit });
        }
        Ok(done)
    }

    /// That of all shards together.
    fn memory_budget_bytes(&self) -> u64 {
        let imports = self.imports.iter().flatten();
        let budgets = imports.map(|import| import.settings().memory_budget_bytes);
        budgets.fold(0, u64::saturating_add)
    }

    /// The import of the user's shard; `None` where its rows are passed over.
    fn of(&mut self, user: &str) -> Result<Option<&mut BulkImport>> {
        let import = self.imports.get_mut(self.map.shard_of(user));
        let import = import.ok_or_else(|| Error::internal("a shard without its import"))?;
        if import.is_none() {
            self.passed_over += 1;
        }
        Ok(import.as_mut())
    }
}

impl RowSink for ShardImport {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.push_row(row)
    }

    fn bulk_imports(&mut self) -> Option<BulkImports<'_>> {
        if self.imports.len() > MOST_PARTS {
            return None;
        }
        let map = self.map.clone();
        let parts = self.imports.iter_mut().map(Option::as_mut);
        Some(BulkImports::of_parts(
            parts,
            Arc::new(move |user: &str| map.shard_of(user)),
            &mut self.passed_over,
        ))
    }
}
