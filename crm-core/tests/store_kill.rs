//! Kills a process that commits, over and over: what it acknowledged is there, and no commit is there by halves.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crm_core::store::{
    Commit, CommitReply, Durability, Guard, Read, Row, SqliteOptions, SqliteStore, Store, Table, Value, Write,
};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const FILE: &str = "CRM_STORE_KILL_FILE";
const DURABILITY: &str = "CRM_STORE_KILL_DURABILITY";
/// Rows of the journal per commit; their bodies make the log long, so that checkpoints are killed too.
const ENTRIES: i64 = 5;
const KILLS: u32 = 110;

fn open(path: &Path, durability: Durability) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions { durability, ..SqliteOptions::default() }).unwrap()
}

fn customer(number: i64) -> Row {
    let cells = vec![
        Value::Int(1),
        Value::text("anna"),
        Value::Int(number),
        Value::Int(0),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Int(number * ENTRIES),
        Value::Int(number),
        Value::Blob([7; 700].into()),
        Value::Blob([8; 3_000].into()),
    ];
    Row::new(Table::Customer, cells)
}

fn entry(number: i64, place: i64) -> Row {
    let request = if place == 0 { Value::text(&format!("request {number}")) } else { Value::Null };
    let cells = vec![
        Value::Int(1),
        Value::text("anna"),
        Value::Int(number * ENTRIES + place),
        Value::text("earn"),
        Value::Int(0),
        Value::Int(0),
        request,
        Value::Null,
        Value::Int(1),
        Value::Null,
        Value::Int(1),
        Value::Blob([9; 900].into()),
        Value::Null,
    ];
    Row::new(Table::Entry, cells)
}

/// The commit with this number, from 1: next version of the customer, a few entries, a counter.
fn numbered(number: i64) -> Commit {
    let guard = if number == 1 { Guard::New } else { Guard::Version(number - 1) };
    let mut writes: Vec<Write> =
        (0..ENTRIES).map(|place| Write::Put { row: entry(number, place), guard: Guard::New }).collect();
    writes.insert(2, Write::Put { row: customer(number), guard });
    writes.push(Write::Within { key: vec![Value::Int(1), Value::text("commits")], add: 1, limit: i64::MAX });
    Commit { writes }
}

/// What is stored: the version of the customer, the counter, and how many of the entries after a number there are.
fn stored(store: &SqliteStore, after: i64) -> (i64, i64, i64, i64) {
    let key = vec![Value::Int(1), Value::text("anna")];
    let last = [key.clone(), vec![Value::Int(after * ENTRIES + ENTRIES - 1)]].concat();
    let reads = [
        Read::Row { table: Table::Customer, key: key.clone() },
        Read::Row { table: Table::Counter, key: vec![Value::Int(1), Value::text("commits")] },
        Read::Prefix { table: Table::Entry, prefix: key, after: Some(last), limit: usize::MAX },
        Read::UpTo { table: Table::Customer, index: 0, up_to: Value::Int(i64::MAX), after: None, limit: 9 },
    ];
    let lists = store.load(&reads).unwrap();
    let number =
        |list: usize, place: usize| lists[list].first().and_then(|row| row.cells()[place].as_int()).unwrap_or(0);
    (number(0, 2), number(1, 2), i64::try_from(lists[2].len()).unwrap(), number(3, 8))
}

/// Runs only as a child of the other tests, until it is killed.
#[test]
fn child() {
    let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let durability = if std::env::var(DURABILITY).unwrap() == "full" { Durability::Full } else { Durability::Normal };
    let store = open(&path, durability);
    let first = stored(&store, 1 << 40).0 + 1;
    for number in first.. {
        assert_eq!(store.commit(&numbered(number)).unwrap(), CommitReply::Done);
        println!("acknowledged {number}");
    }
}

/// Numbers that look random and are the same in each run.
fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

/// From when the time to the kill runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Start,
    FirstCommit,
}

/// Starts a child, kills it after a while, and gives back the last number that it acknowledged.
fn kill_one(path: &Path, durability: &str, from: From, wait: Duration) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FILE, path)
        .env(DURABILITY, durability)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let acknowledged = AtomicI64::new(0);
    let (told, first) = mpsc::channel();
    thread::scope(|scope| {
        let acknowledged = &acknowledged;
        scope.spawn(move || {
            // A line that the kill cut off acknowledges nothing, so only lines with their end count.
            for line in lines.split(b'\n').map_while(Result::ok) {
                let text = String::from_utf8_lossy(&line).into_owned();
                let number = text.rsplit_once("acknowledged ").and_then(|(_, number)| number.parse().ok());
                if let Some(number) = number {
                    acknowledged.fetch_max(number, Ordering::Relaxed);
                    told.send(()).ok();
                }
            }
        });
        if from == From::FirstCommit {
            first.recv_timeout(Duration::from_secs(20)).ok();
        }
        thread::sleep(wait);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    acknowledged.into_inner()
}

fn kill_many(durability: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let (mut random, mut whole, mut at_work) = (0x9E37_79B9_7F4A_7C15, 0, 0);
    let began = Instant::now();
    for kill in 0..KILLS {
        // Some are killed while they open the file, most while they commit.
        let from = if kill % 5 == 0 { From::Start } else { From::FirstCommit };
        let wait = Duration::from_millis(next(&mut random) % 60);
        let acknowledged = kill_one(&path, durability, from, wait);
        at_work += i32::from(0 < acknowledged);
        let store = open(&path, Durability::Normal);
        let (version, counter, entries, due) = stored(&store, whole);
        assert_eq!(entries, (version - whole) * ENTRIES, "kill {kill}: a commit is there by halves");
        assert_eq!((counter, due), (version, version), "kill {kill}: a commit is there by halves");
        // A last line without its end may name a number cut short, never a larger one.
        assert!(acknowledged.max(whole) <= version, "kill {kill}: commit {acknowledged} was acknowledged and is lost");
        whole = version;
        if kill % 10 == 9 {
            store.close().unwrap();
        }
    }
    SqliteStore::verify(&path).unwrap();
    println!("{durability}: {KILLS} kills, {at_work} at work, {whole} commits, {:.1?}", began.elapsed());
    assert!(KILLS / 2 < at_work.unsigned_abs(), "too few were killed at work: {at_work}");
}

#[test]
fn killed_with_durability_normal() {
    kill_many("normal");
}

#[test]
fn killed_with_durability_full() {
    kill_many("full");
}
