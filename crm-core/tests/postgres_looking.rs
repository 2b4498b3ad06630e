//! A store that is opened for looking only: by somebody who may only read, and on a standby.
#![cfg(all(feature = "postgres", feature = "cli", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod on_postgres;

use crm_core::command::Request;
use crm_core::query::{Answer, Query};
use crm_core::store::{
    AsyncStore, Commit, Guard, Offset, PostgresOptions, PostgresStore, Row, Store, Table, Value, Write,
};
use crm_core::value::{Timestamp, read};
use crm_core::{Engine, ErrorCode};
use on_postgres::{InSchema, address, sql};
use serde_json::json;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const SHOP: &str = r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "points": [{ "id": "points" }] }"#;

fn at() -> Timestamp {
    Timestamp::parse("2026-03-01T10:00:00Z").unwrap()
}

fn request(id: &str, command: serde_json::Value) -> Request {
    let request = json!({ "request_id": id, "at": "2026-03-01T10:00:00Z", "actor": "a", "reason": "r", "do": command });
    Request::from_json(&request.to_string()).unwrap()
}

/// Ann has 7 points.
fn shop() -> InSchema {
    let beneath = InSchema::new();
    let engine = Engine::open(beneath.reopened()).unwrap();
    engine.publish_json(SHOP, at()).unwrap();
    engine.execute(request("r1", json!({ "type": "register_customer", "customer_id": "ann" }))).unwrap();
    let earn = json!({ "type": "earn_points", "customer_id": "ann", "currency": "points", "points": 7 });
    engine.execute(request("r2", earn)).unwrap();
    beneath
}

fn to_look(schema: &str) -> PostgresOptions {
    PostgresOptions { schema: schema.to_owned(), read_only: true, ..PostgresOptions::default() }
}

fn a_row() -> Commit {
    let cells = vec![Value::Int(7), Value::text("c"), Value::Int(1)];
    Commit { writes: vec![Write::Put { row: Row::new(Table::Counter, cells), guard: Guard::Any }] }
}

/// Questions are answered; whatever would write is `store.read_only`, by a thread as by a task.
fn only_looks(store: PostgresStore) {
    let refused = Some(ErrorCode::StoreReadOnly);
    let error = Store::commit(&store, &a_row()).unwrap_err();
    assert_eq!((Some(error.code()), error.details().get("sqlstate")), (refused, None), "before it is sent");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let by_task = runtime.block_on(AsyncStore::commit(&store, &a_row()));
    assert_eq!(by_task.err().map(|error| error.code()), refused);
    // Sessions read, whoever they are.
    let by_hand = store.run_sql("INSERT INTO counter VALUES (7, 'c', 1)");
    assert_eq!(by_hand.err().map(|error| error.code()), refused);
    let engine = Engine::open(store).unwrap();
    let ask = |question: serde_json::Value| engine.ask(&read::<Query>(&question).unwrap()).unwrap();
    let wallet = serde_json::to_value(ask(json!({ "type": "wallet", "customer_id": "ann", "at": at() }))).unwrap();
    assert!(wallet.to_string().contains("\"available\":7"), "{wallet}");
    let liability = serde_json::to_value(ask(json!({ "type": "liability", "at": at() }))).unwrap();
    assert!(liability.to_string().contains("7"), "{liability}");
    let Answer::Customer { customer } = ask(json!({ "type": "customer", "customer_id": "ann" })) else { panic!() };
    assert_eq!(customer.id.as_str(), "ann");
    assert_eq!(engine.feed(Offset::START, 10).unwrap().len(), 2);
    assert!(engine.wait_for_entries(Offset::START, 10_000).unwrap());
    for (id, command) in [
        ("r3", json!({ "type": "earn_points", "customer_id": "ann", "currency": "points", "points": 7 })),
        ("r4", json!({ "type": "register_customer", "customer_id": "bob" })),
    ] {
        assert_eq!(engine.execute(request(id, command)).err().map(|error| error.code()), refused);
    }
    let next = SHOP.replace("\"revision\": 1", "\"revision\": 2");
    assert_eq!(engine.publish_json(&next, at()).err().map(|error| error.code()), refused);
    engine.close().unwrap();
}

fn crm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crm")).args(arguments).env_remove("CRM_DB").output().unwrap()
}

