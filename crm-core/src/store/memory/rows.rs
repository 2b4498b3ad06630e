//! The rows of one table: in groups by owner, each found with one look, and the indexes.

use super::key::Key;
use crate::store::contract::{Guard, Value};
use crate::store::row::{Form, Peek, Row};
use crate::store::table::{Description, Index, Table};
use foldhash::{HashMap, HashMapExt};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// An owner: the first cells of a key. Fits a bucket and a UUID without a place on the heap.
pub(super) type Owner = Key<46>;
/// The cells of a key behind its owner, or those of an index. Fits a number or a short id without a place on the heap.
pub(super) type Rest = Key<30>;
type Place = (Owner, Rest);

/// How many cells name the owner; a shorter key is its own owner.
const OWNER_CELLS: usize = 2;

pub(super) struct Rows {
    described: &'static Description,
    groups: HashMap<Owner, Group>,
    /// The owners of all groups in their order, for walks.
    owners: BTreeSet<Owner>,
    /// Index cells, and the key where several rows may have them, to the place of the row. Only of indexes that do not begin with the owner.
    indexes: Vec<(usize, BTreeMap<Owner, Place>)>,
}

/// The rows of one owner.
#[derive(Default)]
struct Group {
    /// The row whose key is the owner and no more.
    alone: Option<Form>,
    rows: BTreeMap<Rest, Form>,
    /// Of indexes that begin with the owner: the number of the index and its other cells, to the row. In no order: few look there for more
    /// than one name.
    names: HashMap<Rest, Rest>,
}

/// How one write went.
pub(super) enum Outcome {
    Done,
    Broken,
    Over,
}

impl Group {
    fn get(&self, rest: &Rest) -> Option<&Form> {
        if rest.is_empty() { self.alone.as_ref() } else { self.rows.get(rest) }
    }

    fn put(&mut self, rest: Rest, form: Form) -> Option<Form> {
        if rest.is_empty() { self.alone.replace(form) } else { self.rows.insert(rest, form) }
    }

    fn take(&mut self, rest: &Rest) -> Option<Form> {
        if rest.is_empty() { self.alone.take() } else { self.rows.remove(rest) }
    }

    fn is_empty(&self) -> bool {
        self.alone.is_none() && self.rows.is_empty()
    }

    /// In order, those behind a place.
    fn after(&self, after: Option<&Rest>) -> impl Iterator<Item = (Option<&Rest>, &Form)> {
        let alone = self.alone.iter().filter(move |_| after.is_none()).map(|form| (None, form));
        let bound = after.map_or(Unbounded, Excluded);
        alone.chain(self.rows.range::<Rest, _>((bound, Unbounded)).map(|(rest, form)| (Some(rest), form)))
    }
}

impl Rows {
    pub(super) fn new(described: &'static Description) -> Self {
        let outer = described.indexes.iter().enumerate().filter(|(_, index)| !begins_with_owner(described, index));
        let indexes = outer.map(|(number, _)| (number, BTreeMap::new())).collect();
        Self { described, groups: HashMap::new(), owners: BTreeSet::new(), indexes }
    }

    fn owner_cells(&self) -> usize {
        OWNER_CELLS.min(self.described.key)
    }

