//! Work for counting instructions: `tests/instructions` runs it under callgrind and compares with the kept counts.
//!
//! The count of a scenario is what its run takes beyond the run named `empty`, so that only the scenario's own commands are counted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests and benchmarks"
)]

mod carts;

use crm_core::Engine;
use crm_core::command::Request;
use crm_core::offer::{Basket, OfferRules};
use crm_core::store::MemoryStore;
use crm_core::value::Timestamp;
use serde_json::json;

const CUSTOMERS: usize = 50;
const MANY: usize = 1_000;
const PROGRAM: &str = r#"{ "version": 1, "program": "count", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "expiry": { "type": "months", "months": 12 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "calendar", "period": "year" },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "1000.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" },
    "offers": [{ "id": "flash", "needs": { "type": "code", "codes": ["FLASH"] }, "effect": { "type": "fixed_off", "amount": "5.00" },
                 "limits": [{ "id": "all", "counts": { "type": "uses", "max": 500 } }] }] }"#;

fn main() {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    match scenario.as_str() {
        "quote-5x3" => return quote(&carts::five_by_three(), 1_000),
        "quote-50x50" => return quote(&carts::fifty_by_fifty(), 100),
        _ => {}
    }
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(PROGRAM, at(0)).unwrap();
    let register = |n| request(n, json!({ "type": "register_customer", "customer_id": format!("m{n}") }));
    run(&engine, (0..CUSTOMERS).map(register).collect(), CUSTOMERS);
    let earn = |n: usize| {
        let who = format!("m{}", n % CUSTOMERS);
        request(n, json!({ "type": "earn_points", "customer_id": who, "currency": "points", "points": 10 }))
    };
    let order = |n: usize| {
        let lines =
            [json!({ "sku": "a", "unit_price": "19.99", "quantity": 3 }), json!({ "sku": "b", "unit_price": "5.01" })];
        request(
            n,
            json!({ "type": "record_order", "buyer": { "type": "customer", "id": format!("m{}", n % CUSTOMERS) },
            "order": { "id": format!("o{n}"), "paid_at": at(n).to_string(), "currency": "EUR", "lines": lines } }),
        )
    };
    match scenario.as_str() {
        "earn" => run(&engine, (1_000..2_000).map(earn).collect(), 1),
        "earn-batch" => run(&engine, (1_000..2_000).map(earn).collect(), 1_000),
        // Each commit touches every customer once, as the benchmark of the memory store does.
        "earn-spread" => {
            let name = |n: usize| format!("many{}", n * 7_919 % MANY);
            let register = |n| request(n, json!({ "type": "register_customer", "customer_id": name(n) }));
            run(&engine, (0..MANY).map(register).collect(), MANY);
            let earn = |n: usize| {
                request(n, json!({ "type": "earn_points", "customer_id": name(n), "currency": "points", "points": 10 }))
            };
            run(&engine, (MANY..6 * MANY).map(earn).collect(), MANY);
        }
        // Everybody uses one code that has a limit over all: half of them are too late.
        "claim" => {
            let register = |n| request(n, json!({ "type": "register_customer", "customer_id": format!("many{n}") }));
            run(&engine, (0..MANY).map(register).collect(), MANY);
            // Within the time that a claim holds: nothing comes back.
            let moment = at(2 * MANY).to_string();
            let claim = |n: usize| {
                let cart = json!({ "currency": "EUR", "codes": ["flash"],
                                   "lines": [{ "sku": "cup", "unit_price": "20.00" }] });
                let customer = format!("many{n}");
                let command = json!({ "type": "claim_offers", "customer_id": customer, "claim_id": "k", "cart": cart });
                let request = json!({ "request_id": format!("k{n:08}"), "at": moment, "do": command });
                serde_json::from_value(request).unwrap()
            };
            engine.execute_many((0..MANY).map(claim).collect()).unwrap();
        }
        "order" => run(&engine, (1_000..2_000).map(order).collect(), 1),
        _ => drop((1_000..2_000).map(order).chain((1_000..2_000).map(earn)).collect::<Vec<_>>()),
    }
}

fn quote((basket, rules): &(Basket, Vec<OfferRules>), times: usize) {
    let candidates = carts::candidates(rules);
    (0..times).for_each(|_| drop(carts::ask(basket, &candidates)));
}

fn at(n: usize) -> Timestamp {
    Timestamp::from_millis(1_772_000_000_000 + i64::try_from(n).unwrap() * 60_000).unwrap()
}

fn request(n: usize, command: serde_json::Value) -> Request {
    serde_json::from_value(json!({ "request_id": format!("r{n:08}"), "at": at(n).to_string(), "do": command })).unwrap()
}

fn run(engine: &Engine, requests: Vec<Request>, size: usize) {
    for chunk in requests.chunks(size) {
        engine.execute_many(chunk.to_vec()).unwrap().into_iter().for_each(|outcome| drop(outcome.unwrap()));
    }
}
