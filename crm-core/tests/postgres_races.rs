//! A limit is exact on PostgreSQL: 64 tills on 16 connections want 5,000 coupons 10,000 times.
//!
//! To see it fail: leave `BETWEEN` out of the update of counters in `store/postgres/routine.rs`.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;
mod race;

use crm_core::Engine;
use crm_core::store::{Leased, PostgresOptions, PostgresStore, Read, Store, Table};
use on_postgres::{InSchema, address};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SCHEMA: &str = "CRM_RACE_SCHEMA";
const HOLDER: &str = "CRM_RACE_HOLDER";
const HOLDERS: usize = 4;

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_limit_is_exact_on_postgres() {
    race::exact(Arc::new(InSchema::new()), false);
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_limit_is_exact_on_postgres_when_requests_are_combined() {
    race::exact(Arc::new(InSchema::new()), true);
}

/// The tries of one of four processes, on four connections: every fourth customer.
fn tries(schema: &str, holder: usize, told: impl Fn() + Sync) -> usize {
    let options = PostgresOptions { schema: schema.to_owned(), connections_max: 4, ..PostgresOptions::default() };
    let store = Leased::new(PostgresStore::open(&address(), &options).unwrap(), HOLDERS, holder).unwrap();
    let engine = Engine::open(store).unwrap();
    let (next, granted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed) * HOLDERS + holder;
                    if race::TRIES <= who {
                        return;
                    }
                    match engine.execute(race::claim(who, "k", race::at(0))) {
                        Ok(_) => {
                            granted.fetch_add(1, Ordering::Relaxed);
                            told();
                        }
                        Err(error) => assert!(race::refused_by_limit(&error), "{error:?}"),
                    }
                }
            });
        }
    });
    granted.into_inner()
}

#[test]
fn child() {
    let (Ok(schema), Ok(holder)) = (std::env::var(SCHEMA), std::env::var(HOLDER)) else { return };
    let told = || {
        let mut out = std::io::stdout().lock();
        writeln!(out, "granted").and_then(|()| out.flush()).unwrap();
    };
    println!("\nall {}", tries(&schema, holder.parse().unwrap(), told));
}

/// Four processes with leases; one is killed in the middle, and its tries are sent again by somebody else.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_limit_is_exact_when_it_is_leased_to_processes() {
    let store = Arc::new(InSchema::new());
    drop(race::engine(store.clone(), race::TRIES, race::LIMIT));
    let start = |holder: usize| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["child", "--exact", "--nocapture", "--test-threads=1"]);
        child.env(SCHEMA, &store.schema).env(HOLDER, holder.to_string()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..HOLDERS).map(start).collect();
    std::thread::scope(|threads| {
        for (holder, mut child) in children.into_iter().enumerate() {
            threads.spawn(move || {
                let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
                let granted = lines.filter(|line| line.ends_with("granted"));
                if holder == 0 {
                    // While it has something that it has not used yet.
                    assert_eq!(granted.take(300).count(), 300);
                    child.kill().unwrap();
                    child.wait().unwrap();
                } else {
                    assert!(0 < granted.count());
                    assert!(child.wait().unwrap().success());
                }
            });
        }
    });
    // The same requests again: those that took effect get their receipts, the others what is left.
    tries(&store.schema, 0, || ());
    let claims = Read::Prefix { table: Table::Claim, prefix: vec![], after: None, limit: usize::MAX };
    assert_eq!(store.load(&[claims]).unwrap()[0].len(), race::LIMIT);
    let leased: Arc<dyn Store> = Arc::new(Leased::new(store.clone(), HOLDERS, 1).unwrap());
    assert_eq!(race::counter(&leased), (i64::try_from(race::LIMIT).unwrap(), race::LIMIT));
    Leased::new(store.clone(), HOLDERS, 1).unwrap().fold().unwrap();
    let plain: Arc<dyn Store> = store;
    assert_eq!(race::counter(&plain), (i64::try_from(race::LIMIT).unwrap(), race::LIMIT));
}