    /// Where a row lies.
    pub(super) fn place_of<'a>(&self, cell: impl Fn(usize) -> Peek<'a>) -> Place {
        let owners = self.owner_cells();
        (Key::of((0..owners).map(&cell)), Key::of((owners..self.described.key).map(&cell)))
    }

    /// Where the row with this key lies.
    pub(super) fn place_of_key(&self, key: &[Value]) -> Place {
        self.place_of(|place| key.get(place).map_or(Peek::Null, Value::peek))
    }

    pub(super) fn get(&self, (owner, rest): &Place) -> Option<&Form> {
        self.groups.get(owner)?.get(rest)
    }

    pub(super) fn version_of(&self, form: &Form) -> Option<i64> {
        self.described.version.and_then(|place| form.peek(place).as_int())
    }

    /// Puts a row if its guard holds and no other row has its cells in a unique index; gives back the one before.
    pub(super) fn put(
        &mut self,
        place: &Place,
        form: &Form,
        guard: Guard,
    ) -> std::result::Result<Option<Form>, Outcome> {
        let group = self.groups.get(&place.0);
        let old = group.and_then(|group| group.get(&place.1));
        let holds = match guard {
            Guard::New => old.is_none(),
            Guard::Version(expected) => old.and_then(|old| self.version_of(old)) == Some(expected),
            Guard::Any => true,
        };
        if !holds {
            return Err(Outcome::Broken);
        }
        let (old, free) = self.replace(place, form);
        if free {
            return Ok(old);
        }
        match old {
            Some(old) => drop(self.replace(place, &old)),
            None => drop(self.remove(place)),
        }
        Err(Outcome::Broken)
    }

    /// Puts a row, whatever was there; gives that back, and whether its cells are its own in every unique index.
    pub(super) fn replace(&mut self, place: &Place, form: &Form) -> (Option<Form>, bool) {
        let (owner, rest) = place;
        let described = self.described;
        let group = match self.groups.get_mut(owner) {
            Some(group) => group,
            None => {
                self.owners.insert(owner.clone());
                self.groups.entry(owner.clone()).or_default()
            }
        };
        let old = group.put(rest.clone(), form.clone());
        let mut free = true;
        for (number, index) in described.indexes.iter().enumerate() {
            if old.as_ref().is_some_and(|old| same(index, old, form)) {
                continue;
            }
            let mut listing = Listing { number, index, group: &mut *group, others: &mut self.indexes, place };
            if let Some(old) = &old {
                listing.strike(old);
            }
            free &= listing.enter(form);
        }
        (old, free)
    }

    pub(super) fn remove(&mut self, place: &Place) -> Option<Form> {
        let group = self.groups.get_mut(&place.0)?;
        let old = group.take(&place.1)?;
        for (number, index) in self.described.indexes.iter().enumerate() {
            Listing { number, index, group: &mut *group, others: &mut self.indexes, place }.strike(&old);
        }
        if group.is_empty() {
            self.groups.remove(&place.0);
            self.owners.remove(&place.0);
        }
        Some(old)
    }

    /// All rows of the owners whose key begins with this one, from a place on.
    fn walk<'a>(
        &'a self,
        prefix: &'a Owner,
        after: Option<&'a Place>,
    ) -> impl Iterator<Item = (&'a Owner, Option<&'a Rest>, &'a Form)> {
        let start = after.map(|(owner, _)| owner).filter(|owner| prefix < *owner).unwrap_or(prefix);
        let owners = self.owners.range::<Owner, _>((Included(start), Unbounded));
        owners.take_while(move |owner| owner.starts_with(prefix)).flat_map(move |owner| {
            let begun = after.filter(|(begun, _)| begun == owner).map(|(_, rest)| rest);
            let group = self.groups.get(owner);
            let rows = group.into_iter().flat_map(move |group| group.after(begun));
            rows.map(move |(rest, form)| (owner, rest, form))
        })
    }

    pub(super) fn by_index(&self, table: Table, number: usize, cells: &[Value]) -> Vec<Row> {
        let Some(index) = self.described.indexes.get(number).filter(|_| !cells.contains(&Value::Null)) else {
            return Vec::new();
        };
        if let Some((_, entries)) = self.indexes.iter().find(|(other, _)| *other == number) {
            let prefix = Key::of(cells.iter().map(Value::peek));
            let found = entries.range((Included(&prefix), Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
            return found.filter_map(|(_, place)| self.get(place)).map(|form| row(table, form)).collect();
        }
        let (owner, rest) = cells.split_at(OWNER_CELLS.min(cells.len()));
        let owner = Key::of(owner.iter().map(Value::peek));
        let name = named(number, rest.iter().map(Value::peek));
        if index.unique && cells.len() == index.columns.len() {
            let found = self.groups.get(&owner).and_then(|group| group.get(group.names.get(&name)?));
            return found.map(|form| row(table, form)).into_iter().collect();
        }
        let owners = self.owners.range((Included(&owner), Unbounded)).take_while(|found| found.starts_with(&owner));
        let groups = owners.filter_map(|owner| self.groups.get(owner));
        let found = groups.flat_map(|group| {
            let mut names: Vec<_> = group.names.iter().filter(|(found, _)| found.starts_with(&name)).collect();
            names.sort();
            names.into_iter().filter_map(|(_, rest)| group.get(rest))
        });
        found.map(|form| row(table, form)).collect()
    }

    pub(super) fn by_prefix(&self, table: Table, prefix: &[Value], after: Option<&[Value]>, limit: usize) -> Vec<Row> {
        let (owner, rest) = prefix.split_at(self.owner_cells().min(prefix.len()));
        let owner = Key::of(owner.iter().map(Value::peek));
        let rest: Rest = Key::of(rest.iter().map(Value::peek));
        let after = after.map(|key| self.place_of_key(key));
        let found = self.walk(&owner, after.as_ref()).filter(|(_, place, _)| match place {
            Some(place) => place.starts_with(&rest),
            None => rest.is_empty(),
        });
        found.take(limit).map(|(_, _, form)| row(table, form)).collect()
    }

    pub(super) fn up_to(
        &self,
        table: Table,
        number: usize,
        up_to: &Value,
        after: Option<&(Value, Vec<Value>)>,
        limit: usize,
    ) -> Vec<Row> {
        let Some(index) = self.described.indexes.get(number) else { return Vec::new() };
        let Some(first) = index.columns.first() else { return Vec::new() };
        let due = |form: &Form| form.peek(*first) <= up_to.peek();
        let outer = self.indexes.iter().find(|(other, _)| *other == number);
        if let Some((_, entries)) = outer.filter(|_| index.columns.len() == 1) {
            let after = after.map(|(cell, key)| Key::of(std::iter::once(cell).chain(key).map(Value::peek)));
            let start = after.as_ref().map_or(Unbounded, Excluded);
            let found = entries.range((start, Unbounded)).filter_map(|(_, place)| self.get(place));
            return found.take_while(|form| due(form)).take(limit).map(|form| row(table, form)).collect();
        }
        // The order is that of the first cell and the key, so the other cells of the index have to be sorted out.
        let nothing = Key::new();
        let listed = self.walk(&nothing, None).filter(|(_, _, form)| is_listed(index, form) && due(form));
        let mut found: Vec<_> = listed.map(|(owner, rest, form)| (form.peek(*first), owner, rest, form)).collect();
        found.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
        if let Some((cell, key)) = after {
            let (owner, rest) = self.place_of_key(key);
            let place = (cell.peek(), &owner, (!rest.is_empty()).then_some(&rest));
            found.retain(|row| place < (row.0, row.1, row.2));
        }
        found.into_iter().take(limit).map(|(_, _, _, form)| row(table, form)).collect()
    }
}

/// A row on its way into an index, or out of it.
struct Listing<'a> {
    number: usize,
    index: &'static Index,
    group: &'a mut Group,
    others: &'a mut [(usize, BTreeMap<Owner, Place>)],
    place: &'a Place,
}

