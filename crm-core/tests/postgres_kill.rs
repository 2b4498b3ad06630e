//! Kills clients in the middle of their commits, and the server in the middle of everybody's: the books add up every time, what was
//! acknowledged is there, and what was sent again took effect once.
#![cfg(all(unix, feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod numbered;
mod on_postgres;

use crm_core::store::{PostgresOptions, PostgresStore};
use crm_core::value::Timestamp;
use crm_core::{Engine, Retry, corpus};
use numbered::{PROGRAM, everything_is_there, numbered};
use on_postgres::{InSchema, address};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const SCHEMA: &str = "CRM_KILL_SCHEMA";
const FROM: &str = "CRM_KILL_FROM";
const KILLS: u64 = 60;
const CRASHES: u64 = 12;
/// A crash of the server is for everybody, so the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn engine(schema: &str) -> Engine {
    let options = PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    Engine::open(PostgresStore::open(&address(), &options).unwrap()).unwrap()
}

fn publish(engine: &Engine) {
    engine.publish_json(PROGRAM, Timestamp::from_millis(1_767_225_600_000).unwrap()).unwrap();
}

/// The child: carries requests out in commits of five and says which are done, until it is killed.
#[test]
fn child() {
    let (Ok(schema), Ok(from)) = (std::env::var(SCHEMA), std::env::var(FROM)) else { return };
    let engine = engine(&schema);
    let mut out = std::io::stdout();
    for commit in from.parse::<u64>().unwrap().. {
        engine.execute_many((commit * 5..commit * 5 + 5).map(numbered).collect()).unwrap();
        writeln!(out, "\ndone {commit}").unwrap();
        out.flush().unwrap();
    }
}

/// A client that is killed may leave one commit with the server, which ends it while the books are read here, page by page. What does not
/// add up once that is over, never will.
fn add_up_soon(engine: &Engine) {
    for _ in 0..100 {
        if corpus::add_up(engine).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    corpus::add_up(engine).unwrap();
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_killed_client_leaves_books_that_add_up() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let store = Arc::new(InSchema::new());
    let engine = Engine::open_shared(store.clone()).unwrap();
    publish(&engine);
    let mut acknowledged: Option<u64> = None;
    for kill in 0..KILLS {
        let from = acknowledged.map_or(0, |last| last + 1);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(SCHEMA, &store.schema)
            .env(FROM, from.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(commit) = line.strip_prefix("done ") {
                let commit: u64 = commit.parse().unwrap();
                acknowledged = Some(commit);
                if from + (kill % 4) <= commit {
                    break;
                }
            }
        }
        std::thread::sleep(Duration::from_micros((kill * 379) % 8_000));
        child.kill().unwrap();
        child.wait().unwrap();
        add_up_soon(&engine);
    }
    let last = acknowledged.unwrap() * 5 + 4;
    println!("{KILLS} kills, {last} requests");
    everything_is_there(&engine, last);
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_crash_of_the_server_loses_nothing_and_doubles_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let restart = std::env::var("CRM_POSTGRES_RESTART").expect("tests/with-postgres sets it");
    let store = Arc::new(InSchema::new());
    let engine = Engine::open_shared(store).unwrap();
    publish(&engine);
    let (stop, done, lost) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        // A host that sends each request until it has an answer.
        threads.spawn(|| {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                while let Err(error) = engine.execute(numbered(number)) {
                    if error.retry() == Retry::No {
                        assert!(!error.code().as_str().starts_with("store."), "{error:?}");
                        break;
                    }
                    assert_eq!(error.code().as_str(), "store.unreachable", "{error:?}");
                    lost.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(20));
                }
                done.store(number, Ordering::Relaxed);
            }
        });
        for crash in 0..CRASHES {
            let from = done.load(Ordering::Relaxed);
            while done.load(Ordering::Relaxed) < from + 20 {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(crash * 379));
            assert!(Command::new(&restart).status().unwrap().success());
        }
        stop.store(true, Ordering::Relaxed);
    });
    let (done, lost) = (done.into_inner(), lost.into_inner());
    println!("{CRASHES} crashes, {done} requests, {lost} calls without an answer");
    assert!(0 < lost, "no call was under way when the server stopped");
    corpus::add_up(&engine).unwrap();
    everything_is_there(&engine, done);
}
