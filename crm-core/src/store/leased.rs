//! Counters that many processes want at once, without all of them writing to one row.
//!
//! Beside a counter each holder has a row of its own: its lease, what it may still use. The counter itself has everything that is used or
//! leased, and it is what stays within the limit; so the limit is exact, whoever crashes when. Using is taking from the own lease. Where
//! that is empty, more is leased, a part of what is left, and less and less of it. Where nothing is left to lease, the leases of others
//! serve. There is no clock in this: what a holder that is gone has left is used by others.

use super::contract::{Abilities, Commit, CommitReply, Read, Store, Value, Write};
use super::feed::{Fed, Offset};
use super::row::Row;
use super::table::Table;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::{LEASE_HOLDERS_MAX, LEASE_TRIES_MAX};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store whose counters are leased. All processes that use the rows do so through one of these, with the same number of holders, or none
/// does; in between, [`Leased::fold`] puts everything back.
///
/// ```
/// use crm_core::{Engine, store::{Leased, MemoryStore}};
/// let engine = Engine::open(Leased::new(MemoryStore::new(), 4, 0)?)?;
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// A limit that is lowered is kept from when all processes have the new program.
pub struct Leased<S> {
    store: S,
    holders: usize,
    own: usize,
    /// What counters stood at when they were last seen. Only a guess: whatever is written is guarded.
    seen: Mutex<BTreeMap<Key, Stands>>,
}

type Key = Vec<Value>;

/// What a counter and its leases stand at.
#[derive(Clone, Debug, Default)]
struct Stands {
    /// Used or leased.
    home: i64,
    /// By holder, what is left of the leases.
    leases: Vec<i64>,
}

/// Stands behind the name of a counter in the names of its leases; no name has it.
const MARK: char = '\u{1f}';
/// A counter asks for this part of what is left, divided by the holders: so leases shrink with what is left, down to one.
const PART: i64 = 4;

/// Where one write of the caller went: its place, and whether it was known to break its limit.
type Origin = (usize, bool);

impl<S: Store> Leased<S> {
    /// Leases counters to so many holders, of which this process is one, numbered from 0.
    ///
    /// # Errors
    /// `store.address` when there is no such holder, or too many of them.
    pub fn new(store: S, holders: usize, own: usize) -> Result<Self> {
        if holders == 0 || LEASE_HOLDERS_MAX < holders || holders <= own {
            let message = format!("there is no holder {own} of {holders}");
            return Err(Error::new(ErrorCode::StoreAddress, message).limit(LEASE_HOLDERS_MAX));
        }
        Ok(Self { store, holders, own, seen: Mutex::default() })
    }

