//! Gift cards and groups under many hands: races between threads, and random histories.
//!
//! Each law says how it was seen to fail.

#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use crm_core::command::{Command, Request};
use crm_core::order::TenderOrder;
use crm_core::query::{Answer, GiftCardView, GroupView, Query};
use crm_core::store::MemoryStore;
use crm_core::value::{RequestId, Timestamp};
use crm_core::{Engine, corpus};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

const MINUTE: i64 = 60_000;
const PEOPLE: [&str; 4] = ["ann", "bob", "cho", "dan"];
const POLICIES: [&str; 3] = ["proportional", "cash_first", "points_first"];

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_772_323_200_000 + millis).unwrap()
}

fn request(id: &str, at: i64, command: Value) -> Request {
    let command: Command = serde_json::from_value(command).unwrap();
    Request {
        request_id: RequestId::new(id).unwrap(),
        at: instant(at),
        actor: Some("till".parse().unwrap()),
        reason: Some("law".parse().unwrap()),
        batch: None,
        command,
    }
}

fn engine(policy: &str) -> Engine {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    let program = json!({
        "version": 1, "program": "laws", "revision": 1, "zone": "Europe/Berlin", "currencies": ["EUR"],
        "refunds": { "tender": policy }, "gift_cards": { "restore_days": 1 },
        "groups": [{ "id": "r", "price": "9.90", "size": 2, "max_size": 3, "hours": 2, "seat_seconds": 900, "per_customer": 2 }]
    });
    engine.publish_json(&program.to_string(), instant(0)).unwrap();
    for who in PEOPLE {
        let command = json!({ "type": "register_customer", "customer_id": who });
        engine.execute(request(&format!("join-{who}"), 0, command)).unwrap();
    }
    engine
}

