//! Conditions and scopes, row by row.

use crate::program::{Condition, CustomerFacts, EarnRule, Facts, LineFacts, LineScope, OrderFacts};
use crate::value::{
    Attribute, AttributeName, CalendarDate, Category, Channel, Currency, LadderId, Sku, StoreId, Tag, TierId, Timestamp,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn local(text: &str) -> chrono::NaiveDateTime {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn at_utc(text: &str) -> Timestamp {
    Timestamp::from_millis(local(text).and_utc().timestamp_millis()).unwrap()
}

fn condition(json: Value) -> Condition {
    serde_json::from_value(json).unwrap()
}

fn tags(names: &[&str]) -> BTreeSet<Tag> {
    names.iter().map(|name| Tag::new(name).unwrap()).collect()
}

#[track_caller]
fn at(when: &str, birthday: &str, json: Value, expected: bool) {
    let birthday = CalendarDate::parse(birthday).ok();
    let customer = CustomerFacts { birthday, ..CustomerFacts::default() };
    let facts = Facts { at: at_utc(when), local: local(when), customer, order: None, event: None };
    assert_eq!(condition(json.clone()).holds(&facts), expected, "{when} {json}");
}

#[test]
fn the_calendar_and_the_clock() {
    let weekend = || json!({ "type": "weekday", "any": ["sat", "sun"] });
    at("2026-03-07 00:00", "", weekend(), true);
    at("2026-03-08 23:59", "", weekend(), true);
    at("2026-03-09 00:00", "", weekend(), false);
    let hours = |from: &str, to: &str| json!({ "type": "time_of_day", "from": from, "to": to });
    at("2026-03-07 14:00", "", hours("14:00", "16:00"), true);
    at("2026-03-07 15:59", "", hours("14:00", "16:00"), true);
    at("2026-03-07 16:00", "", hours("14:00", "16:00"), false);
    at("2026-03-07 23:30", "", hours("22:00", "02:00"), true);
    at("2026-03-07 01:59", "", hours("22:00", "02:00"), true);
    at("2026-03-07 02:00", "", hours("22:00", "02:00"), false);
    at("2026-03-07 12:00", "", hours("12:00", "12:00"), false);
    at("2026-03-07 12:00", "", hours("noon", "25:00"), false);
}

#[test]
fn birthdays() {
    let around = |before: u32, after: u32| json!({ "type": "birthday", "days_before": before, "days_after": after });
    at("2026-03-07 10:00", "1990-03-07", json!({ "type": "birthday" }), true);
    at("2026-03-08 10:00", "1990-03-07", json!({ "type": "birthday" }), false);
    at("2026-03-08 10:00", "1990-03-07", around(0, 1), true);
    at("2026-03-05 10:00", "1990-03-07", around(1, 1), false);
    at("2026-12-30 10:00", "1990-01-02", around(3, 0), true);
    at("2026-01-02 10:00", "1990-12-30", around(0, 3), true);
    at("2026-02-28 10:00", "2000-02-29", around(0, 0), true);
    at("2028-02-28 10:00", "2000-02-29", around(0, 0), false);
    at("2028-02-29 10:00", "2000-02-29", around(0, 0), true);
    at("2026-03-07 10:00", "", around(182, 182), false);
    at("2026-03-31 10:00", "1990-03-07", json!({ "type": "birthday_month" }), true);
    at("2026-04-01 10:00", "1990-03-07", json!({ "type": "birthday_month" }), false);
}

#[test]
fn trees() {
    let yes = || json!({ "type": "all", "of": [] });
    let no = || json!({ "type": "any", "of": [] });
    for (json, expected) in [
        (yes(), true),
        (no(), false),
        (json!({ "type": "not", "of": no() }), true),
        (json!({ "type": "all", "of": [yes(), no()] }), false),
        (json!({ "type": "any", "of": [yes(), no()] }), true),
        (json!({ "type": "not", "of": { "type": "channel", "any": ["app"] } }), true),
    ] {
        at("2026-03-07 10:00", "", json, expected);
    }
}

#[test]
fn the_customer() {
    let (tags, ladder, gold) = (tags(&["vip"]), LadderId::new("club").unwrap(), TierId::new("gold").unwrap());
    let number = Attribute::Number { value: "3.0".parse().unwrap() };
    let attributes = BTreeMap::from([(AttributeName::new("children").unwrap(), number)]);
    let customer = CustomerFacts {
        tags: Some(&tags),
        attributes: Some(&attributes),
        birthday: None,
        tiers: &[(&ladder, &gold)],
        stage: Some("loyal"),
        activity: Some("at_risk"),
    };
    let facts =
        Facts { at: at_utc("2026-03-07 10:00"), local: local("2026-03-07 10:00"), customer, order: None, event: None };
    let children =
        |is: &str, value: Value| json!({ "type": "customer_attribute", "name": "children", "is": is, "value": value });
    let three = || json!({ "type": "number", "value": "3" });
    for (json, expected) in [
        (json!({ "type": "tier", "ladder": "club", "any": ["silver", "gold"] }), true),
        (json!({ "type": "tier", "ladder": "club", "any": ["silver"] }), false),
        (json!({ "type": "tier", "ladder": "other", "any": ["gold"] }), false),
        (json!({ "type": "stage", "any": ["loyal"] }), true),
        (json!({ "type": "stage", "any": ["repeat"] }), false),
        (json!({ "type": "activity", "any": ["dormant", "at_risk"] }), true),
        (json!({ "type": "customer_tag", "any": ["staff", "vip"] }), true),
        (json!({ "type": "customer_tag", "any": ["staff"] }), false),
        (children("equal", three()), true),
        (children("at_least", three()), true),
        (children("at_most", three()), true),
        (children("above", three()), false),
        (children("below", three()), false),
        (children("equal", json!({ "type": "text", "value": "3.0" })), false),
        (json!({ "type": "customer_attribute", "name": "pets", "is": "at_most", "value": three() }), false),
        (json!({ "type": "event_attribute", "name": "children", "is": "equal", "value": three() }), false),
    ] {
        assert_eq!(condition(json.clone()).holds(&facts), expected, "{json}");
    }
}

#[test]
fn the_order() {
    let (channel, store, tags) = (Channel::new("app").unwrap(), StoreId::new("s1").unwrap(), tags(&["pickup"]));
    let (sku, category) = (Sku::new("apple").unwrap(), Category::new("fruit").unwrap());
    let order = OrderFacts {
        channel: Some(&channel),
        store: Some(&store),
        tags: Some(&tags),
        currency: Currency::new("CNY").unwrap(),
        goods_minor: 50_00,
        number: Some(3),
        lines: &[LineFacts { sku: &sku, category: Some(&category), brand: None, tags: &BTreeSet::new() }],
    };
    let customer = CustomerFacts::default();
    let facts = Facts {
        at: at_utc("2026-03-07 10:00"),
        local: local("2026-03-07 10:00"),
        customer,
        order: Some(order),
        event: None,
    };
    for (json, expected) in [
        (json!({ "type": "channel", "any": ["app"] }), true),
        (json!({ "type": "channel", "any": ["store"] }), false),
        (json!({ "type": "store", "any": ["s2", "s1"] }), true),
        (json!({ "type": "order_tag", "any": ["pickup"] }), true),
        (json!({ "type": "order_tag", "any": ["gift"] }), false),
        (json!({ "type": "order_amount", "at_least": "50" }), true),
        (json!({ "type": "order_amount", "at_least": "50.01" }), false),
        (json!({ "type": "order_number", "from": 1, "to": 3 }), true),
        (json!({ "type": "order_number", "from": 4, "to": 9 }), false),
        (json!({ "type": "has_line", "lines": { "categories": ["fruit"] } }), true),
        (json!({ "type": "has_line", "lines": { "brands": ["Zespri"] } }), false),
    ] {
        assert_eq!(condition(json.clone()).holds(&facts), expected, "{json}");
    }
}

#[test]
fn scopes() {
    let check = |scope: Value, line: (&str, Option<&str>, Option<&str>), expected: bool| {
        let lines: LineScope = serde_json::from_value(scope.clone()).unwrap();
        let name = |text: Option<&str>| text.map(|text| Category::new(text).unwrap());
        let (category, brand) = (name(line.1), name(line.2));
        let admitted = lines.admits(&Sku::new(line.0).unwrap(), category.as_ref(), brand.as_ref(), &BTreeSet::new());
        assert_eq!(admitted, expected, "{scope} {line:?}");
    };
    let apple = ("apple", Some("fruit"), Some("Zespri"));
    let plain = ("apple", None, None);
    check(json!({}), plain, true);
    check(json!({ "skus": ["apple"] }), plain, true);
    check(json!({ "skus": ["pear"] }), plain, false);
    check(json!({ "not_skus": ["apple"] }), plain, false);
    check(json!({ "categories": ["fruit"] }), apple, true);
    check(json!({ "categories": ["fruit"] }), plain, false);
    check(json!({ "not_categories": ["fruit"] }), plain, true);
    check(json!({ "not_categories": ["fruit"] }), apple, false);
    check(json!({ "categories": ["fruit"], "not_brands": ["Zespri"] }), apple, false);
    check(json!({ "categories": ["fruit"], "brands": ["Zespri"], "not_skus": ["pear"] }), apple, true);
}

#[test]
fn rules_apply_within_their_validity() {
    let rule = |valid: Value, when: Value| -> EarnRule {
        serde_json::from_value(json!({
            "id": "r", "currency": "p", "on": { "type": "order" }, "gives": { "type": "fixed", "points": 1 },
            "valid": valid, "when": when,
        }))
        .unwrap()
    };
    let check = |rule: &EarnRule, when: &str, expected: bool| {
        let facts = Facts {
            at: at_utc(when),
            local: local(when),
            customer: CustomerFacts::default(),
            order: None,
            event: None,
        };
        assert_eq!(rule.applies(&facts), expected, "{when}");
    };
    let march = json!({ "from": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z" });
    let plain = rule(march.clone(), Value::Null);
    check(&plain, "2026-02-28 23:59", false);
    check(&plain, "2026-03-01 00:00", true);
    check(&plain, "2026-03-31 23:59", true);
    check(&plain, "2026-04-01 00:00", false);
    check(&rule(json!({}), Value::Null), "1999-01-01 00:00", true);
    let on_sundays = rule(march, json!({ "type": "weekday", "any": ["sun"] }));
    check(&on_sundays, "2026-03-01 00:00", true);
    check(&on_sundays, "2026-03-02 00:00", false);
}
