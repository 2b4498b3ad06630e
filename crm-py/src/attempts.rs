//! How often somebody may try codes, where the engine does not count: addresses, tills, guesses at a prefix.

use crate::codes::short;
use crate::errors::raise;
use crate::read::{read_named, read_time};
use crate::write::write_time;
use crm_core::code::{self, Attempt, AttemptCosts};
use crm_core::value::{Timestamp, read as read_value, read_text};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// How many attempts are allowed in which time.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct AttemptRules(code::AttemptRules);

#[pymethods]
impl AttemptRules {
    #[new]
    fn new(py: Python<'_>, allowance: u32, window_ms: i64, costs: (u32, u32, u32)) -> PyResult<Self> {
        let (found, unknown, checksum) = costs;
        let costs = AttemptCosts { found, unknown, checksum };
        short(py, || Ok(Self(code::AttemptRules::new(allowance, window_ms, costs)?)))
    }
}

/// What one actor has tried.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Attempts(Mutex<code::Attempts>);

impl Attempts {
    /// Does something with it, at an instant.
    fn with<T>(
        &self,
        at: &Bound<'_, PyAny>,
        work: impl FnOnce(&mut code::Attempts, Timestamp) -> crm_core::Result<T>,
    ) -> PyResult<T> {
        let when = read_time(at, "at")?;
        // It is whole whatever happens: a panic comes before or behind a change.
        short(at.py(), || work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), when))
    }
}

#[pymethods]
impl Attempts {
    #[new]
    fn new(py: Python<'_>, json: &str) -> PyResult<Self> {
        short(py, || Ok(Self(Mutex::new(read_value(&read_text(json)?)?))))
    }

    fn allows(&self, at: &Bound<'_, PyAny>, rules: &AttemptRules) -> PyResult<()> {
        self.with(at, |tried, at| tried.allows(at, &rules.0))
    }

    fn free_at<'py>(&self, at: &Bound<'py, PyAny>, rules: &AttemptRules) -> PyResult<Bound<'py, PyAny>> {
        let free_at = self.with(at, |tried, at| Ok(tried.free_at(at, &rules.0)))?;
        write_time(at.py(), free_at)
    }

    fn attempt(&self, at: &Bound<'_, PyAny>, rules: &AttemptRules, came: &Bound<'_, PyAny>) -> PyResult<()> {
        let came: Attempt = read_value(&read_named(came, "Attempt")?)
            .map_err(|error| raise(at.py(), &error.at_field("came".to_owned())))?;
        self.with(at, |tried, at| tried.attempt(at, &rules.0, came))
    }

    fn is_idle(&self, at: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.with(at, |tried, at| Ok(tried.is_idle(at)))
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let tried = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        short(py, || Ok(serde_json::to_string(&tried)?))
    }
}
