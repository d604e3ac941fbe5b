//! Arrow's refusals.

use arrow_schema::ArrowError;

use crate::model::Error;

/// The error of columns that Arrow refuses: they are ours, so it is a bug.
pub(in crate::export) fn unfit(error: ArrowError) -> Error {
    Error::internal("columns that do not make an Arrow batch").caused_by(error)
}
