//! Tables in.

use crate::cells::Handed;
use crate::engine::{Engine, checked};
use crate::errors::{raise, work};
use crate::progress::Progress;
use crate::read::{read_named, read_time};
use crate::write::write_named;
use crm_core::import::{self, DryRun, Format, ImportOptions, OnIssue, Source};
use crm_core::value::{BatchId, Zone, read as read_value};
use pyo3::prelude::*;
use std::sync::Arc;

#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each is an argument by name in the package's own function")]
pub(crate) fn ingest<'py>(
    py: Python<'py>,
    engine: &Bound<'py, Engine>,
    table: &Bound<'py, PyAny>,
    name: String,
    format: &Bound<'py, PyAny>,
    refuse: bool,
    batch: Option<String>,
    dry_run: bool,
    recorded_at: Option<Bound<'py, PyAny>>,
    now: Option<Bound<'py, PyAny>>,
    zone: Option<String>,
    id_prefix: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let engine = engine.get().here(py)?;
    let format: Format = read_value(&read_named(format, "Format")?).map_err(|error| raise(py, &error))?;
    let mut options = ImportOptions::new(format);
    options.batch = checked(py, batch, BatchId::new)?;
    options.dry_run = if dry_run { DryRun::Yes } else { DryRun::No };
    options.on_issue = if refuse { OnIssue::Refuse } else { OnIssue::Report };
    options.recorded_at = recorded_at.map(|at| read_time(&at, "recorded_at")).transpose()?;
    options.now = now.map(|at| read_time(&at, "now")).transpose()?;
    options.zone = checked(py, zone, |text| Zone::new(&text))?;
    options.id_prefix = id_prefix;
    let cells = Arc::new(Handed::take(table)?);
    let mut told = Progress::new(progress, "ImportProgress");
    let report = work(py, || import::import(engine, Source::table(name, cells), &options, &mut |now| told.tell(now)));
    let report = told.finish(report)?;
    write_named(py, &report, "ImportReport")
}
