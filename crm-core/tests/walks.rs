//! Walks over everybody say what is asked one by one, whether or not a sweep has run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use crm_core::Engine;
use crm_core::command::Request;
use crm_core::query::{Answer, Query};
use crm_core::store::MemoryStore;
use crm_core::value::{CustomerId, Timestamp};

/// The café of the samples gives a coupon and stamps for a birthday; points end.
const CAFE: &str = include_str!("../../docs/programs/cafe.json");

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn engine() -> Engine {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(CAFE, time("2026-01-01T00:00:00Z")).unwrap();
    for (number, (who, birthday)) in [("ann", "1990-03-05"), ("bob", "1985-12-24")].iter().enumerate() {
        let json = format!(
            r#"{{ "request_id": "r{number}", "at": "2026-02-01T10:00:00Z", "do": {{ "type": "register_customer",
                "customer_id": "{who}", "profile": {{ "birthday": "{birthday}" }} }} }}"#
        );
        engine.execute(Request::from_json(&json).unwrap()).unwrap();
    }
    engine
}

/// Balances of everybody, by the walk and one by one.
fn balances(engine: &Engine, at: Timestamp) -> (Vec<String>, Vec<String>) {
    let (mut walked, mut asked) = (Vec::new(), Vec::new());
    for page in engine.walk_customers(at).unwrap() {
        for who in page.unwrap() {
            let query = Query::Wallet { customer_id: who.id.clone(), at };
            let Answer::Wallet(wallet) = engine.ask(&query).unwrap() else { continue };
            let held = wallet.accounts.iter().filter(|account| account.balances.issued.get() != 0);
            asked.extend(held.map(|account| format!("{} {} {:?}", who.id, account.currency, account.balances)));
            let held = who.accounts.iter().filter(|account| account.balances.issued.get() != 0);
            walked.extend(held.map(|account| format!("{} {} {:?}", who.id, account.currency, account.balances)));
        }
    }
    (walked, asked)
}

fn coupons(engine: &Engine, at: Timestamp) -> Vec<(String, String, &'static str)> {
    let pages = engine.walk_open_coupons(at).unwrap().chain(engine.walk_closed_coupons());
    let held = pages.flat_map(|page| page.unwrap());
    let mut told: Vec<_> =
        held.map(|(who, held)| (who.to_string(), held.offer.to_string(), held.state.as_str())).collect();
    told.sort();
    told
}

#[test]
fn a_walk_sees_what_time_gives_and_takes() {
    let engine = engine();
    let row = |who: &str, offer: &str, state| (who.to_owned(), offer.to_owned(), state);
    let (birthday, late) = (time("2026-03-05T12:00:00Z"), time("2027-06-01T00:00:00Z"));
    // The welcome coupon is good for 14 days, the one for the birthday of 5 March for 7.
    let on_the_day = [
        row("ann", "birthday-cake", "issued"),
        row("ann", "welcome-coffee", "expired"),
        row("bob", "welcome-coffee", "expired"),
    ];
    assert_eq!(coupons(&engine, birthday), on_the_day);
    let mut before = Vec::new();
    for at in [time("2026-02-01T10:00:00Z"), birthday, late] {
        let (walked, asked) = balances(&engine, at);
        assert_eq!(walked, asked, "{at}");
        before.push((walked, coupons(&engine, at)));
    }
    assert_eq!(engine.sweep(birthday, &mut |_| ()).unwrap().settled, 2);
    assert_eq!((balances(&engine, birthday).0, coupons(&engine, birthday)), before[1]);
    engine.sweep(late, &mut |_| ()).unwrap();
    assert_eq!((balances(&engine, late).0, coupons(&engine, late)), before[2]);
    // Looking has written nothing: the journal of somebody who was only looked at ends where it ended.
    let other = self::engine();
    let _ = (balances(&other, late), coupons(&other, late));
    let mut last = Vec::new();
    other
        .each_stored(&mut |who| {
            last.push(who.seq);
            Ok(())
        })
        .unwrap();
    let mut at_first = Vec::new();
    self::engine()
        .each_stored(&mut |who| {
            at_first.push(who.seq);
            Ok(())
        })
        .unwrap();
    assert_eq!(last, at_first);
}