impl Listing<'_> {
    fn begins_with_owner(&self) -> bool {
        // Every index lies in one of two places.
        !self.others.iter().any(|(number, _)| *number == self.number)
    }

    /// Enters it; false where another row has the same cells in a unique index.
    fn enter(&mut self, form: &Form) -> bool {
        let (owner, rest) = self.place;
        if self.begins_with_owner() {
            let Some(name) = name_of(self.number, self.index, form, rest) else { return true };
            return match self.group.names.entry(name) {
                Entry::Occupied(slot) => slot.get() == rest,
                Entry::Vacant(slot) => slot.insert(rest.clone()) == rest,
            };
        }
        let entry = entry_of(self.index, form, owner, rest);
        let entries = self.others.iter_mut().find(|(number, _)| *number == self.number);
        let Some((entry, (_, entries))) = entry.zip(entries) else { return true };
        entries.entry(entry).or_insert_with(|| self.place.clone()) == self.place
    }

    /// Strikes it out; what is another row's stays.
    fn strike(&mut self, form: &Form) {
        let (owner, rest) = self.place;
        if self.begins_with_owner() {
            let Some(name) = name_of(self.number, self.index, form, rest) else { return };
            if self.group.names.get(&name) == Some(rest) {
                self.group.names.remove(&name);
            }
            return;
        }
        let entry = entry_of(self.index, form, owner, rest);
        let entries = self.others.iter_mut().find(|(number, _)| *number == self.number);
        let Some((entry, (_, entries))) = entry.zip(entries) else { return };
        if entries.get(&entry) == Some(self.place) {
            entries.remove(&entry);
        }
    }
}

fn row(table: Table, form: &Form) -> Row {
    Row::from_form(table, form.clone())
}

fn begins_with_owner(described: &Description, index: &Index) -> bool {
    OWNER_CELLS <= described.key && index.columns.starts_with(&[0, 1])
}

fn same(index: &Index, one: &Form, other: &Form) -> bool {
    let listed = index.not_null.iter();
    index.columns.iter().chain(listed).all(|place| one.peek(*place) == other.peek(*place))
}

/// Whether an index has a row: those whose first or named cell is null can never be found through it.
fn is_listed(index: &Index, form: &Form) -> bool {
    index.columns.first().into_iter().chain(&index.not_null).all(|place| form.peek(*place) != Peek::Null)
}

/// Whether several rows may have the same cells in an index: with nulls those of a unique one may repeat.
fn repeats(index: &Index, form: &Form) -> bool {
    !index.unique || index.columns.iter().any(|place| form.peek(*place) == Peek::Null)
}

/// The beginning of the names of an index.
fn named<'a>(number: usize, cells: impl Iterator<Item = Peek<'a>>) -> Rest {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    Key::of(std::iter::once(Peek::Int(number)).chain(cells))
}

/// The name of a row in an index that begins with its owner, if the index has it.
fn name_of(number: usize, index: &Index, form: &Form, rest: &Rest) -> Option<Rest> {
    if !is_listed(index, form) {
        return None;
    }
    let mut name = named(number, index.columns.iter().skip(OWNER_CELLS).map(|place| form.peek(*place)));
    if repeats(index, form) {
        name.extend(rest.as_slice());
    }
    Some(name)
}

/// The key of a row in another index, if the index has it.
fn entry_of(index: &Index, form: &Form, owner: &Owner, rest: &Rest) -> Option<Owner> {
    if !is_listed(index, form) {
        return None;
    }
    let mut entry = Key::of(index.columns.iter().map(|place| form.peek(*place)));
    if repeats(index, form) {
        entry.extend(owner.as_slice());
        entry.extend(rest.as_slice());
    }
    Some(entry)
}
