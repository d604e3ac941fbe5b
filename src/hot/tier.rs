//! Log and mirror as one: what the store writes to, and how it comes back after a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::hot::log::{
    Check, Entries, Holdings, Log, Notes, OnDamage, Position, Tally, Visit, Written, key, row,
};
use crate::hot::mirror::Generation;
use crate::model::{Error, ErrorKind, Result, Row, Schema};

/// Memory that an entry takes in the log beside its bytes, about.
const ENTRY_BYTES: usize = 40;

/// Rows of a commit, laid out for the log but for the commit's number.
#[derive(Default)]
pub(crate) struct EncodedRows<'a> {
    rows: &'a [Row<'a>],
    entries: Entries,
}

impl<'a> EncodedRows<'a> {
    /// Bytes that these rows and notes take in the log and its memory, about.
    fn log_bytes(&self, notes: &Notes) -> usize {
        let count = self.entries.len() + notes.len();
        self.entries.bytes() + notes.bytes() + count * ENTRY_BYTES
    }

    /// Checks that these rows and notes take at most `most` bytes in the log, which a generation that
    /// is not full has room for.
    ///
    /// # Errors
    /// `InvalidInput`, with what to do.
    pub(crate) fn check_size(&self, notes: &Notes, most: u64) -> Result<()> {
        if self.log_bytes(notes) as u64 <= most {
            return Ok(());
        }
        let count = self.rows.len();
        let (rows, advice) = match count {
            1 => ("row", "raise"),
            _ => (
                "rows",
                "write them in several batches, use a bulk import, or raise",
            ),
        };
        Err(Error::invalid(format!(
            "a commit of {count} {rows} takes more than {most} bytes in the log; {advice} the setting \
             generation_bytes"
        )))
    }

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
    /// What the last note before the opening says that the log holds.
    noted: Holdings,
    /// What becomes of a generation that lacks rows of the note.
    on_damage: OnDamage,
    /// Rows of the note that are not there.
    lost_rows: AtomicU64,
    /// What the log holds. Held while something is appended, so that it and the log's files can be
    /// noted together.
    held: Mutex<Holdings>,
}

