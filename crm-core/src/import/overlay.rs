//! A store on top of another one that is only read: what a dry run writes stays in memory and is forgotten with it, or carried over.

use crate::error::Result;
use crate::store::{
    Abilities, Commit, CommitReply, Fed, Guard, MemoryStore, Offset, Read, Row, Store, Table, Value, Write,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The keys whose truth is in memory: written, deleted, or copied there before a guard looked at them.
type Own = BTreeMap<Table, BTreeSet<Vec<Value>>>;

pub(super) struct Overlay<S> {
    below: S,
    above: MemoryStore,
    own: Mutex<Own>,
    /// What was committed, in order, where it is to be carried over.
    kept: Option<Mutex<Vec<Commit>>>,
}

impl<S: Store> Overlay<S> {
    pub(super) fn new(below: S) -> Self {
        Self { below, above: MemoryStore::new(), own: Mutex::new(Own::new()), kept: None }
    }

    /// An overlay whose commits can be carried over.
    pub(super) fn keeping(below: S) -> Self {
        Self { kept: Some(Mutex::default()), ..Self::new(below) }
    }

    /// The commits so far, in their order. On the store below they mean the same as long as nobody else has changed what they touch; their
    /// guards tell.
    pub(super) fn commits(&self) -> Vec<Commit> {
        let kept = self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner));
        kept.map_or_else(Vec::new, |mut kept| std::mem::take(&mut *kept))
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows of both, each key from where its truth is.
    fn answer(&self, own: &Own, read: &Read) -> Result<Vec<Row>> {
        let table = table_of(read);
        let nothing = BTreeSet::new();
        let mine = own.get(&table).unwrap_or(&nothing);
        if let Read::Row { key, .. } = read {
            return if mine.contains(key) { first(&self.above, read) } else { first(&self.below, read) };
        }
        if mine.is_empty() {
            return first(&self.below, read);
        }
        // Rows below that are hidden count against its limit, so more of them are asked for than are wanted.
        let (limit, wider) = widened(read, mine.len());
        let mut rows = first(&self.below, &wider)?;
        rows.retain(|row| !mine.contains(row.key()));
        rows.extend(first(&self.above, read)?);
        let order = order_of(read);
        rows.sort_by(|a, b| {
            let cells = |row: &Row| order.iter().map(|place| row.cells().get(*place).cloned()).collect::<Vec<_>>();
            cells(a).cmp(&cells(b)).then_with(|| a.key().cmp(b.key()))
        });
        rows.truncate(limit);
        Ok(rows)
    }
}

impl<S: Store> Store for Overlay<S> {
    fn abilities(&self) -> Abilities {
        // Commits that are carried over have to be such as the store below takes.
        let atomic_across_owners = self.kept.is_none() || self.below.abilities().atomic_across_owners;
        Abilities { atomic_across_owners, durable: false, feed: self.above.abilities().feed }
    }

    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        let own = self.own();
        reads.iter().map(|read| self.answer(&own, read)).collect()
    }

    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        let mut own = self.own();
        for write in &commit.writes {
            let (table, key) = target(write);
            if !own.entry(table).or_default().insert(key.clone()) {
                continue;
            }
            let below = first(&self.below, &Read::Row { table, key })?;
            let writes = below.into_iter().map(|row| Write::Put { row, guard: Guard::Any }).collect();
            self.above.commit(&Commit { writes })?;
        }
        let reply = self.above.commit(commit)?;
        if let Some(kept) = self.kept.as_ref().filter(|_| reply == CommitReply::Done) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(commit.clone());
        }
        Ok(reply)
    }

    /// What was written here, and nothing from below: nobody follows a dry run.
    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        self.above.feed(after, limit)
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        self.above.wait_for_entries(after, wait_ms)
    }

    fn close(&self) -> Result<()> {
        self.above.close()
    }
}

fn first(store: &dyn Store, read: &Read) -> Result<Vec<Row>> {
    Ok(store.load(std::slice::from_ref(read))?.pop().unwrap_or_default())
}

const fn table_of(read: &Read) -> Table {
    match read {
        Read::Row { table, .. } | Read::Index { table, .. } | Read::Prefix { table, .. } | Read::UpTo { table, .. } => {
            *table
        }
    }
}

fn target(write: &Write) -> (Table, Vec<Value>) {
    match write {
        Write::Put { row, .. } => (row.table, row.key().to_vec()),
        Write::Delete { table, key } | Write::Check { table, key, .. } => (*table, key.clone()),
        Write::Within { key, .. } => (Table::Counter, key.clone()),
    }
}

/// The limit of a read, and the read with room for so many rows more.
fn widened(read: &Read, more: usize) -> (usize, Read) {
    let mut wider = read.clone();
    match &mut wider {
        Read::Prefix { limit, .. } | Read::UpTo { limit, .. } => {
            let asked = *limit;
            *limit = limit.saturating_add(more);
            (asked, wider)
        }
        Read::Row { .. } | Read::Index { .. } => (usize::MAX, wider),
    }
}

/// The columns by which the rows of a read are sorted, before the key.
fn order_of(read: &Read) -> &'static [usize] {
    let index = match read {
        Read::Index { index, .. } | Read::UpTo { index, .. } => *index,
        Read::Row { .. } | Read::Prefix { .. } => return &[],
    };
    let place = table_of(read).describe().indexes.get(index);
    match read {
        // Only the first cell of the index is the order of a read up to a bound.
        Read::UpTo { .. } => place.and_then(|index| index.columns.get(..1)).unwrap_or_default(),
        _ => place.map_or(&[], |index| index.columns),
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[test]
    fn an_overlay_is_a_store() {
        let results = conformance::run_all("overlay", &|| Box::new(Overlay::new(MemoryStore::new())));
        let broken: Vec<_> = results.iter().filter(|law| law.outcome.is_err()).collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
}
