//! Calls back to Python while work goes on.

use crate::write::write_named;
use pyo3::prelude::*;
use serde::Serialize;

/// A callback, if there is one, and what it raised: the work is finished first, it is not left half done.
pub(crate) struct Progress {
    callback: Option<Py<PyAny>>,
    name: &'static str,
    raised: Option<PyErr>,
}

impl Progress {
    pub(crate) fn new(callback: Option<Py<PyAny>>, name: &'static str) -> Self {
        Self { callback, name, raised: None }
    }

    /// Hands a report over.
    pub(crate) fn tell(&mut self, report: &impl Serialize) {
        let name = self.name;
        self.call(|py, callback| callback.call1((write_named(py, report, name)?,)).map(|_| ()));
    }

    /// Hands two numbers over.
    pub(crate) fn tell_numbers(&mut self, done: u64, all: u64) {
        self.call(|_, callback| callback.call1((done, all)).map(|_| ()));
    }

    fn call(&mut self, tell: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<()>) {
        let (Some(callback), None) = (&self.callback, &self.raised) else { return };
        self.raised = Python::attach(|py| {
            py.check_signals()?;
            tell(py, callback.bind(py))
        })
        .err();
    }

    /// Raises what a call has raised.
    pub(crate) fn finish(self) -> PyResult<()> {
        self.raised.map_or(Ok(()), Err)
    }
}
