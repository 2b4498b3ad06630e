//! Findings about groups and gift cards.

use super::findings::Rows;
use serde_json::{Value, json};

fn one(parts: Value) -> (&'static str, Value) {
    let mut rules = json!({ "id": "g", "price": "9.90", "size": 3, "hours": 24 });
    for (name, value) in parts.as_object().unwrap() {
        match value {
            Value::Null => drop(rules.as_object_mut().unwrap().remove(name)),
            value => rules[name] = value.clone(),
        }
    }
    ("/groups", json!([rules]))
}

pub(super) fn of_groups(rows: &mut Rows) {
    rows.check(&[one(json!({}))], &[]);
    let (place, list) = one(json!({}));
    let twice = json!([list[0], list[0]]);
    rows.check(&[(place, twice)], &[("program.duplicate_id", "/groups/1/id")]);
    rows.check(&[one(json!({ "price": null }))], &[("group.price", "/groups/0")]);
    rows.check(&[one(json!({ "price": "-1" }))], &[("group.price", "/groups/0/price")]);
    rows.check(&[one(json!({ "price": "1.001" }))], &[("group.price", "/groups/0/price")]);
    rows.check(&[one(json!({ "currency": "KWD" }))], &[("group.price", "/groups/0/currency")]);
    rows.check(&[one(json!({ "price": null, "offer": "o" }))], &[("group.offer_unknown", "/groups/0/offer")]);
    let offer = ("/offers", json!([{ "id": "o", "effect": { "type": "fixed_off", "amount": "5" } }]));
    let open = ("group.offer_open", "/groups/0/offer");
    rows.check(&[offer.clone(), one(json!({ "price": null, "offer": "o" }))], &[open]);
    let needs = |needs: &str| json!([{ "id": "o", "needs": { "type": needs }, "effect": { "type": "fixed_off", "amount": "5" } }]);
    rows.check(&[("/offers", needs("group")), one(json!({ "price": null, "offer": "o" }))], &[]);
    rows.check(&[("/offers", needs("coupon")), one(json!({ "price": null, "offer": "o" }))], &[]);
    rows.check(&[("/offers", needs("group")), one(json!({}))], &[("group.offer_idle", "/offers/0/needs")]);
    let mut terms = needs("group");
    terms[0]["coupon"] = json!({ "uses": 2 });
    rows.check(
        &[("/offers", terms), one(json!({ "price": null, "offer": "o" }))],
        &[("offer.coupon", "/offers/0/coupon")],
    );
    let more = json!({ "lines": { "skus": ["a"] }, "campaign": "k", "stack": { "exclusive": "all" } });
    let campaign = ("/campaigns", json!([{ "id": "k" }]));
    rows.check(&[campaign.clone(), one(more.clone())], &[]);
    rows.check(&[one(more.clone())], &[("offer.campaign_unknown", "/groups/0/campaign")]);
    rows.check(
        &[one(json!({ "lines": { "skus": ["a"], "not_skus": ["a"] } }))],
        &[("scope.never", "/groups/0/lines/skus")],
    );
    let mut by_offer = more;
    by_offer["price"] = Value::Null;
    by_offer["offer"] = json!("o");
    rows.check(
        &[("/offers", needs("group")), campaign, one(by_offer)],
        &[
            ("group.price", "/groups/0/lines"),
            ("group.price", "/groups/0/campaign"),
            ("group.price", "/groups/0/stack"),
        ],
    );
    let same = json!([{ "id": "g", "effect": { "type": "fixed_off", "amount": "5" } }]);
    rows.check(&[("/offers", same), one(json!({}))], &[("program.duplicate_id", "/groups/0/id")]);
    rows.check(&[offer.clone(), one(json!({ "offer": "o" }))], &[open, ("group.price", "/groups/0/price")]);
    rows.check(
        &[offer, one(json!({ "price": null, "offer": "o", "currency": "CNY" }))],
        &[open, ("group.price", "/groups/0/currency")],
    );
    rows.check(&[one(json!({ "max_size": 2 }))], &[("group.size", "/groups/0/max_size")]);
    rows.check(&[one(json!({ "size": 1 }))], &[("program.out_of_range", "/groups/0/size")]);
    let most = crate::limits::GROUP_SEATS_MAX;
    rows.check(&[one(json!({ "size": most, "per_customer": crate::limits::GROUP_SEATS_EACH_MAX }))], &[]);
    rows.check(&[one(json!({ "size": most + 1 }))], &[("program.out_of_range", "/groups/0/size")]);
    rows.check(&[one(json!({ "max_size": most + 1 }))], &[("program.out_of_range", "/groups/0/max_size")]);
    let each = crate::limits::GROUP_SEATS_EACH_MAX + 1;
    rows.check(&[one(json!({ "per_customer": each }))], &[("program.out_of_range", "/groups/0/per_customer")]);
    rows.check(&[one(json!({ "hours": 0 }))], &[("program.out_of_range", "/groups/0/hours")]);
    rows.check(
        &[one(json!({ "valid": { "from": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z" } }))],
        &[("group.never", "/groups/0/valid")],
    );
    let cards = |rules: Value| ("/gift_cards", rules);
    rows.check(&[cards(json!({ "valid_days": 1_095, "restore_days": 0 }))], &[]);
    let days = crate::limits::GIFT_CARD_DAYS_MAX;
    rows.check(&[cards(json!({ "valid_days": days, "restore_days": days }))], &[]);
    rows.check(&[cards(json!({ "restore_days": days + 1 }))], &[("program.out_of_range", "/gift_cards/restore_days")]);
    rows.check(&[cards(json!({ "valid_days": 0 }))], &[("program.out_of_range", "/gift_cards/valid_days")]);
}
