//! Exports written to files that the host makes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::builder::{ExportBatches, ExportReport};
use super::form::{Form, FormOptions, FormWriter};
use super::split::SplitPlace;
use crate::model::{Error, ErrorKind, Result};

/// What was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// What was taken and made.
    pub(super) report: ExportReport,
    /// The files, by place.
    pub(super) files: Vec<WrittenFile>,
    /// What a reader has to know beside the columns.
    pub(super) note: Option<String>,
}

/// A file that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WrittenFile {
    /// The place whose records it has.
    pub(super) place: SplitPlace,
    /// Its records.
    pub(super) records: u64,
    /// Its bytes.
    pub(super) bytes: u64,
    /// Their SHA-256, as hexadecimal digits.
    pub(super) sha256: String,
}

/// Writes all batches, each to the file of its place. `create` makes the file of a place, at its first
/// record; of an export without parts the file is made in any case. `progress` is told rows that were
/// looked at, and that there are; breaking there ends the export with an error of kind `Io`, and whoever
/// made the files removes them.
///
/// # Errors
/// Those of the export and of the form; `Io`.
pub(super) fn write_export<W: Write + Send>(
    batches: &mut ExportBatches,
    form: Form,
    options: &FormOptions,
    first: &[SplitPlace],
    create: &mut dyn FnMut(&SplitPlace) -> io::Result<W>,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Written> {
    let schema = batches.schema().clone();
    let mut files: BTreeMap<SplitPlace, File<'_>> = BTreeMap::new();
    for place in first {
        let file = File::new(
            form,
            options,
            &schema,
            create(place).map_err(|error| creating(place, error))?,
        )?;
        files.insert(place.clone(), file);
    }
    while let Some(batch) = batches.next() {
        let batch = batch?;
        let file = match files.get_mut(&batch.place) {
            Some(file) => file,
            None => {
                let file = File::new(
                    form,
                    options,
                    &schema,
                    create(&batch.place).map_err(|error| creating(&batch.place, error))?,
                )?;
                files.entry(batch.place).or_insert(file)
            }
        };
        file.writer.write(&batch.batch)?;
        file.records += batch.batch.num_rows() as u64;
        let (done, all) = batches.progress();
        if progress(done, all).is_break() {
            let cause = io::Error::from(io::ErrorKind::Interrupted);
            return Err(Error::new(ErrorKind::Io, "the export was ended").caused_by(cause));
        }
    }
    let mut written = Written {
        report: batches.report()?,
        ..Written::default()
    };
    for (place, mut file) in files {
        file.writer.finish()?;
        written.note = written.note.or(file.writer.note());
        let tally = file.tally.lock();
        written.files.push(WrittenFile {
            place,
            records: file.records,
            bytes: tally.bytes,
            sha256: hex(&tally.hash.clone().finalize()),
        });
    }
    Ok(written)
}

/// A file that is being written.
struct File<'a> {
    writer: Box<dyn FormWriter + 'a>,
    records: u64,
    tally: Arc<Mutex<Tally>>,
}

/// What was written so far.
#[derive(Default)]
struct Tally {
    bytes: u64,
    hash: Sha256,
}

impl<'a> File<'a> {
    fn new<W: Write + Send + 'a>(
        form: Form,
        options: &FormOptions,
        schema: &Arc<arrow_schema::Schema>,
        out: W,
    ) -> Result<Self> {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let out = Tallying {
            out,
            tally: tally.clone(),
        };
        Ok(Self {
            writer: form.writer(out, schema, options)?,
            records: 0,
            tally,
        })
    }
}

/// Counts and hashes what is written.
struct Tallying<W: Write> {
    out: W,
    tally: Arc<Mutex<Tally>>,
}

impl<W: Write> Write for Tallying<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        let mut tally = self.tally.lock();
        tally.bytes += written as u64;
        tally.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn creating(place: &SplitPlace, error: io::Error) -> Error {
    let of = place.partition.as_deref().unwrap_or("all records");
    Error::io(format!("make the file of {of}"), error)
}

/// The SHA-256 of what is read, as hexadecimal digits, and its bytes.
///
/// # Errors
/// `Io`.
pub fn sha256_of(mut from: impl io::Read) -> Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    let mut bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hash.finalize()), bytes)),
            Ok(read) => {
                hash.update(buffer.get(..read).unwrap_or_default());
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::reading(error)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
