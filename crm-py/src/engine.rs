//! The engine as Python sees it: arguments in, work without the interpreter's lock, answers out.

use crate::errors::{exception, raise, work};
use crate::progress::Progress;
use crate::read::{items, read_named, read_plain, read_time, whole_text};
use crate::what_if::{self, AsTables, Histories};
use crate::write::{write_all, write_named, write_value};
use crm_core::command::{CodeIssue, Request};
use crm_core::engine::Combiner;
use crm_core::import::{self, DryRun, Format, ImportOptions, OnIssue, Source};
use crm_core::query::Query;
use crm_core::simulate::{self, WhatIfOptions, what_if_json};
use crm_core::store::{Durability, Leased, MemoryStore, Offset, OpenMode, Opened, Opening, Store};
use crm_core::value::{BatchId, Zone, read as read_value};
use crm_core::{Error, ErrorCode, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a wait goes on before it listens to interrupts: as long as the library itself waits at most between two looks at the feed.
const WHILE: Duration = Duration::from_millis(crm_core::limits::FEED_LOOK_MAX_MS);

/// A store and the rules in force.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Engine {
    engine: crm_core::Engine,
    /// The file or the server; None in memory.
    opened: Option<Opened>,
    combiner: Option<Combiner>,
    /// The same store, where its counters are leased.
    leased: Option<Arc<Leased<Arc<dyn Store>>>>,
    process: u32,
}

impl Engine {
    /// The engine, unless this process was forked from the one that opened it: a database connection does not survive that.
    pub(crate) fn here(&self, py: Python<'_>) -> PyResult<&crm_core::Engine> {
        if self.process == std::process::id() {
            return Ok(&self.engine);
        }
        let message = "the engine was opened before this process was forked; open one here, on a file that was closed before the fork or on a server";
        Err(raise(py, &Error::new(ErrorCode::StoreClosed, message)))
    }

    fn of(engine: crm_core::Engine, opened: Option<Opened>) -> Self {
        Self { engine, opened, combiner: None, leased: None, process: std::process::id() }
    }
}

/// A server has tools of its own, which know more than rows.
pub(crate) fn only_files() -> Error {
    let message = "that is for files; of a server, `pg_dump` makes a backup, and `crm copy` a file";
    Error::new(ErrorCode::StoreUnsupported, message)
}

fn request(value: &Bound<'_, PyAny>) -> PyResult<Request> {
    let json = read_named(value, "Request")?;
    Request::from_value(&json).map_err(|error| raise(value.py(), &error))
}

/// A text argument that a checked type is made of.
pub(crate) fn checked<T>(
    py: Python<'_>,
    text: Option<String>,
    make: impl Fn(String) -> crm_core::Result<T>,
) -> PyResult<Option<T>> {
    text.map(make).transpose().map_err(|error| raise(py, &error))
}

