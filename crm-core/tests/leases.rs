//! Leased counters: exact however many holders there are, seldom written to, and nothing is lost with a holder that is gone.
//!
//! To see it fail: leave what is leased in what is used (`Stands::used`), or the leases of others alone (the end of `plan`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use crm_core::store::{Abilities, Commit, CommitReply, Leased, MemoryStore, Read, Row, Store, Table, Value, Write};
use crm_core::{ErrorCode, Result};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const HOLDERS: usize = 4;

/// Counts how often the counter itself is written to.
struct Counting(MemoryStore, AtomicUsize);

impl Store for Counting {
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        self.0.load(reads)
    }
    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        let hot = |write: &&Write| matches!(write, Write::Within { key, add, .. } if *add != 0 && *key == self::key());
        self.1.fetch_add(commit.writes.iter().filter(hot).count(), Ordering::Relaxed);
        self.0.commit(commit)
    }
    fn close(&self) -> Result<()> {
        self.0.close()
    }
}

fn key() -> Vec<Value> {
    vec![Value::Int(3), Value::text("sale")]
}

fn add(store: &dyn Store, add: i64, limit: i64) -> bool {
    let reply = store.commit(&Commit { writes: vec![Write::Within { key: key(), add, limit }] }).unwrap();
    match reply {
        CommitReply::Done => true,
        CommitReply::OverLimit { writes } => {
            assert_eq!(writes, [0]);
            false
        }
        CommitReply::Conflict { .. } => panic!("a counter is never a conflict"),
    }
}

fn used(store: &dyn Store) -> i64 {
    let rows = store.load(&[Read::Row { table: Table::Counter, key: key() }]).unwrap();
    rows[0].first().map_or(0, |row| row.cells()[2].as_int().unwrap())
}

fn holders<S: Store + 'static>(store: &Arc<S>) -> Vec<Leased<Arc<S>>> {
    (0..HOLDERS).map(|own| Leased::new(store.clone(), HOLDERS, own).unwrap()).collect()
}

#[test]
fn ten_thousand_tries_get_five_thousand_and_the_counter_is_seldom_written() {
    let store = Arc::new(Counting(MemoryStore::new(), AtomicUsize::new(0)));
    let holders = holders(&store);
    let granted = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for thread in 0..16 {
            let (holder, granted) = (&holders[thread % HOLDERS], &granted);
            threads.spawn(move || {
                for _ in 0..625 {
                    granted.fetch_add(usize::from(add(holder, 1, 5_000)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(granted.into_inner(), 5_000);
    assert!(holders.iter().all(|holder| used(holder) == 5_000));
    let hot = store.1.load(Ordering::Relaxed);
    println!("{hot} writes of the counter in 10,000 tries");
    // Three of a hundred; most of them in the tail, where leases are small.
    assert!(hot <= 300, "{hot}");
}

#[test]
fn what_a_holder_leaves_is_used_by_others() {
    let store = Arc::new(MemoryStore::new());
    let holders = holders(&store);
    assert!(add(&holders[0], 1, 100));
    assert!(1 < used(&store), "some of it is only leased");
    // The first one is never seen again.
    let granted = (0..200).filter(|_| add(&holders[1], 1, 100)).count();
    assert_eq!((granted, used(&holders[2])), (99, 100));
    // Without leases again: the counter says what is used.
    assert!(add(&holders[3], -40, 100));
    assert!(add(&holders[3], 1, 100));
    holders[0].fold().unwrap();
    assert_eq!((used(&store), used(&holders[0])), (61, 61));
    let rows = store.load(&[Read::Prefix { table: Table::Counter, prefix: vec![], after: None, limit: 99 }]).unwrap();
    assert_eq!(rows[0].len(), 1);
}

#[test]
fn there_is_a_bound_of_holders() {
    for (holders, own) in [(0, 0), (4, 4), (65, 0)] {
        assert_eq!(
            Leased::new(MemoryStore::new(), holders, own).err().map(|error| error.code()),
            Some(ErrorCode::StoreAddress)
        );
    }
}

proptest! {
    /// However additions of any size come to the holders, and limits change, the same is granted as without leases.
    #[test]
    fn leases_grant_what_a_plain_counter_grants(steps in prop::collection::vec((0..HOLDERS, -30_i64..40, 50_i64..120), 1..60)) {
        let (plain, store) = (MemoryStore::new(), Arc::new(MemoryStore::new()));
        let holders = holders(&store);
        for (holder, amount, limit) in steps {
            // As an engine does, which decides by what it has read.
            used(&holders[holder]);
            prop_assert_eq!(add(&holders[holder], amount, limit), add(&plain, amount, limit), "{} {}", amount, limit);
            prop_assert_eq!(used(&holders[(holder + 1) % HOLDERS]), used(&plain));
        }
        holders[0].fold().unwrap();
        prop_assert_eq!(used(&store), used(&plain));
    }
}
