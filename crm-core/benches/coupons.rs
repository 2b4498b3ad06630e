//! 10,000 tries on a limit of 5,000: the naive transaction of a bare program, one per try, beside the engine, try by try, combined from
//! many threads, and in batches.
//!
//! `cargo bench -p crm-core --features sqlite --bench coupons`. Wall clock, since waiting for the disk is what combining saves; both sides
//! with the same durability on the same disk, in one run. `docs/BENCHMARKS.md` says what was measured, where.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "tests and benchmarks"
)]

use crm_core::Engine;
use crm_core::command::Request;
use crm_core::engine::Combiner;
use crm_core::store::{SqliteOptions, SqliteStore};
use crm_core::value::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const TRIES: usize = 10_000;
const LIMIT: usize = 5_000;
const THREADS: usize = 64;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let ways = [
        ("engine, try by try", How::Single),
        ("engine, combined", How::Combined),
        ("engine, 1,000 at once", How::Many),
    ];
    // For a profile of one way alone.
    if let Some(only) = std::env::args().skip_while(|argument| argument != "--only").nth(1) {
        for (name, how) in ways.into_iter().filter(|(name, _)| name.ends_with(only.as_str())) {
            let took = engine(&folder.path().join("only.db"), how);
            println!("{name:<28}: {:>9.0} tries/s", per_second(took));
        }
        return;
    }
    let naive = naive(folder.path());
    println!("naive transaction, {THREADS} threads: {:>9.0} tries/s, {LIMIT} granted", per_second(naive));
    for (name, how) in ways {
        let took = engine(&folder.path().join(format!("{name}.db")), how);
        println!(
            "{name:<28}: {:>9.0} tries/s, {LIMIT} granted, {:.1} x naive",
            per_second(took),
            naive.as_secs_f64() / took.as_secs_f64()
        );
    }
}

fn per_second(took: Duration) -> f64 {
    TRIES as f64 / took.as_secs_f64()
}

/// Everybody tries once; how long it took.
fn storm(go: impl Fn(usize) -> bool + Sync) -> Duration {
    let (next, granted, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if TRIES <= who {
                        return;
                    }
                    granted.fetch_add(usize::from(go(who)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(granted.into_inner(), LIMIT);
    start.elapsed()
}

/// What a shop writes by hand: one transaction that reads the counter, raises it, and notes the redemption and an event for others.
fn naive(folder: &Path) -> Duration {
    let path = folder.join("naive.db");
    let connect = || {
        let connection = Connection::open(&path).unwrap();
        connection.busy_timeout(Duration::from_secs(120)).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "full").unwrap();
        connection
    };
    connect()
        .execute_batch(
            "CREATE TABLE quota (offer TEXT PRIMARY KEY, used INTEGER NOT NULL, max INTEGER NOT NULL);
             CREATE TABLE redemption (offer TEXT, member TEXT, at INTEGER, PRIMARY KEY (offer, member)) WITHOUT ROWID;
             CREATE TABLE outbox (id INTEGER PRIMARY KEY, member TEXT, what TEXT);
             INSERT INTO quota VALUES ('flash', 0, 5000);",
        )
        .unwrap();
    thread_local!(static CONNECTION: std::cell::RefCell<Option<Connection>> = const { std::cell::RefCell::new(None) });
    storm(|who| {
        CONNECTION.with_borrow_mut(|slot| {
            let connection = slot.get_or_insert_with(connect);
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            let left: i64 = transaction
                .query_row("SELECT max - used FROM quota WHERE offer = 'flash'", [], |row| row.get(0))
                .unwrap();
            if left <= 0 {
                return false;
            }
            let member = format!("c{who}");
            transaction.execute("UPDATE quota SET used = used + 1 WHERE offer = 'flash'", []).unwrap();
            transaction.execute("INSERT INTO redemption VALUES ('flash', ?1, 0)", params![member]).unwrap();
            transaction.execute("INSERT INTO outbox (member, what) VALUES (?1, 'redeemed')", params![member]).unwrap();
            transaction.commit().unwrap();
            true
        })
    })
}

enum How {
    Single,
    Combined,
    Many,
}

fn engine(path: &Path, how: How) -> Duration {
    let engine = Engine::open(SqliteStore::open(path, SqliteOptions::default()).unwrap()).unwrap();
    let at = Timestamp::parse("2026-03-01T09:00:00Z").unwrap();
    engine
        .publish_json(
            r#"{ "version": 1, "program": "sale", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
              "offers": [{ "id": "flash", "needs": { "type": "code", "codes": ["FLASH"] }, "effect": { "type": "fixed_off", "amount": "5.00" },
                           "limits": [{ "id": "all", "counts": { "type": "uses", "max": 5000 } }] }] }"#,
            at,
        )
        .unwrap();
    let request = |id: &str, command: String| {
        Request::from_json(&format!(r#"{{ "request_id": "{id}", "at": "{at}", "do": {command} }}"#)).unwrap()
    };
    let register = |who| request("reg", format!(r#"{{ "type": "register_customer", "customer_id": "c{who}" }}"#));
    assert!(engine.execute_many((0..TRIES).map(register).collect()).unwrap().iter().all(Result::is_ok));
    let claim = |who| {
        request(
            "k",
            format!(
                r#"{{ "type": "claim_offers", "customer_id": "c{who}", "claim_id": "k",
                  "cart": {{ "currency": "EUR", "codes": ["flash"], "lines": [{{ "sku": "cup", "unit_price": "20.00" }}] }} }}"#
            ),
        )
    };
    match how {
        How::Single => storm(|who| engine.execute(claim(who)).is_ok()),
        How::Combined => {
            let combiner = Combiner::new(engine.clone());
            storm(|who| combiner.execute(claim(who)).is_ok())
        }
        How::Many => {
            let start = Instant::now();
            let requests: Vec<Request> = (0..TRIES).map(claim).collect();
            let outcomes = requests.chunks(1_000).flat_map(|page| engine.execute_many(page.to_vec()).unwrap());
            assert_eq!(outcomes.filter(Result::is_ok).count(), LIMIT);
            start.elapsed()
        }
    }
}
