//! What `crm quote`, `crm show` and `crm report` say about gift cards and groups.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

#[track_caller]
fn crm(folder: &Path, args: &[&str], input: &str) -> String {
    let pipes = || Stdio::piped();
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.args(args).current_dir(folder).env("CRM_DB", "crm.db").stdin(pipes()).stdout(pipes()).stderr(pipes());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let ran = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert_eq!((ran.status.code().unwrap(), stderr.as_str()), (0, ""), "{args:?}: {stdout}");
    stdout
}

/// Ann bought two cards, 50.00 until the end of April and 30.00 for ever; Bob holds 20.00 of the first, and both have a seat in a group.
/// Ann has paid hers.
fn shop() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    let at = desk.path();
    let program = json!({ "version": 1, "program": "Tea <Shop>", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
        "groups": [{ "id": "<duo>", "price": "8.00", "size": 2, "hours": 24, "seat_seconds": 7200 }] });
    std::fs::write(at.join("program.json"), program.to_string()).unwrap();
    crm(at, &["publish", "program.json", "--at", "2026-03-01T00:00:00Z"], "");
    let lines = json!([{ "sku": "tea", "unit_price": "12.00" }]);
    let cart = json!({ "currency": "EUR", "group_id": "g1", "lines": lines });
    let paid = json!({ "type": "record_order", "buyer": { "type": "customer", "id": "ann" }, "claim_id": "a1",
        "order": { "id": "o1", "paid_at": "2026-03-02T10:02:00Z", "currency": "EUR", "lines": lines } });
    let part = json!({ "currency": "EUR", "lines": [{ "sku": "pot", "unit_price": "20.00" }], "gift_cards": [{ "card_id": "<c1>" }] });
    let requests = [
        ("2026-03-01T09:00:00Z", json!({ "type": "register_customer", "customer_id": "ann" })),
        ("2026-03-01T09:00:00Z", json!({ "type": "register_customer", "customer_id": "bob" })),
        (
            "2026-03-01T09:00:00Z",
            json!({ "type": "issue_gift_card", "customer_id": "ann", "card_id": "<c1>", "currency": "EUR", "amount": "50.00",
            "valid_until": "2026-05-01T00:00:00Z" }),
        ),
        (
            "2026-03-01T09:00:00Z",
            json!({ "type": "issue_gift_card", "customer_id": "ann", "card_id": "c2", "currency": "EUR", "amount": "30.00" }),
        ),
        (
            "2026-03-02T10:00:00Z",
            json!({ "type": "open_group", "customer_id": "ann", "group_id": "g1", "rules": "<duo>" }),
        ),
        ("2026-03-02T10:00:00Z", json!({ "type": "join_group", "customer_id": "bob", "group_id": "g1" })),
        (
            "2026-03-02T10:01:00Z",
            json!({ "type": "claim_offers", "customer_id": "ann", "claim_id": "a1", "cart": cart }),
        ),
        ("2026-03-02T10:02:00Z", paid),
        (
            "2026-03-02T10:03:00Z",
            json!({ "type": "claim_offers", "customer_id": "bob", "claim_id": "b1", "cart": part }),
        ),
        ("2026-03-02T10:04:00Z", json!({ "type": "try_code", "customer_id": "bob", "code": "no-such" })),
    ];
    let line = |(place, (at, command)): (usize, &(&str, Value))| {
        json!({ "request_id": format!("r{place}"), "at": at, "do": command }).to_string()
    };
    let requests: Vec<String> = requests.iter().enumerate().map(line).collect();
    crm(at, &["do", "-"], &requests.join("\n"));
    desk
}

const THEN: &str = "2026-03-02T10:05:00Z";

#[test]
fn a_customer_is_shown_with_cards_and_groups() {
    let desk = shop();
    let ann = crm(desk.path(), &["show", "ann", "--at", THEN], "");
    for part in ["Gift cards", "<c1>", "30.00 EUR", "20.00 EUR", "2026-04-30", "c2"] {
        assert!(ann.contains(part), "{part} is missing:\n{ann}");
    }
    for part in ["Groups that are not over", "g1", "forming", "1 of 2"] {
        assert!(ann.contains(part), "{part} is missing:\n{ann}");
    }
    let bob: Value = serde_json::from_str(&crm(desk.path(), &["show", "bob", "--at", THEN, "--json"], "")).unwrap();
    let ids: Vec<&str> =
        bob["gift_cards"].as_array().unwrap().iter().map(|card| card["card_id"].as_str().unwrap()).collect();
    assert_eq!(
        (ids, &bob["groups"][0]["state"]),
        (vec!["<c1>"], &json!("forming")),
        "the card that he uses, not the other one"
    );
    assert!(crm(desk.path(), &["show", "bob", "--at", THEN], "").contains("typed a code that is none"));
    // A day later the group did not form: Ann is owed her money, Bob has nothing to do with it any more.
    let late = "2026-03-03T10:05:00Z";
    assert!(crm(desk.path(), &["show", "ann", "--at", late], "").contains("to refund"));
    let bob: Value = serde_json::from_str(&crm(desk.path(), &["show", "bob", "--at", late, "--json"], "")).unwrap();
    assert_eq!(bob["groups"], json!([]));
}

#[test]
fn the_report_tells_what_is_owed_on_cards_and_how_groups_do() {
    let desk = shop();
    crm(desk.path(), &["report", "--out", "r.html", "--at", THEN], "");
    let page = std::fs::read_to_string(desk.path().join("r.html")).unwrap();
    for (part, why) in [
        ("<dt>Outstanding on gift cards</dt><dd>80.00 EUR</dd><dd class=\"note\">on 2 gift cards</dd>", "what is owed"),
        ("<th scope=\"row\">2026-04</th><td>50.00 EUR</td>", "what ends in April, held or not"),
        ("<th scope=\"row\">without an end</th><td>30.00 EUR</td>", "what never ends"),
        ("<th scope=\"row\">&lt;duo&gt;</th><td>0</td><td>1</td><td>0</td><td>1</td><td>0</td>", "groups, escaped"),
    ] {
        assert!(page.contains(part), "{why}: {part} is missing");
    }
    assert!(!page.contains("<duo>") && !page.contains("<c1>"));
    let json: Value =
        serde_json::from_str(&crm(desk.path(), &["report", "--json", "--at", "2026-03-03T10:05:00Z"], "")).unwrap();
    let groups = &json["figures"]["shared"]["groups"][0];
    assert_eq!((&groups["expired"], &groups["to_refund"]), (&json!(1), &json!(1)), "a day later, swept or not");
}

#[test]
fn a_quote_shows_what_each_card_pays() {
    let desk = shop();
    let cart = json!({ "currency": "EUR", "lines": [{ "sku": "pot", "unit_price": "100.00" }],
        "gift_cards": [{ "card_id": "<c1>" }, { "card_id": "c2", "amount": "40.00" }, { "code": "nothing" }] });
    std::fs::write(desk.path().join("cart.json"), cart.to_string()).unwrap();
    let told = crm(desk.path(), &["quote", "cart.json", "--customer", "ann", "--at", THEN], "");
    for part in [
        "Gift cards",
        "there is 30.00 EUR on it, and 40.00 EUR was asked",
        "no card has this id or code",
        "stored value pays 30.00, 70.00 are left to pay",
    ] {
        assert!(told.contains(part), "{part} is missing:\n{told}");
    }
}
