//! Many tills want the same few coupons at once: a limit is exact under any interleaving, on every store.
//!
//! To see it fail: let `Ledger::place` in `decide/offers/room.rs` take `i64::MAX` for the bound, or let `flush_offers` in
//! `decide/rows/offers.rs` write `limit: i64::MAX`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod race;

use crm_core::store::{MemoryStore, SqliteOptions, SqliteStore, Store};
use race::{at, claim, command, counter, engine, exact, storm};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_limit_is_exact_in_memory() {
    exact(Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_limit_is_exact_in_memory_when_requests_are_combined() {
    exact(Arc::new(MemoryStore::new()), true);
}

#[test]
fn a_limit_is_exact_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    exact(Arc::new(SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default()).unwrap()), false);
}

#[test]
fn a_limit_is_exact_on_sqlite_when_requests_are_combined() {
    let folder = tempfile::tempdir().unwrap();
    exact(Arc::new(SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default()).unwrap()), true);
}

/// Claims, confirmations, releases and time-outs all at once: what is used and held never exceeds the limit, and at the end the counter is
/// what was confirmed.
#[test]
fn a_counter_is_what_was_confirmed_when_all_is_done() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (customers, limit) = (600, 100);
    let engine = engine(store.clone(), customers, limit);
    let confirmed = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..16 {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if customers <= who {
                        return;
                    }
                    if engine.execute(claim(who, "k", at(0))).is_err() {
                        continue;
                    }
                    match who % 3 {
                        0 => drop(engine.execute(command(who, "release_claim", "k", at(1))).unwrap()),
                        1 => {
                            engine.execute(command(who, "confirm_claim", "k", at(1))).unwrap();
                            confirmed.fetch_add(1, Ordering::Relaxed);
                        }
                        // Never paid.
                        _ => {}
                    }
                    let (stands, _) = counter(&store);
                    assert!(stands <= 100, "{stands}");
                }
            });
        }
    });
    let confirmed = confirmed.into_inner();
    let (stands, held) = counter(&store);
    assert_eq!(usize::try_from(stands).unwrap(), confirmed + held);
    assert!(0 < confirmed && 0 < held);
    // After their time, those who never paid hold nothing, though nobody swept: somebody else has their uses.
    let again = storm(held + 50, |who| engine.execute(claim(who, "again", at(1000))));
    assert_eq!(again, 100 - confirmed);
    let (stands, held) = counter(&store);
    assert_eq!((usize::try_from(stands).unwrap(), held), (100, again));
}
