//! Many tills want the same few coupons, or the same gift card, at once: a limit and a balance are exact under any interleaving, on every store.
//!
//! To see it fail: put gift cards under `Guard::Any` in `flush_shared` of `workspace/rows/shared.rs`; let `Ledger::place` in `decide/offers/room.rs` take `i64::MAX` for the bound, or let `flush_offers` in
//! `workspace/rows/offers.rs` write `limit: i64::MAX`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod race;

use crm_core::command::Request;
use crm_core::engine::Combiner;
use crm_core::store::{MemoryStore, SqliteOptions, SqliteStore, Store};
use race::{at, claim, command, counter, engine, exact, refused_by_limit, storm};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_limit_is_exact_in_memory() {
    exact(Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_limit_is_exact_in_memory_when_requests_are_combined() {
    exact(Arc::new(MemoryStore::new()), true);
}

#[test]
fn a_limit_is_exact_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    exact(Arc::new(SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default()).unwrap()), false);
}

#[test]
fn a_limit_is_exact_on_sqlite_when_requests_are_combined() {
    let folder = tempfile::tempdir().unwrap();
    exact(Arc::new(SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default()).unwrap()), true);
}

/// Claims, confirmations, releases and time-outs all at once: what is used and held never exceeds the limit, and at the end the counter is
/// what was confirmed.
#[test]
fn a_counter_is_what_was_confirmed_when_all_is_done() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (customers, limit) = (600, 100);
    let engine = engine(store.clone(), customers, limit);
    let confirmed = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..16 {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if customers <= who {
                        return;
                    }
                    if engine.execute(claim(who, "k", at(0))).is_err() {
                        continue;
                    }
                    match who % 3 {
                        0 => drop(engine.execute(command(who, "release_claim", "k", at(1))).unwrap()),
                        1 => {
                            engine.execute(command(who, "confirm_claim", "k", at(1))).unwrap();
                            confirmed.fetch_add(1, Ordering::Relaxed);
                        }
                        // Never paid.
                        _ => {}
                    }
                    let (stands, _) = counter(&store);
                    assert!(stands <= 100, "{stands}");
                }
            });
        }
    });
    let confirmed = confirmed.into_inner();
    let (stands, held) = counter(&store);
    assert_eq!(usize::try_from(stands).unwrap(), confirmed + held);
    assert!(0 < confirmed && 0 < held);
    // After their time, those who never paid hold nothing, though nobody swept: somebody else has their uses.
    let again = storm(held + 50, |who| engine.execute(claim(who, "again", at(1000))));
    assert_eq!(again, 100 - confirmed);
    let (stands, held) = counter(&store);
    assert_eq!((usize::try_from(stands).unwrap(), held), (100, again));
}

/// Two hundred checkouts want 10.00 each of a card of 500.00: fifty have it, and the card is neither overdrawn nor left with anything.
fn one_card(store: Arc<dyn Store>, combined: bool) {
    const CUSTOMERS: usize = 200;
    let engine = engine(store, CUSTOMERS, 1);
    let issue = r#"{ "request_id": "card", "at": "2026-03-01T09:00:00Z",
        "do": { "type": "issue_gift_card", "customer_id": "c0", "card_id": "g", "currency": "EUR", "amount": "500.00" } }"#;
    engine.execute(Request::from_json(issue).unwrap()).unwrap();
    let combiner = Combiner::new(engine.clone());
    let (next, granted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..16 {
            threads.spawn(|| {
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if CUSTOMERS <= who {
                        return;
                    }
                    let cart = r#"{ "currency": "EUR", "lines": [{ "sku": "cup", "unit_price": "20.00" }], "gift_cards": [{ "card_id": "g", "amount": "10.00" }] }"#;
                    let request = format!(
                        r#"{{ "request_id": "claim", "at": "{}", "do": {{ "type": "claim_offers", "customer_id": "c{who}", "claim_id": "k", "cart": {cart} }} }}"#,
                        at(0)
                    );
                    loop {
                        let request = Request::from_json(&request).unwrap();
                        match if combined { combiner.execute(request) } else { engine.execute(request) } {
                            Ok(_) => drop(granted.fetch_add(1, Ordering::Relaxed)),
                            Err(error) if error.code().as_str() == "store.contended" => continue,
                            Err(error) => {
                                let why = &error.details()["gift_cards"][0]["why"]["code"];
                                assert!(why == "gift_card.held_elsewhere" || why == "gift_card.insufficient", "{error:?}");
                            }
                        }
                        break;
                    }
                    if who % 2 == 0 {
                        let _ = engine.execute(command(who, "confirm_claim", "k", at(1)));
                    }
                }
            });
        }
    });
    assert_eq!(granted.into_inner(), 50);
    let question = serde_json::json!({ "type": "gift_card", "card_id": "g", "at": at(2) });
    let card = engine.ask(&serde_json::from_value(question).unwrap()).unwrap();
    let card = serde_json::to_value(card).unwrap();
    assert_eq!(card["available"], "0.00", "{card}");
    assert_eq!(card["uses"].as_array().unwrap().len(), 50);
}

#[test]
fn a_gift_card_is_never_overdrawn_in_memory() {
    one_card(Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_gift_card_is_never_overdrawn_on_sqlite_when_requests_are_combined() {
    let folder = tempfile::tempdir().unwrap();
    one_card(Arc::new(SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default()).unwrap()), true);
}

/// However many claims are out of time, whoever comes next has their room at once: what is to be looked at is asked for together. To break
/// it: let `room::free` settle one holder after the other without asking for all.
#[test]
fn any_number_of_claims_out_of_time_make_room_for_one() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let engine = engine(store.clone(), 201, 200);
    let claims = engine.execute_many((0..200).map(|who| claim(who, "k", at(0))).collect()).unwrap();
    assert!(claims.iter().all(Result::is_ok));
    assert!(refused_by_limit(&engine.execute(claim(200, "k", at(1))).unwrap_err()));
    engine.execute(claim(200, "k", at(1000))).unwrap();
    assert_eq!(counter(&store), (1, 1));
}
