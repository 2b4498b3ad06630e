//! Connections that read, opened when they are needed and handed back.

use super::closed;
use super::connect::Place;
use crate::error::Result;
use rusqlite::Connection;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Readers {
    place: Place,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Connection>,
    /// How many are out, those of backups aside.
    lent: usize,
    /// How many backups run.
    backups: usize,
    closed: bool,
}

/// Who takes a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    Load,
    /// Has a connection of its own, so that loads go on with theirs.
    Backup,
}

/// Counts a connection as out until it is dropped, also where the work on it panics.
struct Out<'a>(&'a Readers, Taker);

impl Readers {
    pub(super) const fn new(place: Place) -> Self {
        let state = State { idle: Vec::new(), lent: 0, backups: 0, closed: false };
        Self { place, state: Mutex::new(state), returned: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work on a connection, waiting for one if all are out.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let all_out = |state: &mut State| !state.closed && self.place.readers_max() <= state.lent;
        let state = self.returned.wait_while(self.lock(), all_out).unwrap_or_else(PoisonError::into_inner);
        self.run(state, Taker::Load, work)
    }

    /// Runs work on a connection if one is free.
    pub(super) fn try_with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Option<Result<T>> {
        let state = self.lock();
        (state.lent < self.place.readers_max()).then(|| self.run(state, Taker::Load, work))
    }

    /// Runs work on a connection beside those of the loads.
    pub(super) fn beside<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.run(self.lock(), Taker::Backup, work)
    }

    fn run<T>(
        &self,
        mut state: MutexGuard<'_, State>,
        taker: Taker,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        if state.closed {
            return Err(closed());
        }
        match taker {
            Taker::Load => state.lent += 1,
            Taker::Backup => state.backups += 1,
        }
        let idle = state.idle.pop();
        drop(state);
        let _out = Out(self, taker);
        let connection = idle.map_or_else(|| self.place.open_reader(), Ok)?;
        let outcome = work(&connection);
        // One that is still inside a transaction (its end failed) is not lent again.
        if connection.is_autocommit() {
            let mut state = self.lock();
            if state.idle.len() < self.place.readers_max() {
                state.idle.push(connection);
            }
        }
        outcome
    }

    /// Whether work should come to its end.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().closed
    }

    /// Leaves all connections as they are, without closing them.
    pub(super) fn leave(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.idle).into_iter().for_each(std::mem::forget);
    }

    /// Refuses new work, waits for what is under way, and drops all connections.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.returned.notify_all();
        let busy = |state: &mut State| 0 < state.lent + state.backups;
        let mut state = self.returned.wait_while(self.lock(), busy).unwrap_or_else(PoisonError::into_inner);
        state.idle.clear();
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        match self.1 {
            Taker::Load => state.lent = state.lent.saturating_sub(1),
            Taker::Backup => state.backups = state.backups.saturating_sub(1),
        }
        drop(state);
        self.0.returned.notify_all();
    }
}
