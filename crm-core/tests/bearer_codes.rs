//! Codes that nobody has yet, from the batch to the till.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use crm_core::code::{Batch, CodeForm, Secret};
use crm_core::command::{CodeIssue, Request};
use crm_core::query::{Answer, Query};
use crm_core::store::MemoryStore;
use crm_core::value::{OfferId, Timestamp};
use crm_core::{Engine, Error, Result};
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn shop() -> Engine {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    let program = json!({ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
        "offers": [
            { "id": "five", "needs": { "type": "coupon" }, "effect": { "type": "fixed_off", "amount": "5.00" },
              "coupon": { "valid": { "type": "days", "days": 30 } } },
            { "id": "open", "needs": { "type": "code", "codes": ["SPRING10"] }, "effect": { "type": "fixed_off", "amount": "1.00" } }] });
    engine.publish_json(&program.to_string(), at("2026-03-01T00:00:00Z")).unwrap();
    for who in ["ann", "bob"] {
        send(&engine, who, "2026-03-01T09:00:00Z", json!({ "type": "register_customer", "customer_id": who })).unwrap();
    }
    engine
}

fn send(engine: &Engine, id: &str, when: &str, command: Value) -> Result<Value> {
    let request = json!({ "request_id": id, "at": when, "do": command });
    engine.execute(Request::from_value(&request)?).map(|done| serde_json::to_value(done).unwrap())
}

fn claim(engine: &Engine, who: &str, id: &str, when: &str, code: &str) -> Result<Value> {
    let cart = json!({ "currency": "EUR", "codes": [code], "lines": [{ "sku": "cup", "unit_price": "20.00" }] });
    send(engine, id, when, json!({ "type": "claim_offers", "customer_id": who, "claim_id": id, "cart": cart }))
}

fn why(error: &Error) -> Value {
    error.details()["rejected"][0]["why"]["code"].clone()
}

fn issue() -> CodeIssue {
    CodeIssue { offer: OfferId::new("five").unwrap(), valid_from: None, valid_until: None, uses: None }
}

fn total(engine: &Engine, who: Option<&str>, code: &str) -> Value {
    let query = json!({ "type": "quote", "at": "2026-03-02T10:00:00Z",
        "cart": { "currency": "EUR", "codes": [code], "lines": [{ "sku": "cup", "unit_price": "20.00" }] } });
    let mut query = query;
    if let Some(who) = who {
        query["customer_id"] = json!(who);
    }
    let query: Query = serde_json::from_value(query).unwrap();
    let Answer::Quote { quote } = engine.ask(&query).unwrap() else { panic!("no quote") };
    serde_json::to_value(quote).unwrap()
}

/// The first who claims with a code has its coupon, for good; a quote alone takes nothing from anybody.
#[test]
fn a_code_becomes_the_coupon_of_the_first_who_claims_with_it() {
    let engine = shop();
    let secret = Secret::new([7; 32]);
    let batch = Batch::new(&secret, CodeForm::with_prefix("GIFT", 10).unwrap(), 0..5_000).unwrap();
    let mut made = batch.codes().map(|(_, code)| Ok(batch.form().show(&code)));
    let mut pages = 0;
    let first = engine.issue_codes(&issue(), at("2026-03-01T10:00:00Z"), &mut made, &mut |_| pages += 1).unwrap();
    assert_eq!((first.issued, first.known, pages), (5_000, 0, 5));
    let mut made = batch.codes().map(|(_, code)| Ok(code.to_string()));
    let again = engine.issue_codes(&issue(), at("2026-03-02T10:00:00Z"), &mut made, &mut |_| {}).unwrap();
    assert_eq!((again.issued, again.known), (0, 5_000));

    let code = batch.form().show(&batch.code(4_321).unwrap()).to_lowercase();
    assert_eq!(total(&engine, None, &code)["totals"]["total"], "15.00");
    assert_eq!(total(&engine, Some("bob"), &code)["totals"]["total"], "15.00");
    // One that is out of time answers like one that never was: not even the offer is named.
    let other = batch.form().show(&batch.code(1).unwrap());
    let late = claim(&engine, "bob", "late", "2026-04-01T00:00:00Z", &other).unwrap_err();
    assert_eq!(why(&late), "coupon.not_found");
    assert!(late.details()["rejected"][0].get("offer").is_none(), "{late:?}");
    let done = claim(&engine, "ann", "k1", "2026-03-02T10:00:00Z", &code).unwrap();
    assert_eq!(done["receipt"]["entries"][0]["what"]["type"], "coupon_issued");
    assert_eq!(done["receipt"]["entries"][0]["what"]["origin"]["type"], "code");
    assert_eq!(done["receipt"]["entries"][0]["what"]["valid_until"], "2026-04-01T00:00:00Z");
    assert_eq!(why(&claim(&engine, "bob", "k1", "2026-03-02T10:01:00Z", &code).unwrap_err()), "coupon.not_found");
    send(
        &engine,
        "r",
        "2026-03-02T10:02:00Z",
        json!({ "type": "release_claim", "customer_id": "ann", "claim_id": "k1" }),
    )
    .unwrap();
    assert_eq!(why(&claim(&engine, "bob", "k2", "2026-03-02T10:03:00Z", &code).unwrap_err()), "coupon.not_found");
    claim(&engine, "ann", "k3", "2026-03-02T10:04:00Z", &code).unwrap();
    send(
        &engine,
        "c",
        "2026-03-02T10:05:00Z",
        json!({ "type": "confirm_claim", "customer_id": "ann", "claim_id": "k3" }),
    )
    .unwrap();
    assert_eq!(why(&claim(&engine, "ann", "k4", "2026-03-02T10:06:00Z", &code).unwrap_err()), "coupon.used_up");
}

