//! What callers write.

use std::sync::atomic::Ordering;

use annals::{ImportMode, WriteBatch};
use arrow_array::ffi_stream::RecordBatchStreamReader;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

use crate::errors::{self, Failed};
use crate::long::{self, AtSignal};
use crate::{capsule, rows_in, times};

/// The interactions of an argument: one, an iterable of them, or Arrow data.
///
/// # Errors
/// `InvalidInputError`, naming interaction, field, value and rule.
pub fn batch_of(store: &annals::Store, argument: &Bound<'_, PyAny>) -> PyResult<WriteBatch> {
    let schema = store.schema();
    let is_one = argument.is_instance_of::<PyDict>()
        || argument.cast::<PyMapping>().is_ok()
        || argument.hasattr("__dataclass_fields__")?;
    if is_one {
        return Ok(rows_in::interaction(schema, 0, argument)?.into());
    }
    if argument.is_instance_of::<PyString>() {
        return Err(errors::invalid(format!(
            "{}: a string; give dicts, dataclasses or Arrow data",
            times::shown(argument)
        )));
    }
    let mut batch = WriteBatch::new();
    if let Some(batches) = capsule::batches_of(argument)? {
        let add = |batch: &mut WriteBatch| -> Result<(), String> {
            for part in batches {
                let part = part.map_err(|error| error.to_string())?;
                let before = batch.len();
                for interaction in rows_in::Batch::new(schema, &part, before)?.interactions() {
                    batch.push(interaction?);
                }
            }
            Ok(())
        };
        let added = argument.py().detach(|| add(&mut batch));
        added.map_err(errors::invalid)?;
        return Ok(batch);
    }
    for (at, interaction) in argument.try_iter()?.enumerate() {
        batch.push(rows_in::interaction(schema, at, &interaction?)?);
    }
    Ok(batch)
}

/// Imports Arrow data as one bulk import; gives the number of rows.
///
/// # Errors
/// `InvalidInputError`, naming row, field, value and rule: nothing is stored then.
pub fn import_arrow(
    store: annals::Store,
    data: &Bound<'_, PyAny>,
    mode: ImportMode,
    allow_empty: bool,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<u64> {
    let Some(batches) = capsule::batches_of(data)? else {
        return Err(errors::invalid(format!(
            "{}: no Arrow data; give what has __arrow_c_stream__, such as a table of pyarrow or a frame of \
             polars or pandas",
            times::shown(data)
        )));
    };
    let tick = |rows: u64| match progress {
        Some(progress) => progress.call1((rows,)).map(drop),
        None => Ok(()),
    };
    let rows = long::run(data.py(), AtSignal::WaitForEnd, tick, move |watch| {
        import_batches(&store, batches, mode, allow_empty, watch)
    })?;
    if let Some(progress) = progress {
        progress.call1((rows,))?;
    }
    Ok(rows)
}

fn import_batches(
    store: &annals::Store,
    batches: RecordBatchStreamReader,
    mode: ImportMode,
    allow_empty: bool,
    watch: &long::Watch,
) -> Result<u64, Failed> {
    /// Rows between two looks at the watch.
    const LOOK_ROWS: u64 = 1 << 14;
    let mut import = store.import(mode)?;
    import.allow_empty(allow_empty);
    for batch in batches {
        let batch = batch.map_err(|error| Failed::Rule(error.to_string()))?;
        let before = import.rows() as usize;
        let rows = rows_in::Batch::new(store.schema(), &batch, before).map_err(Failed::Rule)?;
        for interaction in rows.interactions() {
            let row = import.rows();
            let pushed = import.push(&interaction.map_err(Failed::Rule)?);
            pushed.map_err(|error| match error.kind() {
                annals::ErrorKind::InvalidInput => {
                    Failed::Rule(format!("row {row}: {}", error.full_message()))
                }
                _ => Failed::Engine(error),
            })?;
            if row % LOOK_ROWS == 0 {
                watch.done.store(row, Ordering::Relaxed);
                if watch.stop.load(Ordering::Relaxed) {
                    return Err(Failed::Rule("stopped".to_owned()));
                }
            }
        }
    }
    let rows = import.rows();
    import.commit()?;
    store.maintain()?;
    Ok(rows)
}
