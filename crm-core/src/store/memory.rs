//! Rows in memory: for tests, simulations and previews, and the fastest store there is.

use super::contract::{Abilities, Commit, CommitReply, Guard, Read, Row, Store, Value, Write};
use super::key::Key;
use super::shape::{check_commit, check_reads, key_of, pick};
use super::table::{Description, Index, Table};
use crate::error::{Error, ErrorCode, Result};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A store that keeps everything in memory and loses it with the last of its clones.
///
/// ```
/// use crm_core::store::{Commit, CommitReply, MemoryStore, Read, Row, Store, Table, Value, Write, Guard};
/// let store = MemoryStore::new();
/// let cells = vec![Value::Int(7), Value::text("uses"), Value::Int(1)];
/// let put = Write::Put { row: Row { table: Table::Counter, cells: cells.clone() }, guard: Guard::New };
/// assert_eq!(store.commit(&Commit { writes: vec![put] })?, CommitReply::Done);
/// let read = Read::Row { table: Table::Counter, key: cells[..2].to_vec() };
/// assert_eq!(store.load(&[read])?[0][0].cells, cells);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<RwLock<State>>,
}

struct State {
    closed: bool,
    /// In the order of `Table::ALL`.
    tables: Vec<Rows>,
}

struct Rows {
    described: &'static Description,
    rows: BTreeMap<Key, Vec<Value>>,
    /// In the order of the description: index cells and key, to key.
    indexes: Vec<BTreeMap<Key, Key>>,
}

/// How a row was before a write of the commit that is being carried out.
struct Before {
    table: Table,
    key: Key,
    cells: Option<Vec<Value>>,
}

enum Outcome {
    Done,
    Broken,
    Over,
}

impl MemoryStore {
    /// An empty store. Clones share their rows.
    #[must_use]
    pub fn new() -> Self {
        let tables = Table::ALL.iter().map(|table| Rows::new(table.describe())).collect();
        Self { state: Arc::new(RwLock::new(State { closed: false, tables })) }
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
        Abilities { atomic_across_owners: true, durable: false }
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
        state.carry_out(commit)
    }