    /// Puts all leases back, for going on without them. Nobody else may use the store meanwhile.
    ///
    /// # Errors
    /// `store.*`.
    pub fn fold(&self) -> Result<()> {
        let all = Read::Prefix { table: Table::Counter, prefix: Vec::new(), after: None, limit: usize::MAX };
        let rows = self.store.load(&[all])?.pop().unwrap_or_default();
        self.seen().clear();
        for row in rows {
            let (Some((home, _)), left) = (home_of(row.key()), used(&row)) else { continue };
            let within = |key: Key, add: i64| Write::Within { key, add, limit: i64::MAX };
            let lease = Write::Delete { table: Table::Counter, key: row.key().to_vec() };
            let writes = vec![within(row.key().to_vec(), -left), within(home, -left), lease];
            if self.store.commit(&Commit { writes })? != CommitReply::Done {
                return Err(Error::new(ErrorCode::StoreContended, "somebody else uses the counters"));
            }
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Key, Stands>> {
        // Nothing that holds the lock can leave it half changed.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reads of a counter with its leases.
    fn reads(&self, key: &[Value]) -> impl Iterator<Item = Read> {
        let lease = |holder| lease_of(key, holder);
        let keys: Vec<Key> = std::iter::once(key.to_vec()).chain((0..self.holders).map(lease)).collect();
        keys.into_iter().map(|key| Read::Row { table: Table::Counter, key })
    }

    /// Looks at counters again.
    fn look(&self, keys: &[Key]) -> Result<BTreeMap<Key, Stands>> {
        let reads: Vec<Read> = keys.iter().flat_map(|key| self.reads(key)).collect();
        let rows = self.store.load(&reads)?;
        let each = rows.chunks(1 + self.holders).zip(keys);
        let found: BTreeMap<Key, Stands> = each.map(|(rows, key)| (key.clone(), stands(rows))).collect();
        self.seen().extend(found.clone());
        Ok(found)
    }

    /// What to write for one addition, and what the counter stands at then; none where it would leave its limit.
    fn plan(&self, key: &[Value], add: i64, limit: i64, stands: &mut Stands) -> Option<Vec<Write>> {
        let sum = stands.used().checked_add(add).filter(|sum| (0..=limit).contains(sum))?;
        let mut changes = vec![0; self.holders];
        let mut home = 0;
        if add <= 0 {
            // What is given back is for everybody.
            home = add;
        } else if limit < stands.home {
            // The limit was lowered: with all leases back, the counter itself says what is used.
            changes = stands.leases.iter().map(|left| -left).collect();
            home = sum.checked_sub(stands.home)?;
        } else {
            let mut rest = add;
            take(&mut rest, self.own, stands, &mut changes);
            let free = limit.saturating_sub(stands.home);
            if 0 < rest {
                let part = free / PART / i64::try_from(self.holders).unwrap_or(i64::MAX);
                home = part.max(rest).min(free);
                if rest <= home {
                    *changes.get_mut(self.own)? += home - rest;
                    rest = 0;
                } else {
                    rest -= home;
                }
            }
            let mut others: Vec<usize> = (0..self.holders).filter(|holder| *holder != self.own).collect();
            others.sort_by_key(|holder| std::cmp::Reverse(stands.leases.get(*holder).copied()));
            others.into_iter().for_each(|holder| take(&mut rest, holder, stands, &mut changes));
        }
        stands.home = stands.home.checked_add(home)?;
        let mut writes = Vec::new();
        for (holder, change) in changes.into_iter().enumerate().filter(|(_, change)| *change != 0) {
            *stands.leases.get_mut(holder)? += change;
            writes.push(Write::Within { key: lease_of(key, holder), add: change, limit: i64::MAX });
        }
        if home != 0 || writes.is_empty() {
            // What is leased counts for the limit only where something is leased or used.
            let limit = if stands.home <= limit { limit } else { i64::MAX };
            writes.push(Write::Within { key: key.to_vec(), add: home, limit });
        }
        Some(writes)
    }

    /// The commit with leases for additions, where each write came from, and what counters stand at then.
    fn rewritten(
        &self,
        commit: &Commit,
        mut all: BTreeMap<Key, Stands>,
    ) -> (Commit, Vec<Origin>, BTreeMap<Key, Stands>) {
        let (mut writes, mut origins) = (Vec::with_capacity(commit.writes.len() + 2), Vec::new());
        for (place, write) in commit.writes.iter().enumerate() {
            let Write::Within { key, add, limit } = write else {
                writes.push(write.clone());
                origins.push((place, false));
                continue;
            };
            let stands = all.entry(key.clone()).or_default();
            stands.leases.resize(self.holders, 0);
            match self.plan(key, *add, *limit, stands) {
                Some(planned) => {
                    origins.extend(planned.iter().map(|_| (place, false)));
                    writes.extend(planned);
                }
                // Broken for sure, so that the store says so beside whatever else is broken.
                None => {
                    origins.push((place, true));
                    writes.push(Write::Within { key: key.clone(), add: 0, limit: -1 });
                }
            }
        }
        (Commit { writes }, origins, all)
    }
}

impl<S: Store> Store for Leased<S> {
    fn abilities(&self) -> Abilities {
        self.store.abilities()
    }

    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        let mut all = reads.to_vec();
        let counters: Vec<(usize, &Key)> = reads
            .iter()
            .enumerate()
            .filter_map(|(place, read)| match read {
                Read::Row { table: Table::Counter, key } => Some((place, key)),
                _ => None,
            })
            .collect();
        for (_, key) in &counters {
            all.extend(self.reads(key).skip(1));
        }
        let mut rows = self.store.load(&all)?;
        let leases = rows.split_off(reads.len().min(rows.len()));
        for ((place, key), leases) in counters.into_iter().zip(leases.chunks(self.holders)) {
            let Some(own) = rows.get_mut(place) else { continue };
            let found = stands(&[std::slice::from_ref(own), leases].concat());
            if let (Some(row), [bucket, name]) = (own.first_mut(), key.as_slice()) {
                *row = Row::new(Table::Counter, vec![bucket.clone(), name.clone(), Value::Int(found.used())]);
            }
            self.seen().insert(key.clone(), found);
        }
        Ok(rows)
    }

    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        let mut keys: Vec<Key> = commit.writes.iter().filter_map(counter).cloned().collect();
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            return self.store.commit(commit);
        }
        // More than is used cannot be given back, and no guard of the counter says so: what is leased is in it.
        let gives = commit.writes.iter().any(|write| matches!(write, Write::Within { add, .. } if *add < 0));
        let guess: BTreeMap<Key, Stands> = {
            let seen = self.seen();
            keys.iter().filter_map(|key| Some((key.clone(), seen.get(key)?.clone()))).collect()
        };
        let guesses = guess.len() == keys.len() && !gives;
        let (mut all, mut fresh) = if guesses { (guess, false) } else { (self.look(&keys)?, true) };
        for tried in 1.. {
            let (leased, origins, after) = self.rewritten(commit, all);
            let known = origins.iter().any(|(_, over)| *over);
            if fresh || !known {
                let reply = self.store.commit(&leased)?;
                let of = |writes: Vec<usize>| {
                    let mut places: Vec<usize> =
                        writes.iter().filter_map(|write| Some(origins.get(*write)?.0)).collect();
                    places.dedup();
                    places
                };
                match reply {
                    CommitReply::Done => {
                        self.seen().extend(after);
                        return Ok(CommitReply::Done);
                    }
                    CommitReply::Conflict { writes } => return Ok(CommitReply::Conflict { writes: of(writes) }),
                    CommitReply::OverLimit { writes } => {
                        let expected = writes.iter().all(|write| origins.get(*write).is_some_and(|(_, over)| *over));
                        if expected || LEASE_TRIES_MAX <= tried {
                            return Ok(CommitReply::OverLimit { writes: of(writes) });
                        }
                    }
                }
            }
            // Somebody else was faster, or this was an old guess.
            (all, fresh) = (self.look(&keys)?, true);
        }
        Err(Error::internal("a loop without an end has ended"))
    }

    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        self.store.feed(after, limit)
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        self.store.wait_for_entries(after, wait_ms)
    }

    fn close(&self) -> Result<()> {
        self.store.close()
    }
}

