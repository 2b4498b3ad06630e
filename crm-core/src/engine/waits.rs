//! The face for hosts that must not block: the same calls, as futures. No runtime is named here; the store may want one.

use super::drive::Drive;
use super::progress::{ProgressAnswer, heeded};
use super::reach::Away;
use super::sync::SweepReport;
use crate::command::Request;
use crate::effect::{Done, Entry};
use crate::error::Result;
use crate::program::{Document, Finding, Program};
use crate::query::{Answer, Query};
use crate::store::{AsyncStore, Offset};
use crate::value::Timestamp;
use std::sync::Arc;

/// The [`Engine`](crate::Engine) for services that run on futures: the same requests, questions, answers and errors. Cheap to clone; each
/// future can be sent to another thread.
///
/// A future that is dropped leaves nothing half done: its commit has happened as a whole or not at all. Who wants to know which sends the
/// same request again.
///
/// ```
/// use crm_core::{AsyncEngine, store::{AtOnce, MemoryStore}, value::Timestamp, command::Request};
/// # async fn host() -> crm_core::Result<()> {
/// let engine = AsyncEngine::open(AtOnce(MemoryStore::new())).await?;
/// engine.publish_json(r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"] }"#,
///     Timestamp::parse("2026-03-01T00:00:00Z")?).await?;
/// engine.execute(Request::from_json(r#"{ "request_id": "r1", "at": "2026-03-01T10:00:00Z",
///     "do": { "type": "register_customer", "customer_id": "ann" } }"#)?).await?;
/// # Ok(())
/// # }
/// # std::pin::pin!(host()).as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).map(Result::unwrap);
/// ```
#[derive(Clone)]
pub struct AsyncEngine {
    pub(super) drive: Drive<Away>,
}

impl AsyncEngine {
    /// As [`Engine::open`](crate::Engine::open).
    ///
    /// # Errors
    /// As there.
    pub async fn open(store: impl AsyncStore + 'static) -> Result<Self> {
        Self::open_shared(Arc::new(store)).await
    }

    /// As [`Engine::open_shared`](crate::Engine::open_shared).
    ///
    /// # Errors
    /// As there.
    pub async fn open_shared(store: Arc<dyn AsyncStore>) -> Result<Self> {
        Ok(Self { drive: Drive::open(Away(store)).await? })
    }

    /// As [`Engine::refresh`](crate::Engine::refresh).
    ///
    /// # Errors
    /// As there.
    pub async fn refresh(&self) -> Result<()> {
        self.drive.refresh().await
    }

    /// As [`Engine::program`](crate::Engine::program).
    ///
    /// # Errors
    /// As there.
    pub fn program(&self) -> Result<Arc<Program>> {
        self.drive.program()
    }

    /// As [`Engine::publish_json`](crate::Engine::publish_json).
    ///
    /// # Errors
    /// As there.
    pub async fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>> {
        self.drive.publish_json(text, at).await
    }

    /// As [`Engine::publish`](crate::Engine::publish).
    ///
    /// # Errors
    /// As there.
    pub async fn publish(&self, document: Document, at: Timestamp) -> Result<Vec<Finding>> {
        self.drive.publish(document, at).await
    }

    /// As [`Engine::execute`](crate::Engine::execute).
    ///
    /// # Errors
    /// As there.
    pub async fn execute(&self, request: Request) -> Result<Done> {
        self.drive.execute(request).await
    }

    /// As [`Engine::execute_many`](crate::Engine::execute_many).
    ///
    /// # Errors
    /// As there.
    pub async fn execute_many(&self, requests: Vec<Request>) -> Result<Vec<Result<Done>>> {
        self.drive.execute_many(requests).await
    }

    /// As [`Engine::preview`](crate::Engine::preview).
    ///
    /// # Errors
    /// As there.
    pub async fn preview(&self, request: Request) -> Result<Done> {
        self.drive.preview(request).await
    }

    /// As [`Engine::ask`](crate::Engine::ask).
    ///
    /// # Errors
    /// As there.
    pub async fn ask(&self, query: &Query) -> Result<Answer> {
        self.drive.ask(query).await
    }

    /// As [`Engine::next_due`](crate::Engine::next_due).
    ///
    /// # Errors
    /// As there.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.drive.next_due().await
    }

    /// As [`Engine::sweep`](crate::Engine::sweep).
    ///
    /// # Errors
    /// As there.
    pub async fn sweep<A: ProgressAnswer>(
        &self,
        until: Timestamp,
        progress: &mut (dyn FnMut(&SweepReport) -> A + Send),
    ) -> Result<SweepReport> {
        self.drive.sweep(until, &mut heeded(progress)).await
    }

    /// As [`Engine::feed`](crate::Engine::feed).
    ///
    /// # Errors
    /// As there.
    pub async fn feed(&self, after: Offset, limit: usize) -> Result<Vec<(Offset, Entry)>> {
        self.drive.feed(after, limit).await
    }

    /// As [`Engine::wait_for_entries`](crate::Engine::wait_for_entries).
    ///
    /// # Errors
    /// As there.
    pub async fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        self.drive.store.0.wait_for_entries(after, wait_ms).await
    }

    /// As [`Engine::close`](crate::Engine::close).
    ///
    /// # Errors
    /// As there.
    pub async fn close(&self) -> Result<()> {
        self.drive.store.0.close().await
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn AsyncStore> {
        &self.drive.store.0
    }
}
