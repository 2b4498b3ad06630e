//! Many threads, few commits: requests that come while a commit is under way share the next one.

use super::sync::Engine;
use crate::command::Request;
use crate::effect::Done;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Carries requests of many threads out in shared commits: whoever comes first commits for everybody who waits, and those who come
/// meanwhile are the next batch. There is no timer and no thread of its own; alone, a request is carried out at once.
///
/// Each request has an outcome of its own, as with [`Engine::execute_many`]. A commit costs the same for one request as for many, so where
/// many threads write at once this is many times faster than [`Engine::execute`] in each of them.
///
/// ```
/// use crm_core::{Engine, engine::Combiner, store::MemoryStore, command::Request, value::Timestamp};
/// let engine = Engine::open(MemoryStore::new())?;
/// engine.publish_json(r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"] }"#,
///     Timestamp::parse("2026-03-01T00:00:00Z")?)?;
/// let combiner = Combiner::new(engine);
/// std::thread::scope(|threads| {
///     for name in ["ann", "bob", "eve"] {
///         let combiner = &combiner;
///         threads.spawn(move || combiner.execute(Request::from_json(&format!(r#"{{ "request_id": "{name}", "at": "2026-03-01T10:00:00Z",
///             "do": {{ "type": "register_customer", "customer_id": "{name}" }} }}"#)).unwrap()).unwrap());
///     }
/// });
/// # Ok::<(), crm_core::Error>(())
/// ```
pub struct Combiner {
    engine: Engine,
    queue: Mutex<Queue>,
    turn: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(u64, Request)>,
    done: BTreeMap<u64, Result<Done>>,
    next: u64,
    /// Whether somebody commits.
    busy: bool,
}

/// Most requests of one shared commit: above it, waiting for the commit costs more than sharing saves.
const BATCH: usize = 1_000;

impl Combiner {
    /// Combines requests to this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, queue: Mutex::default(), turn: Condvar::new() }
    }

    /// The engine beneath.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Carries a request out, once, and waits until it is done.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub fn execute(&self, request: Request) -> Result<Done> {
        let mut queue = self.lock();
        let ticket = queue.next;
        queue.next = queue.next.wrapping_add(1);
        queue.waiting.push((ticket, request));
        loop {
            if let Some(outcome) = queue.done.remove(&ticket) {
                return outcome;
            }
            if queue.busy {
                queue = self.turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.busy = true;
            queue = self.gather(queue);
            let count = queue.waiting.len().min(BATCH);
            let batch: Vec<(u64, Request)> = queue.waiting.drain(..count).collect();
            drop(queue);
            let turn = Turn { combiner: self, tickets: batch.iter().map(|(ticket, _)| *ticket).collect() };
            turn.end(self.carry_out(batch));
            queue = self.lock();
        }
    }

    /// Lets those go first that are about to ask, as long as more come: who was served together asks again together.
    fn gather<'q>(&'q self, mut queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        let mut known = 0;
        while known < queue.waiting.len() && queue.waiting.len() < BATCH {
            known = queue.waiting.len();
            drop(queue);
            std::thread::yield_now();
            queue = self.lock();
        }
        queue
    }

    fn carry_out(&self, batch: Vec<(u64, Request)>) -> Vec<Result<Done>> {
        let requests: Vec<Request> = batch.into_iter().map(|(_, request)| request).collect();
        match self.engine.execute_many(requests.clone()) {
            Ok(outcomes) => outcomes,
            // What failed for all of them may be the fault of one.
            Err(_) if 1 < requests.len() => requests.into_iter().map(|request| self.engine.execute(request)).collect(),
            Err(error) => vec![Err(error)],
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock can leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A commit for others. Should it be cut short by a panic of a store, nobody waits for ever.
struct Turn<'c> {
    combiner: &'c Combiner,
    tickets: Vec<u64>,
}

impl Turn<'_> {
    fn end(mut self, outcomes: Vec<Result<Done>>) {
        let tickets = std::mem::take(&mut self.tickets);
        self.combiner.lock().done.extend(tickets.into_iter().zip(outcomes));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.combiner.lock();
        let lost = |ticket: &u64| (*ticket, Err(Error::internal("the commit was cut short")));
        queue.done.extend(self.tickets.iter().map(lost));
        queue.busy = false;
        drop(queue);
        self.combiner.turn.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Abilities, Commit, CommitReply, MemoryStore, Read, Row, Store};
    use crate::value::Timestamp;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A store with a fault: its next commit panics.
    struct Faulty {
        store: MemoryStore,
        panics: AtomicBool,
    }

    impl Store for Faulty {
        fn abilities(&self) -> Abilities {
            self.store.abilities()
        }

        fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
            self.store.load(reads)
        }

        fn commit(&self, commit: &Commit) -> Result<CommitReply> {
            assert!(!self.panics.swap(false, Ordering::SeqCst), "a fault of the store");
            self.store.commit(commit)
        }

        fn close(&self) -> Result<()> {
            self.store.close()
        }
    }

    /// Whoever commits gets the panic of the store, those who wait for the commit an error, and whoever comes later is served.
    /// To break it: let `Turn` tell nobody when it is dropped (the test then hangs).
    #[test]
    fn nobody_waits_for_a_commit_that_panicked() {
        let at = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        let store = Arc::new(Faulty { store: MemoryStore::new(), panics: AtomicBool::new(false) });
        let engine = Engine::open_shared(store.clone()).unwrap();
        engine
            .publish_json(
                r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"] }"#,
                at,
            )
            .unwrap();
        let combiner = Combiner::new(engine);
        let register = |name: &str| {
            let request = format!(
                r#"{{ "request_id": "{name}", "at": "2026-03-01T10:00:00Z",
                "do": {{ "type": "register_customer", "customer_id": "{name}" }} }}"#
            );
            combiner.execute(Request::from_json(&request).unwrap())
        };
        store.panics.store(true, Ordering::SeqCst);
        let (register, names) = (&register, ["ann", "bob", "cid", "dan"]);
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let running: Vec<_> = names.map(|name| threads.spawn(move || register(name))).into();
            running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 1, "one thread met the panic");
        for name in names {
            register(name).unwrap();
        }
    }
}
