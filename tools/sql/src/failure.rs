//! Errors of the engine, as DataFusion carries them.

use std::fmt::Display;

use datafusion::error::DataFusionError;

/// An error of the engine; [`engine_error`] finds it again.
pub(crate) fn engine(error: annals::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// What cannot be unless there is a bug here.
pub(crate) fn internal(message: impl Display) -> DataFusionError {
    DataFusionError::Internal(format!("annals-datafusion: {message}"))
}

/// The engine's error in one of DataFusion, where it is what ended the query.
pub fn engine_error(error: &DataFusionError) -> Option<&annals::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<annals::Error>() {
            return Some(found);
        }
        cause = match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            _ => error.source(),
        };
    }
    None
}
