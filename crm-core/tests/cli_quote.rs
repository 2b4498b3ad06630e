//! `crm quote`, and what `crm show`, `crm report` and `crm demo` say about offers.

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

/// The instant of most quotes: an evening of the spring fair of the sample.
const EVENING: &str = "2026-04-27T19:00:00+08:00";

/// Exit code, stdout, stderr.
fn crm(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let pipes = || Stdio::piped();
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.args(args).current_dir(folder).env("CRM_DB", "crm.db").stdin(pipes()).stdout(pipes()).stderr(pipes());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let ran = child.wait_with_output().unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
}

#[track_caller]
fn ok(folder: &Path, args: &[&str], input: &str) -> String {
    let (code, stdout, stderr) = crm(folder, args, input);
    assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
    stdout
}

#[track_caller]
fn asked(folder: &Path, args: &[&str], input: &str) -> Value {
    serde_json::from_str(&ok(folder, &[args, &["--json"]].concat(), input)).expect("stdout is one JSON value")
}

/// The error on stderr of a run with `--json`.
#[track_caller]
fn fails(folder: &Path, exit: i32, args: &[&str], input: &str) -> Value {
    let (code, stdout, stderr) = crm(folder, &[args, &["--json"]].concat(), input);
    assert_eq!((code, stdout.as_str()), (exit, ""), "{args:?}: {stderr}");
    serde_json::from_str(&stderr).expect("stderr is one JSON error")
}

fn cart() -> Value {
    json!({
        "currency": "CNY", "shipping": "12.00", "codes": ["spring-15", "nothing"],
        "lines": [
            { "sku": "tea", "category": "茶叶", "unit_price": "268.00", "tax_rate": "13" },
            { "sku": "oranges", "category": "水果", "quantity": 2, "unit_price": "59.80", "tax_rate": "9" },
            { "sku": "tissue", "category": "纸品", "quantity": 3, "unit_price": "39.90", "tax_rate": "13" },
            { "sku": "oil", "category": "粮油", "unit_price": "129.00", "tax_rate": "9" }
        ],
        "stored_value": [{ "id": "card", "balance": "100.00" }]
    })
}

/// A shop with coupons that are issued at sign-up, and a limit.
fn program() -> Value {
    json!({
        "version": 1, "program": "Tea <Shop>", "revision": 1, "zone": "Asia/Shanghai", "currencies": ["CNY"],
        "campaigns": [{
            "id": "spring", "funders": [{ "party": "merchant", "share": "70" }, { "party": "brand", "share": "30" }],
            "limits": [{ "id": "budget", "counts": { "type": "budget", "max": "100.00" } }]
        }],
        "offers": [
            { "id": "ten", "campaign": "spring", "effect": { "type": "percent_off", "percent": "10" } },
            { "id": "five", "needs": { "type": "coupon" }, "phase": "shop_coupon", "effect": { "type": "fixed_off", "amount": "5.00" } }
        ],
        "issue": [{ "id": "hello", "offer": "five", "on": { "type": "sign_up" } }],
        "checkout": { "hold_seconds": 900 }
    })
}

/// Ann has a coupon; she paid for one checkout and holds another. Bob's checkout came back.
fn shop() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    let at = desk.path();
    std::fs::write(at.join("program.json"), program().to_string()).unwrap();
    ok(at, &["publish", "program.json", "--at", "2026-03-01T00:00:00Z"], "");
    let lines = json!([{ "sku": "tea", "unit_price": "100.00" }]);
    let cart = json!({ "currency": "CNY", "lines": lines });
    let claim =
        |who: &str, id: &str| json!({ "type": "claim_offers", "customer_id": who, "claim_id": id, "cart": cart });
    let paid = |who: &str, id: &str, at: &str| json!({ "type": "record_order", "buyer": { "type": "customer", "id": who }, "claim_id": id, "order": { "id": id, "paid_at": at, "currency": "CNY", "lines": lines } });
    let requests = [
        ("2026-03-01T09:00:00Z", json!({ "type": "register_customer", "customer_id": "ann" })),
        ("2026-03-01T09:00:00Z", json!({ "type": "register_customer", "customer_id": "bob" })),
        ("2026-03-02T09:00:00Z", claim("bob", "b1")),
        ("2026-03-02T09:01:00Z", paid("bob", "b1", "2026-03-02T09:01:00Z")),
        ("2026-03-02T09:05:00Z", json!({ "type": "cancel_order", "order_id": "b1" })),
        ("2026-03-02T10:00:00Z", claim("ann", "a1")),
        ("2026-03-02T10:01:00Z", paid("ann", "a1", "2026-03-02T10:01:00Z")),
        (
            "2026-03-02T11:00:00Z",
            json!({ "type": "issue_coupon", "customer_id": "ann", "coupon_id": "c2", "offer": "five", "uses": 2 }),
        ),
        ("2026-03-02T11:01:00Z", claim("ann", "a2")),
    ];
    let line = |(place, (at, command)): (usize, &(&str, Value))| {
        json!({ "request_id": format!("r{place}"), "at": at, "do": command }).to_string()
    };
    let requests: Vec<String> = requests.iter().enumerate().map(line).collect();
    ok(at, &["do", "-"], &requests.join("\n"));
    desk
}