#[test]
fn an_instant_before_the_last_entry_looks_at_the_last_entry() {
    let engine = engine();
    let early = time("2026-01-15T00:00:00Z");
    let walk = engine.walk_customers(early).unwrap().flat_map(|page| page.unwrap());
    let seen: Vec<_> = walk.map(|who| (who.id, who.as_of)).collect();
    let last = time("2026-02-01T10:00:00Z");
    let everybody = ["ann", "bob"].map(|who| (CustomerId::new(who).unwrap(), last));
    assert_eq!(seen.len(), 2);
    assert!(everybody.iter().all(|one| seen.contains(one)));
}

#[test]
fn pages_follow_one_another_without_a_gap() {
    let engine = engine();
    let many = (0..2_500).map(|number| {
        let json = format!(
            r#"{{ "request_id": "m{number}", "at": "2026-02-02T10:00:00Z",
                "do": {{ "type": "register_customer", "customer_id": "c{number}" }} }}"#
        );
        Request::from_json(&json).unwrap()
    });
    engine.execute_many(many.collect()).unwrap();
    let pages: Vec<usize> =
        engine.walk_customers(time("2026-02-03T00:00:00Z")).unwrap().map(|p| p.unwrap().len()).collect();
    assert_eq!(pages, [1_000, 1_000, 502]);
}

/// Cards and groups of a walk are those of the questions, whoever swept. To see it fail: let `stands` of either leave time alone.
#[test]
fn cards_and_groups_stand_as_they_are_asked_for() {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    let program = r#"{ "version": 1, "program": "tea house", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "gift_cards": {},
        "groups": [{ "id": "two", "price": "9.90", "currency": "EUR", "size": 2, "hours": 24, "seat_seconds": 600 }] }"#;
    engine.publish_json(program, time("2026-03-01T00:00:00Z")).unwrap();
    let commands = [
        r#"{ "type": "register_customer", "customer_id": "ann" }"#,
        r#"{ "type": "issue_gift_card", "customer_id": "ann", "card_id": "c1", "currency": "EUR", "amount": "50.00",
             "valid_until": "2026-03-10T00:00:00Z" }"#,
        r#"{ "type": "open_group", "customer_id": "ann", "group_id": "g1", "rules": "two" }"#,
    ];
    for (number, command) in commands.iter().enumerate() {
        let json = format!(r#"{{ "request_id": "r{number}", "at": "2026-03-01T10:00:00Z", "do": {command} }}"#);
        engine.execute(Request::from_json(&json).unwrap()).unwrap();
    }
    let stands = |at: Timestamp| {
        let card = engine.walk_card_views(at).flat_map(|page| page.unwrap()).next().unwrap();
        let group = engine.walk_group_views(at).flat_map(|page| page.unwrap()).next().unwrap();
        (card, group)
    };
    let word = |at: Timestamp| {
        let (card, group) = stands(at);
        (card.state.as_str(), card.expired.to_string(), group.state.as_str(), group.seats[0].state.as_str())
    };
    let seen = |card, money: &str, group, seat| (card, money.to_owned(), group, seat);
    assert_eq!(word(time("2026-03-01T10:00:00Z")), seen("active", "0.00", "open", "held"));
    assert_eq!(word(time("2026-03-01T10:10:00Z")), seen("active", "0.00", "open", "timed_out"));
    assert_eq!(word(time("2026-03-10T00:00:00Z")), seen("expired", "50.00", "closed", "timed_out"));
    // Before they were written they stand as they were written.
    assert_eq!(word(time("2026-01-01T00:00:00Z")), seen("active", "0.00", "open", "held"));
    for at in ["2026-03-01T10:00:00Z", "2026-03-01T10:10:00Z", "2026-03-10T00:00:00Z"].map(time) {
        let (card, group) = stands(at);
        let (card_id, group_id) = (Some(card.card_id.clone()), group.group_id.clone());
        assert_eq!(engine.ask(&Query::GiftCard { card_id, code: None, at }).unwrap(), Answer::GiftCard(Box::new(card)));
        assert_eq!(engine.ask(&Query::Group { group_id, at }).unwrap(), Answer::Group(Box::new(group)));
    }
}
