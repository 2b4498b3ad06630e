//! Two processes of the example service on one database, under load, with the same requests sent to both, connections that are dropped in the
//! middle, and a process that is killed: no book is wrong afterwards.
//!
//! To see it fail: leave the unique index `entry_request` out of `store/table.rs`, or let `apply_1` ignore versions.
#![cfg(all(feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[allow(dead_code, unreachable_pub, reason = "its `main` is not used here")]
#[path = "../examples/service.rs"]
mod service;

mod on_postgres;

use crm_core::store::PostgresOptions;
use crm_core::{Engine, corpus};
use on_postgres::{InSchema, address};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SCHEMA: &str = "CRM_SERVICE_SCHEMA";
const CUSTOMERS: u64 = 20;
const REQUESTS: u64 = 600;
/// Uses of the offer, and tries to get one.
const LIMIT: u64 = 60;
const SHOP: &str = r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points" }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" }, "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "offers": [{ "id": "flash", "needs": { "type": "code", "codes": ["FLASH"] }, "effect": { "type": "fixed_off", "amount": "5.00" },
                 "limits": [{ "id": "all", "counts": { "type": "uses", "max": 60 } }] }] }"#;

/// A process of the service, where the test below starts one.
#[test]
fn child() {
    let Ok(schema) = std::env::var(SCHEMA) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = PostgresOptions { schema, connections_max: 4, ..PostgresOptions::default() };
        service::serve(&address(), &options, SHOP, listener).await.unwrap();
    });
}

struct Process {
    child: Child,
    at: SocketAddr,
}

