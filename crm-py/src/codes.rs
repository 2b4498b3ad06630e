//! Codes: batches that are unique by construction, and signed codes that a till can verify.

use crate::errors::{caught, raise, work};
use crm_core::code::{self, Code, CodeForm, NormalCode, Secret};
use pyo3::prelude::*;

/// Too short to be worth letting the interpreter's lock go.
pub(crate) fn short<T>(py: Python<'_>, work: impl FnOnce() -> crm_core::Result<T>) -> PyResult<T> {
    caught(py, || work().map_err(|error| raise(py, &error)))
}

/// A batch of codes.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct CodeBatch {
    batch: code::Batch,
    form: CodeForm,
    last: u64,
}

#[pymethods]
impl CodeBatch {
    #[new]
    fn new(py: Python<'_>, secret: &str, prefix: &str, length: usize, first: u64, end: u64) -> PyResult<Self> {
        short(py, || {
            let form = if prefix.is_empty() { CodeForm::new(length)? } else { CodeForm::with_prefix(prefix, length)? };
            let batch = code::Batch::new(&Secret::from_hex(secret)?, form.clone(), first..end)?;
            Ok(Self { batch, form, last: end })
        })
    }

    fn code(&self, py: Python<'_>, serial: u64) -> PyResult<String> {
        short(py, || Ok(self.form.show(&self.batch.code(serial)?)))
    }

    fn serial(&self, py: Python<'_>, code: &str) -> PyResult<Option<u64>> {
        short(py, || Ok(self.batch.serial(&Code::parse(code)?)))
    }

    /// Some codes from a serial number on.
    fn page(&self, py: Python<'_>, from: u64, most: usize) -> PyResult<Vec<String>> {
        work(py, || Ok(self.batch.codes_from(from).take(most).map(|(_, code)| self.form.show(&code)).collect()))
    }

    #[getter]
    fn end(&self) -> u64 {
        self.last
    }
}

/// A key that signs codes for tills that are offline.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct TillKey {
    key: code::TillKey,
}

#[pymethods]
impl TillKey {
    #[new]
    fn new(py: Python<'_>, secret: &str, prefix: &str, batch: u32) -> PyResult<Self> {
        short(py, || Ok(Self { key: code::TillKey::new(&Secret::from_hex(secret)?, prefix, batch)? }))
    }

    fn sign(&self, py: Python<'_>, serial: u64) -> PyResult<String> {
        short(py, || Ok(self.key.form().show(&self.key.sign(serial)?)))
    }

    #[staticmethod]
    fn batch_of(py: Python<'_>, prefix: &str, code: &str) -> PyResult<u32> {
        short(py, || code::TillKey::batch_of(prefix, &Code::parse(code)?))
    }

    fn verify(&self, py: Python<'_>, code: &str) -> PyResult<u64> {
        short(py, || self.key.verify(&Code::parse(code)?))
    }
}

#[pyfunction]
pub(crate) fn normal_code(py: Python<'_>, typed: &str) -> PyResult<String> {
    short(py, || Ok(NormalCode::of(typed)?.as_str().to_owned()))
}

#[pyfunction]
pub(crate) fn read_code(py: Python<'_>, typed: &str) -> PyResult<String> {
    short(py, || Ok(Code::parse(typed)?.to_string()))
}

#[pyfunction]
pub(crate) fn code_length(py: Python<'_>, live_codes: u64, one_in: u64) -> PyResult<usize> {
    short(py, || code::length_for(live_codes, one_in))
}
