//! What a simulation costs: facts in memory, played under the program in force and under a changed one.
//!
//! `cargo bench -p crm-core --features import --bench simulate [-- SCENARIO]`. CPU time of one core, the best of some rounds. An order that is
//! played under two programs counts as two. `docs/BENCHMARKS.md` says what was measured, where.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "tests and benchmarks"
)]

use cpu_time::ProcessTime;
use crm_core::Engine;
use crm_core::command::Request;
use crm_core::import::{ColumnMap, Format, ImportOptions, Source, import};
use crm_core::simulate::{Histories, WhatIfOptions, what_if};
use crm_core::store::MemoryStore;
use crm_core::value::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

const ROUNDS: usize = 7;
const START: i64 = 1_735_689_600_000;

/// Points for spend that last a year.
const POINTS: &str = r#"{ "version": 1, "program": "bench", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "value": "0.01", "expiry": { "type": "months", "months": 12 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }] }"#;

/// The same with a ladder and a lifecycle.
const WHOLE: &str = r#"{ "version": 1, "program": "bench", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "value": "0.01", "expiry": { "type": "months", "months": 12 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "calendar", "period": "year" },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "1000.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" } }"#;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let scenarios: [(&str, fn()); 3] =
        [("points", || synthetic("points", POINTS)), ("whole", || synthetic("whole", WHOLE)), ("retail", retail)];
    for (name, run) in scenarios {
        if only.as_deref().is_none_or(|only| only == name) {
            run();
        }
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis).unwrap()
}

/// 2,000 members with 50 orders each, one every five days.
fn synthetic(name: &str, program: &str) {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(program, at(0)).unwrap();
    let request = |id: String, millis: i64, command: serde_json::Value| {
        Request::from_value(&json!({ "request_id": id, "at": at(millis), "do": command })).unwrap()
    };
    for member in 0..2_000_i64 {
        let who = format!("m{member:06}");
        let mut requests =
            vec![request(format!("r{member}"), member, json!({ "type": "register_customer", "customer_id": who }))];
        requests.extend((0..50_i64).map(|n| {
            let millis = (n + 1) * 5 * 86_400_000 + member * 1_000;
            let lines: Vec<_> = (0..2)
                .map(|line| {
                    let cents = (member * 31 + n * 97 + line * 13) % 9_000 + 100;
                    json!({ "sku": format!("sku{}", (member + n + line) % 500), "unit_price": format!("{}.{:02}", cents / 100, cents % 100) })
                })
                .collect();
            request(format!("r{member}-{n}"), millis, json!({
                "type": "record_order", "buyer": { "type": "customer", "id": who },
                "order": { "id": format!("o{member}-{n}"), "paid_at": at(millis), "currency": "EUR", "lines": lines } }))
        }));
        engine.execute_many(requests).unwrap().into_iter().for_each(|done| drop(done.unwrap()));
    }
    let changed = program.replace("\"points\": \"1\"", "\"points\": \"2\"").replace("1000.00", "500.00");
    measure(name, &engine, &changed, at(400 * 86_400_000));
}

/// The Online Retail file under the supermarket's program, where the file is there.
fn retail() {
    let file = "online_retail/online_retail.csv.gz";
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let near = ["../../shared/data", "../../../shared/data"].map(|folder| root.join(folder).join(file));
    let named = std::env::var_os("CRM_ONLINE_RETAIL").map(PathBuf::from);
    let Some(path) = named.into_iter().chain(near).find(|path| path.exists()) else {
        println!("skipped: online_retail.csv.gz is not here; name it in CRM_ONLINE_RETAIL");
        return;
    };
    let program = include_str!("../../docs/programs/supermarket.json");
    let program = program.replace("Asia/Shanghai", "Europe/London").replace("CNY", "GBP").replace("\"CN\"", "\"GB\"");
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(&program, Timestamp::parse("2010-01-01T00:00:00Z").unwrap()).unwrap();
    let columns = ColumnMap::from_json(include_str!("../../docs/samples/online_retail.columns.json")).unwrap();
    let options = ImportOptions::new(Format::Plain { columns: Box::new(columns) });
    let csv = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    import(&engine, Source::new("online_retail.csv", csv), &options, &mut |_| ()).unwrap();
    measure("retail", &engine, &program, Timestamp::parse("2012-01-01T00:00:00Z").unwrap());
}

fn best(mut run: impl FnMut()) -> Duration {
    let once = || {
        let started = ProcessTime::now();
        run();
        started.elapsed()
    };
    std::iter::repeat_with(once).take(ROUNDS).min().unwrap_or_default()
}

fn measure(name: &str, engine: &Engine, changed: &str, at: Timestamp) {
    let document = || serde_json::from_str(changed).unwrap();
    let options = WhatIfOptions { at };
    let histories = Histories::read(engine, options).unwrap();
    let found = histories.what_if(document(), &mut |_| (), &mut |_| Ok(())).unwrap();
    println!(
        "{name}: {} members, {} affected, {} orders, {} unlike the books",
        found.members, found.affected, found.orders, found.unlike_books
    );
    let kernel = best(|| drop(histories.what_if(document(), &mut |_| (), &mut |_| Ok(())).unwrap()));
    let reading = best(|| drop(Histories::read(engine, options).unwrap()));
    let whole = best(|| drop(what_if(engine, document(), options, &mut |_| (), &mut |_| Ok(())).unwrap()));
    let per = |spent: Duration, programs: u64| spent.as_nanos() as f64 / (found.orders * programs) as f64;
    println!(
        "{name}: kernel {:.0} ns an order and program, {:.0} a second; reading {:.0} ns an order; whole {:.0} ms, {:.0} orders a second",
        per(kernel, 2),
        1e9 / per(kernel, 2),
        per(reading, 1),
        whole.as_secs_f64() * 1e3,
        1e9 / per(whole, 1),
    );
}