impl Process {
    fn start(schema: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(SCHEMA, schema)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let at =
            lines.find_map(|line| line.split_once("listening on ").map(|(_, at)| at.trim().parse().unwrap())).unwrap();
        Self { child, at }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Posts, and waits for the answer unless it is to be cut off. Nothing where nobody answers.
fn post(at: SocketAddr, path: &str, body: &Value, cut: bool) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let body = body.to_string();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    if cut {
        std::thread::sleep(Duration::from_micros(u64::from(stream.local_addr().ok()?.port()) % 3_000));
        return None;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1;
    Some((status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{status}: {body}"))))
}

fn order(number: u64) -> Value {
    json!({ "request_id": format!("order-{number}"), "at": "2026-03-01T10:00:00Z", "do": { "type": "record_order",
        "buyer": { "type": "customer", "id": format!("c{}", number % CUSTOMERS) },
        "order": { "id": format!("o{number}"), "paid_at": "2026-03-01T10:00:00Z", "currency": "EUR",
                   "lines": [{ "sku": "cup", "unit_price": format!("{}.00", 1 + number % 9) }] } } })
}

fn claim(number: u64) -> Value {
    json!({ "request_id": format!("claim-{number}"), "at": "2026-03-01T10:00:00Z", "do": { "type": "claim_offers",
        "customer_id": format!("c{}", number % CUSTOMERS), "claim_id": format!("k{number}"), "hold_seconds": 900,
        "cart": { "currency": "EUR", "codes": ["flash"], "lines": [{ "sku": "cup", "unit_price": "20.00" }] } } })
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn two_processes_share_a_database_without_a_wrong_book() {
    let beneath = InSchema::new();
    let mut processes = [Process::start(&beneath.schema), Process::start(&beneath.schema)];
    let ports = processes.each_ref().map(|process| process.at);
    for who in 0..CUSTOMERS {
        let join = json!({ "request_id": format!("join-{who}"), "at": "2026-03-01T09:00:00Z",
            "do": { "type": "register_customer", "customer_id": format!("c{who}") } });
        let (status, told) = post(ports[usize::from(who % 2 == 0)], "/execute", &join, false).unwrap();
        assert_eq!(status, 200, "{told}");
    }
    let later = AtomicU64::new(0);
    // Eight clients share all requests, so that each is sent twice, half of them by two clients at the same time.
    let outcomes: Vec<BTreeMap<String, Value>> = std::thread::scope(|threads| {
        let client = |client: u64| {
            let later = &later;
            move || {
                let mut outcomes = BTreeMap::new();
                for number in (0..REQUESTS).filter(|number| number % 4 == client % 4) {
                    let request = if number % 3 == 0 { claim(number) } else { order(number) };
                    for attempt in 0_u64.. {
                        assert!(attempt < 400, "no answer to {request}");
                        let to = ports[usize::from((number + client + attempt).is_multiple_of(2))];
                        let answer = post(to, "/execute", &request, (number + client + attempt).is_multiple_of(7));
                        match answer {
                            None => {}
                            Some((503, _)) => {
                                later.fetch_add(1, Ordering::Relaxed);
                            }
                            Some((200, mut told)) => {
                                // Whether it was carried out now or before is no part of the receipt.
                                told["outcome"] = Value::Null;
                                outcomes.insert(request["request_id"].as_str().unwrap().to_owned(), told);
                                break;
                            }
                            // The offer is used up.
                            Some((422, told)) => {
                                assert_eq!(told["code"], "claim.refused", "{told}");
                                outcomes.insert(request["request_id"].as_str().unwrap().to_owned(), Value::Null);
                                break;
                            }
                            Some((status, told)) => panic!("{status} {told}"),
                        }
                    }
                }
                outcomes
            }
        };
        let clients: Vec<_> = (0..8).map(|number| threads.spawn(client(number))).collect();
        // One of the two is killed in the middle, and another takes its port's place at the first: clients go on with the other one.
        std::thread::sleep(Duration::from_millis(700));
        processes[1].child.kill().unwrap();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let mut receipts: BTreeMap<String, Value> = BTreeMap::new();
    for (id, told) in outcomes.into_iter().flatten() {
        let first = receipts.entry(id.clone()).or_insert_with(|| told.clone());
        assert_eq!(*first, told, "{id} has two receipts");
    }
    assert_eq!(receipts.len(), usize::try_from(REQUESTS).unwrap());
    assert_eq!(receipts.values().filter(|told| told.is_null()).count(), 140, "200 wanted one of 60");
    let engine = Engine::open(beneath.reopened()).unwrap();
    corpus::add_up(&engine).unwrap();
    let mut orders = 0;
    engine
        .each_order(&mut |_, _| {
            orders += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(orders, 400, "each order once");
    let (mut points, mut expected) = (0, 0);
    engine
        .each_stored(&mut |customer| {
            points += customer.accounts.iter().map(|account| account.balances.available.get()).sum::<i64>();
            Ok(())
        })
        .unwrap();
    for number in (0..REQUESTS).filter(|number| number % 3 != 0) {
        expected += i64::try_from(1 + number % 9).unwrap();
    }
    assert_eq!(points, expected);
    let (status, limits) =
        post(ports[0], "/ask", &json!({ "type": "limits", "at": "2026-03-01T10:00:00Z" }), false).unwrap();
    assert_eq!((status, &limits["limits"][0]["held"]), (200, &json!(LIMIT)), "{limits}");
    println!("{} answers to come again", later.load(Ordering::Relaxed));
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn refusals_have_a_status_a_code_and_help() {
    let beneath = InSchema::new();
    let process = Process::start(&beneath.schema);
    let tell = |path: &str, body: &Value| post(process.at, path, body, false).unwrap();
    let unknown = json!({ "type": "customer", "customer_id": "nobody" });
    let mut reused = order(1);
    for (path, body, status, code) in [
        ("/ask", &unknown, 404, "customer.unknown"),
        ("/ask", &json!({ "type": "nonsense" }), 400, "value.json"),
        ("/execute", &json!({ "request_id": "x" }), 400, "value.json"),
        ("/execute", &order(1), 404, "customer.unknown"),
    ] {
        let (said, told) = tell(path, body);
        assert_eq!((said, told["code"].as_str().unwrap()), (status, code), "{told}");
        assert!(!told["help"].as_str().unwrap().is_empty());
    }
    let join = json!({ "request_id": "order-1", "at": "2026-03-01T09:00:00Z",
        "do": { "type": "register_customer", "customer_id": "c1" } });
    assert_eq!(tell("/execute", &join).0, 200);
    reused["do"]["buyer"]["id"] = json!("c1");
    assert_eq!(tell("/execute", &reused).0, 409, "the id of another request");
}
