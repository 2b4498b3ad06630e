//! Many tills that want the same few coupons at once.
#![allow(dead_code, reason = "each test uses some of it")]

use crm_core::command::Request;
use crm_core::effect::Done;
use crm_core::engine::Combiner;
use crm_core::store::{Read, Store, Table, Value};
use crm_core::value::{Timestamp, bucket_of};
use crm_core::{Engine, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const TRIES: usize = 10_000;
pub(crate) const LIMIT: usize = 5_000;
pub(crate) const THREADS: usize = 64;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T10:00:00Z").unwrap().plus_millis(seconds * 1000)
}

pub(crate) fn program(limit: usize) -> String {
    format!(
        r#"{{ "version": 1, "program": "sale", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
          "offers": [{{ "id": "flash", "needs": {{ "type": "code", "codes": ["FLASH"] }},
                        "effect": {{ "type": "fixed_off", "amount": "5.00" }},
                        "limits": [{{ "id": "all", "counts": {{ "type": "uses", "max": {limit} }} }}] }}] }}"#
    )
}

pub(crate) fn register(who: usize) -> Request {
    Request::from_json(&format!(
        r#"{{ "request_id": "reg", "at": "2026-03-01T09:00:00Z", "do": {{ "type": "register_customer", "customer_id": "c{who}" }} }}"#
    ))
    .unwrap()
}

pub(crate) fn claim(who: usize, id: &str, when: Timestamp) -> Request {
    Request::from_json(&format!(
        r#"{{ "request_id": "claim-{id}", "at": "{when}", "do": {{ "type": "claim_offers", "customer_id": "c{who}", "claim_id": "{id}",
            "hold_seconds": 900, "cart": {{ "currency": "EUR", "codes": ["flash"], "lines": [{{ "sku": "cup", "unit_price": "20.00" }}] }} }} }}"#
    ))
    .unwrap()
}

pub(crate) fn command(who: usize, kind: &str, id: &str, when: Timestamp) -> Request {
    Request::from_json(&format!(
        r#"{{ "request_id": "{kind}-{id}", "at": "{when}", "do": {{ "type": "{kind}", "customer_id": "c{who}", "claim_id": "{id}" }} }}"#
    ))
    .unwrap()
}

pub(crate) fn engine(store: Arc<dyn Store>, customers: usize, limit: usize) -> Engine {
    let engine = Engine::open_shared(store).unwrap();
    engine.publish_json(&program(limit), at(-7200)).unwrap();
    let registered = engine.execute_many((0..customers).map(register).collect()).unwrap();
    assert!(registered.iter().all(Result::is_ok));
    engine
}

/// What the counter of the limit stands at, and how many claims hold something of it.
pub(crate) fn counter(store: &Arc<dyn Store>) -> (i64, usize) {
    let name = "offer:flash/all";
    let key = vec![Value::Int(i64::from(bucket_of(name))), Value::text(name)];
    let reads = [
        Read::Row { table: Table::Counter, key: key.clone() },
        Read::Prefix { table: Table::CounterHold, prefix: key, after: None, limit: usize::MAX },
    ];
    let mut found = store.load(&reads).unwrap();
    let holds = found.pop().unwrap().len();
    (found.pop().unwrap().first().map_or(0, |row| row.cells()[2].as_int().unwrap()), holds)
}

pub(crate) fn refused_by_limit(error: &Error) -> bool {
    let why = &error.details()["rejected"][0]["why"]["code"];
    error.code().as_str() == "claim.refused" && (why == "offer.limit_campaign" || why == "coupon.held_elsewhere")
}

/// Every customer tries once, from all threads.
pub(crate) fn storm(tries: usize, go: impl Fn(usize) -> Result<Done> + Sync) -> usize {
    let (next, granted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if tries <= who {
                        return;
                    }
                    match go(who) {
                        Ok(_) => drop(granted.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => assert!(refused_by_limit(&error), "{error:?}"),
                    }
                }
            });
        }
    });
    granted.into_inner()
}

pub(crate) fn exact(store: Arc<dyn Store>, combined: bool) {
    let engine = engine(store.clone(), TRIES, LIMIT);
    let combiner = Combiner::new(engine.clone());
    let granted = storm(TRIES, |who| {
        let request = claim(who, "k", at(0));
        if combined { combiner.execute(request) } else { engine.execute(request) }
    });
    assert_eq!(granted, LIMIT);
    assert_eq!(counter(&store), (i64::try_from(LIMIT).unwrap(), LIMIT));
}
