//! A request takes effect once, whether a commit finds out that it was carried out before (decision 9) or nothing is committed at all.
//!
//! Seen to fail: tell a refusal without looking for the mark (`Work::look_for_marks`), and a retried spend is `points.insufficient`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use crm_core::command::Request;
use crm_core::effect::{Done, Outcome};
use crm_core::store::MemoryStore;
use crm_core::value::Timestamp;
use crm_core::{Engine, ErrorCode, Result};
use serde_json::json;

const PROGRAM: &str = r#"{ "version": 1, "program": "retries", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points" }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" }, "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }] }"#;

fn request(id: &str, command: serde_json::Value) -> Request {
    serde_json::from_value(json!({ "request_id": id, "at": "2026-03-01T10:00:00Z", "do": command })).unwrap()
}

fn points(id: &str, kind: &str, points: i64) -> Request {
    request(id, json!({ "type": kind, "customer_id": "ann", "currency": "points", "points": points }))
}

/// Ann with 40 points that are all spent.
fn shop() -> (Engine, Done) {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(PROGRAM, Timestamp::parse("2026-03-01T09:00:00Z").unwrap()).unwrap();
    engine.execute(request("join", json!({ "type": "register_customer", "customer_id": "ann" }))).unwrap();
    engine.execute(points("earn", "earn_points", 40)).unwrap();
    let spent = engine.execute(points("spend", "spend_points", 40)).unwrap();
    (engine, spent)
}

fn replayed(outcome: &Result<Done>, first: &Done) -> bool {
    outcome.as_ref().is_ok_and(|done| done.outcome == Outcome::Replayed && done.receipt == first.receipt)
}

fn code(outcome: &Result<Done>) -> Option<ErrorCode> {
    outcome.as_ref().err().map(crm_core::Error::code)
}

#[test]
fn what_would_be_refused_now_is_found_in_the_books() {
    let (engine, spent) = shop();
    assert!(replayed(&engine.execute(points("spend", "spend_points", 40)), &spent));
    assert_eq!(code(&engine.execute(points("spend", "spend_points", 39))), Some(ErrorCode::RequestReused));
    assert_eq!(code(&engine.execute(points("other", "spend_points", 40))), Some(ErrorCode::PointsInsufficient));
}

#[test]
fn what_would_be_accepted_now_is_found_at_the_commit() {
    let (engine, _) = shop();
    let earned = engine.execute(points("more", "earn_points", 5)).unwrap();
    assert!(replayed(&engine.execute(points("more", "earn_points", 5)), &earned));
    assert_eq!(code(&engine.execute(points("more", "earn_points", 6))), Some(ErrorCode::RequestReused));
}

#[test]
fn a_preview_tells_a_retry_from_a_new_request() {
    let (engine, spent) = shop();
    assert!(replayed(&engine.preview(points("spend", "spend_points", 40)), &spent));
    assert_eq!(code(&engine.preview(points("earn", "earn_points", 41))), Some(ErrorCode::RequestReused));
    let new = engine.preview(points("new", "earn_points", 7)).unwrap();
    assert_eq!((new.outcome, new.receipt.balances.first().unwrap().available.get()), (Outcome::Applied, 7));
}

#[test]
fn a_batch_of_new_refused_and_repeated_requests() {
    let (engine, spent) = shop();
    let outcomes = engine
        .execute_many(vec![
            points("a", "earn_points", 10),
            points("b", "spend_points", 11),
            points("spend", "spend_points", 40),
            points("a", "earn_points", 10),
            points("a", "earn_points", 12),
            points("c", "spend_points", 10),
            points("earn", "earn_points", 40),
        ])
        .unwrap();
    let [a, b, again, a_again, a_other, c, earned_again] = outcomes.as_slice() else { panic!("seven outcomes") };
    let first = a.as_ref().unwrap();
    assert_eq!(first.outcome, Outcome::Applied);
    assert_eq!(code(b), Some(ErrorCode::PointsInsufficient));
    assert!(replayed(again, &spent));
    assert!(replayed(a_again, first), "also within one commit");
    assert_eq!(code(a_other), Some(ErrorCode::RequestReused));
    let last = c.as_ref().unwrap();
    assert_eq!((last.outcome, last.receipt.balances.first().unwrap().available.get()), (Outcome::Applied, 0));
    assert!(earned_again.as_ref().is_ok_and(|done| done.outcome == Outcome::Replayed));
}
