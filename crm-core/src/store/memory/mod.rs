//! Rows in memory: for tests, simulations and previews, and the fastest store there is.

mod key;
mod rows;

use super::contract::{Abilities, Commit, CommitReply, Guard, Read, Store, Value, Write};
use super::feed::{Fed, Offset};
use super::row::{Form, Row};
use super::shape::{check_commit, check_reads};
use super::table::Table;
use super::wake::Bell;
use crate::error::{Error, ErrorCode, Result};
use rows::{Outcome, Owner, Rest, Rows};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// A store that keeps everything in memory and loses it with the last of its clones.
///
/// ```
/// use crm_core::store::{Commit, CommitReply, MemoryStore, Read, Row, Store, Table, Value, Write, Guard};
/// let store = MemoryStore::new();
/// let cells = vec![Value::Int(7), Value::text("uses"), Value::Int(1)];
/// let put = Write::Put { row: Row::new(Table::Counter, cells.clone()), guard: Guard::New };
/// assert_eq!(store.commit(&Commit { writes: vec![put] })?, CommitReply::Done);
/// let read = Read::Row { table: Table::Counter, key: cells[..2].to_vec() };
/// assert_eq!(store.load(&[read])?[0][0].cells(), cells);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<RwLock<State>>,
    bell: Arc<Bell>,
}

struct State {
    closed: bool,
    /// In the order of `Table::ALL`.
    tables: Vec<Rows>,
    /// The entries in the order of their commits.
    feed: Vec<Form>,
}

/// How a row was before a write of the commit that is being carried out.
struct Before {
    table: Table,
    place: (Owner, Rest),
    form: Option<Form>,
}

impl MemoryStore {
    /// An empty store. Clones share their rows.
    #[must_use]
    pub fn new() -> Self {
        let tables = Table::ALL.iter().map(|table| Rows::new(table.describe())).collect();
        let state = State { closed: false, tables, feed: Vec::new() };
        Self { state: Arc::new(RwLock::new(state)), bell: Arc::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn abilities(&self) -> Abilities {
        Abilities { atomic_across_owners: true, durable: false, feed: true }
    }

    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        check_reads(reads)?;
        let state = self.read();
        state.refuse_closed()?;
        reads.iter().map(|read| state.answer(read)).collect()
    }

    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        check_commit(commit)?;
        let mut state = self.write();
        state.refuse_closed()?;
        let reply = state.carry_out(commit)?;
        if reply == CommitReply::Done {
            let before = state.feed.len();
            state.feed.extend(commit.writes.iter().filter_map(entry_of));
            let grown = before < state.feed.len();
            drop(state);
            if grown {
                self.bell.ring();
            }
        }
        Ok(reply)
    }

    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        let state = self.read();
        state.refuse_closed()?;
        // Entries are numbered from 1, each as a commit of its own: nothing is read while one is under way.
        let rows = state.feed.iter().zip(1_i64..).skip(usize::try_from(after.commit).unwrap_or(usize::MAX)).take(limit);
        Ok(after.number(rows.map(|(form, commit)| (commit, Row::from_form(Table::Entry, form.clone())))))
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        // Whoever writes has this store or a clone of it, so nobody has to look without being told.
        self.bell.wait(wait_ms, Duration::MAX, || Ok(!self.feed(after, 1)?.is_empty()))
    }

    fn close(&self) -> Result<()> {
        let mut state = self.write();
        state.closed = true;
        state.tables.clear();
        state.feed.clear();
        drop(state);
        self.bell.ring();
        Ok(())
    }
}

fn entry_of(write: &Write) -> Option<Form> {
    match write {
        Write::Put { row, .. } if row.table == Table::Entry => Some(row.form().clone()),
        _ => None,
    }
}

impl State {
    fn refuse_closed(&self) -> Result<()> {
        if self.closed { Err(Error::new(ErrorCode::StoreClosed, "the store is closed")) } else { Ok(()) }
    }

    fn table(&self, table: Table) -> Result<&Rows> {
        // `Table::ALL` is in the order of declaration, so the place is the discriminant.
        self.tables.get(table as usize).ok_or_else(|| Error::internal("a table is missing"))
    }

