//! The rows of one table and their indexes.

use super::key::Key;
use super::packed::Packed;
use crate::store::contract::{Guard, Row, Value};
use crate::store::shape::{key_of, pick};
use crate::store::table::{Description, Index, Table};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound::{Excluded, Included, Unbounded};

pub(super) struct Rows {
    described: &'static Description,
    pub(super) rows: BTreeMap<Key, Packed>,
    /// In the order of the description: index cells (and key, where several rows may have them), to key.
    indexes: Vec<BTreeMap<Key, Key>>,
}

/// How one write went.
pub(super) enum Outcome {
    Done,
    Broken,
    Over,
}

impl Rows {
    pub(super) fn new(described: &'static Description) -> Self {
        let indexes = described.indexes.iter().map(|_| BTreeMap::new()).collect();
        Self { described, rows: BTreeMap::new(), indexes }
    }

    pub(super) fn version_of(&self, row: &Packed) -> Option<i64> {
        self.described.version.and_then(|place| row.cell(place).as_int())
    }

    /// Whether another row has the same cells in a unique index.
    fn unique_is_broken(&self, key: &Key, new: &impl Fn(usize) -> Value) -> bool {
        let unique = self.described.indexes.iter().zip(&self.indexes).filter(|(described, _)| described.unique);
        unique.into_iter().any(|(described, index)| {
            let wanted = index_key(described, new, key);
            wanted.and_then(|wanted| index.get(&wanted)).is_some_and(|owner| owner != key)
        })
    }

    /// Puts a row if its guard holds and no other row has its cells in a unique index; gives back the one before.
    pub(super) fn put(
        &mut self,
        key: &Key,
        cells: &[Value],
        guard: Guard,
    ) -> std::result::Result<Option<Packed>, Outcome> {
        let new = |place: usize| cells.get(place).cloned().unwrap_or(Value::Null);
        if guard != Guard::New && self.unique_is_broken(key, &new) {
            return Err(Outcome::Broken);
        }
        let described = self.described;
        let version = |row: &Packed| described.version.and_then(|place| row.cell(place).as_int());
        let old = match (self.rows.entry(key.clone()), guard) {
            (Entry::Vacant(_), Guard::Version(_)) | (Entry::Occupied(_), Guard::New) => return Err(Outcome::Broken),
            (Entry::Occupied(slot), Guard::Version(expected)) if version(slot.get()) != Some(expected) => {
                return Err(Outcome::Broken);
            }
            (Entry::Occupied(mut slot), _) => Some(slot.insert(Packed::of(cells))),
            (Entry::Vacant(slot), _) => {
                slot.insert(Packed::of(cells));
                None
            }
        };
        for (place, (described, index)) in self.described.indexes.iter().zip(&mut self.indexes).enumerate() {
            if let Some(old) = &old {
                if described.columns.iter().all(|place| old.cell(*place) == new(*place)) {
                    continue;
                }
                index_key(described, |place| old.cell(place), key).and_then(|old| index.remove(&old));
            }
            let Some(found) = index_key(described, new, key) else { continue };
            match index.entry(found) {
                Entry::Vacant(slot) => drop(slot.insert(key.clone())),
                // A new row was not looked up before: what it has put so far goes again.
                Entry::Occupied(_) if old.is_none() => {
                    self.take_out(key, cells, place);
                    return Err(Outcome::Broken);
                }
                Entry::Occupied(mut slot) => drop(slot.insert(key.clone())),
            }
        }
        Ok(old)
    }

    /// Takes out a new row and its keys in the first so many indexes.
    fn take_out(&mut self, key: &Key, cells: &[Value], indexes: usize) {
        let new = |place: usize| cells.get(place).cloned().unwrap_or(Value::Null);
        self.rows.remove(key);
        for (described, index) in self.described.indexes.iter().zip(&mut self.indexes).take(indexes) {
            index_key(described, new, key).and_then(|found| index.remove(&found));
        }
    }

    /// Puts back a row where there is none.
    pub(super) fn insert(&mut self, key: Key, row: Packed) {
        for (described, index) in self.described.indexes.iter().zip(&mut self.indexes) {
            index_key(described, |place| row.cell(place), &key).and_then(|found| index.insert(found, key.clone()));
        }
        self.rows.insert(key, row);
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<Packed> {
        let old = self.rows.remove(key)?;
        for (described, index) in self.described.indexes.iter().zip(&mut self.indexes) {
            index_key(described, |place| old.cell(place), key).and_then(|found| index.remove(&found));
        }
        Some(old)
    }

    fn unpack(&self, table: Table, row: &Packed) -> Row {
        Row { table, cells: row.unpack(self.described.columns.len()) }
    }

    pub(super) fn row(&self, table: Table, key: &Key) -> Option<Row> {
        self.rows.get(key).map(|row| self.unpack(table, row))
    }

    pub(super) fn by_index(&self, table: Table, index: usize, cells: &[Value]) -> Vec<Row> {
        let Some(index) = self.indexes.get(index).filter(|_| !cells.contains(&Value::Null)) else {
            return Vec::new();
        };
        let prefix = Key::of(cells);
        let found = index.range((Included(&prefix), Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        found.filter_map(|(_, key)| self.row(table, key)).collect()
    }

    pub(super) fn by_prefix(&self, table: Table, prefix: &[Value], after: Option<&[Value]>, limit: usize) -> Vec<Row> {
        let prefix = Key::of(prefix);
        let after = after.map(Key::of).filter(|after| prefix <= *after);
        let start = after.as_ref().map_or(Included(&prefix), Excluded);
        let found = self.rows.range((start, Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        found.take(limit).map(|(_, row)| self.unpack(table, row)).collect()
    }

    pub(super) fn up_to(
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
        let due = |row: &Row| first(&row.cells) <= *up_to;
        if described.columns.len() == 1 {
            let after = after.map(|(cell, key)| Key::of(std::iter::once(cell).chain(key)));
            let start = after.as_ref().map_or(Unbounded, Excluded);
            let found = entries.range((start, Unbounded)).filter_map(|(_, key)| self.row(table, key));
            return found.take_while(due).take(limit).collect();
        }
        // The order is that of the first cell and the key, so the other cells of the index have to be sorted out.
        let mut rows: Vec<Row> = entries.values().filter_map(|key| self.row(table, key)).filter(due).collect();
        rows.sort_by(|a, b| (first(&a.cells), a.key()).cmp(&(first(&b.cells), b.key())));
        rows.retain(|row| {
            let place = (&first(&row.cells), key_of(self.described, &row.cells));
            after.is_none_or(|(cell, key)| (cell, key.as_slice()) < place)
        });
        rows.truncate(limit);
        rows
    }
}

/// The key of a row in an index, if the index has it: rows whose first or named cell is null can never be found through it.
/// With nulls the cells of a unique index may repeat.
fn index_key(described: &Index, cell: impl Fn(usize) -> Value, key: &Key) -> Option<Key> {
    if described.not_null.is_some_and(|place| cell(place) == Value::Null) {
        return None;
    }
    let mut found = Key::new();
    let mut repeats = !described.unique;
    for place in described.columns {
        let cell = cell(*place);
        if cell == Value::Null && described.columns.first() == Some(place) {
            return None;
        }
        repeats |= cell == Value::Null;
        found.push(&cell);
    }
    if repeats {
        found.extend(key.as_slice());
    }
    Some(found)
}
