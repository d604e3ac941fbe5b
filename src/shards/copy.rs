//! Rows of one store to others, by ranges of the hash of their users.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use super::range::{HashRange, user_hash};
use crate::column::{Column, Columns, Strings};
use crate::model::{
    Cell, Durability, Error, ErrorKind, Interaction, Origins, Projection, Result, Role, Row,
    ScanOrder, ScanQuery, Schema, Value, WriteBatch,
};
use crate::query::value_at;
use crate::{BulkImport, ImportMode, Snapshot, Store};

/// Rows of one write, at most.
const BATCH_ROWS: usize = 1 << 12;
/// Bytes of their values, about: less than a commit may take, whatever the settings.
const BATCH_BYTES: usize = 128 << 10;

/// A store that takes the rows of users whose hash lies in a range.
pub(super) struct Target {
    pub(super) range: HashRange,
    pub(super) store: Store,
}

/// Rows that came in one way, by commits that follow each other.
#[derive(Debug, PartialEq, Eq)]
struct Phase {
    is_recorded: bool,
    sequences: RangeInclusive<u64>,
}

/// Copies the rows of a snapshot to the targets of their users, durably, and tells how many. Imported rows are
/// imported, and others are recorded, in the order in which they came, so that rows of one second keep
/// theirs. Sequence numbers are new.
///
/// Cost: one scan for each change between imports and single writes, and the work of the stores that take
/// the rows.
///
/// # Errors
/// `Unsupported` for rows of a session without a user; `Internal` where no target takes a user; those of the
/// stores.
pub(super) fn copy_rows(from: &Snapshot, seed: u64, targets: &[Target]) -> Result<u64> {
    let mut rows = 0;
    for phase in phases(from)? {
        rows += match phase.is_recorded {
            false => import(from, &phase, seed, targets)?,
            true => record(from, &phase, seed, targets)?,
        };
    }
    Ok(rows)
}

/// In which order rows came.
fn phases(from: &Snapshot) -> Result<Vec<Phase>> {
    let mut imports = BTreeSet::new();
    each_sequence(from, Origins::Bulk, |sequence| {
        imports.insert(sequence);
    })?;
    let imports: Vec<u64> = imports.into_iter().collect();
    // Behind how many imports single writes came.
    let mut behind = BTreeSet::new();
    each_sequence(from, Origins::Put, |sequence| {
        behind.insert(imports.partition_point(|import| *import < sequence));
    })?;
    let mut phases = Vec::new();
    let mut done = 0;
    for count in behind {
        phases.extend(imported(&imports, done..count));
        done = count;
        let before = count.checked_sub(1).and_then(|last| imports.get(last));
        let first = before.map_or(0, |import| import + 1);
        let last = imports.get(count).map_or(u64::MAX, |import| import - 1);
        phases.push(Phase {
            is_recorded: true,
            sequences: first..=last,
        });
    }
    phases.extend(imported(&imports, done..imports.len()));
    Ok(phases)
}

/// These imports as one, where there are any.
fn imported(imports: &[u64], some: Range<usize>) -> Option<Phase> {
    let some = imports.get(some)?;
    Some(Phase {
        is_recorded: false,
        sequences: *some.first()?..=*some.last()?,
    })
}

fn each_sequence(from: &Snapshot, origins: Origins, mut note: impl FnMut(u64)) -> Result<()> {
    let query = ScanQuery {
        origins,
        projection: Projection::Names(Vec::new()),
        order: ScanOrder::Any,
        arrival: true,
        ..ScanQuery::default()
    };
    let mut last = None;
    let mut scan = from.scan(&query)?;
    let mut batch = scan.new_batch();
    while scan.read(&mut batch)? {
        for sequence in &batch.sequences {
            if last.replace(*sequence) != Some(*sequence) {
                note(*sequence);
            }
        }
    }
    Ok(())
}

/// Calls `take` with each row of a phase: the batch, the row in it, the user, and the position of the target.
fn each_row(
    from: &Snapshot,
    phase: &Phase,
    seed: u64,
    targets: &[Target],
    mut take: impl FnMut(&Columns, usize, &str, usize) -> Result<()>,
) -> Result<u64> {
    let query = ScanQuery {
        origins: match phase.is_recorded {
            true => Origins::Put,
            false => Origins::Bulk,
        },
        arrival: true,
        session_keys: true,
        ..ScanQuery::default()
    };
    let mut rows = 0;
    let mut scan = from.scan(&query)?;
    let mut batch = scan.new_batch();
    while scan.read(&mut batch)? {
        // The user looked at last, and the target.
        let mut known: Option<(u32, &str, usize)> = None;
        for (row, code) in batch.users.iter().enumerate() {
            let sequence = batch.sequences.get(row).copied();
            let sequence =
                sequence.ok_or_else(|| Error::internal("a scan without its sequences"))?;
            if !phase.sequences.contains(&sequence) {
                continue;
            }
            let (user, target) = match known {
                Some((same, user, target)) if same == *code => (user, target),
                _ => {
                    let user = batch.ids()?.get(*code)?;
                    let target = target_of(user, seed, targets)?;
                    known = Some((*code, user, target));
                    (user, target)
                }
            };
            take(&batch, row, user, target)?;
            rows += 1;
        }
    }
    Ok(rows)
}