#[pymethods]
impl Engine {
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "each is an argument by name in the package's own function")]
    fn open(
        py: Python<'_>,
        place: PathBuf,
        create: bool,
        durable: bool,
        busy_wait_ms: Option<u32>,
        combine: bool,
        read_only: bool,
        connections: Option<u32>,
        leases: Option<(usize, usize)>,
    ) -> PyResult<Self> {
        let how = Opening {
            durability: if durable { Durability::Full } else { Durability::Normal },
            open: match (read_only, create) {
                (true, _) => OpenMode::ReadOnly,
                (false, true) => OpenMode::CreateOrOpen,
                (false, false) => OpenMode::OpenExisting,
            },
            wait_ms: busy_wait_ms,
            connections_max: connections.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        };
        work(py, || {
            let opened = Opened::open(&place, how)?;
            let leased = leases.map(|(own, holders)| Leased::new(opened.store(), holders, own)).transpose()?;
            let leased = leased.map(Arc::new);
            let store: Arc<dyn Store> = match &leased {
                Some(leased) => leased.clone(),
                None => opened.store(),
            };
            let engine = crm_core::Engine::open_shared(store)?;
            let combiner = combine.then(|| Combiner::new(engine.clone()));
            Ok(Self { combiner, leased, ..Self::of(engine, Some(opened)) })
        })
    }

    #[staticmethod]
    fn in_memory(py: Python<'_>) -> PyResult<Self> {
        work(py, || Ok(Self::of(crm_core::Engine::open(MemoryStore::new())?, None)))
    }

    fn publish<'py>(&self, document: &Bound<'py, PyAny>, at: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let py = document.py();
        let (text, at) = (document_text(document)?, read_time(at, "at")?);
        let engine = self.here(py)?;
        let findings = work(py, || engine.publish_json(&text, at))?;
        write_all(py, &findings, "Finding")
    }

    fn program(&self, py: Python<'_>) -> PyResult<String> {
        let engine = self.here(py)?;
        work(py, || Ok(serde_json::to_string(engine.program()?.document())?))
    }

    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let engine = self.here(py)?;
        work(py, || engine.refresh())
    }

    fn execute<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, request) = (value.py(), request(value)?);
        let engine = self.here(py)?;
        let done = work(py, || {
            let done = match &self.combiner {
                Some(combiner) => combiner.execute(request)?,
                None => engine.execute(request)?,
            };
            Ok(serde_json::to_value(done)?)
        })?;
        write_value(py, &done, "Done")
    }

    fn preview<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, request) = (value.py(), request(value)?);
        let engine = self.here(py)?;
        let done = work(py, || Ok(serde_json::to_value(engine.preview(request)?)?))?;
        write_value(py, &done, "Done")
    }

    fn execute_many<'py>(&self, values: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = values.py();
        let requests = items(values, "requests")?.iter().map(request).collect::<PyResult<Vec<_>>>()?;
        let engine = self.here(py)?;
        let outcomes = work(py, || {
            let outcomes = engine.execute_many(requests)?.into_iter();
            Ok(outcomes.map(|outcome| Ok(serde_json::to_value(outcome?)?)).collect::<Vec<crm_core::Result<_>>>())
        })?;
        let made = outcomes.iter().map(|outcome| match outcome {
            Ok(done) => write_value(py, done, "Done"),
            Err(error) => exception(py, error),
        });
        PyList::new(py, made.collect::<PyResult<Vec<_>>>()?)
    }

    fn ask<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, json) = (value.py(), read_named(value, "Query")?);
        let query: Query = read_value(&json).map_err(|error| raise(py, &error))?;
        let engine = self.here(py)?;
        let answer = work(py, || Ok(serde_json::to_value(engine.ask(&query)?)?))?;
        write_value(py, &answer, "Answer")
    }

    fn sweep<'py>(&self, until: &Bound<'py, PyAny>, progress: Option<Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let (py, until) = (until.py(), read_time(until, "until")?);
        let engine = self.here(py)?;
        let mut told = Progress::new(progress, "SweepReport");
        let report = work(py, || engine.sweep(until, &mut |report| told.tell(report)));
        let report = told.finish(report)?;
        write_named(py, &report, "SweepReport")
    }

    fn what_if<'py>(
        &self,
        document: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, text, at) = (document.py(), document_text(document)?, read_time(at, "at")?);
        let engine = self.here(py)?;
        what_if::objects(py, progress, |told, each| what_if_json(engine, &text, WhatIfOptions { at }, told, each))
    }

    fn what_if_tables<'py>(
        &self,
        document: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<AsTables<'py>> {
        let (py, text, at) = (document.py(), document_text(document)?, read_time(at, "at")?);
        let engine = self.here(py)?;
        what_if::tables(py, progress, |told, each| what_if_json(engine, &text, WhatIfOptions { at }, told, each))
    }

    fn histories(&self, at: &Bound<'_, PyAny>) -> PyResult<Histories> {
        let (py, at) = (at.py(), read_time(at, "at")?);
        let engine = self.here(py)?;
        work(py, || Ok(Histories(simulate::Histories::read(engine, WhatIfOptions { at })?)))
    }

    /// A page of the feed, and where it ends.
    fn feed<'py>(&self, py: Python<'py>, after: &str, limit: usize) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let engine = self.here(py)?;
        let after = offset_of(py, after)?;
        let page = work(py, || {
            let fed = engine.feed(after, limit)?.into_iter();
            fed.map(|(offset, entry)| Ok((offset.to_string(), serde_json::to_value(entry)?)))
                .collect::<Result<Vec<_>>>()
        })?;
        page.into_iter().map(|(offset, entry)| Ok((offset, write_value(py, &entry, "Entry")?))).collect()
    }

    /// Waits until the feed goes on behind a place, at most so many milliseconds or for ever. The library waits for a while at a time, so that an
    /// interrupt, and whoever has `stopped` it, is heard in between.
    fn wait_for_entries(
        &self,
        py: Python<'_>,
        after: &str,
        wait_ms: Option<u32>,
        stopped: Option<Py<PyAny>>,
    ) -> PyResult<bool> {
        let engine = self.here(py)?;
        let after = offset_of(py, after)?;
        let end = wait_ms.map(|wait| Instant::now() + Duration::from_millis(wait.into()));
        loop {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            // Rounded up: nobody is told before the time is over.
            let now_ms = u32::try_from(left.min(WHILE).as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
            let there = work(py, || engine.wait_for_entries(after, now_ms))?;
            py.check_signals()?;
            let stopped = stopped.as_ref().map_or(Ok(false), |stopped| stopped.call0(py)?.is_truthy(py))?;
            if there || stopped || left <= WHILE {
                return Ok(there);
            }
        }
    }

    fn next_due<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let engine = self.here(py)?;
        let due = work(py, || engine.next_due())?;
        due.map(|at| crate::write::write_time(py, at)).transpose()
    }

    fn fold_leases(&self, py: Python<'_>) -> PyResult<()> {
        self.here(py)?;
        work(py, || match &self.leased {
            Some(leased) => leased.fold(),
            None => Err(Error::new(ErrorCode::StoreUnsupported, "the engine was opened without leases")),
        })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let engine = self.here(py)?;
        work(py, || engine.close())
    }

    fn backup<'py>(&self, py: Python<'py>, path: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.here(py)?;
        let store = match &self.opened {
            Some(Opened::File(store)) => store,
            Some(Opened::Server(_)) => return Err(raise(py, &only_files())),
            None => {
                let message = "an engine in memory has no file to copy";
                return Err(raise(py, &Error::new(ErrorCode::StoreUnsupported, message)));
            }
        };
        let mut told = Progress::new(progress, "");
        let report = work(py, || store.backup(&path, &mut |done, all| told.tell_numbers(done, all)));
        let report = told.finish(report)?;
        write_named(py, &report, "BackupReport")
    }

    #[allow(clippy::too_many_arguments, reason = "each is an argument by name in the package's own function")]
    fn import_files<'py>(
        &self,
        py: Python<'py>,
        name: String,
        files: Vec<(String, Bound<'py, PyAny>)>,
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
        let engine = self.here(py)?;
        let format: Format = read_value(&read_named(format, "Format")?).map_err(|error| raise(py, &error))?;
        let mut options = ImportOptions::new(format);
        options.batch = checked(py, batch, BatchId::new)?;
        options.dry_run = if dry_run { DryRun::Yes } else { DryRun::No };
        options.on_issue = if refuse { OnIssue::Refuse } else { OnIssue::Report };
        options.recorded_at = recorded_at.map(|at| read_time(&at, "recorded_at")).transpose()?;
        options.now = now.map(|at| read_time(&at, "now")).transpose()?;
        options.zone = checked(py, zone, |text| Zone::new(&text))?;
        options.id_prefix = id_prefix;
        let contents = files.iter().map(|(name, file)| Ok((name.clone(), Content::of(file)?)));
        let contents = contents.collect::<PyResult<Vec<_>>>()?;
        let mut told = Progress::new(progress, "ImportProgress");
        let report = work(py, || {
            let mut source = Source { name, files: Vec::new() };
            for (name, content) in &contents {
                source = match content {
                    Content::Bytes(bytes) => source.with(name.clone(), bytes.as_slice()),
                    Content::File(path) => {
                        let file = File::open(path).map_err(|cause| {
                            let message = format!("cannot read `{}`", path.display());
                            Error::new(ErrorCode::ImportFile, message).caused_by(cause)
                        })?;
                        source.with(name.clone(), file)
                    }
                };
            }
            import::import(engine, source, &options, &mut |now| told.tell(now))
        });
        let report = told.finish(report)?;
        write_named(py, &report, "ImportReport")
    }

    fn imports<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let engine = self.here(py)?;
        let batches = work(py, || import::batches(engine))?;
        write_all(py, &batches, "BatchRecord")
    }

    fn revert_import<'py>(
        &self,
        py: Python<'py>,
        batch: String,
        at: &Bound<'py, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let engine = self.here(py)?;
        let at = read_time(at, "at")?;
        let batch = BatchId::new(batch).map_err(|error| raise(py, &error))?;
        let mut told = Progress::new(progress, "RevertReport");
        let report = work(py, || import::revert(engine, &batch, at, &mut |report| told.tell(report)));
        let report = told.finish(report)?;
        write_named(py, &report, "RevertReport")
    }

    fn issue_codes<'py>(
        &self,
        issue: &Bound<'py, PyAny>,
        at: &Bound<'py, PyAny>,
        codes: &Bound<'py, PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = issue.py();
        let engine = self.here(py)?;
        let issue: CodeIssue = read_value(&read_named(issue, "CodeIssue")?).map_err(|error| raise(py, &error))?;
        let at = read_time(at, "at")?;
        let codes = codes.try_iter()?.unbind();
        let (mut told, mut failure) = (Progress::new(progress, "CodesReport"), None);
        // An iterator of Python is asked with the lock, page by page; the store works without it.
        let mut next = || -> Option<crm_core::Result<String>> {
            Python::attach(|py| match codes.bind(py).clone().next()?.and_then(|code| code.extract::<String>()) {
                Ok(code) => Some(Ok(code)),
                Err(error) => {
                    failure = Some(error);
                    Some(Err(Error::new(ErrorCode::CodeText, "the codes could not be read")))
                }
            })
        };
        let report = work(py, || {
            engine.issue_codes(&issue, at, &mut std::iter::from_fn(&mut next), &mut |report| told.tell(report))
        });
        if let Some(error) = failure {
            return Err(error);
        }
        let report = told.finish(report)?;
        write_named(py, &report, "CodesReport")
    }
}

fn offset_of(py: Python<'_>, after: &str) -> PyResult<Offset> {
    after.parse().map_err(|error: Error| raise(py, &error.at_field("after".to_owned())))
}

/// A place in a feed as it is written; without one, the start.
#[pyfunction]
pub(crate) fn offset(py: Python<'_>, after: Option<&str>) -> PyResult<String> {
    Ok(after.map_or(Ok(Offset::START), |after| offset_of(py, after))?.to_string())
}

/// What a file has: its bytes, or where it is.
enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Content {
    fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        match value.cast::<PyBytes>() {
            Ok(bytes) => Ok(Self::Bytes(bytes.as_bytes().to_vec())),
            Err(_) => Ok(Self::File(value.extract()?)),
        }
    }
}

/// A program document as text: JSON, a dict, or a `Document`.
pub(crate) fn document_text(document: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Some(text) = whole_text(document, "document")? {
        return Ok(text);
    }
    let json = match document.cast::<pyo3::types::PyDict>() {
        Ok(_) => read_plain(document)?,
        Err(_) => read_named(document, "Document")?,
    };
    Ok(json.to_string())
}
