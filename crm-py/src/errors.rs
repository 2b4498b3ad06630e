//! Errors of the library as exceptions: one class per code.

use crate::write::write_plain;
use crm_core::{Error, Retry};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The exception of an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}

/// The same, as an object.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let module = py.import("crm_core.errors")?;
    let code = error.code().as_str();
    let class = module.getattr("BY_CODE")?.get_item(code)?.cast_into::<PyType>()?;
    let details = serde_json::to_value(error.details()).unwrap_or_default();
    let retry = match error.retry() {
        Retry::No => "no",
        Retry::Later => "later",
    };
    let message = match std::error::Error::source(error) {
        Some(cause) => format!("{}: {cause}", error.message()),
        None => error.message().to_owned(),
    };
    class.call1((message, code, write_plain(py, &details)?, error.help(), retry))
}

/// Runs work of the library without the interpreter's lock. A panic, which would be a defect of the library, becomes an error.
pub(crate) fn work<T: Send>(py: Python<'_>, work: impl FnOnce() -> crm_core::Result<T> + Send) -> PyResult<T> {
    let result = py.detach(|| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(Error::internal("the library panicked")))
    });
    result.map_err(|error| raise(py, &error))
}
