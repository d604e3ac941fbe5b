//! Log and mirror as one: what the store writes to, and how it comes back after a restart.

use std::sync::Arc;

use super::generation::Generation;
use super::log::{Entries, Log, Written};
use super::table::Notes;
use super::{key, row};
use crate::types::{Error, ErrorKind, Result, Row, Schema};

/// Memory that an entry takes in the log beside its bytes, about.
const ENTRY_BYTES: usize = 40;

/// Rows of a commit, laid out for the log but for the commit's number.
#[derive(Default)]
pub(crate) struct EncodedRows<'a> {
    rows: &'a [Row<'a>],
    entries: Entries,
}

impl<'a> EncodedRows<'a> {
    /// The rows.
    pub(crate) fn rows(&self) -> &'a [Row<'a>] {
        self.rows
    }
}

/// The hot tier: generations in a log, and the mirrors that serve their reads.
///
/// The mirrors belong to whoever begins or recovers them; a retired generation's mirror serves its
/// readers until the last of them lets go.
pub(crate) struct Tier {
    log: Arc<dyn Log>,
    schema: Arc<Schema>,
}

impl Tier {
    /// The tier over an open log.
    pub(crate) fn open(log: Arc<dyn Log>, schema: Arc<Schema>) -> Self {
        Self { log, schema }
    }

    /// The numbers of the generations in the log, rising.
    ///
    /// # Errors
    /// Those of the log.
    pub(crate) fn generations(&self) -> Result<Vec<u64>> {
        self.log.generations()
    }

    /// Begins a generation, durably; everything appended before is durable, too.
    ///
    /// # Errors
    /// `AlreadyExists` when the log has one with this number; `Io`.
    pub(crate) fn begin(&self, id: u64) -> Result<Arc<Generation>> {
        self.log.create_generation(id)?;
        Ok(Arc::new(Generation::new(id, Arc::clone(&self.schema))))
    }

    /// Lays out the rows of a commit for the log. Nobody has to wait meanwhile.
    ///
    /// # Errors
    /// `InvalidInput` when a row does not fit the schema or the format.
    pub(crate) fn encode<'a>(&self, rows: &'a [Row<'a>]) -> Result<EncodedRows<'a>> {
        u32::try_from(rows.len()).map_err(|_| Error::invalid("more than 2^32 rows in a commit"))?;
        let mut entries = Entries::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            entries.push(
                |out| key::encode(row.user, row.timestamp, 0, index as u32, out),
                |out| row::encode(&self.schema, row.cells, out),
            )?;
        }
        Ok(EncodedRows { rows, entries })
    }

    /// Writes the rows of the commit `sequence` and notes for tables, all or none: to the log,
    /// buffered, and the rows then to the mirror. Callers take turns, in the order of the sequence numbers.
    ///
    /// # Errors
    /// Those of the log. After one log and mirror may differ: the generation must be recovered
    /// from the log before it is written to again.
    pub(crate) fn append(
        &self,
        generation: &Generation,
        rows: EncodedRows<'_>,
        notes: &Notes,
        sequence: u64,
    ) -> Result<()> {
        let EncodedRows { rows, mut entries } = rows;
        entries.change_keys(|key| key::set_sequence(key, sequence));
        self.log.append(generation.id(), &entries, notes)?;
        let count = entries.len() + notes.len();
        generation.add_log_bytes(entries.bytes() + notes.bytes() + count * ENTRY_BYTES);
        for (index, row) in rows.iter().enumerate() {
            generation
                .insert(row, sequence, index as u32)
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Poisoned,
                        format!("generation {}: logged, but not mirrored", generation.id()),
                    )
                    .caused_by(error)
                })?;
        }
        Ok(())
    }

    /// Makes everything appended so far survive power loss; appends go on meanwhile.
    ///
    /// # Errors
    /// `Io`; what was appended may then be lost, and no later sync can tell.
    pub(crate) fn sync(&self) -> Result<()> {
        self.log.sync()
    }

    /// Reads a generation from the log into a new mirror.
    ///
    /// # Errors
    /// `NotFound` when the log has none with this number; `Corruption` or `Unsupported`, naming
    /// generation and key.
    pub(crate) fn recover(&self, id: u64) -> Result<Arc<Generation>> {
        let generation = Generation::new(id, Arc::clone(&self.schema));
        self.log.replay(id, &mut |key, value| {
            self.recover_row(&generation, key, value).map_err(|error| {
                error.within(format!("generation {id}, key {}", key.escape_ascii()))
            })
        })?;
        Ok(Arc::new(generation))
    }

    fn recover_row(&self, generation: &Generation, key: &[u8], value: &[u8]) -> Result<()> {
        let key = key::decode(key)?;
        let mut cells = Vec::new();
        row::decode(&self.schema, value, &mut cells)?;
        let row = Row {
            user: &key.user,
            timestamp: key.timestamp,
            cells: &cells,
        };
        generation.insert(&row, key.sequence, key.index)
    }

    /// Drops a generation from the log, durably; one that is not there is no error.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn retire(&self, id: u64) -> Result<()> {
        self.log.drop_generation(id)
    }

    /// What the log has written since it was opened.
    pub(crate) fn written(&self) -> Written {
        self.log.written()
    }

    /// Reads every generation in the log, checks checksums and decodes each row.
    ///
    /// # Errors
    /// The first damage, naming generation and key.
    pub(crate) fn verify(&self) -> Result<()> {
        self.log.verify()?;
        for id in self.generations()? {
            let read = self.recover(id);
            // One that was sealed meanwhile is gone in order.
            if self.generations()?.contains(&id) {
                read?;
            }
        }
        Ok(())
    }
}
