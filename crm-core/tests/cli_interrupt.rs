//! Ctrl-C in the middle of an import: what was recorded stays and is counted, and the same command does the rest.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ORDERS: u64 = 6_000;

fn begun(folder: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.args(args).current_dir(folder).env("CRM_DB", "crm.db");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ran(folder: &Path, args: &[&str]) -> Output {
    begun(folder, args).wait_with_output().unwrap()
}

fn imports(folder: &Path) -> (String, u64, u64) {
    let told: Value = serde_json::from_slice(&ran(folder, &["revert", "--json"]).stdout).unwrap();
    assert_eq!(told["imports"].as_array().map(Vec::len), Some(1), "{told}");
    let import = &told["imports"][0];
    let count = |name: &str| import[name]["applied"].as_u64().unwrap();
    (import["state"].as_str().unwrap().to_owned(), count("orders"), import["customers_new"].as_u64().unwrap())
}

/// To see it fail: leave the flag of `Interrupt` alone, so that the signal ends the process where it stands; or leave out `going_on`.
#[test]
fn an_import_that_is_interrupted_says_what_stays_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut csv = "order_id,paid_at,member_no,sku,unit_price\n".to_owned();
    for order in 0..ORDERS {
        writeln!(csv, "{order},2026-01-0{} 10:00,m{},tea,10.00", 1 + order % 9, order % 1_000).unwrap();
    }
    std::fs::write(at.join("orders.csv"), csv).unwrap();
    let import = ["import", "orders.csv", "--format", "plain", "--program", "cafe", "--at", "2026-02-01T00:00:00Z"];
    let child = begun(at, &import);
    let written = || std::fs::metadata(at.join("crm.db-wal")).map_or(0, |file| file.len());
    let begun = Instant::now();
    while written() < 1 << 18 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("recorded before stays; the same command goes on where it stopped"), "{said}");
    let (state, orders, customers) = imports(at);
    assert_eq!(state, "running");
    assert!(0 < orders && orders < ORDERS && 0 < customers, "{orders} orders of {customers} customers");
    let output = ran(at, &import);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(imports(at), ("done".to_owned(), ORDERS, 1_000), "of both runs");
}
