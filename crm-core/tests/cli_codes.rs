//! `crm codes` as people and scripts use it.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

/// Exit code, stdout, stderr.
fn crm(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    let ran = command.arg("codes").args(args).current_dir(folder).env_remove("CRM_DB").output().unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
}

#[track_caller]
fn ok(folder: &Path, args: &[&str]) -> String {
    let (code, stdout, stderr) = crm(folder, args);
    assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
    stdout
}

/// The code of the error on stderr of a run with `--json`.
#[track_caller]
fn fails(folder: &Path, exit: i32, args: &[&str]) -> String {
    let (code, stdout, stderr) = crm(folder, &[args, &["--json"]].concat());
    assert_eq!((code, stdout.as_str()), (exit, ""), "{args:?}: {stderr}");
    let error: Value = serde_json::from_str(&stderr).expect("stderr is one JSON error");
    error["code"].as_str().unwrap().to_owned()
}

fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("key"), KEY).unwrap();
    desk
}

#[test]
fn batches_go_on_where_the_last_one_ended() {
    let desk = desk();
    let at = desk.path();
    let shape = ["make", "--key-file", "key", "--prefix", "spring", "--length", "12"];
    let make = |rest: &[&str]| ok(at, &[&shape, rest].concat());
    let all = make(&["--count", "3000"]);
    let distinct: BTreeSet<&str> = all.lines().collect();
    assert_eq!(distinct.len(), 3_000);
    assert!(all.lines().all(|code| code.starts_with("SPRING-") && code.len() == 21));
    assert_eq!(format!("{}{}", make(&["--count", "1000"]), make(&["--from", "1000", "--count", "2000"])), all);

    let told = make(&["--count", "3000", "--out", "codes.txt"]);
    assert!(told.contains("3,000 codes written to codes.txt") && told.contains("before 3,000"), "{told}");
    assert_eq!(std::fs::read_to_string(at.join("codes.txt")).unwrap(), all);
    let told: Value =
        serde_json::from_str(&make(&["--from", "5", "--count", "2", "--csv", "--out", "codes.csv", "--json"])).unwrap();
    let expected = json!({ "path": "codes.csv", "count": 2, "from": 5, "until": 7, "prefix": "SPRING", "length": 12 });
    assert_eq!(told, expected);
    let lines: Vec<&str> = all.lines().collect();
    let csv = std::fs::read_to_string(at.join("codes.csv")).unwrap();
    assert_eq!(csv, format!("serial,code\r\n5,{}\r\n6,{}\r\n", lines[5], lines[6]));
    let streamed = make(&["--from", "5", "--count", "1", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&streamed).unwrap(), json!({ "serial": 5, "code": lines[5] }));
    assert_eq!(make(&["--count", "0"]), "");
}

#[test]
fn a_length_is_worked_out() {
    let desk = desk();
    let make = |rest: &[&str]| ok(desk.path(), &[&["make", "--key-file", "key", "--count", "1"], rest].concat());
    assert_eq!(make(&["--live", "1000000"]).trim_end().len(), "XXXX-XXXX-XXXX".len());
    assert_eq!(make(&["--live", "1000", "--guess-rate", "1000"]).trim_end().len(), "XXX-XXX".len());
    assert_eq!(make(&["--live", "1000000"]), make(&["--length", "12"]));
}

