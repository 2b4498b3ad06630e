//! Codes: batches that are unique by construction, and signed codes that a till can verify.

use crate::errors::raise;
use crm_core::code::{self, Code, CodeForm, NormalCode, Secret};
use pyo3::prelude::*;

fn ok<T>(py: Python<'_>, result: crm_core::Result<T>) -> PyResult<T> {
    result.map_err(|error| raise(py, &error))
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
        let form = ok(py, CodeForm::with_prefix(prefix, length))?;
        let secret = ok(py, Secret::from_hex(secret))?;
        Ok(Self { batch: ok(py, code::Batch::new(&secret, form.clone(), first..end))?, form, last: end })
    }

    fn code(&self, py: Python<'_>, serial: u64) -> PyResult<String> {
        Ok(self.form.show(&ok(py, self.batch.code(serial))?))
    }

    fn serial(&self, py: Python<'_>, code: &str) -> PyResult<Option<u64>> {
        Ok(self.batch.serial(&ok(py, Code::parse(code))?))
    }

    /// Some codes from a serial number on.
    fn page(&self, py: Python<'_>, from: u64, most: usize) -> Vec<String> {
        py.detach(|| self.batch.codes_from(from).take(most).map(|(_, code)| self.form.show(&code)).collect())
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
        let secret = ok(py, Secret::from_hex(secret))?;
        Ok(Self { key: ok(py, code::TillKey::new(&secret, prefix, batch))? })
    }

    fn sign(&self, py: Python<'_>, serial: u64) -> PyResult<String> {
        Ok(self.key.form().show(&ok(py, self.key.sign(serial))?))
    }

    fn verify(&self, py: Python<'_>, code: &str) -> PyResult<u64> {
        ok(py, Code::parse(code).and_then(|code| self.key.verify(&code)))
    }
}

#[pyfunction]
pub(crate) fn normal_code(py: Python<'_>, typed: &str) -> PyResult<String> {
    Ok(ok(py, NormalCode::of(typed))?.as_str().to_owned())
}

#[pyfunction]
pub(crate) fn code_length(py: Python<'_>, live_codes: u64, one_in: u64) -> PyResult<usize> {
    ok(py, code::length_for(live_codes, one_in))
}