/// What only asks works; what writes is refused with the same code each time.
fn the_command_line_looks(database: &str) {
    let at = &["--at", "2030-01-01"][..];
    for asks in [
        &["show"][..],
        &["show", "ann"],
        &["explain", "points", "ann"],
        &["report", "--json"],
        &["export", "entries"],
        &["ask", r#"{ "type": "customer", "customer_id": "ann" }"#],
    ] {
        let output = crm(&[&["--db", database], at, asks].concat());
        assert!(output.status.success(), "{asks:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let folder = tempfile::tempdir().unwrap();
    let line = folder.path().join("join.jsonl");
    std::fs::write(&line, r#"{ "do": { "type": "register_customer", "customer_id": "bob" } }"#).unwrap();
    let next = folder.path().join("next.json");
    std::fs::write(&next, SHOP.replace("\"revision\": 1", "\"revision\": 2")).unwrap();
    for writes in [&["publish", next.to_str().unwrap()][..], &["do", line.to_str().unwrap()]] {
        let output = crm(&[&["--db", database, "--json"], writes].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && said.contains("store.read_only"), "{writes:?}: {said}");
    }
}

/// The statements of the guide, for this schema.
fn statements(schema: &str) -> String {
    let page = include_str!("../../docs/guides/postgresql.md");
    let block = page.split("```sql\n").find(|block| block.contains("CREATE ROLE crm_analyst")).unwrap();
    let block = block.split("```").next().unwrap();
    let owner =
        block.replace("FOR ROLE crm ", "FOR ROLE postgres ").replace("crm_analyst", &format!("{schema}_analyst"));
    owner.replace("SCHEMA crm", &format!("SCHEMA {schema}"))
}

/// To see it fail: leave the grant of tables out of the guide, or open without `read_only`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_role_that_may_only_read_looks() {
    let beneath = shop();
    sql(&statements(&beneath.schema)).unwrap();
    let role = format!("{}_analyst", beneath.schema);
    let there = address().replace("postgres@", &format!("{role}@"));
    only_looks(PostgresStore::open(&there, &to_look(&beneath.schema)).unwrap());
    the_command_line_looks(&format!("{there}?schema={}", beneath.schema));
    // Not by its session alone: the server refuses it, whatever it sets.
    for writes in [
        "INSERT INTO counter VALUES (7, 'c', 1)",
        "SELECT apply_1('{8}', '{1}', '{a}', '{}')",
        "CREATE TABLE t (a int)",
    ] {
        let error = sql(&format!(
            "SET ROLE {role}; SET default_transaction_read_only = off; SET search_path = {}; {writes}",
            beneath.schema
        ));
        assert_eq!(error.unwrap_err().code().map(|state| state.code()), Some("42501"), "{writes}");
    }
    // Tables that a later release makes are readable too.
    sql(&format!("CREATE TABLE {0}.later (a int); SET ROLE {role}; SELECT * FROM {0}.later", beneath.schema)).unwrap();
    sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

/// Looking is a way to open, whoever does so. To see it fail: leave the setting of the session out, or `may_write`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn the_owner_only_looks_too() {
    let beneath = shop();
    only_looks(PostgresStore::open(&address(), &to_look(&beneath.schema)).unwrap());
}

/// What is not there, or older, is told and left as it is.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn looking_makes_and_upgrades_nothing() {
    let nothing = on_postgres::name();
    let opened = PostgresStore::open(&address(), &to_look(&nothing));
    assert_eq!(opened.err().map(|error| error.code()), Some(ErrorCode::StoreMissing));
    let beneath = shop();
    for (version, code) in [(0, ErrorCode::StoreReadOnly), (1_000, ErrorCode::StoreNewer)] {
        sql(&format!("UPDATE {}.crm_schema SET version = {version}", beneath.schema)).unwrap();
        let opened = PostgresStore::open(&address(), &to_look(&beneath.schema));
        assert_eq!(opened.err().map(|error| error.code()), Some(code));
    }
}

/// To see it fail: let a wait end where it cannot listen.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_standby_answers_and_follows() {
    let Ok(make) = std::env::var("CRM_POSTGRES_STANDBY") else { return };
    let beneath = shop();
    let made = Command::new(make).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let standby = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    only_looks(PostgresStore::open(&standby, &to_look(&beneath.schema)).unwrap());
    the_command_line_looks(&format!("{standby}?schema={}", beneath.schema));
    // Nobody can be told there; a wait looks.
    let follower = Engine::open(PostgresStore::open(&standby, &to_look(&beneath.schema)).unwrap()).unwrap();
    let last = follower.feed(Offset::START, 10).unwrap().last().unwrap().0;
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| follower.wait_for_entries(last, 60_000));
        std::thread::sleep(Duration::from_millis(300));
        let engine = Engine::open(beneath.reopened()).unwrap();
        engine.execute(request("r5", json!({ "type": "register_customer", "customer_id": "bob" }))).unwrap();
        let begun = Instant::now();
        assert_eq!(waits.join().unwrap(), Ok(true));
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    });
}
