//! What crosses the border to datafusion-python. All `unsafe` of the package is here.

use std::sync::Arc;

use datafusion::datasource::TableProvider;
use datafusion_ffi::proto::logical_extension_codec::FFI_LogicalExtensionCodec;
use datafusion_ffi::table_provider::FFI_TableProvider;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const TABLE_PROVIDER: &std::ffi::CStr = c"datafusion_table_provider";
const LOGICAL_CODEC: &std::ffi::CStr = c"datafusion_logical_extension_codec";

/// A table as what `__datafusion_table_provider__` gives to a session.
///
/// # Errors
/// `ImportError` for a session of another major of DataFusion; `AttributeError` for what is no session.
pub fn table<'py>(
    py: Python<'py>,
    table: Arc<dyn TableProvider>,
    session: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyCapsule>> {
    // Filters come in the words of the session: its functions are looked up there.
    let codec = codec_of(session)?;
    let table = FFI_TableProvider::new_with_ffi_codec(table, true, None, codec);
    PyCapsule::new_with_value(py, table, TABLE_PROVIDER)
}

fn codec_of(session: &Bound<'_, PyAny>) -> PyResult<FFI_LogicalExtensionCodec> {
    let capsule = session.call_method0("__datafusion_logical_extension_codec__")?;
    let capsule = capsule.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(LOGICAL_CODEC))?;
    #[expect(unsafe_code, reason = "the interface is one of pointers")]
    // SAFETY: the capsule's name says that it points to such a codec, and the capsule owns it beyond this borrow.
    // It is only read.
    let codec = unsafe { pointer.cast::<FFI_LogicalExtensionCodec>().as_ref() };
    #[expect(unsafe_code, reason = "the interface is one of pointers")]
    // SAFETY: a function of the library that made the codec, which takes nothing.
    let theirs = unsafe { (codec.version)() };
    let ours = datafusion_ffi::version();
    // As DataFusion's own bindings do before they use anything else of it.
    if theirs != ours {
        return Err(PyImportError::new_err(format!(
            "the session is of DataFusion {theirs}, and annals_datafusion is built for {ours}; install \
             datafusion=={ours}.*"
        )));
    }
    Ok(codec.clone())
}
