//! The feed on PostgreSQL: commits that end in another order than they began, readers that are killed, a database that came from elsewhere.
#![cfg(all(feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, unreachable_pub, reason = "its `main` is not used here")]
#[path = "../examples/feed_worker.rs"]
mod feed_worker;

mod on_postgres;

use crm_core::command::Request;
use crm_core::store::{Offset, PostgresOptions, PostgresStore};
use crm_core::value::Timestamp;
use crm_core::{AsyncEngine, Engine};
use on_postgres::{InSchema, address, number, sql};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const SCHEMA: &str = "CRM_FEED_SCHEMA";
/// What a child does: `write 3`, `write-when told`, `buy 3`, `work FOLDER`, or `follow FILE`.
const TASK: &str = "CRM_FEED_TASK";
const WRITERS: u64 = 4;
const REQUESTS: u64 = 150;
const CUSTOMERS: u64 = 5;
const SHOP: &str = r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "points": [{ "id": "points" }] }"#;

/// A transaction that is open anywhere on the server holds every feed up: each of these tests has the server for itself.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(schema: &str) -> Engine {
    let options = PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    Engine::open(PostgresStore::open(&address(), &options).unwrap()).unwrap()
}

fn request(id: &str, command: serde_json::Value) -> Request {
    let request = json!({ "request_id": id, "at": "2026-03-01T10:00:00Z", "actor": "a", "reason": "r", "do": command });
    Request::from_json(&request.to_string()).unwrap()
}

fn join(who: &str) -> Request {
    request(&format!("join-{who}"), json!({ "type": "register_customer", "customer_id": who }))
}

fn earn(id: &str, who: &str) -> Request {
    request(id, json!({ "type": "earn_points", "customer_id": who, "currency": "points", "points": 1 }))
}

fn shop(schema: &InSchema) -> Engine {
    let engine = open(&schema.schema);
    engine.publish_json(SHOP, Timestamp::parse("2026-03-01T00:00:00Z").unwrap()).unwrap();
    for who in 0..CUSTOMERS {
        engine.execute(join(&format!("c{who}"))).unwrap();
    }
    engine
}

/// Who and which entry, in the order of the feed.
fn follow(engine: &Engine, mut after: Offset) -> (Vec<(String, u64)>, Offset) {
    let mut seen = Vec::new();
    loop {
        let page = engine.feed(after, 10).unwrap();
        let Some((last, _)) = page.last() else { return (seen, after) };
        after = *last;
        seen.extend(page.into_iter().map(|(_, entry)| (entry.customer_id.as_str().to_owned(), entry.seq)));
    }
}

/// A commit that began first and ends last is not passed over. To see it fail: leave the bound of `txid_snapshot_xmin` out of the statement.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_commit_that_ends_late_is_waited_for() {
    let _alone = alone();
    let beneath = InSchema::new();
    let engine = shop(&beneath);
    let (_, start) = follow(&engine, Offset::START);
    let schema = beneath.schema.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, driver) = tokio_postgres::connect(&address(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        // An entry of another process, as far as it got: written, and not committed.
        let copy = format!(
            "BEGIN; INSERT INTO {schema}.entry (bucket, customer_id, seq, kind, effective_at, recorded_at, request_id, revision, body, mark) \
             SELECT bucket, customer_id, 2, kind, effective_at, recorded_at, 'late', revision, body, mark FROM {schema}.entry \
             WHERE customer_id = 'c4' AND seq = 1"
        );
        client.batch_execute(&copy).await.unwrap();
        let late = std::thread::scope(|threads| {
            let work = || {
                engine.execute(earn("r1", "c0")).unwrap();
                follow(&engine, start)
            };
            threads.spawn(work).join().unwrap()
        });
        assert_eq!(late, (Vec::new(), start), "the later commit would hide the earlier one");
        client.batch_execute("COMMIT").await.unwrap();
    });
    let (seen, _) = follow(&engine, start);
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().any(|(who, _)| who == "c4") && seen.iter().any(|(who, _)| who == "c0"), "{seen:?}");
}