    fn table_mut(&mut self, table: Table) -> Result<&mut Rows> {
        self.tables.get_mut(table as usize).ok_or_else(|| Error::internal("a table is missing"))
    }

    fn answer(&self, read: &Read) -> Result<Vec<Row>> {
        match read {
            Read::Row { table, key } => {
                let rows = self.table(*table)?;
                let form = rows.get(&rows.place_of_key(key));
                Ok(form.map(|form| Row::from_form(*table, form.clone())).into_iter().collect())
            }
            Read::Index { table, index, cells } => Ok(self.table(*table)?.by_index(*table, *index, cells)),
            Read::Prefix { table, prefix, after, limit } => {
                Ok(self.table(*table)?.by_prefix(*table, prefix, after.as_deref(), *limit))
            }
            Read::UpTo { table, index, up_to, after, limit } => {
                Ok(self.table(*table)?.up_to(*table, *index, up_to, after.as_ref(), *limit))
            }
        }
    }

    /// Writes in order, remembering how each row was; puts everything back if a guard was broken.
    fn carry_out(&mut self, commit: &Commit) -> Result<CommitReply> {
        let mut before = Vec::with_capacity(commit.writes.len());
        let (mut broken, mut over) = (Vec::new(), Vec::new());
        for (place, write) in commit.writes.iter().enumerate() {
            match self.apply(write, &mut before) {
                Ok(Outcome::Done) => {}
                Ok(Outcome::Broken) => broken.push(place),
                Ok(Outcome::Over) => over.push(place),
                Err(error) => {
                    self.put_back(before)?;
                    return Err(error);
                }
            }
        }
        if broken.is_empty() && over.is_empty() {
            return Ok(CommitReply::Done);
        }
        self.put_back(before)?;
        Ok(if broken.is_empty() {
            CommitReply::OverLimit { writes: over }
        } else {
            CommitReply::Conflict { writes: broken }
        })
    }

    fn put_back(&mut self, before: Vec<Before>) -> Result<()> {
        for Before { table, place, form } in before.into_iter().rev() {
            let rows = self.table_mut(table)?;
            match form {
                Some(form) => drop(rows.replace(&place, &form)),
                None => drop(rows.remove(&place)),
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: &Write, before: &mut Vec<Before>) -> Result<Outcome> {
        match write {
            Write::Put { row, guard } => self.put(row.table, row.form(), *guard, before),
            Write::Delete { table, key } => {
                let rows = self.table_mut(*table)?;
                let place = rows.place_of_key(key);
                let form = rows.remove(&place);
                before.push(Before { table: *table, place, form });
                Ok(Outcome::Done)
            }
            Write::Check { table, key, version } => {
                let rows = self.table(*table)?;
                let holds = match (rows.get(&rows.place_of_key(key)), version) {
                    (None, None) => true,
                    (Some(form), Some(version)) => rows.version_of(form) == Some(*version),
                    _ => false,
                };
                Ok(if holds { Outcome::Done } else { Outcome::Broken })
            }
            Write::Within { key, add, limit } => self.add_within(key, *add, *limit, before),
        }
    }

    fn put(&mut self, table: Table, form: &Form, guard: Guard, before: &mut Vec<Before>) -> Result<Outcome> {
        let rows = self.table_mut(table)?;
        let place = rows.place_of(|cell| form.peek(cell));
        match rows.put(&place, form, guard) {
            Ok(old) => {
                before.push(Before { table, place, form: old });
                Ok(Outcome::Done)
            }
            Err(broken) => Ok(broken),
        }
    }

    fn add_within(&mut self, key: &[Value], add: i64, limit: i64, before: &mut Vec<Before>) -> Result<Outcome> {
        let rows = self.table(Table::Counter)?;
        let stored = rows.get(&rows.place_of_key(key));
        let used = stored.and_then(|form| form.peek(key.len()).as_int()).unwrap_or(0);
        match used.checked_add(add) {
            Some(sum) if 0 <= sum && sum <= limit => {
                let mut cells = key.to_vec();
                cells.push(Value::Int(sum));
                self.put(Table::Counter, &Form::Cells(cells), Guard::Any, before)
            }
            _ => Ok(Outcome::Over),
        }
    }
}
