//! The same for callers that must not block: their tasks wait for turns and for sockets, on their own runtime.

use super::connect::{Link, Place, Session};
use super::{PostgresStore, closed, commit, feed, load};
use crate::error::{Error, ErrorCode, Result};
use crate::store::contract::{Abilities, Commit, CommitReply, Read, Store};
use crate::store::feed::{Fed, Offset};
use crate::store::row::Row;
use crate::store::shape::{check_commit, check_reads};
use crate::store::waiting::{AsyncStore, Coming};
use crate::store::wake::end;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Id};
use tokio::sync::Semaphore;

/// Connections of tasks. A socket belongs to the runtime that it was opened on, so each has its own.
pub(super) struct Tasks {
    turns: Semaphore,
    most: u32,
    idle: Mutex<Vec<(Id, Link)>>,
}

impl Tasks {
    pub(super) fn new(place: &Place) -> Self {
        let most = u32::try_from(place.options.connections_max.clamp(1, 10_000)).unwrap_or(10_000);
        Self { turns: Semaphore::new(usize::try_from(most).unwrap_or(1)), most, idle: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Id, Link)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work on a connection, waiting for one if all are out.
    pub(super) async fn with<T>(
        &self,
        place: &Place,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        self.with_link(place, async |link| link.run(doing, work).await).await
    }

    /// The same for work that takes as long as it takes and looks after its time itself.
    pub(super) async fn with_link<T>(
        &self,
        place: &Place,
        work: impl AsyncFnOnce(&mut Link) -> Result<T>,
    ) -> Result<T> {
        let home = Handle::try_current().map_err(|error| {
            let message = "PostgreSQL needs the runtime of tokio: poll the future there";
            Error::new(ErrorCode::StoreFailed, message).caused_by(error)
        })?;
        let wait = Duration::from_millis(place.options.pool_wait_ms.into());
        let turn = match tokio::time::timeout(wait, self.turns.acquire()).await {
            Ok(turn) => turn.map_err(|_| closed())?,
            Err(_) => {
                let message = format!("all {} connections were in use for {} ms", self.most, wait.as_millis());
                return Err(Error::new(ErrorCode::StoreBusy, message).limit(self.most));
            }
        };
        let mut link = match self.idle(home.id()).await {
            Some(link) => link,
            None => place.link().await?,
        };
        let outcome = work(&mut link).await;
        // Only here, after the last answer, it goes back: a task that is dropped before takes its connection along.
        if (outcome.is_ok() || link.is_alive().await) && !self.turns.is_closed() {
            link.idle_since = Instant::now();
            self.lock().push((home.id(), link));
        }
        drop(turn);
        outcome
    }

    /// The connection of this runtime that was used last and still is one. What died while it was idle is dropped.
    async fn idle(&self, home: Id) -> Option<Link> {
        loop {
            let mut link = self.take(home)?;
            if link.is_alive().await {
                return Some(link);
            }
        }
    }

    fn take(&self, home: Id) -> Option<Link> {
        let mut idle = self.lock();
        if let Some(place) = idle.iter().rposition(|(of, _)| *of == home) {
            return Some(idle.remove(place).1);
        }
        // Another runtime's, or one's that is gone: it makes room for a new one where all are opened.
        if self.turns.available_permits() < idle.len() {
            idle.remove(0);
        }
        None
    }

    /// Refuses new work, waits for what is under way, and drops all connections.
    async fn close(&self) {
        let all = self.turns.acquire_many(self.most).await;
        self.shut();
        drop(all);
    }

    /// The same without waiting: what is under way ends, and its connections with it.
    pub(super) fn shut(&self) {
        self.turns.close();
        self.lock().clear();
    }
}

impl AsyncStore for PostgresStore {
    fn abilities(&self) -> Abilities {
        Store::abilities(self)
    }

    fn load<'a>(&'a self, reads: &'a [Read]) -> Coming<'a, Vec<Vec<Row>>> {
        Box::pin(async move {
            check_reads(reads)?;
            if reads.is_empty() && !self.pool.is_closed() {
                return Ok(Vec::new());
            }
            let once = || {
                let load = async |session: &mut Session| load::load(session, reads).await;
                self.tasks.with(&self.pool.place, "load", load)
            };
            // As where callers wait: after a restart of the server the next connection is a new one.
            match once().await {
                Err(error) if error.code() == ErrorCode::StoreUnreachable => once().await,
                answers => answers,
            }
        })
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> Coming<'a, CommitReply> {
        Box::pin(async move {
            check_commit(commit)?;
            self.may_write()?;
            let commit = async |session: &mut Session| commit::commit(session, commit).await;
            self.tasks.with(&self.pool.place, "commit", commit).await
        })
    }

    fn feed(&self, after: Offset, limit: usize) -> Coming<'_, Vec<Fed>> {
        Box::pin(async move {
            self.has_feed()?;
            let feed = async |session: &mut Session| feed::feed(session, after, limit).await;
            self.tasks.with(&self.pool.place, "read the feed", feed).await
        })
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Coming<'_, bool> {
        Box::pin(async move {
            let end = end(wait_ms);
            // Where there is something, nobody has to listen.
            if !AsyncStore::feed(self, after, 1).await?.is_empty() {
                return Ok(true);
            }
            self.ears.wait_async(after, end).await
        })
    }

    fn close(&self) -> Coming<'_, ()> {
        Box::pin(async move {
            self.ears.end();
            self.pool.shut();
            self.tasks.close().await;
            Ok(())
        })
    }
}