fn target_of(user: &str, seed: u64, targets: &[Target]) -> Result<usize> {
    if let Some(session) = user.strip_suffix('\0') {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "session {session:?} has events without a user, which do not move to another shard; delete them \
                 first, or leave the shard as it is"
            ),
        ));
    }
    let hash = user_hash(user, seed);
    let target = targets
        .iter()
        .position(|target| target.range.contains(hash));
    target.ok_or_else(|| {
        Error::corrupt(format!(
            "user {user:?} of hash {hash:016x} is not one of this shard's; see annals shard verify"
        ))
    })
}

/// Imports the rows of a phase.
fn import(from: &Snapshot, phase: &Phase, seed: u64, targets: &[Target]) -> Result<u64> {
    let schema = from.schema();
    let imports = targets
        .iter()
        .map(|target| target.store.import(ImportMode::Incremental));
    let mut imports: Vec<BulkImport> = imports.collect::<Result<_>>()?;
    let mut items = String::new();
    let rows = each_row(from, phase, seed, targets, |batch, row, user, target| {
        join_items(schema, batch, row, &mut items)?;
        let timestamp = batch.timestamps.get(row).copied().ok_or_else(too_short)?;
        let cells = (0..schema.fields().len()).map(|field| cell(batch, field, row, &items));
        let cells: Vec<Cell<'_>> = cells.collect::<Result<_>>()?;
        let import = imports.get_mut(target).ok_or_else(too_short)?;
        import.push_row(&Row {
            user,
            timestamp,
            cells: &cells,
        })
    })?;
    for import in imports {
        import.commit()?;
    }
    Ok(rows)
}

/// Joins the items of a row's impression by bars; a schema has one field of impressions at most.
fn join_items(schema: &Schema, batch: &Columns, row: usize, items: &mut String) -> Result<()> {
    items.clear();
    let lists = schema
        .position_of(Role::Impression)
        .and_then(|field| batch.fields.get(field));
    let Some(Column::Lists(lists)) = lists else {
        return Ok(());
    };
    let strings = strings_of(batch, schema.item())?;
    for (nth, code) in lists.get(row).iter().enumerate() {
        if nth > 0 {
            items.push('|');
        }
        items.push_str(strings.get(*code)?);
    }
    Ok(())
}

/// The cell of a field; `items` is the row's impression.
fn cell<'a>(batch: &'a Columns, field: usize, row: usize, items: &'a str) -> Result<Cell<'a>> {
    Ok(match batch.fields.get(field) {
        None | Some(Column::Absent) => Cell::Null,
        Some(Column::Numbers(numbers)) => numbers.get(row).map_or(Cell::Null, Cell::Bits),
        Some(Column::Lists(_)) if items.is_empty() => Cell::Null,
        Some(Column::Lists(_)) => Cell::Text(items),
        Some(Column::Strings(codes)) => match codes.get(row).copied().ok_or_else(too_short)? {
            0 => Cell::Null,
            code => Cell::Text(strings_of(batch, field)?.get(code)?),
        },
    })
}

fn strings_of(batch: &Columns, field: usize) -> Result<&dyn Strings> {
    let strings = batch.dictionaries.get(field).and_then(Option::as_deref);
    strings.ok_or_else(|| Error::internal("codes without a dictionary"))
}

/// Records the rows of a phase.
fn record(from: &Snapshot, phase: &Phase, seed: u64, targets: &[Target]) -> Result<u64> {
    let schema = from.schema();
    let mut waiting: Vec<(WriteBatch, usize)> = Vec::new();
    waiting.resize_with(targets.len(), Default::default);
    let rows = each_row(from, phase, seed, targets, |batch, row, user, target| {
        let (interaction, bytes) = interaction(schema, batch, row, user)?;
        let (waiting, waiting_bytes) = waiting.get_mut(target).ok_or_else(too_short)?;
        if !waiting.is_empty()
            && (waiting.len() >= BATCH_ROWS || *waiting_bytes + bytes > BATCH_BYTES)
        {
            let store = &targets.get(target).ok_or_else(too_short)?.store;
            store.write(std::mem::take(waiting), Durability::Buffered)?;
            *waiting_bytes = 0;
        }
        waiting.push(interaction);
        *waiting_bytes += bytes;
        Ok(())
    })?;
    for (target, (rest, _)) in targets.iter().zip(waiting) {
        target.store.write(rest, Durability::Synced)?;
    }
    Ok(rows)
}

/// Bytes that a row takes beside its texts, about.
const ROW_BYTES: usize = 128;

/// A row as it is recorded, and about how many bytes it takes.
fn interaction(
    schema: &Schema,
    batch: &Columns,
    row: usize,
    user: &str,
) -> Result<(Interaction, usize)> {
    let timestamp = batch.timestamps.get(row).copied().ok_or_else(too_short)?;
    let Value::String(item) = value_at(schema, batch, schema.item(), row)? else {
        return Err(Error::internal("an interaction without its item"));
    };
    let mut bytes = ROW_BYTES + user.len() + item.len();
    let mut interaction = Interaction::new(user, item, timestamp);
    for (id, field) in schema.fields().iter().enumerate() {
        if matches!(field.role(), Role::User | Role::Item | Role::Timestamp) {
            continue;
        }
        let value = value_at(schema, batch, id, row)?;
        bytes += match &value {
            Value::Null => continue,
            Value::String(text) => text.len(),
            Value::Items(items) => items.iter().map(|item| item.len() + 1).sum(),
            _ => 0,
        };
        interaction = interaction.with(field.name().to_owned(), value);
    }
    Ok((interaction, bytes))
}

fn too_short() -> Error {
    Error::internal("a batch that lacks values of its rows")
}
