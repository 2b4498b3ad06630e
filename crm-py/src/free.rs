//! What needs no engine: values as JSON, programs, quotes without a store, backups.

use crate::check::check;
use crate::engine::{document_text, only_files};
use crate::errors::{caught, raise, work};
use crate::read::{items, read, read_named, read_plain, read_time, whole_text};
use crate::types::{Kind, Types};
use crate::write::{write_all, write_named, write_value};
use crm_core::command::{Command, Request};
use crm_core::import::Format;
use crm_core::offer::{Candidate, Cart, OfferRules, Receipt, Refunds, ReturnedLine, Settings, Source};
use crm_core::order::Order;
use crm_core::program::{Document, Program};
use crm_core::query::Query;
use crm_core::store::{SqliteStore, server_address};
use crm_core::value::{read as read_value, read_text};
use crm_core::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A value of the library out of one of Python's.
fn typed<T: DeserializeOwned>(value: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    read_value(&read_named(value, name)?).map_err(|error| raise(value.py(), &error))
}

/// The library's own form of what it reads.
fn canonical<T: DeserializeOwned + Serialize>(json: &Value) -> crm_core::Result<Value> {
    Ok(serde_json::to_value(read_value::<T>(json)?)?)
}

#[pyfunction]
pub(crate) fn to_json(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let types = Types::get(value.py())?;
    let record = types.record_of(&value.get_type()).ok_or_else(|| crate::types::broken(value))?;
    let mut json = read(value, &Kind::Record(record))?;
    if let (Some((tag, word)), Some(fields)) = (&types.record(record)?.tag, json.as_object_mut()) {
        fields.insert(tag.clone(), word.as_str().into());
    }
    Ok(json.to_string())
}

#[pyfunction]
pub(crate) fn from_json<'py>(name: &str, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    let Some(text) = whole_text(text, "text")? else {
        let message = "JSON is a str or bytes; `from_dict` takes a dict";
        return Err(raise(py, &Error::new(ErrorCode::ValueType, message).field("text")));
    };
    from_value(py, name, &read_text(&text).map_err(|error| raise(py, &error))?)
}

#[pyfunction]
pub(crate) fn from_dict<'py>(name: &str, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    from_value(value.py(), name, &read_plain(value)?)
}

fn from_value<'py>(py: Python<'py>, name: &str, json: &Value) -> PyResult<Bound<'py, PyAny>> {
    let types = Types::get(py)?;
    let kind = types.named(name).ok_or_else(|| crate::types::broken(name))?;
    // What the engine would read is read by its own rules, which know several spellings of a number; the rest by its shape.
    let json = caught(py, || {
        let json = match name {
            "Command" => canonical::<Command>(json),
            "Query" => canonical::<Query>(json),
            "Request" => canonical::<Request>(json),
            "Document" => canonical::<Document>(json),
            "Cart" => canonical::<Cart>(json),
            "Order" => canonical::<Order>(json),
            _ => check(types, json, &kind).map(|()| json.clone()),
        };
        json.map_err(|error| raise(py, &error))
    })?;
    write_value(py, &json, name)
}

#[pyfunction]
pub(crate) fn check_program<'py>(document: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let (py, text) = (document.py(), document_text(document)?);
    let findings = work(py, || {
        Ok(match Program::from_json(&text) {
            Ok(program) => program.warnings().to_vec(),
            Err(findings) => findings,
        })
    })?;
    write_all(py, &findings, "Finding")
}

#[pyfunction]
pub(crate) fn sample_program(name: &str) -> Option<&'static str> {
    crm_core::program::sample(name)
}

#[pyfunction]
pub(crate) fn schema() -> &'static str {
    crm_core::interface::SCHEMA
}

#[pyfunction]
pub(crate) fn program_schema() -> &'static str {
    crm_core::program::SCHEMA
}

/// The format that a header looks like.
#[pyfunction]
pub(crate) fn detect_format<'py>(header: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = header.py();
    let Some(text) = whole_text(header, "header")? else {
        let message = "a header is a str or bytes";
        return Err(raise(py, &Error::new(ErrorCode::ValueType, message).field("header")));
    };
    let found = work(py, || Ok(Format::detect(&text)))?;
    found.map(|format| write_named(py, &format, "Format")).transpose()
}

#[pyfunction]
pub(crate) fn quote<'py>(
    cart: &Bound<'py, PyAny>,
    offers: &Bound<'py, PyAny>,
    as_of: &Bound<'py, PyAny>,
    objective: Option<Bound<'py, PyAny>>,
    nodes: Option<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = cart.py();
    let cart: Cart = typed(cart, "Cart")?;
    let offers = items(offers, "offers")?;
    let offers = offers.iter().map(|offer| typed::<OfferRules>(offer, "OfferRules")).collect::<PyResult<Vec<_>>>()?;
    let mut settings = Settings::default();
    if let Some(objective) = objective {
        settings.objective = typed(&objective, "Objective")?;
    }
    settings.nodes = nodes.unwrap_or(settings.nodes);
    let as_of = read_time(as_of, "as_of")?;
    let made = work(py, || {
        for (place, rules) in offers.iter().enumerate() {
            if let Some(flaw) = rules.check().first() {
                let message = format!("the rules of `{}`: {}", rules.id, flaw.what);
                return Err(Error::new(ErrorCode::OfferRules, message)
                    .field(format!("offers[{place}]{}", flaw.at.replace('/', "."))));
            }
        }
        let candidates =
            offers.iter().map(|rules| Candidate { rules, by: Source::Automatic, ends_at: None, rooms: Vec::new() });
        crm_core::offer::quote(&cart.check()?, &candidates.collect::<Vec<_>>(), settings, as_of, 0)
    })?;
    write_named(py, &made, "Quote")
}

#[pyfunction]
pub(crate) fn plan_refund<'py>(
    receipt: &Bound<'py, PyAny>,
    returned: &Bound<'py, PyAny>,
    so_far: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = receipt.py();
    let receipt: Receipt = typed(receipt, "OfferReceipt")?;
    let returned = items(returned, "returned")?;
    let lines =
        returned.iter().map(|line| typed::<ReturnedLine>(line, "ReturnedLine")).collect::<PyResult<Vec<_>>>()?;
    let so_far: Refunds = so_far.map(|so_far| typed(&so_far, "Refunds")).transpose()?.unwrap_or_default();
    let plan = work(py, || receipt.plan(&lines, &so_far))?;
    write_named(py, &plan, "RefundPlan")
}

/// Refuses the address of a server where only a file makes sense.
fn files(places: &[&Path]) -> crm_core::Result<()> {
    if places.iter().any(|place| server_address(place).is_some()) { Err(only_files()) } else { Ok(()) }
}

#[pyfunction]
pub(crate) fn verify(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let verified = work(py, || files(&[&path]).and_then(|()| SqliteStore::verify(&path)))?;
    write_named(py, &verified, "Verified")
}

#[pyfunction]
pub(crate) fn restore(py: Python<'_>, backup: PathBuf, target: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let verified = work(py, || files(&[&backup, &target]).and_then(|()| SqliteStore::restore(&backup, &target)))?;
    write_named(py, &verified, "Verified")
}

/// The command line, as a function of its arguments: gives its exit code.
#[pyfunction]
pub(crate) fn command_line(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> PyResult<u8> {
    work(py, || Ok(crm_core::cli::run(arguments)))
}
