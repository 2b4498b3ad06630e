//! The face for hosts that wait: each call returns when it is done.

use super::drive::Drive;
use super::progress::{ProgressAnswer, heeded};
use super::reach::{AtHand, now};
use crate::command::Request;
use crate::effect::{Done, Entry};
use crate::error::Result;
use crate::program::{Document, Finding, Program};
use crate::query::{Answer, Query};
use crate::store::{Offset, Store};
use crate::value::Timestamp;
use std::sync::Arc;

/// The engine: a store, the rules in force, and the ways to change and to ask. Cheap to clone; safe to share between threads.
///
/// ```
/// use crm_core::{Engine, store::MemoryStore, value::Timestamp, command::Request, query::{Answer, Query}};
/// let engine = Engine::open(MemoryStore::new())?;
/// let at = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// engine.publish_json(r#"{ "version": 1, "program": "corner shop", "revision": 1, "zone": "Europe/Berlin", "currencies": ["EUR"],
///     "points": [{ "id": "points" }],
///     "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
///                "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }] }"#, at)?;
/// let request = Request::from_json;
/// engine.execute(request(r#"{ "request_id": "r1", "at": "2026-03-01T10:00:00Z",
///     "do": { "type": "register_customer", "customer_id": "ann" } }"#)?)?;
/// let done = engine.execute(request(r#"{ "request_id": "r2", "at": "2026-03-01T10:05:00Z",
///     "do": { "type": "record_order", "buyer": { "type": "customer", "id": "ann" },
///             "order": { "id": "o1", "paid_at": "2026-03-01T10:05:00Z", "currency": "EUR",
///                        "lines": [{ "sku": "coffee", "unit_price": "12.50" }] } } }"#)?)?;
/// assert_eq!(done.receipt.balances[0].available.get(), 12);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    pub(super) drive: Drive<AtHand>,
}

/// What a sweep has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SweepReport {
    /// Customers whom time had changed.
    pub settled: u64,
    /// Entries written for them.
    pub entries: u64,
    /// Customers that could not be settled; each is reported by [`Engine::execute`] with a settle command.
    pub failed: u64,
}

impl Engine {
    /// Opens the engine on a store, with the last program that was published there.
    ///
    /// # Errors
    /// `store.*`; `program.invalid` when the stored program was published by a release with other rules.
    pub fn open(store: impl Store + 'static) -> Result<Self> {
        Self::open_shared(Arc::new(store))
    }

    /// As [`Engine::open`], on a store that the host goes on using (backup, close).
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_shared(store: Arc<dyn Store>) -> Result<Self> {
        Ok(Self { drive: now(Drive::open(AtHand(store)))? })
    }

    /// Reads the last published program again: for processes that share a store with the one that publishes.
    ///
    /// # Errors
    /// `store.*`, `program.invalid`.
    pub fn refresh(&self) -> Result<()> {
        now(self.drive.refresh())
    }

    /// The rules in force.
    ///
    /// # Errors
    /// `program.missing` before the first is published.
    pub fn program(&self) -> Result<Arc<Program>> {
        self.drive.program()
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.drive.store.0
    }

    /// Publishes a program from its JSON text. Its warnings come back.
    ///
    /// What it says of tiers holds from `at` on: what came before is judged by the revision of then, also when it is heard of later. The
    /// rules of the first revision hold for all of the past.
    ///
    /// # Errors
    /// `program.earlier` for an instant before that of the last revision;
    /// `program.invalid` with all findings in the details; `program.revision` unless its revision is above the last one (the very same
    /// document again is fine).
    pub fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>> {
        now(self.drive.publish_json(text, at))
    }

    /// Publishes a program.
    ///
    /// # Errors
    /// As [`Engine::publish_json`].
    pub fn publish(&self, document: Document, at: Timestamp) -> Result<Vec<Finding>> {
        now(self.drive.publish(document, at))
    }

    /// Carries a request out, once: the same request again gives the stored receipt.
    ///
    /// # Errors
    /// The refusal of the command, or `store.*`. After an error nothing has changed.
    pub fn execute(&self, request: Request) -> Result<Done> {
        now(self.drive.execute(request))
    }

    /// Carries many requests out in one commit, in their order, each with an outcome of its own.
    ///
    /// # Errors
    /// `request.too_many`, or `store.*`: then none of them has changed anything.
    pub fn execute_many(&self, requests: Vec<Request>) -> Result<Vec<Result<Done>>> {
        now(self.drive.execute_many(requests))
    }

    /// What [`Engine::execute`] would answer, without changing anything: the same code up to the commit.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub fn preview(&self, request: Request) -> Result<Done> {
        now(self.drive.preview(request))
    }

    /// Answers a question. Answers never depend on whether a sweep has run.
    ///
    /// # Errors
    /// `customer.unknown`, `order.unknown`, `query.field` and the like, or `store.*`.
    pub fn ask(&self, query: &Query) -> Result<Answer> {
        now(self.drive.ask(query))
    }

    /// When time alone changes something for anybody next: when to call [`Engine::sweep`] again.
    ///
    /// # Errors
    /// `store.*`.
    pub fn next_due(&self) -> Result<Option<Timestamp>> {
        now(self.drive.next_due())
    }

    /// Writes what time alone has done to everybody up to an instant: activations, expiries, time-outs, reviews, transitions, birthdays.
    /// Costs what is due, not what is stored; the first one after a revision that changes tiers or stages looks at everybody once. Safe to
    /// stop, to run twice, late, or on many machines at once.
    ///
    /// # Errors
    /// `stopped` where `progress` says so, `store.*`; what was swept before the error stays swept.
    pub fn sweep<A: ProgressAnswer>(
        &self,
        until: Timestamp,
        progress: &mut dyn FnMut(&SweepReport) -> A,
    ) -> Result<SweepReport> {
        now(self.drive.sweep(until, &mut heeded(progress)))
    }

    /// What was written behind a place, at most so many entries, in the order of their commits, each with the place behind it; nothing where
    /// there is no more yet. Entries of one customer come in the order of their journal. Whoever keeps the place with what came of the entry
    /// sees each at least once, whatever is killed.
    ///
    /// # Errors
    /// `store.*`.
    pub fn feed(&self, after: Offset, limit: usize) -> Result<Vec<(Offset, Entry)>> {
        now(self.drive.feed(after, limit))
    }

    /// Waits until the feed has entries behind a place, at most so many milliseconds, and says whether it has: for whoever has read it to its
    /// end. It ends at once where there are some, and when the store is closed.
    ///
    /// ```
    /// # use crm_core::{Engine, store::{MemoryStore, Offset}};
    /// # let engine = Engine::open(MemoryStore::new())?;
    /// let mut after = Offset::START; // Or the place that was kept.
    /// while engine.wait_for_entries(after, 10)? {
    ///     for (place, _entry) in engine.feed(after, 500)? {
    ///         after = place; // Kept with what came of the entry.
    ///     }
    /// }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `store.*`.
    pub fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        self.drive.store.0.wait_for_entries(after, wait_ms)
    }

    /// Flushes and closes the store; whatever is asked afterwards is refused with `store.closed`.
    ///
    /// # Errors
    /// `store.*`.
    pub fn close(&self) -> Result<()> {
        self.drive.store.0.close()
    }
}
