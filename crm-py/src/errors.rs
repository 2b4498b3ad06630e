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

/// Runs what may turn out to have a defect: a panic becomes an error. Every call of Python goes through here, and so does every batch that is
/// made for somebody who reads a table.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    let work = || {
        #[cfg(debug_assertions)]
        rehearsal::pass();
        work()
    };
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Error::internal("the library panicked"))
}

/// Runs work of the library without the interpreter's lock. A panic becomes an error.
pub(crate) fn work<T: Send>(py: Python<'_>, work: impl FnOnce() -> crm_core::Result<T> + Send) -> PyResult<T> {
    let result = py.detach(|| guarded(work).and_then(|done| done));
    result.map_err(|error| raise(py, &error))
}

/// Runs what needs the interpreter's lock, such as conversions. A panic becomes an error, where pyo3 would make something of it that
/// `except Exception` does not catch.
pub(crate) fn caught<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    guarded(work).unwrap_or_else(|error| Err(raise(py, &error)))
}

/// Panics on purpose, so that a test sees what becomes of them. Builds for development have it, a wheel that is published has not.
#[cfg(debug_assertions)]
pub(crate) mod rehearsal {
    use pyo3::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const NEVER: u64 = u64::MAX;
    static LEFT: AtomicU64 = AtomicU64::new(NEVER);

    /// Whoever is told to panic in so many passages does so, once.
    #[allow(clippy::panic, reason = "it is what this is for")]
    pub(super) fn pass() {
        let next = |left: u64| (left != NEVER).then(|| left.checked_sub(1).unwrap_or(NEVER));
        if LEFT.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) == Ok(0) {
            panic!("rehearsed");
        }
    }

    /// Lets the guard panic that is passed behind so many others, or none; whether the last one that was told still waits.
    #[pyfunction]
    pub(crate) fn _panic_behind(passages: Option<u64>) -> bool {
        LEFT.swap(passages.unwrap_or(NEVER), Ordering::SeqCst) != NEVER
    }
}