#[test]
fn a_quote_is_explained_without_a_database() {
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("cart.json"), cart().to_string()).unwrap();
    let args = ["quote", "cart.json", "--program", "supermarket", "--at", EVENING];
    let told = ok(desk.path(), &args, "");
    for (part, why) in [
        ("│    2 ┆ oranges ┆        2 ┆ 119.60 ┆ 46.91 ┆     72.69 ┆", "a line"),
        ("every-300-50      ┆ by itself     ┆ 100.00 ┆ line 1 44.20, line 2 14.79", "an offer and its lines"),
        ("merchant 70.00, brands 30.00", "who bears it"),
        ("nothing has this code", "a code that is none"),
        ("tissue-3-for-2 ┆ by itself    ┆ the best with it takes 10.10 CNY less off", "one that is beaten"),
        ("add 293.60 CNY more of what every-300-50 is meant for to save 50.00 CNY", "a near miss"),
        ("636.30 - 144.90 off + 12.00 delivery - 12.00 off it = 491.40 CNY in all, 50.77 of it tax", "the sum"),
        ("stored value pays 100.00, 391.40 are left to pay", "stored value"),
        ("proven best: no other combination serves better; next best: tissue-3-for-2, fruit", "the search"),
    ] {
        assert!(told.contains(part), "{why}: {part} is missing in\n{told}");
    }
    assert!(!desk.path().join("crm.db").exists(), "no database is made");

    let answer = asked(desk.path(), &["quote", "-", "--program", "supermarket", "--at", EVENING], &cart().to_string());
    assert_eq!((&answer["type"], &answer["quote"]["totals"]["due"]), (&json!("quote"), &json!("391.40")));
    let earlier = ok(desk.path(), &["quote", "cart.json", "--program", "supermarket", "--at", "2026-02-01"], "");
    assert!(earlier.contains("it begins at 2026-03-01 00:00"), "{earlier}");
    let none = r#"{ "currency": "CNY", "lines": [{ "sku": "pen", "unit_price": "2.00" }] }"#;
    assert!(ok(desk.path(), &["quote", "-", "--program", "cafe"], none).contains("no offer applies"));
}

#[test]
fn a_quote_knows_the_coupons_and_the_limits_of_a_database() {
    let desk = shop();
    let at = desk.path();
    let cart = r#"{ "currency": "CNY", "lines": [{ "sku": "tea", "unit_price": "100.00" }] }"#;
    let due = |args: &[&str]| {
        let args = [&["quote", "-", "--at", "2026-03-03T10:00:00Z"], args].concat();
        asked(at, &args, cart)["quote"]["totals"]["due"].clone()
    };
    assert_eq!(due(&[]), json!("90.00"), "somebody who is not known");
    assert_eq!(due(&["--customer", "bob"]), json!("85.00"), "his coupon came back");
    assert_eq!(due(&["--customer", "ann", "--coupons", "c2"]), json!("85.00"));
    let dear = r#"{ "currency": "CNY", "lines": [{ "sku": "gold", "unit_price": "950.00" }] }"#;
    let told = ok(at, &["quote", "-", "--at", "2026-03-03T10:00:00Z"], dear);
    assert!(told.contains("`budget` has 90.00 CNY left, too little for it"), "{told}");
}

