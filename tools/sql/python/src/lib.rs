//! The native part of the Python package `annals_datafusion`: tables of a store, which cross to datafusion-python by
//! its C interface.

mod capsule;
mod errors;
mod store;
mod table;

#[pyo3::pymodule]
mod _annals_datafusion {
    #[pymodule_export]
    use crate::store::Store;
    #[pymodule_export]
    use crate::table::Table;

    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    #[pymodule_export]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
