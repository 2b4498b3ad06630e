//! Calls back to Python while work goes on.

use crate::write::write_named;
use pyo3::prelude::*;
use serde::Serialize;
use std::ops::ControlFlow;

/// A callback, if there is one, and what it raised. Work that can stop between two commits does so; other work is finished first.
pub(crate) struct Progress {
    callback: Option<Py<PyAny>>,
    name: &'static str,
    raised: Option<PyErr>,
}

impl Progress {
    pub(crate) fn new(callback: Option<Py<PyAny>>, name: &'static str) -> Self {
        Self { callback, name, raised: None }
    }

    /// Hands a report over; whether to go on.
    pub(crate) fn tell(&mut self, report: &impl Serialize) -> ControlFlow<()> {
        let name = self.name;
        self.call(|py, callback| callback.call1((write_named(py, report, name)?,)).map(|_| ()))
    }

    /// Hands two numbers over.
    pub(crate) fn tell_numbers(&mut self, done: u64, all: u64) {
        let _ = self.call(|_, callback| callback.call1((done, all)).map(|_| ()));
    }

    fn call(&mut self, tell: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<()>) -> ControlFlow<()> {
        if self.raised.is_none() {
            let callback = self.callback.as_ref();
            self.raised = Python::attach(|py| {
                // An interrupt counts whether or not somebody wants to be told.
                py.check_signals()?;
                callback.map_or(Ok(()), |callback| tell(py, callback.bind(py)))
            })
            .err();
        }
        if self.raised.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// The outcome of the work; what a call has raised comes first.
    pub(crate) fn finish<T>(self, outcome: PyResult<T>) -> PyResult<T> {
        self.raised.map_or(outcome, Err)
    }
}