#[test]
fn a_mistyped_code_says_so_and_an_ended_one_is_none() {
    let engine = shop();
    let secret = Secret::new([9; 32]);
    let batch = Batch::new(&secret, CodeForm::new(12).unwrap(), 0..10).unwrap();
    let mut made = batch.codes().map(|(_, code)| Ok(code.to_string()));
    engine.issue_codes(&issue(), at("2026-03-01T10:00:00Z"), &mut made, &mut |_| {}).unwrap();
    let code = batch.code(3).unwrap().to_string();
    let ended = claim(&engine, "ann", "late", "2026-04-01T00:00:00Z", &code).unwrap_err();
    assert_eq!(why(&ended), "coupon.not_found");
    // Two neighbours that were typed in the wrong order are never another code of the batch.
    let mut typed: Vec<char> = code.chars().filter(|c| *c != '-').collect();
    let place = typed.windows(2).position(|pair| pair[0] != pair[1]).unwrap();
    typed.swap(place, place + 1);
    let typed: String = typed.into_iter().collect();
    let error = claim(&engine, "ann", "typo", "2026-03-02T00:00:00Z", &typed).unwrap_err();
    assert_eq!(why(&error), "coupon.bad_checksum", "{error:?}");
}

#[test]
fn what_cannot_be_issued_is_refused_with_its_place() {
    let engine = shop();
    let go = |issue: &CodeIssue, codes: &[&str]| {
        let mut codes = codes.iter().map(|code| Ok((*code).to_owned()));
        engine.issue_codes(issue, at("2026-03-01T10:00:00Z"), &mut codes, &mut |_| {}).unwrap_err()
    };
    let error = go(&issue(), &["GOOD-CODE", "!"]);
    assert_eq!((error.code().as_str(), &error.details()["place"]), ("code.text", &json!(2)));
    let error = go(&issue(), &["spring-1o"]);
    assert_eq!((error.code().as_str(), &error.details()["place"]), ("coupon.code", &json!(1)));
    let other = |offer: &str| CodeIssue { offer: OfferId::new(offer).unwrap(), ..issue() };
    assert_eq!(go(&other("nope"), &[]).code().as_str(), "offer.unknown");
    assert_eq!(go(&other("open"), &[]).code().as_str(), "coupon.offer");
    let over = CodeIssue { valid_until: Some(at("2026-02-01T00:00:00Z")), ..issue() };
    assert_eq!(go(&over, &[]).code().as_str(), "coupon.dates");
}

/// A code that was printed and that nobody has used yet is taken: it never becomes the code of somebody's own coupon.
#[test]
fn a_code_that_nobody_has_yet_is_no_code_for_another_coupon() {
    let engine = shop();
    let mut made = ["GIFT-77777"].into_iter().map(|code| Ok(code.to_owned()));
    engine.issue_codes(&issue(), at("2026-03-01T10:00:00Z"), &mut made, &mut |_| {}).unwrap();
    let coupon = json!({ "type": "issue_coupon", "customer_id": "bob", "coupon_id": "c1", "offer": "five", "code": "gift 77777" });
    assert_eq!(send(&engine, "i", "2026-03-01T11:00:00Z", coupon).unwrap_err().code().as_str(), "coupon.code");
    claim(&engine, "ann", "k1", "2026-03-02T10:00:00Z", "gift77777").unwrap();
}

/// A hundred codes at one till are one question and one claim. The one that is used becomes the customer's, the others stay free for anybody.
/// To break it: let `gather` give codes to whoever asks.
#[test]
fn what_a_claim_does_not_use_stays_free() {
    let engine = shop();
    let secret = Secret::new([3; 32]);
    let batch = Batch::new(&secret, CodeForm::new(12).unwrap(), 0..100).unwrap();
    let mut made = batch.codes().map(|(_, code)| Ok(code.to_string()));
    engine.issue_codes(&issue(), at("2026-03-01T10:00:00Z"), &mut made, &mut |_| {}).unwrap();
    let codes: Vec<String> = batch.codes().map(|(_, code)| code.to_string()).collect();
    let cart = json!({ "currency": "EUR", "codes": codes, "lines": [{ "sku": "cup", "unit_price": "4.00" }] });
    let query = json!({ "type": "quote", "customer_id": "ann", "at": "2026-03-02T10:00:00Z", "cart": cart });
    let Answer::Quote { quote } = engine.ask(&serde_json::from_value(query).unwrap()).unwrap() else { panic!() };
    assert_eq!((quote.applied.len(), quote.rejected.len()), (1, 99));
    let command = json!({ "type": "claim_offers", "customer_id": "ann", "claim_id": "k1", "cart": cart });
    let done = send(&engine, "k1", "2026-03-02T10:00:00Z", command).unwrap();
    let issued = done["receipt"]["entries"].as_array().unwrap().iter().filter(|e| e["what"]["type"] == "coupon_issued");
    let names: Vec<&str> = issued.map(|entry| entry["what"]["coupon_id"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 1);
    let taken = codes.iter().filter(|code| total(&engine, Some("bob"), code)["totals"]["total"] != "15.00");
    assert_eq!(taken.count(), 1);
}
