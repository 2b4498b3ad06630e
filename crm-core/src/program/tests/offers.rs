//! Findings about campaigns and offers.

use super::findings::Rows;
use serde_json::{Value, json};

fn offer(parts: Value) -> Value {
    let mut offer = json!({ "id": "o", "effect": { "type": "fixed_off", "amount": "5" } });
    for (name, value) in parts.as_object().unwrap() {
        offer[name] = value.clone();
    }
    offer
}

fn one(parts: Value) -> (&'static str, Value) {
    ("/offers", json!([offer(parts)]))
}

fn campaign(parts: Value) -> (&'static str, Value) {
    let mut campaign = json!({ "id": "k" });
    for (name, value) in parts.as_object().unwrap() {
        campaign[name] = value.clone();
    }
    ("/campaigns", json!([campaign]))
}

pub(super) fn of_offers(rows: &mut Rows) {
    of_campaigns(rows);
    of_codes(rows);
    of_stacks(rows);
    rows.check(
        &[one(json!({ "effect": { "type": "fixed_off", "amount": "0" } }))],
        &[("offer.rules", "/offers/0/effect/amount")],
    );
    rows.check(
        &[one(json!({ "effect": { "type": "tiered", "steps": [] } }))],
        &[("offer.rules", "/offers/0/effect/steps")],
    );
    let from =
        |amount: &str| json!({ "effect": { "type": "fixed_off", "amount": amount }, "threshold": { "amount": "10" } });
    rows.check(&[one(from("9.99"))], &[]);
    rows.check(&[one(from("10"))], &[("offer.reaches_zero", "/offers/0/effect")]);
    let mut second = offer(from("6"));
    second["id"] = json!("p");
    rows.check(
        &[("/offers", json!([offer(from("4")), second.clone()]))],
        &[("offer.reaches_zero", "/offers/1/effect")],
    );
    let grouped = |mut one: Value| {
        one["stack"] = json!({ "group": "g" });
        one
    };
    rows.check(&[("/offers", json!([grouped(offer(from("4"))), grouped(second)]))], &[]);
    of_issue(rows);
    rows.check(&[one(json!({}))], &[]);
    rows.check(
        &[("/offers", json!([offer(json!({})), offer(json!({}))]))],
        &[("program.duplicate_id", "/offers/1/id")],
    );
    rows.check(&[one(json!({ "campaign": "spring" }))], &[("offer.campaign_unknown", "/offers/0/campaign")]);
    rows.check(&[one(json!({ "currency": "KWD" }))], &[("offer.currency", "/offers/0/currency")]);
    rows.check(
        &[one(json!({ "valid": { "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" } }))],
        &[("offer.never", "/offers/0/valid")],
    );
    rows.check(
        &[one(json!({ "needs": { "type": "coupon" }, "valid": { "from": "2026-01-02T00:00:00Z" },
            "coupon": { "valid": { "type": "until", "at": "2026-01-01T00:00:00Z" } } }))],
        &[("offer.never", "/offers/0/coupon/valid/at")],
    );
    rows.check(&[one(json!({ "coupon": {} }))], &[("offer.coupon", "/offers/0/coupon")]);
    let price = |currency: &str, points: i64| {
        one(json!({ "needs": { "type": "coupon" }, "stack": { "group": "g" },
            "coupon": { "price": { "currency": currency, "points": points } } }))
    };
    rows.check(&[price("nope", 1)], &[("earn.currency_unknown", "/offers/0/coupon/price/currency")]);
    rows.check(&[price("points", 0)], &[("offer.coupon", "/offers/0/coupon/price/points")]);
    rows.check(
        &[one(json!({ "when": { "type": "event_attribute", "name": "a", "is": "equal", "value": { "type": "flag", "value": true } } }))],
        &[("condition.event", "/offers/0/when")],
    );
    rows.check(&[one(json!({ "when": { "type": "order_number", "from": 1, "to": 1 } }))], &[]);
    rows.check(
        &[one(json!({ "lines": { "tags": ["a"], "not_tags": ["a"] } }))],
        &[("scope.never", "/offers/0/lines/tags")],
    );
}

/// Several coupons of one offer in one cart.
fn of_stacks(rows: &mut Rows) {
    let found: &[(&str, &str)] = &[("offer.stacks_with_itself", "/offers/0")];
    let needy = |parts: Value| {
        let mut offer = offer(parts);
        offer["needs"] = json!({ "type": "coupon" });
        ("/offers", json!([offer]))
    };
    let bought = || json!({ "price": { "currency": "points", "points": 100 } });
    rows.check(&[needy(json!({ "coupon": bought() }))], found);
    let rule = |on: &str, coupons: u32| {
        let on = if on == "event" { json!({ "type": on, "name": "review" }) } else { json!({ "type": on }) };
        ("/issue", json!([{ "id": "i", "offer": "o", "on": on, "coupons": coupons }]))
    };
    rows.check(&[needy(json!({})), rule("sign_up", 1)], &[]);
    rows.check(&[needy(json!({})), rule("birthday", 1)], &[]);
    rows.check(&[needy(json!({})), rule("sign_up", 2)], found);
    rows.check(&[needy(json!({})), rule("event", 1)], found);
    for bound in [
        json!({ "stack": { "group": "g" } }),
        json!({ "stack": { "exclusive": "all" } }),
        json!({ "limits": [{ "id": "l", "counts": { "type": "uses", "max": 2 }, "per": "customer", "window": "day" }] }),
        json!({ "effect": { "type": "gift", "sku": "mug" } }),
        json!({ "effect": { "type": "one_of", "options": [{ "lines": { "skus": ["a"] }, "off": { "type": "amount", "amount": "3" } }] } }),
    ] {
        rows.check(&[needy(bound), rule("event", 1)], &[]);
    }
    let budget = json!({ "limits": [{ "id": "l", "counts": { "type": "budget", "max": "9" } }] });
    rows.check(&[needy(budget), rule("event", 1)], found);
    let campaign = campaign(json!({ "limits": [{ "id": "l", "counts": { "type": "uses", "max": 9 } }] }));
    rows.check(&[campaign, needy(json!({ "campaign": "k" })), rule("event", 1)], &[]);
}

