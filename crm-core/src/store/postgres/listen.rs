//! Telling others that entries were committed, and waiting until somebody tells.
//!
//! The word goes behind a commit, on the same trip and in a transaction of its own: so the lock that puts words in order is not held while
//! the server writes to its disk, and a word that fails takes nothing back. A process tells at most so often; so whoever was told looks
//! again a little later, then less and less often. The feed may be held up by an old transaction, of whose end nobody tells: so there is
//! always a next look.

use super::connect::{Connection, Link, Place, Session, quoted};
use super::pool::Pool;
use super::waiting::Tasks;
use super::{closed, fault, feed};
use crate::error::{ErrorCode, Result};
use crate::limits::{FEED_LOOK_MAX_MS, FEED_LOOK_MS, FEED_TELL_MS};
use crate::store::contract::Value;
use crate::store::feed::Offset;
use crate::store::wake::left;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Tells whoever listens.
pub(super) const TELL: &str = "SELECT pg_catalog.pg_notify($1, '')";

/// Decides when to tell.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) channel: Value,
    last: Mutex<Option<Instant>>,
}

impl Teller {
    pub(super) fn new(schema: &str) -> Self {
        Self { channel: Value::text(&channel(schema)), last: Mutex::default() }
    }

    /// Whether it is time to tell again; then whoever asks does so.
    pub(super) fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| Duration::from_millis(FEED_TELL_MS) <= last.elapsed());
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

/// The channel of a schema. Names of channels have at most 63 bytes; where two schemas come to share one, each wakes the other in vain.
fn channel(schema: &str) -> String {
    let mut name = format!("crm:{schema}");
    while 63 < name.len() {
        name.pop();
    }
    name
}

/// Connections that are told, beside those of calls: each is taken for the whole of a wait.
pub(super) struct Ears {
    pool: Pool,
    tasks: Tasks,
    /// Closed with the store.
    ending: Semaphore,
}

/// A wait for entries behind a place.
struct Wait<'a> {
    after: Offset,
    end: Instant,
    ending: &'a Semaphore,
    /// How often in a row no connection could be had that listens.
    failures: u32,
}

impl Ears {
    pub(super) fn new(place: &Place) -> Self {
        Self { pool: Pool::new(place.clone()), tasks: Tasks::new(place), ending: Semaphore::new(0) }
    }

    /// Waits for entries behind a place until an instant. A connection that breaks meanwhile is followed by another one.
    pub(super) fn wait(&self, after: Offset, end: Instant) -> Result<bool> {
        if left(end).is_zero() {
            return Ok(false);
        }
        let mut wait = Wait { after, end, ending: &self.ending, failures: 0 };
        loop {
            let waited = self.pool.with(|connection: &mut Connection| {
                let schema = &self.pool.place.options.schema;
                connection.run_link("wait for entries", async |link| wait.over(link, schema).await)
            });
            match waited {
                Err(error) if error.code() == ErrorCode::StoreUnreachable && wait.again() => {}
                waited => return waited,
            }
        }
    }

    /// The same for tasks.
    pub(super) async fn wait_async(&self, after: Offset, end: Instant) -> Result<bool> {
        if left(end).is_zero() {
            return Ok(false);
        }
        let mut wait = Wait { after, end, ending: &self.ending, failures: 0 };
        let place = &self.pool.place;
        loop {
            let waited = self.tasks.with_link(place, async |link| wait.over(link, &place.options.schema).await);
            match waited.await {
                Err(error) if error.code() == ErrorCode::StoreUnreachable && wait.again() => {}
                waited => return waited,
            }
        }
    }

    /// Ends all waits with `store.closed`, and refuses further ones.
    pub(super) fn end(&self) {
        self.ending.close();
        self.tasks.shut();
        self.pool.shut();
    }
}

impl Wait<'_> {
    /// Whether to try another connection: twice in vain is enough.
    fn again(&mut self) -> bool {
        self.failures += 1;
        self.failures < 2
    }

    /// Waits on a connection, which hears nothing before and afterwards: nobody would read what the server sends.
    async fn over(&mut self, link: &mut Link, schema: &str) -> Result<bool> {
        let listen = format!("LISTEN {}", quoted(&channel(schema)));
        match link.run("listen", async |session: &mut Session| run(session, &listen).await).await {
            // A standby tells nobody anything: there it is only looked.
            Err(error) if error.code() == ErrorCode::StoreReadOnly => {}
            listening => listening?,
        }
        self.failures = 0;
        let waited = self.look(link).await;
        let unlisten = async |session: &mut Session| run(session, "UNLISTEN *").await;
        match link.run("listen no more", unlisten).await {
            Err(error) if error.code() != ErrorCode::StoreReadOnly => link.give_up(),
            _ => {}
        }
        waited
    }

    /// Looks when somebody tells, and in any case every so often, less and less.
    async fn look(&self, link: &mut Link) -> Result<bool> {
        let [least, most] = [FEED_LOOK_MS, FEED_LOOK_MAX_MS].map(Duration::from_millis);
        let mut pause = least;
        loop {
            let look = async |session: &mut Session| feed::feed(session, self.after, 1).await;
            if !link.run("read the feed", look).await?.is_empty() {
                return Ok(true);
            }
            let left = left(self.end);
            if self.ending.is_closed() {
                return Err(closed());
            }
            if left.is_zero() {
                return Ok(false);
            }
            pause = if link.hear(pause.min(left), self.ending).await? { least } else { most.min(pause * 2) };
        }
    }
}

async fn run(session: &Session, sql: &str) -> Result<()> {
    session.client.batch_execute(sql).await.map_err(fault::doing("listen"))
}