fn card(engine: &Engine, id: &str, at: i64) -> GiftCardView {
    let query = Query::GiftCard { card_id: Some(id.parse().unwrap()), code: None, at: instant(at) };
    match engine.ask(&query).unwrap() {
        Answer::GiftCard(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn group(engine: &Engine, id: &str, at: i64) -> GroupView {
    match engine.ask(&Query::Group { group_id: id.parse().unwrap(), at: instant(at) }).unwrap() {
        Answer::Group(view) => *view,
        other => panic!("{other:?}"),
    }
}

/// Sends the commands of many hands at once, and counts how many were carried out.
fn at_once(engine: &Engine, commands: Vec<Value>) -> usize {
    let (done, start) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(commands.len())));
    std::thread::scope(|scope| {
        for (number, command) in commands.into_iter().enumerate() {
            let (engine, done, start) = (engine.clone(), done.clone(), start.clone());
            scope.spawn(move || {
                start.wait();
                let outcome = engine.execute(request(&format!("hand-{number}"), MINUTE, command));
                match outcome {
                    Ok(_) => drop(done.fetch_add(1, Ordering::Relaxed)),
                    Err(error) => assert_ne!(error.code().as_str(), "store.contended"),
                }
            });
        }
    });
    done.load(Ordering::Relaxed)
}

/// Sixteen people take 9.00 each of a card with 100.00: eleven get it. Seen to fail: with `Guard::Any` for the rows of cards.
#[test]
fn tills_do_not_overdraw_a_card() {
    for _ in 0..8 {
        let engine = engine("proportional");
        let issue = json!({ "type": "issue_gift_card", "customer_id": "ann", "card_id": "c", "currency": "EUR", "amount": "100.00" });
        engine.execute(request("issue", 0, issue)).unwrap();
        for number in 0..16 {
            let command = json!({ "type": "register_customer", "customer_id": format!("p{number}") });
            engine.execute(request("new", 0, command)).unwrap();
        }
        let take = |number: usize| {
            json!({ "type": "spend_gift_card", "customer_id": format!("p{number}"), "card_id": "c", "amount": "9.00",
                    "redemption_id": format!("s{number}") })
        };
        assert_eq!(at_once(&engine, (0..16).map(take).collect()), 11);
        let view = card(&engine, "c", MINUTE);
        let books = (view.available.to_string(), view.redeemed.to_string(), view.uses.len());
        assert_eq!(books, ("1.00".into(), "99.00".into(), 11));
        corpus::add_up(&engine).unwrap();
    }
}

/// Four people want three seats. Seen to fail: with `Guard::Any` for the rows of groups.
#[test]
fn no_race_gives_out_a_seat_too_many() {
    for round in 0..8 {
        let engine = engine("proportional");
        let id = format!("g{round}");
        engine.execute(request("new", 0, json!({ "type": "register_customer", "customer_id": "eve" }))).unwrap();
        let open = json!({ "type": "open_group", "customer_id": "eve", "group_id": id, "rules": "r" });
        engine.execute(request("open", 0, open)).unwrap();
        let join = |who: &&str| json!({ "type": "join_group", "customer_id": who, "group_id": id });
        assert_eq!(at_once(&engine, PEOPLE.iter().map(join).collect()), 2, "eve has the first seat");
        assert_eq!(group(&engine, &id, MINUTE).free, 0);
        corpus::add_up(&engine).unwrap();
    }
}

/// Two seats per customer over all groups. Seen to fail: with `<` instead of `<=` in `note_seat`.
#[test]
fn the_limit_per_customer_holds_over_all_groups() {
    let engine = engine("proportional");
    let open = |number: usize| json!({ "type": "open_group", "customer_id": "ann", "group_id": format!("g{number}"), "rules": "r" });
    assert_eq!(at_once(&engine, (0..8).map(open).collect()), 2);
    corpus::add_up(&engine).unwrap();
}

/// The refund of an order takes each card back that it bought, in one commit: so their number is bounded.
#[test]
fn an_order_buys_as_many_cards_as_its_refund_can_take_back() {
    let engine = engine("proportional");
    let order = json!({ "type": "record_order", "buyer": { "type": "customer", "id": "ann" }, "order": { "id": "o", "paid_at": instant(0).to_string(),
        "currency": "EUR", "lines": [{ "sku": "card", "quantity": 101, "unit_price": "5.00" }] } });
    engine.execute(request("order", 0, order)).unwrap();
    let issue = |number: usize| {
        json!({ "type": "issue_gift_card", "customer_id": PEOPLE[number % 4], "card_id": format!("c{number}"), "currency": "EUR",
                "amount": "5.00", "order_id": "o" })
    };
    let requests = (0..100).map(|number| request(&format!("i{number}"), 0, issue(number))).collect();
    assert!(engine.execute_many(requests).unwrap().iter().all(Result::is_ok));
    let refused = engine.execute(request("more", 0, issue(100))).unwrap_err();
    assert_eq!((refused.code().as_str(), &refused.details()["limit"]), ("value.too_many", &json!(100)));
    engine.execute(request("back", MINUTE, json!({ "type": "cancel_order", "order_id": "o" }))).unwrap();
    let answer = engine.ask(&Query::GiftCardLiability { at: instant(MINUTE) }).unwrap();
    let Answer::GiftCardLiability { currencies } = answer else { panic!("another answer") };
    assert_eq!((currencies[0].cards, currencies[0].revoked.to_string()), (100, "500.00".to_owned()));
    corpus::add_up(&engine).unwrap();
}

/// Everybody's seats in a large group end in one commit, and one customer's groups are looked at in one load.
#[test]
fn a_large_group_ends_in_one_commit() {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    let program = json!({
        "version": 1, "program": "laws", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
        "groups": [{ "id": "r", "price": "1", "size": 500, "hours": 2, "seat_seconds": 900, "per_customer": 100 }]
    });
    engine.publish_json(&program.to_string(), instant(0)).unwrap();
    let mut requests = Vec::new();
    for number in 0..500 {
        let who = format!("p{number}");
        requests.push(request("new", 0, json!({ "type": "register_customer", "customer_id": who })));
        requests.push(request(
            "seat",
            0,
            match number {
                0 => json!({ "type": "open_group", "customer_id": who, "group_id": "g", "rules": "r" }),
                _ => json!({ "type": "join_group", "customer_id": who, "group_id": "g" }),
            },
        ));
    }
    for number in 0..100 {
        let command =
            json!({ "type": "open_group", "customer_id": "p7", "group_id": format!("own-{number}"), "rules": "r" });
        requests.push(request(&format!("own{number}"), 0, command));
    }
    let outcomes = engine.execute_many(requests).unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 1, "p7 has a hundred seats then");
    let more = json!({ "type": "open_group", "customer_id": "p7", "group_id": "more", "rules": "r" });
    assert_eq!(engine.execute(request("m", 1, more.clone())).unwrap_err().code().as_str(), "group.limit");
    engine.execute(request("m", 15 * MINUTE, more)).unwrap();
    assert_eq!(group(&engine, "g", 15 * MINUTE).free, 500);
    let report = engine.sweep(instant(120 * MINUTE), &mut |_| {}).unwrap();
    assert_eq!((report.settled, report.failed), (101, 0));
    assert_eq!(engine.next_due().unwrap(), Some(instant(135 * MINUTE)));
    corpus::add_up(&engine).unwrap();
}

