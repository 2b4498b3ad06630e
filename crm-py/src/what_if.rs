//! Simulations, as objects or as tables: of the store as it is, or of facts that were read once.

use crate::engine::document_text;
use crate::errors::work;
use crate::members::{Held, Members};
use crate::progress::Progress;
use crate::write::write_named;
use crm_core::Result;
use crm_core::simulate::{self, MemberWhatIf, WhatIf, WhatIfProgress, WhatIfTotals};
use pyo3::prelude::*;
use std::ops::ControlFlow;

/// Whom a simulation tells how far it is, and whom of each member.
type Told<'t> = &'t mut dyn FnMut(&WhatIfProgress) -> ControlFlow<()>;
type Each<'e> = &'e mut dyn FnMut(MemberWhatIf) -> Result<()>;

/// Totals, members, points and tiers.
pub(crate) type AsTables<'py> = (Bound<'py, PyAny>, Held, Held, Held);

/// Runs a simulation, with each member as an object.
pub(crate) fn objects<'py>(
    py: Python<'py>,
    progress: Option<Py<PyAny>>,
    run: impl FnOnce(Told<'_>, Each<'_>) -> Result<WhatIfTotals> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let mut told = Progress::new(progress, "WhatIfProgress");
    let found = work(py, || {
        let mut members = Vec::new();
        let each = &mut |member| {
            members.push(member);
            Ok(())
        };
        let totals = run(&mut |done| told.tell(done), each)?;
        Ok(WhatIf { totals, members })
    });
    write_named(py, &told.finish(found)?, "WhatIf")
}

/// Runs a simulation, with the members as tables.
pub(crate) fn tables<'py>(
    py: Python<'py>,
    progress: Option<Py<PyAny>>,
    run: impl FnOnce(Told<'_>, Each<'_>) -> Result<WhatIfTotals> + Send,
) -> PyResult<AsTables<'py>> {
    let mut told = Progress::new(progress, "WhatIfProgress");
    let found = work(py, || {
        let mut tables = Members::new();
        let totals = run(&mut |done| told.tell(done), &mut |member| tables.add(&member))?;
        Ok((totals, tables.finish()?))
    });
    let (totals, (members, points, tiers)) = told.finish(found)?;
    Ok((write_named(py, &totals, "WhatIfTotals")?, members, points, tiers))
}

/// The facts of everybody, to try many programs on.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Histories(pub(crate) simulate::Histories);

#[pymethods]
impl Histories {
    fn what_if<'py>(&self, document: &Bound<'py, PyAny>, progress: Option<Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let text = document_text(document)?;
        objects(document.py(), progress, |told, each| self.0.what_if_json(&text, told, each))
    }

    fn what_if_tables<'py>(
        &self,
        document: &Bound<'py, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<AsTables<'py>> {
        let text = document_text(document)?;
        tables(document.py(), progress, |told, each| self.0.what_if_json(&text, told, each))
    }
}
