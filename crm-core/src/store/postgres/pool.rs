//! Connections, opened when they are needed, lent to one call at a time, and handed back.

use super::closed;
use super::connect::{Connection, Place};
use crate::error::{Error, ErrorCode, Result};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Pool {
    pub(super) place: Place,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    lent: usize,
    closed: bool,
}

/// Counts a connection as out until it is dropped, also where the work on it panics.
struct Out<'a>(&'a Pool);

impl Pool {
    pub(super) fn new(place: Place) -> Self {
        Self { place, state: Mutex::default(), returned: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work on a connection, waiting for one if all are out.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let most = self.place.options.connections_max.max(1);
        let wait = Duration::from_millis(self.place.options.pool_wait_ms.into());
        let all_out = |state: &mut State| !state.closed && most <= state.lent;
        let waited = self.returned.wait_timeout_while(self.lock(), wait, all_out);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(closed());
        }
        if waited.timed_out() && most <= state.lent {
            let message = format!("all {most} connections were in use for {} ms", wait.as_millis());
            return Err(Error::new(ErrorCode::StoreBusy, message).limit(most));
        }
        state.lent += 1;
        drop(state);
        let _out = Out(self);
        let mut connection = self.idle().map_or_else(|| self.place.open(), Ok)?;
        let outcome = work(&mut connection);
        if outcome.is_ok() || connection.is_alive() {
            connection.link.idle_since = Instant::now();
            let mut state = self.lock();
            if !state.closed {
                state.idle.push(connection);
            }
        }
        outcome
    }

    /// The connection that was used last and still is one. What died while it was idle is dropped.
    fn idle(&self) -> Option<Connection> {
        loop {
            let mut connection = self.lock().idle.pop()?;
            if connection.is_alive() {
                return Some(connection);
            }
        }
    }

    /// Refuses new work, waits for what is under way, and drops all connections.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.returned.notify_all();
        let busy = |state: &mut State| 0 < state.lent;
        let mut state = self.returned.wait_while(self.lock(), busy).unwrap_or_else(PoisonError::into_inner);
        state.idle.clear();
    }

    /// The same without waiting: what is under way ends, and its connections with it.
    pub(super) fn shut(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.idle.clear();
        drop(state);
        self.returned.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.lent = state.lent.saturating_sub(1);
        drop(state);
        self.0.returned.notify_all();
    }
}
