//! Errors of the library as exceptions: one class per code.

use crate::write::write_plain;
use crm_core::{Error, Retry};
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// What becomes of a panic, which would be a defect of the library.
pub(crate) fn panicked() -> Error {
    Error::internal("the library panicked")
}

/// Runs work of the library without the interpreter's lock. A panic becomes an error.
pub(crate) fn work<T: Send>(py: Python<'_>, work: impl FnOnce() -> crm_core::Result<T> + Send) -> PyResult<T> {
    let result = py.detach(|| catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())));
    result.map_err(|error| raise(py, &error))
}

/// Runs what needs the interpreter's lock, such as conversions. A panic becomes an error, where pyo3 would make something of it that
/// `except Exception` does not catch.
pub(crate) fn caught<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(raise(py, &panicked())))
}
