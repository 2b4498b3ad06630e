//! PostgreSQL behind futures: every law of a store, and tasks that are dropped in the middle of their work.
#![cfg(all(feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use crm_core::command::Request;
use crm_core::store::{Abilities, AsyncStore, Commit, CommitReply, Fed, Offset, PostgresOptions, Read, Row, Store};
use crm_core::value::Timestamp;
use crm_core::{AsyncEngine, Engine, ErrorCode, Result, corpus};
use on_postgres::{InSchema, number, sql};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const SHOP: &str = r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "points": [{ "id": "points" }] }"#;

/// A store of futures, waited for on a runtime.
struct Waited {
    runtime: Runtime,
    beneath: InSchema,
}

impl Waited {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime, beneath: InSchema::new() }
    }
}

impl Store for Waited {
    fn abilities(&self) -> Abilities {
        AsyncStore::abilities(&self.beneath.store)
    }
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        self.runtime.block_on(AsyncStore::load(&self.beneath.store, reads))
    }
    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        self.runtime.block_on(AsyncStore::commit(&self.beneath.store, commit))
    }
    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        self.runtime.block_on(AsyncStore::feed(&self.beneath.store, after, limit))
    }
    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        self.runtime.block_on(AsyncStore::wait_for_entries(&self.beneath.store, after, wait_ms))
    }
    fn close(&self) -> Result<()> {
        self.runtime.block_on(AsyncStore::close(&self.beneath.store))
    }
}

crm_core::store_conformance!(
    laws,
    || Box::new(Waited::new()) as Box<dyn Store>,
    ignore = "needs a server: tests/run --only postgres"
);

fn at() -> Timestamp {
    Timestamp::parse("2026-03-01T10:00:00Z").unwrap()
}

fn request(id: &str, command: serde_json::Value) -> Request {
    let request = serde_json::json!({ "request_id": id, "at": "2026-03-01T10:00:00Z", "do": command });
    Request::from_json(&request.to_string()).unwrap()
}

fn earn(id: &str, who: &str, points: u32) -> Request {
    let give = serde_json::json!({ "type": "earn_points", "customer_id": who, "currency": "points", "points": points });
    Request { actor: Some("t".parse().unwrap()), reason: Some("r".parse().unwrap()), ..request(id, give) }
}

fn join(who: &str) -> Request {
    request(&format!("join-{who}"), serde_json::json!({ "type": "register_customer", "customer_id": who }))
}

/// Tasks that are dropped at any time leave whole commits or none, and connections that answer their own questions.
///
/// To see it fail: in `commit::many` leave `BEGIN` and `COMMIT` out, and send one statement after the other.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_dropped_task_leaves_nothing_half_done() {
    let beneath = InSchema::with(PostgresOptions { connections_max: 3, ..PostgresOptions::default() });
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = Arc::new(beneath.reopened());
    runtime.block_on(async {
        let engine = AsyncEngine::open_shared(store.clone()).await.unwrap();
        engine.publish_json(SHOP, at()).await.unwrap();
        for who in 0..8 {
            engine.execute(join(&format!("c{who}"))).await.unwrap();
        }
        let mut dropped = 0;
        for round in 0..400_u64 {
            let (who, other) = (format!("c{}", round % 8), format!("c{}", (round + 3) % 8));
            // Now one, now so many that they go as sets.
            let many = if round % 3 == 0 { 40 } else { 1 };
            let batch = |_: u64| -> Vec<Request> {
                (0..many).map(|n| earn(&format!("r{round}-{n}"), if n % 2 == 0 { &who } else { &other }, 1)).collect()
            };
            let task = engine.clone();
            let first = batch(0);
            let cut = cut(round % 23, async move { task.execute_many(first).await }).await;
            dropped += u64::from(cut.is_none());
            // The same again: what was done stays done, what was not is done now, and the answers are those of these requests.
            for (n, outcome) in engine.execute_many(batch(1)).await.unwrap().into_iter().enumerate() {
                let done = outcome.unwrap();
                let whom = if n % 2 == 0 { &who } else { &other };
                assert_eq!(done.receipt.customer_id.as_ref().unwrap().as_str(), whom, "an answer of somebody else");
            }
        }
        assert!(50 < dropped && dropped < 400, "{dropped} of 400 were dropped in time");
    });
    let engine = Engine::open_shared(store).unwrap();
    let (mut entries, mut points) = (0, 0);
    engine
        .each_entry(&mut |entry| {
            entries += u64::from(corpus_kind(&entry) == "earn");
            Ok(())
        })
        .unwrap();
    engine
        .each_stored(&mut |customer| {
            points += customer.accounts.iter().map(|account| account.balances.available.get()).sum::<i64>();
            Ok(())
        })
        .unwrap();
    let expected = (0..400).map(|round| if round % 3 == 0 { 40 } else { 1 }).sum::<u64>();
    assert_eq!((entries, points), (expected, i64::try_from(expected).unwrap()));
    corpus::add_up(&engine).unwrap();
}

