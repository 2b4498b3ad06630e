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

mod numbered;

use crm_core::store::{SqliteOptions, SqliteStore};
use crm_core::value::Timestamp;
use crm_core::{Engine, corpus};
use numbered::{PROGRAM, everything_is_there, numbered};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const FILE: &str = "CRM_KILL_FILE";
const FROM: &str = "CRM_KILL_FROM";
const KILLS: usize = 200;
fn engine(path: &Path) -> Engine {
    Engine::open(SqliteStore::open(path, SqliteOptions::default()).unwrap()).unwrap()
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
    everything_is_there(&engine, last);
}