/// New entries come behind those that a dump brought from a server with greater numbers. To see it fail: open without `keep_order`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_restored_database_goes_on_behind_its_entries() {
    let _alone = alone();
    let beneath = InSchema::new();
    shop(&beneath);
    sql(&format!("UPDATE {}.entry SET committed = committed + 5000000000", beneath.schema)).unwrap();
    let engine = open(&beneath.schema);
    let (before, place) = follow(&engine, Offset::START);
    assert_eq!(before.len(), usize::try_from(CUSTOMERS).unwrap());
    for n in 0..3 {
        engine.execute(earn(&format!("r{n}"), "c1")).unwrap();
    }
    let again = open(&beneath.schema);
    let (after, _) = follow(&again, place);
    assert_eq!(after, [2, 3, 4].map(|seq| ("c1".to_owned(), seq)));
}

#[test]
fn child() {
    let (Ok(schema), Ok(task)) = (std::env::var(SCHEMA), std::env::var(TASK)) else { return };
    let engine = open(&schema);
    match task.split_once(' ').unwrap() {
        ("write", writer) => {
            for n in 0..REQUESTS {
                engine.execute(earn(&format!("w{writer}-{n}"), &format!("c{}", n % CUSTOMERS))).unwrap();
            }
        }
        ("buy", writer) => {
            for n in 0..ORDERS {
                engine.execute(order(&format!("w{writer}-{n}"), &format!("c{}", n % CUSTOMERS))).unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        ("work", folder) => {
            let file = |name: &str| std::path::Path::new(folder).join(name);
            let options = PostgresOptions { schema, ..PostgresOptions::default() };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let mut messages = std::fs::OpenOptions::new().create(true).append(true).open(file("messages")).unwrap();
            // Slow, so that it is killed in the middle of a page.
            let mut send = |message: &serde_json::Value| {
                std::thread::sleep(Duration::from_millis(2));
                messages.write_all(format!("{message}\n").as_bytes())
            };
            runtime.block_on(feed_worker::follow(&address(), options, &file("place"), &mut send)).unwrap();
        }
        ("write-when", _) => {
            for (n, _) in std::io::stdin().lines().enumerate() {
                engine.execute(earn(&format!("told-{n}"), "c0")).unwrap();
            }
        }
        (_, file) => {
            let stored = std::fs::read_to_string(file).ok();
            let mut after: Offset = stored.map_or(Offset::START, |text| text.parse().unwrap());
            loop {
                for (offset, entry) in engine.feed(after, 7).unwrap() {
                    println!("\nsaw {} {}", entry.customer_id.as_str(), entry.seq);
                    // The place is kept when the entry has been dealt with, and as a whole.
                    let fresh = format!("{file}.new");
                    std::fs::write(&fresh, offset.to_string()).unwrap();
                    std::fs::rename(&fresh, file).unwrap();
                    after = offset;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    }
}

fn start(schema: &str, task: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .envs([(SCHEMA, schema), (TASK, task)])
        .stdin(if task.starts_with("write-when") { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Four processes write, one follows and is killed again and again: every entry is seen at least once, and each customer's in their order.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_reader_that_is_killed_goes_on_where_it_was() {
    let _alone = alone();
    let beneath = InSchema::new();
    shop(&beneath);
    let folder = tempfile::tempdir().unwrap();
    let task = format!("follow {}", folder.path().join("place").display());
    let mut writers: Vec<Child> = (0..WRITERS).map(|n| start(&beneath.schema, &format!("write {n}"))).collect();
    let all = CUSTOMERS + WRITERS * REQUESTS;
    let (mut last, mut seen, mut repeated, mut kills) = (BTreeMap::<String, u64>::new(), 0, 0, 0);
    while seen < all {
        let mut reader = start(&beneath.schema, &task);
        let lines = BufReader::new(reader.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut here = 0;
        for line in lines {
            let Some((who, seq)) = line.strip_prefix("saw ").and_then(|line| line.split_once(' ')) else { continue };
            let (seq, last): (u64, _) = (seq.parse().unwrap(), last.entry(who.to_owned()).or_insert(0));
            if seq <= *last {
                repeated += 1;
            } else {
                assert_eq!(seq, *last + 1, "an entry of {who} was passed over");
                (*last, seen) = (seq, seen + 1);
            }
            here += 1;
            if 40 + kills * 13 < here || seen == all {
                // What it has said by then counts: its place lies behind that.
                reader.kill().unwrap();
            }
        }
        reader.wait().unwrap();
        kills += 1;
    }
    writers.iter_mut().for_each(|writer| assert!(writer.wait().unwrap().success()));
    println!("{seen} entries, {kills} readers killed, {repeated} seen again");
    assert_eq!(number(&format!("SELECT count(*) FROM {}.entry", beneath.schema)), i64::try_from(all).unwrap());
    assert!(2 < kills);
}

/// Nobody who is not told looks at the feed in less than this, once they have waited for a while.
const WAITED: Duration = Duration::from_millis(1_700);
const SOON: Duration = Duration::from_millis(600);
const LONG_MS: u32 = 60_000;

/// A wait for entries on a thread, or on a task, by a name of its own.
fn waiting<'s>(
    threads: &'s std::thread::Scope<'s, '_>,
    schema: &'s str,
    after: Offset,
    by_tasks: bool,
) -> std::thread::ScopedJoinHandle<'s, crm_core::Result<bool>> {
    let options = PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    let named = format!("{}?application_name={schema}", address());
    threads.spawn(move || {
        if !by_tasks {
            return Engine::open(PostgresStore::open(&named, &options)?)?.wait_for_entries(after, LONG_MS);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let store = PostgresStore::open_async(&named, &options).await?;
            AsyncEngine::open(store).await?.wait_for_entries(after, LONG_MS).await
        })
    })
}

/// Another process writes, and who waits is awake long before it would have looked. To see it fail: open the writer with `tells: false`, or
/// leave `LISTEN` out of `listen.rs`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_commit_wakes_whoever_waits() {
    let _alone = alone();
    let beneath = InSchema::new();
    let engine = shop(&beneath);
    let (_, mut after) = follow(&engine, Offset::START);
    let mut writer = start(&beneath.schema, "write-when told");
    let mut tell = writer.stdin.take().unwrap();
    for round in 0..4 {
        std::thread::scope(|threads| {
            let waits = waiting(threads, &beneath.schema, after, round % 2 == 1);
            std::thread::sleep(WAITED);
            assert!(!waits.is_finished());
            let begun = Instant::now();
            writeln!(tell).unwrap();
            assert_eq!(waits.join().unwrap(), Ok(true));
            assert!(begun.elapsed() < SOON, "round {round}: {:?}", begun.elapsed());
        });
        let (seen, last) = follow(&engine, after);
        assert_eq!(seen.len(), 1);
        after = last;
    }
    drop(tell);
    assert!(writer.wait().unwrap().success());
}

/// A wait outlives its connection: it gets another one, and is told again. To see it fail: let `Wait::again` answer no.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_wait_outlives_its_connection() {
    let _alone = alone();
    let beneath = InSchema::new();
    let engine = shop(&beneath);
    let (_, mut after) = follow(&engine, Offset::START);
    for round in 0..2 {
        std::thread::scope(|threads| {
            let waits = waiting(threads, &beneath.schema, after, round == 1);
            std::thread::sleep(Duration::from_millis(500));
            let ours = format!("FROM pg_stat_activity WHERE application_name = '{}'", beneath.schema);
            let pids = number(&format!("SELECT sum(pid)::int8 {ours}"));
            assert_eq!(
                number(&format!("SELECT count(pg_terminate_backend(pid)) {ours}")),
                2,
                "one listens, one is idle"
            );
            std::thread::sleep(WAITED);
            assert!(!waits.is_finished());
            assert_ne!(number(&format!("SELECT sum(pid)::int8 {ours}")), pids);
            let begun = Instant::now();
            engine.execute(earn(&format!("r{round}"), "c1")).unwrap();
            assert_eq!(waits.join().unwrap(), Ok(true));
            assert!(begun.elapsed() < SOON, "round {round}: {:?}", begun.elapsed());
        });
        after = follow(&engine, after).1;
    }
}

/// An entry that an old transaction holds up comes when that has ended, although nobody tells of it. To see it fail: let `look` wait until it is
/// told.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn an_entry_that_was_held_up_is_not_slept_through() {
    let _alone = alone();
    let beneath = InSchema::new();
    let engine = shop(&beneath);
    let (_, after) = follow(&engine, Offset::START);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = runtime.block_on(async {
        let (client, driver) = tokio_postgres::connect(&address(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        client.batch_execute("BEGIN; SELECT txid_current()").await.unwrap();
        client
    });
    std::thread::scope(|threads| {
        let waits = waiting(threads, &beneath.schema, after, false);
        engine.execute(earn("r1", "c0")).unwrap();
        std::thread::sleep(WAITED);
        assert!(!waits.is_finished(), "it is held up");
        runtime.block_on(client.batch_execute("COMMIT")).unwrap();
        let begun = Instant::now();
        assert_eq!(waits.join().unwrap(), Ok(true));
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    });
    // Nobody listens any more: what the server would send has no reader.
    let listens = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND query <> 'UNLISTEN *'",
        beneath.schema
    );
    assert!(number(&listens) <= 1, "a connection still listens");
}

const ORDERS: u64 = 120;

fn order(id: &str, who: &str) -> Request {
    let order = json!({ "id": id, "paid_at": "2026-03-01T10:00:00Z", "currency": "EUR", "lines": [{ "sku": "cup", "unit_price": "3.00" }] });
    let buyer = json!({ "type": "customer", "id": who });
    request(id, json!({ "type": "record_order", "buyer": buyer, "order": order }))
}

/// The worker of the guide, killed again and again while three processes sell: a message for each order and each customer, at least one, and those
/// of a customer in their order when they come first. To see it fail: let it keep the place before it sends, or begin at the end.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_worker_that_is_killed_sends_every_message() {
    let _alone = alone();
    let beneath = InSchema::new();
    shop(&beneath);
    let folder = tempfile::tempdir().unwrap();
    let task = format!("work {}", folder.path().display());
    let mut writers: Vec<Child> = (0..3).map(|n| start(&beneath.schema, &format!("buy {n}"))).collect();
    let all = usize::try_from(CUSTOMERS + 3 * ORDERS).unwrap();
    let sent = || -> Vec<(String, u64)> {
        let text = std::fs::read_to_string(folder.path().join("messages")).unwrap_or_default();
        let each = text.lines().map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            let (who, seq) = message["id"].as_str().unwrap().split_once('/').unwrap();
            assert_eq!(message["to"].as_str(), Some(who));
            (who.to_owned(), seq.parse().unwrap())
        });
        each.collect()
    };
    let distinct = || sent().into_iter().collect::<std::collections::BTreeSet<_>>().len();
    let (mut kills, begun) = (0_usize, Instant::now());
    while distinct() < all {
        assert!(begun.elapsed() < Duration::from_secs(120), "messages are missing: {} of {all}", distinct());
        let mut worker = start(&beneath.schema, &task);
        let before = sent().len();
        // At any place: before the first message, between a message and its place, or while it waits.
        while sent().len() < before + kills * 7 && distinct() < all && begun.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(1));
        }
        worker.kill().unwrap();
        worker.wait().unwrap();
        kills += 1;
    }
    writers.iter_mut().for_each(|writer| assert!(writer.wait().unwrap().success()));
    let (mut last, mut again) = (BTreeMap::<String, u64>::new(), 0);
    for (who, seq) in sent() {
        let last = last.entry(who.clone()).or_insert(0);
        if *last < seq {
            *last = seq;
        } else {
            again += 1;
        }
    }
    assert_eq!(sent().len() - again, all, "a message came out of order, and so counts as repeated");
    println!("{all} messages, {kills} workers killed, {again} sent again");
    assert!(3 < kills);
}
