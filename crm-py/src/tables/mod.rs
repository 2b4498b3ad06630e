//! Tables out: what is in the store, as batches of Arrow. What a row of each is made of is in files of their own.

mod attributes;
mod consents;
mod entries;
mod offers;
mod orders;
mod people;
mod points;
mod shared;

use crate::columns::{Head, Rows, schema};
use crate::engine::Engine;
use crate::errors::{exception, raise, work};
use crate::ffi;
use crate::read::read_time;
use crate::stream::{Failed, Feed, Stream, Walked};
use arrow_schema::SchemaRef;
use crm_core::value::Timestamp;
use crm_core::{Error, ErrorCode, Result};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};

/// Rows of a batch, unless somebody asks for another number.
const ENOUGH: usize = 64 * 1024;

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Customers,
    Attributes,
    Consents,
    Balances,
    Lots,
    Tiers,
    Stages,
    Coupons,
    Claims,
    GiftCards,
    Seats,
    Entries,
    Orders,
    OrderLines,
}

impl Which {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "customers" => Self::Customers,
            "attributes" => Self::Attributes,
            "consents" => Self::Consents,
            "balances" => Self::Balances,
            "lots" => Self::Lots,
            "tiers" => Self::Tiers,
            "stages" => Self::Stages,
            "coupons" => Self::Coupons,
            "claims" => Self::Claims,
            "gift_cards" => Self::GiftCards,
            "seats" => Self::Seats,
            "entries" => Self::Entries,
            "orders" => Self::Orders,
            "order_lines" => Self::OrderLines,
            _ => return None,
        })
    }

    const fn heads(self) -> &'static [Head] {
        match self {
            Self::Customers => people::CUSTOMERS,
            Self::Attributes => attributes::ATTRIBUTES,
            Self::Consents => consents::CONSENTS,
            Self::Balances => points::BALANCES,
            Self::Lots => points::LOTS,
            Self::Tiers => people::TIERS,
            Self::Stages => people::STAGES,
            Self::Coupons => offers::COUPONS,
            Self::Claims => offers::CLAIMS,
            Self::GiftCards => shared::GIFT_CARDS,
            Self::Seats => shared::SEATS,
            Self::Entries => entries::ENTRIES,
            Self::Orders => orders::ORDERS,
            Self::OrderLines => orders::ORDER_LINES,
        }
    }

    /// The rows, from a new walk over the store.
    fn feed(self, engine: &crm_core::Engine, at: Timestamp) -> Result<Box<dyn Feed>> {
        Ok(match self {
            Self::Customers => Walked::feed(engine.walk_customers(at)?, |rows, who| people::customer(rows, &who)),
            Self::Attributes => {
                Walked::feed(engine.walk_customers(at)?, |rows, who| attributes::attributes(rows, &who))
            }
            Self::Consents => {
                Walked::feed(engine.walk_customers(at)?, move |rows, who| consents::consents(rows, &who, at))
            }
            Self::Balances => Walked::feed(engine.walk_customers(at)?, |rows, who| points::balances(rows, &who)),
            Self::Lots => Walked::feed(engine.walk_customers(at)?, |rows, who| points::lots(rows, &who)),
            Self::Tiers => Walked::feed(engine.walk_customers(at)?, |rows, who| people::tiers(rows, &who)),
            Self::Stages => Walked::feed(engine.walk_customers(at)?, |rows, who| people::stage(rows, &who)),
            Self::Coupons => {
                let walk = engine.walk_open_coupons(at)?.chain(engine.walk_closed_coupons());
                Walked::feed(walk, |rows, (who, held)| offers::coupon(rows, &who, &held))
            }
            Self::Claims => Walked::feed(engine.walk_claims(), move |rows, seen| offers::claim(rows, &seen, at)),
            Self::GiftCards => Walked::feed(engine.walk_card_views(at), |rows, card| shared::gift_card(rows, &card)),
            Self::Seats => Walked::feed(engine.walk_group_views(at), |rows, group| shared::seats(rows, &group)),
            Self::Entries => Walked::feed(engine.walk_entries(), |rows, happened| entries::entry(rows, &happened)),
            Self::Orders => Walked::feed(engine.walk_orders(), |rows, (who, made)| orders::order(rows, &who, &made)),
            Self::OrderLines => {
                Walked::feed(engine.walk_orders(), |rows, (who, made)| orders::lines(rows, &who, &made))
            }
        })
    }
}

/// A table of what is in the store: read anew each time it is asked for.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Table {
    engine: Py<Engine>,
    which: Which,
    at: Timestamp,
    schema: SchemaRef,
    money_digits: i8,
    enough: usize,
    total: Arc<AtomicI64>,
    failed: Failed,
}

impl Table {
    fn stream(&self, py: Python<'_>) -> PyResult<Stream> {
        let engine = self.engine.get().here(py)?;
        let feed = work(py, || self.which.feed(engine, self.at))?;
        // What ended an earlier reading is no news of this one.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Stream {
            schema: self.schema.clone(),
            rows: Rows::new(self.which.heads(), self.schema.clone(), self.money_digits),
            feed: Some(feed),
            enough: self.enough,
            made: 0,
            total: self.total.clone(),
            failed: self.failed.clone(),
            process: std::process::id(),
        })
    }
}

fn of_arrow(py: Python<'_>, error: &arrow_schema::ArrowError) -> PyErr {
    raise(py, &Error::internal(error.to_string()))
}

#[pymethods]
impl Table {
    #[new]
    fn new(
        py: Python<'_>,
        engine: Bound<'_, Engine>,
        name: &str,
        at: Option<Bound<'_, PyAny>>,
        batch_rows: Option<usize>,
    ) -> PyResult<Self> {
        let Some(which) = Which::of(name) else {
            let message = format!("there is no table `{}`", crm_core::limits::quote(name));
            return Err(raise(py, &Error::new(ErrorCode::QueryField, message).field("name")));
        };
        let at = at.map(|at| read_time(&at, "at")).transpose()?.unwrap_or(Timestamp::MIN);
        let known = engine.get().here(py)?;
        let program = work(py, || known.program())?;
        let digits = program.currencies().iter().map(|currency| currency.digits()).max().unwrap_or(0);
        let money_digits = i8::try_from(digits).unwrap_or(i8::MAX);
        Ok(Self {
            engine: engine.unbind(),
            which,
            at,
            schema: schema(which.heads(), money_digits),
            money_digits,
            enough: batch_rows.unwrap_or(ENOUGH).max(1),
            total: Arc::new(AtomicI64::new(-1)),
            failed: Failed::default(),
        })
    }

    fn stream_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ffi::stream_capsule(py, Box::new(self.stream(py)?))
    }

    fn schema_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ffi::schema_capsule(py, &self.schema)?.map_err(|error| of_arrow(py, &error))
    }

    /// Names and types of the columns.
    fn columns(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    /// How many rows there were when all of them were read last.
    fn rows(&self) -> Option<i64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|rows| 0 <= *rows)
    }

    /// Why the last reading ended early, if it did; told once.
    fn failure<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map(|error| exception(py, &error)).transpose()
    }

    /// Makes all batches and drops them.
    fn drain(&self, py: Python<'_>) -> PyResult<i64> {
        let mut stream = self.stream(py)?;
        py.detach(|| stream.try_for_each(|batch| batch.map(drop))).map_err(|error| of_arrow(py, &error))?;
        Ok(self.total.load(Ordering::Relaxed))
    }
}