#[test]
fn a_faulty_cart_names_its_place() {
    let desk = tempfile::tempdir().unwrap();
    let at = desk.path();
    let args = ["quote", "-", "--program", "supermarket"];
    for (cart, code, field) in [
        (r#"{ "currency": "CNY", "lines": [{ "sku": "a", "unit_price": "x" }] }"#, "money.text", "lines[0].unit_price"),
        (r#"{ "currency": "CNY", "lines": [], "cods": [] }"#, "value.json", "cods"),
        (r#"{ "currency": "CNY", "lines": [{ "unit_price": "1" }] }"#, "value.json", "lines[0].sku"),
        (
            r#"{ "currency": "CNY", "lines": [{ "sku": "a", "unit_price": "1.001" }] }"#,
            "money.precision",
            "cart.lines[0].unit_price",
        ),
        (r#"{ "currency": "CNY", "lines": [] }"#, "cart.lines", "cart.lines"),
    ] {
        let error = fails(at, 1, &args, cart);
        assert_eq!((error["code"].as_str(), error["details"]["field"].as_str()), (Some(code), Some(field)), "{error}");
        assert!(crm(at, &args, cart).2.contains(&format!("at: {field}")));
    }
    assert_eq!(fails(at, 1, &args, "{")["code"], "value.json");
    assert_eq!(fails(at, 3, &["quote", "none.json", "--program", "supermarket"], "")["code"], "file");
    let fine = cart().to_string();
    assert_eq!(fails(at, 2, &["quote", "-", "--program", "supermarket", "--customer", "ann"], &fine)["code"], "usage");
    assert_eq!(fails(at, 2, &["quote", "-", "--coupons", "c1"], &fine)["code"], "usage");
    assert_eq!(fails(at, 3, &["quote", "-"], &fine)["code"], "store.missing");
    let mut nameless = Command::new(env!("CARGO_BIN_EXE_crm"));
    let ran = nameless.args(["quote", "cart.json"]).current_dir(at).env_remove("CRM_DB").output().unwrap();
    assert_eq!(ran.status.code(), Some(3), "the cart is read first");
    std::fs::write(at.join("cart.json"), &fine).unwrap();
    let ran = nameless.output().unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(2) && told.contains("or `--program FILE|SAMPLE`"), "{told}");
}

#[test]
fn a_customer_is_shown_with_open_coupons_and_claims() {
    let desk = shop();
    let told = ok(desk.path(), &["show", "ann", "--at", "2026-03-02T11:05:00Z"], "");
    for part in [
        "Open coupons",
        "c2",
        "1 of 2",
        "by a2",
        "Checkouts that hold offers",
        "85.00 CNY",
        "ten, five",
        "2026-03-02 19:16",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let later = asked(desk.path(), &["show", "ann", "--at", "2026-03-02T12:00:00Z"], "");
    assert_eq!((&later["claims"], &later["coupons"][0]["held_by"]), (&json!([]), &Value::Null), "its time is over");
    assert!(!ok(desk.path(), &["show", "bob", "--at", "2026-03-02T12:00:00Z"], "").contains("Checkouts"));
}

#[test]
fn the_report_has_a_section_about_offers() {
    let desk = shop();
    ok(desk.path(), &["report", "--out", "r.html", "--at", "2026-03-02T11:05:00Z"], "");
    let page = std::fs::read_to_string(desk.path().join("r.html")).unwrap();
    for (part, why) in [
        ("<h2>Offers</h2>", "the section"),
        ("<th scope=\"row\">ten</th><td>1</td>", "uses: Bob's came back, Ann's second is not paid"),
        ("2026-03, brand: 3.00 CNY", "who bears it, in the chart"),
        (
            "<th scope=\"row\">2026-03</th><td>3.00 CNY</td><td>12.00 CNY</td>",
            "and in the table: 7.00 of ten, 5.00 of five",
        ),
        (
            "<th scope=\"row\">spring: budget</th><td>10.00 CNY</td><td>10.00 CNY</td><td>80.00 CNY</td><td>100.00 CNY</td>",
            "the budget: used, held, left",
        ),
    ] {
        assert!(page.contains(part), "{why}: {part} is missing");
    }
    let figures = asked(desk.path(), &["report", "--at", "2026-03-02T11:05:00Z"], "")["figures"]["offers"].clone();
    assert_eq!(figures["currencies"][0]["months"], json!([{ "month": "2026-03", "borne": [300, 1200] }]));

    let mut plain = program();
    for part in ["offers", "campaigns", "issue"] {
        plain.as_object_mut().unwrap().remove(part);
    }
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("program.json"), plain.to_string()).unwrap();
    ok(other.path(), &["publish", "program.json"], "");
    ok(other.path(), &["report", "--out", "r.html"], "");
    assert!(!std::fs::read_to_string(other.path().join("r.html")).unwrap().contains("Offers"));
}

#[test]
fn the_demo_shows_a_checkout_and_shows_it_again() {
    let desk = tempfile::tempdir().unwrap();
    let story = |told: &str| {
        let from = told.find("A checkout of").expect("the checkout is shown");
        let to = told.find("Report:").expect("the report is named");
        told.get(from..to).unwrap().to_owned()
    };
    let first = story(&ok(desk.path(), &["demo"], ""));
    for part in [
        "of group `coupon`, points-30 was taken",
        "636.30 - 159.90 off + 12.00 delivery - 12.00 off it = 476.40 CNY in all",
        "2026-04-27 19:00  checkout demo-claim for 476.40 CNY",
        "refund demo-refund of order demo-order, 35.24 CNY",
        "One of 2 FM-ORA-10 came back: 70.47 CNY were paid for them instead of 119.60 CNY, so 35.24 CNY went back for one.",
        "spring-fair: budget: 100.00 CNY of 200,000.00 CNY used",
    ] {
        assert!(first.contains(part), "{part} is missing in\n{first}");
    }
    assert_eq!(story(&ok(desk.path(), &["demo"], "")), first, "a second time changes nothing");
    let checkout = asked(desk.path(), &["demo"], "")["checkout"].clone();
    assert_eq!((&checkout["claim"]["state"], &checkout["refund"]["amount"]), (&json!("confirmed"), &json!("35.24")));
}
