//! The readers of RocksDB's files, for the fuzz targets.

use super::super::batch;
use super::framing::{self, End};
use super::version_edits::{Database, Failure};
use crate::model::Result;

/// Whole records, records behind damage, and whole bytes.
pub(crate) fn read_log(file: &[u8]) -> Result<(usize, usize, usize)> {
    let (mut whole, mut behind) = (0, 0);
    let end = framing::read::<Failure>(
        file,
        |record, _| {
            whole += 1;
            batch::decode(record, |_| Ok(()))?;
            Ok(())
        },
        |_, _| {
            behind += 1;
            Ok(())
        },
    )
    .map_err(Failure::into_error)?;
    let bytes = match end {
        End::Whole => file.len(),
        End::Torn { at } | End::Damaged { at } => at as usize,
    };
    Ok((whole, behind, bytes))
}

/// The number of families.
pub(crate) fn read_manifest(file: &[u8]) -> Result<usize> {
    Database::read(file).map(|(database, _)| database.families.len())
}