impl Tier {
    /// The tier over an open log, which must hold what was `noted` last.
    pub(crate) fn open(
        log: Arc<dyn Log>,
        schema: Arc<Schema>,
        noted: Holdings,
        on_damage: OnDamage,
    ) -> Self {
        let held = Holdings {
            sequence: noted.sequence,
            ..Holdings::default()
        };
        Self {
            log,
            schema,
            noted,
            on_damage,
            lost_rows: AtomicU64::new(0),
            held: Mutex::new(held),
        }
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

    /// Lays out the rows of a commit, at most `most` bytes, for the log. Nobody has to wait meanwhile.
    ///
    /// # Errors
    /// `InvalidInput` when a row does not fit the schema or the format, and for more bytes.
    pub(crate) fn encode<'a>(&self, rows: &'a [Row<'a>], most: u64) -> Result<EncodedRows<'a>> {
        u32::try_from(rows.len()).map_err(|_| Error::invalid("more than 2^32 rows in a commit"))?;
        let mut encoded = EncodedRows {
            rows,
            entries: Entries::with_capacity(rows.len()),
        };
        for (index, row) in rows.iter().enumerate() {
            encoded.entries.push(
                |out| key::encode(row.user, row.timestamp, 0, index as u32, out),
                |out| row::encode(&self.schema, row.cells, out),
            )?;
            encoded.check_size(&Notes::default(), most)?;
        }
        Ok(encoded)
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
        let log_bytes = rows.log_bytes(notes);
        let EncodedRows { rows, mut entries } = rows;
        entries.change_keys(|key| key::set_sequence(key, sequence));
        {
            let mut held = self.held.lock();
            self.log.append(generation.id(), &entries, notes)?;
            held.sequence = held.sequence.max(sequence);
            let tally = held.generations.entry(generation.id()).or_default();
            tally.add_all(&entries);
        }
        generation.add_log_bytes(log_bytes);
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

    /// What the log holds, and where its files stand: all of it survives power loss on return.
    /// Appends go on meanwhile.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn note(&self) -> Result<(Holdings, Position)> {
        let noted = {
            let held = self.held.lock();
            (held.clone(), self.log.position()?)
        };
        self.log.sync()?;
        Ok(noted)
    }

    /// The same, behind which nothing is appended any more.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn close(&self) -> Result<(Holdings, Position)> {
        self.log.close()?;
        let held = self.held.lock();
        Ok((held.clone(), self.log.position()?))
    }

    /// Rows that the note named and that an opening past damage did not find.
    pub(crate) fn lost_rows(&self) -> u64 {
        self.lost_rows.load(Relaxed)
    }

    /// Reads a generation from the log into a new mirror, and holds it against the note.
    ///
    /// # Errors
    /// `NotFound` when the log has none with this number; `Corruption` or `Unsupported`, naming
    /// generation and key; `Corruption` when it lacks rows of the note.
    pub(crate) fn recover(&self, id: u64) -> Result<Arc<Generation>> {
        let generation = Arc::new(Generation::new(id, Arc::clone(&self.schema)));
        let mut found = Tally::default();
        let read = self.read(id, &self.noted, &mut |key, value| {
            found.add(key, value);
            insert_logged(&self.schema, &generation, key, value).map(drop)
        })?;
        match (self.on_damage, read) {
            (OnDamage::Refuse | OnDamage::Stop, read) => read?,
            (OnDamage::Drop, Ok(())) => {}
            (OnDamage::Drop, Err(_)) => {
                let noted = self.noted.generations.get(&id);
                let noted = noted.map_or(0, |tally| tally.entries);
                let lost = noted.saturating_sub(found.entries);
                self.lost_rows.fetch_add(lost, Relaxed);
            }
        }
        let mut held = self.held.lock();
        if let Some((_, last)) = generation.sequences() {
            held.sequence = held.sequence.max(last);
        }
        held.generations.insert(id, found);
        Ok(generation)
    }

    /// Calls `visit` with each row of a generation; what is given inside says whether the rows of
    /// `must` are among them.
    fn read(&self, id: u64, must: &Holdings, visit: &mut Visit<'_>) -> Result<Result<()>> {
        let none = Tally::default();
        let want = must.generations.get(&id).unwrap_or(&none);
        let mut check = Check::new([0, must.sequence], want);
        self.log.replay(id, &mut |key, value| {
            check.row(key, value);
            visit(key, value).map_err(|error| {
                error.within(format!("generation {id}, key {}", key.escape_ascii()))
            })
        })?;
        Ok(check.end(id))
    }

    /// Drops a generation from the log, durably; one that is not there is no error.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn retire(&self, id: u64) -> Result<()> {
        self.log.drop_generation(id)?;
        self.held.lock().generations.remove(&id);
        Ok(())
    }

    /// Writes all tables that name ids anew, without what was removed from them or overwritten, and removes
    /// all files that held it; appends wait.
    ///
    /// # Errors
    /// `Io`, after which the log may take nothing any more.
    pub(crate) fn rewrite_tables(&self) -> Result<()> {
        self.log.rewrite_tables()
    }

    /// What the log has written since it was opened.
    pub(crate) fn written(&self) -> Written {
        self.log.written()
    }

    /// Reads every generation in the log, checks checksums, decodes each row, and holds them against
    /// what was written. Gives the number of rows.
    ///
    /// # Errors
    /// The first damage, naming generation and key.
    pub(crate) fn verify(&self) -> Result<u64> {
        self.log.verify()?;
        let mut rows = 0;
        for id in self.generations()? {
            let held = self.held.lock().clone();
            let mut found = 0;
            let read = self.read(id, &held, &mut |key, value| {
                key::decode(key)?;
                found += 1;
                row::decode(&self.schema, value, &mut Vec::new())
            });
            // One that was sealed meanwhile is gone in order.
            if self.generations()?.contains(&id) {
                read??;
                rows += found;
            }
        }
        Ok(rows)
    }
}

/// Inserts a row as it stands in the log into a mirror; gives the number of its commit.
///
/// # Errors
/// `Corruption` or `Unsupported`.
pub(crate) fn insert_logged(
    schema: &Schema,
    generation: &Generation,
    key: &[u8],
    value: &[u8],
) -> Result<u64> {
    let key = key::decode(key)?;
    let mut cells = Vec::new();
    row::decode(schema, value, &mut cells)?;
    let row = Row {
        user: &key.user,
        timestamp: key.timestamp,
        cells: &cells,
    };
    generation.insert(&row, key.sequence, key.index)?;
    Ok(key.sequence)
}