/// What happens, loosely: who, what, minutes since the last deed, an amount, a pick.
type Deed = (usize, u8, i64, u32, usize);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0..PEOPLE.len(), 0_u8..16, 0_i64..90, 1_u32..4_000, 0_usize..40), 1..30)
}

fn money(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The command of one deed; many will be refused, and that is part of it.
fn command((who, kind, _, cents, pick): Deed, number: usize, now: i64) -> Value {
    let (who, other) = (PEOPLE[who], pick % (number + 1));
    let (named, at) = (|prefix: &str| format!("{prefix}{other}"), instant(now).to_string());
    let buyer = json!({ "type": "customer", "id": who });
    match kind {
        0 => {
            json!({ "type": "issue_gift_card", "customer_id": who, "card_id": format!("c{number}"), "currency": "EUR", "amount": money(cents),
                     "valid_until": instant(now + i64::from(cents) * MINUTE).to_string() })
        }
        1 => {
            json!({ "type": "issue_gift_card", "customer_id": who, "card_id": format!("c{number}"), "currency": "EUR", "amount": money(cents),
                     "order_id": named("o") })
        }
        2 | 3 => {
            json!({ "type": "spend_gift_card", "customer_id": who, "card_id": named("c"), "amount": money(cents / 3 + 1),
                         "redemption_id": format!("u{number}") })
        }
        4 => {
            json!({ "type": "hold_gift_card", "customer_id": who, "card_id": named("c"), "amount": money(cents / 2 + 1),
                     "hold_id": format!("u{number}"), "until": instant(now + 20 * MINUTE).to_string() })
        }
        5 => {
            json!({ "type": "capture_gift_card", "customer_id": who, "hold_id": named("u"), "amount": money(cents / 4 + 1) })
        }
        6 => {
            json!({ "type": "restore_gift_card", "customer_id": who, "redemption_id": named("u"), "amount": money(cents / 5 + 1) })
        }
        7 => json!({ "type": "freeze_gift_card", "customer_id": who, "card_id": named("c") }),
        8 => {
            json!({ "type": "record_order", "buyer": buyer, "order": { "id": format!("o{number}"), "paid_at": at, "currency": "EUR",
                     "lines": [{ "sku": "x", "unit_price": money(cents) }],
                     "tenders": [{ "type": "stored_value", "amount": money(cents / 2), "redemption": named("u") },
                                 { "type": "money", "amount": money(cents - cents / 2) }] } })
        }
        9 => {
            json!({ "type": "record_order", "buyer": buyer, "order": { "id": format!("o{number}"), "paid_at": at, "currency": "EUR",
                     "lines": [{ "sku": "x", "unit_price": money(cents) }] } })
        }
        10 => {
            json!({ "type": "record_refund", "refund": { "id": format!("f{number}"), "order": named("o"), "refunded_at": at,
                      "what": { "type": "amount", "amount": money(cents / 3 + 1) } } })
        }
        11 => json!({ "type": "cancel_order", "order_id": named("o") }),
        12 => json!({ "type": "open_group", "customer_id": who, "group_id": format!("g{number}"), "rules": "r" }),
        13 => json!({ "type": "join_group", "customer_id": who, "group_id": named("g") }),
        14 => json!({ "type": "pay_seat", "customer_id": who, "group_id": named("g"), "order_id": named("o") }),
        _ => json!({ "type": "leave_group", "customer_id": who, "group_id": named("g") }),
    }
}

/// Everything that can be asked about cards and groups.
fn answers(engine: &Engine, count: usize, now: i64) -> Vec<String> {
    let at = instant(now).to_string();
    let ask = |query: Value| format!("{:?}", engine.ask(&serde_json::from_value(query).unwrap()));
    let mut all = vec![ask(json!({ "type": "gift_card_liability", "at": at }))];
    for number in 0..count {
        all.push(ask(json!({ "type": "gift_card", "card_id": format!("c{number}"), "at": at })));
        all.push(ask(json!({ "type": "group", "group_id": format!("g{number}"), "at": at })));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// However a refund is cut, after each part the card has got back what the order's tenders say, and at the end what it gave.
    /// Seen to fail: with `extra.cards_restored` not kept in `give_back`.
    #[test]
    fn the_card_gets_its_part_of_every_refund(parts in prop::collection::vec(1_u32..4_000, 1..6), by_card in 1_u32..9_000, policy in 0_usize..3) {
        let policy_of = [TenderOrder::Proportional, TenderOrder::CashFirst, TenderOrder::PointsFirst][policy];
        let engine = engine(POLICIES[policy]);
        let issue = json!({ "type": "issue_gift_card", "customer_id": "ann", "card_id": "c", "currency": "EUR", "amount": "90.00" });
        engine.execute(request("issue", 0, issue)).unwrap();
        let spend = json!({ "type": "spend_gift_card", "customer_id": "bob", "card_id": "c", "amount": money(by_card), "redemption_id": "s" });
        engine.execute(request("spend", 0, spend)).unwrap();
        let order = json!({ "type": "record_order", "buyer": { "type": "customer", "id": "bob" },
            "order": { "id": "o", "paid_at": instant(0).to_string(), "currency": "EUR", "lines": [{ "sku": "x", "unit_price": "90.00" }],
                       "tenders": [{ "type": "stored_value", "amount": money(by_card), "redemption": "s" },
                                   { "type": "money", "amount": money(9_000 - by_card) }] } });
        engine.execute(request("order", 0, order)).unwrap();
        let whats = parts.iter().map(|part| json!({ "type": "amount", "amount": money(*part) })).chain([json!({ "type": "full" })]);
        for (number, what) in whats.enumerate() {
            let refund = json!({ "type": "record_refund", "refund": { "id": format!("f{number}"), "order": "o",
                "refunded_at": instant(0).to_string(), "what": what } });
            let _ = engine.execute(request(&format!("f{number}"), 0, refund));
            let mut back = 0;
            engine.each_order(&mut |_, order| {
                back = order.cards_back(policy_of)[0].refunded_minor;
                Ok(())
            }).unwrap();
            let view = card(&engine, "c", 0);
            prop_assert_eq!(view.currency.minor(view.uses[0].restored).unwrap(), back);
        }
        prop_assert_eq!(card(&engine, "c", 0).available.to_string(), "90.00");
        corpus::add_up(&engine).map_err(TestCaseError::fail)?;
    }

    /// Whatever happens in whatever order: every cent of every card is in one book, journals say the same, what is owed adds up, every
    /// request sent again changes nothing; and sweeps make no difference to any answer.
    /// Seen to fail: with `What::GiftCardExpired` left out of `pass`; with a limit
    /// per customer that counts seats which have timed out and that nobody has swept.
    #[test]
    fn cards_and_groups_add_up(deeds in deeds(), policy in 0_usize..3) {
        let (plain, swept) = (engine(POLICIES[policy]), engine(POLICIES[policy]));
        let (mut now, mut requests) = (MINUTE, Vec::new());
        for (number, deed) in deeds.iter().enumerate() {
            now += deed.2 * MINUTE;
            swept.sweep(instant(now), &mut |_| {}).unwrap();
            let request = request(&format!("r{number}"), now, command(*deed, number, now));
            let (one, other) = (plain.execute(request.clone()), swept.execute(request.clone()));
            prop_assert_eq!(one.is_ok(), other.is_ok(), "{:?}: {:?} {:?}", request, one, other);
            if let Ok(done) = one {
                requests.push((request, done));
            }
        }
        now += 100 * MINUTE;
        let (one, other) = (answers(&plain, deeds.len(), now), answers(&swept, deeds.len(), now));
        prop_assert_eq!(one, other);
        corpus::check(&plain, &requests).map_err(TestCaseError::fail)?;
        corpus::add_up(&swept).map_err(TestCaseError::fail)?;
        let Answer::GiftCardLiability { currencies } = plain.ask(&Query::GiftCardLiability { at: instant(now) }).unwrap() else {
            panic!("another answer");
        };
        for owed in currencies {
            let minor = |amount| owed.currency.minor(amount).unwrap();
            let parts = [owed.outstanding, owed.redeemed, owed.expired, owed.revoked].map(minor);
            prop_assert_eq!(minor(owed.issued), parts.iter().sum::<i64>());
        }
    }
}
