//! Kills a process that runs the engine on SQLite, over and over: the books add up every time, what was acknowledged is there, and sending
//! everything again changes nothing.

#![cfg(all(unix, feature = "sqlite", feature = "conformance"))]
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

use crm_core::command::{Command, Request};
use crm_core::effect::Outcome;
use crm_core::store::{SqliteOptions, SqliteStore};
use crm_core::value::{RequestId, Timestamp};
use crm_core::{Engine, corpus};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const FILE: &str = "CRM_KILL_FILE";
const FROM: &str = "CRM_KILL_FROM";
const KILLS: usize = 200;
const PEOPLE: u64 = 5;
const PROGRAM: &str = r#"{ "version": 1, "program": "kill", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "expiry": { "type": "days", "days": 30 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "rolling_days", "days": 30 },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "200.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" } }"#;

fn engine(path: &Path) -> Engine {
    Engine::open(SqliteStore::open(path, SqliteOptions::default()).unwrap()).unwrap()
}

/// The request with this number, always the same: orders, refunds of the order before, spends, transfers.
fn numbered(number: u64) -> Request {
    let at = Timestamp::from_millis(1_767_225_600_000 + i64::try_from(number).unwrap() * 600_000).unwrap();
    let who = format!("m{}", number % PEOPLE);
    let command = match number % 7 {
        _ if number < PEOPLE => json!({ "type": "register_customer", "customer_id": who }),
        0..=3 => json!({ "type": "record_order", "buyer": { "type": "customer", "id": who },
            "order": { "id": format!("o{number}"), "paid_at": at.to_string(), "currency": "EUR",
                       "lines": [{ "sku": "a", "unit_price": "19.99", "quantity": 3 }, { "sku": "b", "unit_price": "5.01" }] } }),
        4 => {
            json!({ "type": "record_refund", "refund": { "id": format!("f{number}"), "order": format!("o{}", number - 1),
            "refunded_at": at.to_string(), "what": { "type": "amount", "amount": "20.00" } } })
        }
        5 => json!({ "type": "spend_points", "customer_id": who, "currency": "points", "points": 5 }),
        _ => {
            json!({ "type": "transfer_points", "from": who, "to": format!("m{}", (number + 1) % PEOPLE), "currency": "points", "points": 3 })
        }
    };
    let command: Command = serde_json::from_value(command).unwrap();
    Request {
        request_id: RequestId::new(format!("r{number}")).unwrap(),
        at,
        actor: None,
        reason: None,
        batch: None,
        command,
    }
}

/// The child: carries requests out in commits of five and says which are done, until it is killed.
#[test]
fn child() {
    let (Ok(file), Ok(from)) = (std::env::var(FILE), std::env::var(FROM)) else { return };
    let engine = engine(Path::new(&file));
    let mut out = std::io::stdout();
    for commit in from.parse::<u64>().unwrap().. {
        let requests = (commit * 5..commit * 5 + 5).map(numbered).collect();
        engine.execute_many(requests).unwrap();
        writeln!(out, "\ndone {commit}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn every_kill_leaves_books_that_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kill.db");
    engine(&path).publish_json(PROGRAM, Timestamp::from_millis(1_767_225_600_000).unwrap()).unwrap();
    let mut acknowledged: Option<u64> = None;
    for kill in 0..KILLS {
        let from = acknowledged.map_or(0, |last| last + 1);
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(FILE, &path)
            .env(FROM, from.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after a varying number of acknowledged commits and a varying moment more, wherever that falls.
        for line in lines.map_while(Result::ok) {
            if let Some(commit) = line.strip_prefix("done ") {
                let commit: u64 = commit.parse().unwrap();
                acknowledged = Some(commit);
                if from + (kill as u64 % 4) <= commit {
                    break;
                }
            }
        }
        std::thread::sleep(Duration::from_micros((kill as u64 * 379) % 4_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let engine = engine(&path);
        corpus::add_up(&engine).unwrap();
        engine.close().unwrap();
    }
    let engine = engine(&path);
    let last = acknowledged.unwrap() * 5 + 4;
    // Another engine that nobody killed is told the same, once.
    let calm = Engine::open(crm_core::store::MemoryStore::new()).unwrap();
    calm.publish_json(PROGRAM, Timestamp::from_millis(1_767_225_600_000).unwrap()).unwrap();
    for number in 0..=last {
        // What was refused left nothing behind and may succeed later, so it is not sent again.
        let Ok(first) = calm.execute(numbered(number)) else { continue };
        let again = engine.execute(numbered(number)).unwrap();
        assert_ne!(again.outcome, Outcome::Applied, "request {number} was acknowledged and was not there");
        assert_eq!(again.receipt, first.receipt, "request {number}");
    }
}