/// Drops work when it has been looked at so often without an end.
async fn cut<T>(looks: u64, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (Box::pin(work), looks);
    std::future::poll_fn(move |cx| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

fn corpus_kind(entry: &crm_core::effect::Entry) -> &'static str {
    crm_core::engine::kind_and_subject(entry).0
}

/// A commit that waits for a lock and is dropped there gives its turn back; what became of it, the same request tells. To see it fail:
/// lend connections by a guard that gives them back when it is dropped; the next task then waits behind a statement of somebody else.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_task_that_is_dropped_while_it_waits_gives_its_turn_back() {
    let beneath =
        InSchema::with(PostgresOptions { connections_max: 1, pool_wait_ms: 5_000, ..PostgresOptions::default() });
    let store = Arc::new(beneath.reopened());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = AsyncEngine::open_shared(store.clone()).await.unwrap();
        engine.publish_json(SHOP, at()).await.unwrap();
        engine.execute(join("ann")).await.unwrap();
        let (client, driver) = tokio_postgres::connect(&on_postgres::address(), tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(driver);
        let schema = &beneath.schema;
        client.batch_execute(&format!("BEGIN; SELECT 1 FROM {schema}.customer FOR UPDATE")).await.unwrap();
        for n in 0..5 {
            let work = engine.execute(earn(&format!("cut-{n}"), "ann", 1));
            assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err(), "the row is locked");
        }
        // The only turn is free again, and the connection behind it is a new one.
        let question = serde_json::from_str(r#"{ "type": "customer", "customer_id": "ann" }"#).unwrap();
        tokio::time::timeout(Duration::from_secs(10), engine.ask(&question)).await.unwrap().unwrap();
        client.batch_execute("ROLLBACK").await.unwrap();
        drop(client);
        driver.await.ok();
        // Once is once, whatever became of those that were cut.
        for n in 0..5 {
            engine.execute(earn(&format!("cut-{n}"), "ann", 1)).await.unwrap();
        }
        engine.close().await.unwrap();
        let closed = engine.execute(join("bob")).await.unwrap_err();
        assert_eq!(closed.code(), ErrorCode::StoreClosed);
    });
    assert_eq!(number(&format!("SELECT points FROM {}.customer", beneath.schema)), 5);
}

/// A store outlives the runtime that its connections were opened on, and asks for one where there is none.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn each_runtime_has_connections_of_its_own() {
    let beneath = InSchema::with(PostgresOptions { connections_max: 2, ..PostgresOptions::default() });
    let store = Arc::new(beneath.reopened());
    for round in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = AsyncEngine::open_shared(store.clone()).await.unwrap();
            if round == 0 {
                engine.publish_json(SHOP, at()).await.unwrap();
            }
            engine.execute(join(&format!("c{round}"))).await.unwrap();
        });
    }
    assert_eq!(number(&format!("SELECT count(*) FROM {}.customer", beneath.schema)), 5);
    let waker = std::task::Waker::noop();
    let mut cx = std::task::Context::from_waker(waker);
    let nowhere = AsyncStore::load(
        &*store,
        &[Read::Prefix { table: crm_core::store::Table::Program, prefix: Vec::new(), after: None, limit: 1 }],
    )
    .as_mut()
    .poll(&mut cx)
    .map(|outcome| outcome.unwrap_err().to_string());
    assert!(matches!(nowhere, std::task::Poll::Ready(said) if said.contains("tokio")));
    sql("SELECT 1").unwrap();
}