fn of_codes(rows: &mut Rows) {
    let codes = |codes: Value| one(json!({ "needs": { "type": "code", "codes": codes } }));
    rows.check(&[codes(json!(["SPRING10"]))], &[]);
    rows.check(&[codes(json!([]))], &[("offer.code", "/offers/0/needs/codes")]);
    rows.check(&[codes(json!(["a"]))], &[("offer.code", "/offers/0/needs/codes/0")]);
    rows.check(&[codes(json!(["Spring 10", "SPRING-1O"]))], &[("offer.code", "/offers/0/needs/codes/1")]);
    rows.check(
        &[one(json!({ "needs": { "type": "code", "codes": ["abc"] }, "coupon": {} }))],
        &[("offer.coupon", "/offers/0/coupon")],
    );
}

fn of_campaigns(rows: &mut Rows) {
    rows.check(&[campaign(json!({}))], &[]);
    rows.check(
        &[campaign(json!({ "valid": { "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z" } }))],
        &[("offer.never", "/campaigns/0/valid")],
    );
    rows.check(
        &[campaign(json!({ "hours": [{ "from": "09:00", "to": "09:00" }] }))],
        &[("offer.never", "/campaigns/0/hours/0/to")],
    );
    rows.check(&[campaign(json!({ "zone": "Mars/Olympus" }))], &[("program.zone", "/campaigns/0/zone")]);
    let funders = |funders: Value| campaign(json!({ "funders": funders }));
    rows.check(&[funders(json!([{ "party": "a", "share": "99.9999" }]))], &[("offer.funders", "/campaigns/0/funders")]);
    rows.check(
        &[funders(json!([{ "party": "a", "share": "50" }, { "party": "a", "share": "50" }]))],
        &[("offer.funders", "/campaigns/0/funders/1/party")],
    );
    rows.check(
        &[funders(json!([{ "party": "a", "share": "100" }, { "party": "b", "share": "0" }]))],
        &[("offer.funders", "/campaigns/0/funders/1/share")],
    );
    rows.check(
        &[funders(json!([{ "party": "a", "share": "101" }]))],
        &[("program.wrong_value", "/campaigns/0/funders/0/share")],
    );
    let limit = |counts: Value| campaign(json!({ "limits": [{ "id": "l", "counts": counts }] }));
    rows.check(&[limit(json!({ "type": "uses", "max": 0 }))], &[("offer.limit", "/campaigns/0/limits/0/counts/max")]);
    rows.check(
        &[limit(json!({ "type": "budget", "max": "0" }))],
        &[("offer.limit", "/campaigns/0/limits/0/counts/max")],
    );
    rows.check(
        &[limit(json!({ "type": "budget", "max": "0.001" }))],
        &[("offer.limit", "/campaigns/0/limits/0/counts/max")],
    );
    let twice = json!({ "limits": [{ "id": "l", "counts": { "type": "uses", "max": 1 } }, { "id": "l", "counts": { "type": "uses", "max": 1 } }] });
    rows.check(&[campaign(twice)], &[("program.duplicate_id", "/campaigns/0/limits/1/id")]);
}

fn of_issue(rows: &mut Rows) {
    let needy = (
        "/offers",
        json!([{ "id": "o", "needs": { "type": "coupon" }, "effect": { "type": "fixed_off", "amount": "5" } }]),
    );
    let rule = |offer: &str, on: Value| ("/issue", json!([{ "id": "i", "offer": offer, "on": on }]));
    let sign_up = || json!({ "type": "sign_up" });
    rows.check(&[needy.clone(), rule("o", sign_up())], &[]);
    rows.check(&[needy.clone(), rule("p", sign_up())], &[("issue.offer", "/issue/0/offer")]);
    rows.check(&[one(json!({})), rule("o", sign_up())], &[("issue.offer", "/issue/0/offer")]);
    rows.check(
        &[needy.clone(), rule("o", json!({ "type": "tier", "ladder": "nope", "any": ["a"] }))],
        &[("offer.stacks_with_itself", "/offers/0"), ("condition.ladder_unknown", "/issue/0/on/ladder")],
    );
    rows.check(
        &[
            needy,
            (
                "/issue",
                json!([{ "id": "i", "offer": "o", "on": sign_up(), "when": { "type": "channel", "any": ["a"] } }]),
            ),
        ],
        &[("condition.order", "/issue/0/when")],
    );
}
