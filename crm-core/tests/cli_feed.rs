//! `crm feed`: entries in the order of their commits, from any place on, and on as they come.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.args(args).current_dir(folder).env("CRM_DB", "crm.db");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ran(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = command(folder, args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn crm(folder: &Path, args: &[&str], input: &str) -> String {
    let output = ran(folder, args, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn request(id: &str, at: &str, command: Value) -> String {
    json!({ "request_id": id, "at": at, "actor": "till", "reason": "test", "do": command }).to_string() + "\n"
}

fn earn(id: &str, who: &str, points: u32) -> String {
    let command = json!({ "type": "earn_points", "customer_id": who, "currency": "points", "points": points });
    request(id, "2026-03-02T10:00:00Z", command)
}

/// Zoe comes first, Ann second; then Zoe gets 5 points and Ann 7, each by a call of its own.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let program = json!({ "version": 1, "program": "shop", "revision": 1, "zone": "Asia/Shanghai", "currencies": ["CNY"],
        "points": [{ "id": "points" }] });
    std::fs::write(at.join("program.json"), program.to_string()).unwrap();
    crm(at, &["publish", "program.json", "--at", "2026-03-01T00:00:00Z"], "");
    for who in ["zoe", "ann"] {
        let join = json!({ "type": "register_customer", "customer_id": who });
        crm(at, &["do", "-"], &request(&format!("join-{who}"), "2026-03-01T10:00:00Z", join));
    }
    crm(at, &["do", "-"], &earn("e1", "zoe", 5));
    crm(at, &["do", "-"], &earn("e2", "ann", 7));
    folder
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Who, and which entry of theirs.
fn named(lines: &[Value]) -> Vec<(String, u64)> {
    let name = |line: &Value| {
        let entry = &line["entry"];
        (entry["customer_id"].as_str().unwrap().to_owned(), entry["seq"].as_u64().unwrap())
    };
    lines.iter().map(name).collect()
}

/// To see it fail: print entries customer by customer, or let a page begin at its place and not behind it.
#[test]
fn entries_come_in_the_order_of_their_commits_from_any_place() {
    let shop = shop();
    let all = lines(&crm(shop.path(), &["feed", "--json"], ""));
    let expected = [("zoe", 1), ("ann", 1), ("zoe", 2), ("ann", 2)].map(|(who, seq)| (who.to_owned(), seq));
    assert_eq!(named(&all), expected);
    for place in 0..all.len() {
        let after = all[place]["offset"].as_str().unwrap();
        let rest = lines(&crm(shop.path(), &["feed", "--json", "--after", after], ""));
        assert_eq!(named(&rest), expected[place + 1..], "behind {after}");
    }
    let two = lines(&crm(shop.path(), &["feed", "--json", "--limit", "2"], ""));
    assert_eq!(named(&two), expected[..2]);
    assert_eq!(crm(shop.path(), &["feed", "--limit", "0"], ""), "");
    let told = crm(shop.path(), &["feed", "--after", all[1]["offset"].as_str().unwrap()], "");
    let place = |n: usize| all[n]["offset"].as_str().unwrap();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), 2);
    // In the zone of the program.
    assert!(
        told[0].starts_with(&format!("{}  2026-03-02 18:00  zoe  ", place(2))) && told[0].contains('5'),
        "{}",
        told[0]
    );
    assert!(
        told[1].starts_with(&format!("{}  2026-03-02 18:00  ann  ", place(3))) && told[1].contains('7'),
        "{}",
        told[1]
    );
}

#[test]
fn what_is_no_place_is_wrong_usage() {
    let shop = shop();
    for after in ["", "7", "1.x", "-1.0", "01.0"] {
        let output = ran(shop.path(), &["feed", &format!("--after={after}")], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{after}: {said}");
        assert!(said.contains("12.3"), "{after}: {said}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let output = ran(nowhere.path(), &["feed", "--json"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("store.missing"));
}

/// A `crm feed --follow`, and its lines.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn new(folder: &Path, more: &[&str]) -> Self {
        Self::reading(folder, more, usize::MAX)
    }

    /// Whose reader closes the pipe after so many lines.
    fn reading(folder: &Path, more: &[&str], most: usize) -> Self {
        let mut child = command(folder, &[&["feed", "--follow", "--json"], more].concat()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            stdout.lines().take(most).map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("a line comes soon");
        serde_json::from_str(&line).unwrap()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What others commit is told soon, and whoever is interrupted goes on behind the last line. To see it fail: leave `flush` out.
#[test]
fn a_follower_is_told_and_goes_on_where_it_was() {
    let shop = shop();
    let mut follower = Follower::new(shop.path(), &[]);
    let mut seen: Vec<Value> = (0..4).map(|_| follower.next()).collect();
    for n in 0..3 {
        crm(shop.path(), &["do", "-"], &earn(&format!("late-{n}"), "zoe", 1));
        seen.push(follower.next());
        // As Ctrl-C does: no word, no half a line, and nothing is left behind.
        follower.signal("-INT");
        let mut rest = String::new();
        follower.child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), follower.lines.recv().is_err()), ("", true));
        assert!(!follower.child.wait().unwrap().success());
        let after = seen.last().unwrap()["offset"].as_str().unwrap().to_owned();
        follower = Follower::new(shop.path(), &["--after", &after]);
    }
    let expected = [("zoe", 1), ("ann", 1), ("zoe", 2), ("ann", 2), ("zoe", 3), ("zoe", 4), ("zoe", 5)];
    assert_eq!(named(&seen), expected.map(|(who, seq)| (who.to_owned(), seq)));
}

/// Whoever has read enough closes the pipe: the next line ends the follower, without a word.
#[test]
fn a_closed_pipe_ends_it_without_a_word() {
    let shop = shop();
    let mut follower = Follower::reading(shop.path(), &[], 1);
    assert_eq!(follower.next()["entry"]["customer_id"].as_str(), Some("zoe"));
    assert!(follower.lines.recv().is_err(), "the pipe is closed");
    crm(shop.path(), &["do", "-"], &earn("late", "zoe", 1));
    let (begun, mut said) = (Instant::now(), String::new());
    while follower.child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let ended = follower.child.try_wait().unwrap().expect("it ends");
    follower.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((ended.code(), said.as_str()), (Some(0), ""));
}