impl Stands {
    fn used(&self) -> i64 {
        self.home.saturating_sub(self.leases.iter().sum())
    }
}

/// Takes from a lease, as far as it goes.
fn take(rest: &mut i64, holder: usize, stands: &Stands, changes: &mut [i64]) {
    let left = stands.leases.get(holder).copied().unwrap_or(0);
    let taken = left.min(*rest);
    if let Some(change) = changes.get_mut(holder) {
        *change -= taken;
        *rest -= taken;
    }
}

fn counter(write: &Write) -> Option<&Key> {
    match write {
        Write::Within { key, .. } => Some(key),
        _ => None,
    }
}

fn used(row: &Row) -> i64 {
    row.cells().get(2).and_then(Value::as_int).unwrap_or(0)
}

/// The rows of a counter and of its leases.
fn stands(rows: &[Vec<Row>]) -> Stands {
    let mut all = rows.iter().map(|rows| rows.first().map_or(0, used));
    Stands { home: all.next().unwrap_or(0), leases: all.collect() }
}

fn lease_of(key: &[Value], holder: usize) -> Key {
    let [bucket, name] = key else { return key.to_vec() };
    vec![bucket.clone(), Value::text(&format!("{}{MARK}{holder}", name.as_text().unwrap_or_default()))]
}

/// Of which counter, if it is a lease.
fn home_of(key: &[Value]) -> Option<(Key, &str)> {
    let [bucket, name] = key else { return None };
    let (home, holder) = name.as_text()?.split_once(MARK)?;
    Some((vec![bucket.clone(), Value::text(home)], holder))
}