#[test]
fn a_code_is_checked_however_it_is_typed() {
    let desk = desk();
    let at = desk.path();
    let shape = ["--key-file", "key", "--prefix", "spring", "--length", "12"];
    let code = ok(at, &[&["make", "--from", "41", "--count", "1"], &shape[..]].concat());
    let typed = code.trim_end().to_lowercase().replace('-', " ").replace('0', "o");
    let batch = [&shape[..], &["--count", "100"]].concat();

    let found: Value = serde_json::from_str(&ok(at, &[&["check", &typed, "--json"], &batch[..]].concat())).unwrap();
    let normal = code.trim_end().replace('-', "").replace("SPRING", "5PR1NG");
    assert_eq!(found, json!({ "valid": true, "normal": normal, "generated": true, "why": null, "serial": 41 }));
    let told = ok(at, &[&["check", &typed], &batch[..]].concat());
    assert!(told.contains(&normal) && told.contains("serial number 41 of the batch"), "{told}");
    assert!(ok(at, &["check", &typed]).contains("the check character is right"));

    let (exit, told, _) = crm(at, &[&["check", &typed, "--json", "--from", "42"], &batch[..]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((exit, &told["valid"], &told["serial"]), (1, &json!(false), &Value::Null));
    assert_eq!(told["why"]["code"], "code.forged");

    let (exit, told, _) = crm(at, &["check", "Spring-10", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((exit, &told["generated"], &told["normal"]), (1, &json!(false), &json!("5PR1NG10")));
    assert_eq!(told["why"]["code"], "code.checksum");
    assert!(crm(at, &["check", "Spring-10"]).1.contains("worded by hand"));
    assert_eq!(fails(at, 1, &["check", "50%"]), "code.text");
}

#[test]
fn signed_codes_are_known_to_their_till() {
    let desk = desk();
    let at = desk.path();
    let codes = ok(at, &["make", "--key-file", "key", "--signed", "42", "--from", "7", "--count", "3"]);
    let second = codes.lines().nth(1).unwrap();
    assert_eq!(second.len(), "XXXX-XXXX-XXXX-XXXX-XXXX".len());
    let told = ok(at, &["check", second, "--key-file", "key", "--signed", "42"]);
    assert!(told.contains("serial number 8 of the batch"), "{told}");
    let (exit, told, _) = crm(at, &["check", second, "--key-file", "key", "--signed", "43"]);
    assert!(exit == 1 && told.contains("not of this batch and key"), "{told}");
}

#[test]
fn keys_are_made_once_and_kept_from_others() {
    let desk = desk();
    let at = desk.path();
    let make = ["make", "--count", "5", "--length", "12"];
    let codes = ok(at, &[&make[..], &["--new-key", "new"]].concat());
    assert_eq!(ok(at, &[&make[..], &["--key-file", "new"]].concat()), codes);
    assert_ne!(ok(at, &[&make[..], &["--key-file", "key"]].concat()), codes);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(at.join("new")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fails(at, 3, &[&make[..], &["--new-key", "new"]].concat()), "file");
    assert_eq!(fails(at, 3, &[&make[..], &["--key-file", "nothing"]].concat()), "file");
    std::fs::write(at.join("bad"), "0123").unwrap();
    assert_eq!(fails(at, 1, &[&make[..], &["--key-file", "bad"]].concat()), "code.secret");
    assert_eq!(fails(at, 1, &["make", "--count", "30000000", "--length", "6", "--new-key", "unused"]), "code.space");
    assert!(!at.join("unused").exists(), "what cannot be made leaves no key");
}

#[test]
fn wrong_usage_is_told() {
    let desk = desk();
    let at = desk.path();
    let key = ["make", "--key-file", "key"];
    assert_eq!(fails(at, 2, &[&key[..], &["--count", "1"]].concat()), "usage");
    assert_eq!(fails(at, 2, &[&key[..], &["--length", "12"]].concat()), "usage");
    assert_eq!(fails(at, 2, &["make", "--count", "1", "--length", "12"]), "usage");
    assert_eq!(fails(at, 2, &[&key[..], &["--count", "1", "--length", "12", "--live", "9"]].concat()), "usage");
    let most = u64::MAX.to_string();
    assert_eq!(fails(at, 2, &[&key[..], &["--count", "2", "--length", "12", "--from", &most]].concat()), "usage");
    assert_eq!(fails(at, 1, &[&key[..], &["--count", "1", "--length", "5"]].concat()), "code.form");
    assert_eq!(fails(at, 1, &[&key[..], &["--count", "1", "--length", "8", "--prefix", "a b"]].concat()), "code.form");
}