    fn close(&self) -> Result<()> {
        let mut state = self.write();
        state.closed = true;
        state.tables.clear();
        Ok(())
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
                let cells = self.table(*table)?.rows.get(&Key::of(key));
                Ok(cells.map(|cells| Row { table: *table, cells: cells.clone() }).into_iter().collect())
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
        for Before { table, key, cells } in before.into_iter().rev() {
            let rows = self.table_mut(table)?;
            match cells {
                Some(cells) => drop(rows.replace(key, cells)),
                None => drop(rows.remove(&key)),
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: &Write, before: &mut Vec<Before>) -> Result<Outcome> {
        match write {
            Write::Put { row, guard } => {
                let rows = self.table_mut(row.table)?;
                let key = Key::of(row.key());
                if rows.unique_is_broken(&key, &row.cells) {
                    return Ok(Outcome::Broken);
                }
                match rows.put(&key, row, *guard) {
                    Ok(cells) => {
                        before.push(Before { table: row.table, key, cells });
                        Ok(Outcome::Done)
                    }
                    Err(broken) => Ok(broken),
                }
            }
            Write::Delete { table, key } => {
                let key = Key::of(key);
                if let Some(cells) = self.table_mut(*table)?.remove(&key) {
                    before.push(Before { table: *table, key, cells: Some(cells) });
                }
                Ok(Outcome::Done)
            }
            Write::Check { table, key, version } => {
                let rows = self.table(*table)?;
                let stored = rows.rows.get(&Key::of(key));
                let holds = match (stored, version) {
                    (None, None) => true,
                    (Some(cells), Some(version)) => rows.version_of(cells) == Some(*version),
                    _ => false,
                };
                Ok(if holds { Outcome::Done } else { Outcome::Broken })
            }
            Write::Within { key, add, limit } => self.add_within(key, *add, *limit, before),
        }
    }

    fn add_within(&mut self, key: &[Value], add: i64, limit: i64, before: &mut Vec<Before>) -> Result<Outcome> {
        let rows = self.table_mut(Table::Counter)?;
        let stored = Key::of(key);
        let used = rows.rows.get(&stored).and_then(|cells| cells.last()).and_then(Value::as_int).unwrap_or(0);
        match used.checked_add(add) {
            Some(sum) if 0 <= sum && sum <= limit => {
                let mut cells = key.to_vec();
                cells.push(Value::Int(sum));
                let cells = rows.replace(stored.clone(), cells);
                before.push(Before { table: Table::Counter, key: stored, cells });
                Ok(Outcome::Done)
            }
            _ => Ok(Outcome::Over),
        }
    }
}

impl Rows {
    fn new(described: &'static Description) -> Self {
        let indexes = described.indexes.iter().map(|_| BTreeMap::new()).collect();
        Self { described, rows: BTreeMap::new(), indexes }
    }

    fn version_of(&self, cells: &[Value]) -> Option<i64> {
        self.described.version.and_then(|place| cells.get(place)).and_then(Value::as_int)
    }

    /// Whether another row has the same cells in a unique index.
    fn unique_is_broken(&self, key: &Key, cells: &[Value]) -> bool {
        self.described.indexes.iter().zip(&self.indexes).filter(|(described, _)| described.unique).any(
            |(described, index)| {
                if !is_in(described, cells) || pick(cells, described.columns).any(|cell| *cell == Value::Null) {
                    return false;
                }
                let wanted = Key::of(pick(cells, described.columns));
                let first = index.range((Included(&wanted), Unbounded)).next();
                first.is_some_and(|(found, owner)| found.starts_with(&wanted) && owner != key)
            },
        )
    }

    /// Puts a row if its guard holds; gives back the one before.
    fn put(&mut self, key: &Key, row: &Row, guard: Guard) -> std::result::Result<Option<Vec<Value>>, Outcome> {
        let described = self.described;
        let version = |cells: &[Value]| described.version.and_then(|at| cells.get(at)).and_then(Value::as_int);
        match (self.rows.entry(key.clone()), guard) {
            (Entry::Vacant(_), Guard::Version(_)) | (Entry::Occupied(_), Guard::New) => Err(Outcome::Broken),
            (Entry::Occupied(slot), Guard::Version(expected)) if version(slot.get()) != Some(expected) => {
                Err(Outcome::Broken)
            }
            (Entry::Occupied(mut slot), _) => {
                let old = slot.insert(row.cells.clone());
                self.index(key, Some(&old), Some(&row.cells));
                Ok(Some(old))
            }
            (Entry::Vacant(slot), _) => {
                slot.insert(row.cells.clone());
                self.index(key, None, Some(&row.cells));
                Ok(None)
            }
        }
    }

    /// Puts a row whatever was there; gives back the one before.
    fn replace(&mut self, key: Key, cells: Vec<Value>) -> Option<Vec<Value>> {
        let old = self.rows.remove(&key);
        self.index(&key, old.as_deref(), Some(&cells));
        self.rows.insert(key, cells);
        old
    }

    fn remove(&mut self, key: &Key) -> Option<Vec<Value>> {
        let old = self.rows.remove(key)?;
        self.index(key, Some(&old), None);
        Some(old)
    }

    /// Brings the indexes from the old row to the new one.
    fn index(&mut self, key: &Key, old: Option<&[Value]>, new: Option<&[Value]>) {
        for (described, index) in self.described.indexes.iter().zip(&mut self.indexes) {
            let old = old.filter(|cells| is_in(described, cells));
            let new = new.filter(|cells| is_in(described, cells));
            if let (Some(old), Some(new)) = (old, new)
                && pick(old, described.columns).eq(pick(new, described.columns))
            {
                continue;
            }
            if let Some(old) = old {
                index.remove(&index_key(described, old, key));
            }
            if let Some(new) = new {
                index.insert(index_key(described, new, key), key.clone());
            }
        }
    }

    fn row(&self, table: Table, key: &Key) -> Option<Row> {
        self.rows.get(key).map(|cells| Row { table, cells: cells.clone() })
    }

    fn by_index(&self, table: Table, index: usize, cells: &[Value]) -> Vec<Row> {
        let Some(index) = self.indexes.get(index).filter(|_| !cells.contains(&Value::Null)) else {
            return Vec::new();
        };
        let prefix = Key::of(cells);
        let found = index.range((Included(&prefix), Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        found.filter_map(|(_, key)| self.row(table, key)).collect()
    }

    fn by_prefix(&self, table: Table, prefix: &[Value], after: Option<&[Value]>, limit: usize) -> Vec<Row> {
        let prefix = Key::of(prefix);
        let after = after.map(Key::of).filter(|after| prefix <= *after);
        let start = after.as_ref().map_or(Included(&prefix), Excluded);
        let found = self.rows.range((start, Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        found.take(limit).map(|(_, cells)| Row { table, cells: cells.clone() }).collect()
    }

    fn up_to(
        &self,
        table: Table,
        index: usize,
        up_to: &Value,
        after: Option<&(Value, Vec<Value>)>,
        limit: usize,
    ) -> Vec<Row> {
        let (Some(described), Some(entries)) = (self.described.indexes.get(index), self.indexes.get(index)) else {
            return Vec::new();
        };
        let first = |cells: &[Value]| pick(cells, described.columns).next().cloned().unwrap_or(Value::Null);
        let due = |row: &Row| matches!(first(&row.cells), cell if cell != Value::Null && cell <= *up_to);
        if described.columns.len() == 1 {
            let after = after.map(|(cell, key)| Key::of(std::iter::once(cell).chain(key)));
            let start = after.as_ref().map_or(Unbounded, Excluded);
            let found = entries.range((start, Unbounded)).filter_map(|(_, key)| self.row(table, key));
            // Null comes before everything else, so skipping it at the start is enough.
            return found.skip_while(|row| first(&row.cells) == Value::Null).take_while(due).take(limit).collect();
        }
        // The order is that of the first cell and the key, so the other cells of the index have to be sorted out.
        let mut rows: Vec<Row> = entries.values().filter_map(|key| self.row(table, key)).filter(due).collect();
        rows.sort_by(|a, b| (first(&a.cells), a.key()).cmp(&(first(&b.cells), b.key())));
        rows.retain(|row| {
            after.is_none_or(|(cell, key)| {
                (cell, key.as_slice()) < (&first(&row.cells), key_of(self.described, &row.cells))
            })
        });
        rows.truncate(limit);
        rows
    }
}

/// Whether an index has a row.
fn is_in(described: &Index, cells: &[Value]) -> bool {
    described.not_null.is_none_or(|place| cells.get(place).is_some_and(|cell| *cell != Value::Null))
}

fn index_key(described: &Index, cells: &[Value], key: &Key) -> Key {
    let mut all = Key::of(pick(cells, described.columns));
    all.extend(key.as_slice());
    all
}
