//! One row per finding code: a small change to a sound document, and exactly what is found.

use super::schema::schema;
use crate::program::{Finding, FindingCode, Program, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn sound() -> Value {
    json!({
        "version": 1, "program": "tea", "revision": 1, "zone": "Asia/Shanghai", "currencies": ["CNY"],
        "points": [{ "id": "points" }, { "id": "status", "redeemable": false, "qualifying": true }],
        "earn": [
            { "id": "base", "currency": "points", "on": { "type": "order" },
              "gives": { "type": "per_amount", "points": "1", "per": "1" } },
            { "id": "gift", "currency": "points", "on": { "type": "order" }, "gives": { "type": "fixed", "points": 5 } },
            { "id": "review", "currency": "points", "on": { "type": "event", "name": "review" },
              "gives": { "type": "fixed", "points": 5 } },
        ],
        "tiers": [{ "id": "club", "metric": { "type": "net_spend" }, "window": { "type": "lifetime" },
            "tiers": [{ "id": "blue", "threshold": "0" }, { "id": "gold", "threshold": "100" }] }],
        "lifecycle": { "type": "preset", "name": "retail" },
    })
}

/// Sets fields: `("/earn/-", x)` appends, `("/x", null)` removes.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut document = sound();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(items) if name == "-" => items.push(value.clone()),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            Value::Object(fields) if value.is_null() => drop(fields.remove(name)),
            Value::Object(fields) => drop(fields.insert(name.to_owned(), value.clone())),
            other => panic!("{other} has no {name}"),
        }
    }
    document
}

fn found(text: &str) -> Vec<Finding> {
    match Program::from_json(text) {
        Ok(program) => program.warnings().to_vec(),
        Err(findings) => findings,
    }
}

fn short(found: &[Finding]) -> Vec<(&str, &str)> {
    found.iter().map(|one| (one.code.as_str(), one.pointer.as_str())).collect()
}

pub(super) struct Rows {
    codes: BTreeSet<String>,
    validator: jsonschema::Validator,
}

impl Rows {
    fn new() -> Self {
        Self { codes: BTreeSet::new(), validator: jsonschema::draft202012::new(&schema()).unwrap() }
    }

    #[track_caller]
    pub(super) fn check(&mut self, changes: &[(&str, Value)], expected: &[(&str, &str)]) {
        let document = with(changes);
        let found = found(&document.to_string());
        assert_eq!(short(&found), expected, "{found:#?}");
        self.codes.extend(found.iter().map(|one| one.code.clone()));
        for one in &found {
            assert!(!one.help.is_empty() && !one.message.ends_with('.') && !one.help.ends_with('.'), "{one}");
            assert!(document.pointer(&one.pointer).is_some(), "{one} points at nothing");
        }
        let shape = [
            FindingCode::UnknownField,
            FindingCode::MissingField,
            FindingCode::WrongType,
            FindingCode::OutOfRange,
            FindingCode::ConditionTime,
            FindingCode::Version,
        ];
        let is_shape = found.iter().any(|one| shape.iter().any(|code| code.as_str() == one.code));
        let is_valid = self.validator.is_valid(&document);
        assert!(!(is_shape && is_valid), "the schema lets {changes:?} pass");
        assert!(
            is_valid || found.iter().any(|one| one.severity == Severity::Error),
            "the compiler lets {changes:?} pass"
        );
    }

    /// One condition on one rule; pointers count from the condition.
    #[track_caller]
    fn when(&mut self, rule: usize, when: Value, expected: &[(&str, &str)]) {
        let at = format!("/earn/{rule}/when");
        let expected: Vec<(&str, String)> =
            expected.iter().map(|(code, pointer)| (*code, format!("{at}{pointer}"))).collect();
        let expected: Vec<(&str, &str)> = expected.iter().map(|(code, pointer)| (*code, pointer.as_str())).collect();
        self.check(&[(&at, when)], &expected);
    }
}

#[test]
fn every_code_has_a_row() {
    let mut rows = Rows::new();
    rows.check(&[], &[]);
    of_shape(&mut rows);
    of_the_document(&mut rows);
    of_points(&mut rows);
    of_rules(&mut rows);
    of_conditions(&mut rows);
    of_names_in_conditions(&mut rows);
    of_tiers(&mut rows);
    of_the_lifecycle(&mut rows);
    super::offers::of_offers(&mut rows);
    super::groups::of_groups(&mut rows);
    let without_document = ["program.json", "program.too_large", "program.duplicate_field"];
    let missing: Vec<_> = FindingCode::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !rows.codes.contains(*code) && !without_document.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let known: BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(rows.codes.iter().all(|code| known.contains(code.as_str())), "{:?}", rows.codes);
}

fn of_shape(rows: &mut Rows) {
    rows.check(&[("/points/0/colour", json!(1))], &[("program.unknown_field", "/points/0/colour")]);
    rows.check(&[("/points/0/a~1b", json!(1))], &[("program.unknown_field", "/points/0/a~01b")]);
    rows.check(
        &[("/points/0/expiry", json!({ "type": "never", "days": 3 }))],
        &[("program.unknown_field", "/points/0/expiry/days")],
    );
    rows.check(&[("/zone", Value::Null)], &[("program.missing_field", "")]);
    rows.check(&[("/earn/0/on", json!({}))], &[("program.missing_field", "/earn/0/on")]);
    rows.check(&[("/points/0/value", json!(0.01))], &[("program.wrong_type", "/points/0/value")]);
    rows.check(&[("/points/0/redeemable", json!("yes"))], &[("program.wrong_type", "/points/0/redeemable")]);
    rows.check(&[("/points/0/expiry", json!("never"))], &[("program.wrong_type", "/points/0/expiry")]);
    rows.check(&[("/points/0/rounding", json!(1))], &[("program.wrong_type", "/points/0/rounding")]);
    rows.check(&[("/points", json!({}))], &[("program.wrong_type", "/points")]);
    rows.check(&[("/earn/1/gives/points", json!(2.5))], &[("program.wrong_type", "/earn/1/gives/points")]);
    rows.check(&[("/earn/0/gives/per", json!("NaN"))], &[("program.wrong_value", "/earn/0/gives/per")]);
    rows.check(&[("/earn/0/gives/per", json!("1e3"))], &[("program.wrong_value", "/earn/0/gives/per")]);
    rows.check(&[("/earn/0/gives/type", json!("per_amuont"))], &[("program.wrong_value", "/earn/0/gives/type")]);
    rows.check(&[("/points/0/rounding", json!("up"))], &[("program.wrong_value", "/points/0/rounding")]);
    rows.check(&[("/currencies", json!(["RMB"]))], &[("program.wrong_value", "/currencies/0")]);
    rows.check(&[("/currencies", json!([]))], &[("program.wrong_value", "/currencies")]);
    rows.check(&[("/program", json!(" tea"))], &[("program.wrong_value", "/program")]);
    rows.check(
        &[("/earn/0/valid", json!({ "from": "2026-01-01T00:00:00" }))],
        &[("program.wrong_value", "/earn/0/valid/from")],
    );
    rows.check(&[("/revision", json!(0))], &[("program.out_of_range", "/revision")]);
    rows.check(&[("/revision", json!(1_u64 << 40))], &[("program.out_of_range", "/revision")]);
    rows.check(
        &[("/points/0/pending", json!({ "type": "days", "days": 0 }))],
        &[("program.out_of_range", "/points/0/pending/days")],
    );
    rows.check(&[("/earn/1/gives/points", json!(1_u64 << 53))], &[("program.out_of_range", "/earn/1/gives/points")]);
}

fn of_the_document(rows: &mut Rows) {
    rows.check(&[("/version", json!(2)), ("/surprise", json!(1))], &[("program.version", "/version")]);
    rows.check(&[("/zone", json!("Asia/Peking"))], &[("program.zone", "/zone")]);
    rows.check(&[("/country", json!("China"))], &[("program.country", "/country")]);
    rows.check(&[("/country", json!("QQ"))], &[("program.country", "/country")]);
    rows.check(&[("/currencies", json!(["CNY", "USD", "CNY"]))], &[("program.currencies", "/currencies/2")]);
    rows.check(&[("/points/-", json!({ "id": "points" }))], &[("program.duplicate_id", "/points/2/id")]);
    rows.check(&[("/earn/1/id", json!("base"))], &[("program.duplicate_id", "/earn/1/id")]);
    let cap = json!([{ "id": "c", "per": "day", "points": 5 }]);
    rows.check(
        &[("/points/0/caps", cap.clone()), ("/earn/1/caps", cap)],
        &[("program.duplicate_id", "/earn/1/caps/0/id")],
    );
    let many: Vec<Value> = (0..1_001).map(|n| json!({ "id": format!("p{n}") })).collect();
    rows.check(&[("/points", json!(many)), ("/earn", json!([]))], &[("program.too_many", "/points")]);
    rows.check(&[("/basis", json!({ "exclude": {} }))], &[("scope.everything", "/basis/exclude")]);
    rows.check(
        &[("/basis", json!({ "exclude": { "skus": ["a"], "not_skus": ["b", "a"] } }))],
        &[("scope.never", "/basis/exclude/skus")],
    );
}

fn of_points(rows: &mut Rows) {
    let cap = |per: &str, points: i64| json!([{ "id": "c", "per": per, "points": points }]);
    rows.check(&[("/points/0/redeemable", json!(false))], &[("points.purpose", "/points/0")]);
    rows.check(&[("/points/0/value", json!("0"))], &[("points.value", "/points/0/value")]);
    rows.check(&[("/points/0/debt", json!({ "type": "net_from_refund" }))], &[("points.debt_value", "/points/0/debt")]);
    rows.check(
        &[("/points/0/debt", json!({ "type": "allow", "limit": 0 }))],
        &[("points.debt_limit", "/points/0/debt/limit")],
    );
    rows.check(
        &[("/points/0/expiry", json!({ "type": "fixed_dates", "dates": ["06-31", "6-30", "02-29"] }))],
        &[("points.fixed_dates", "/points/0/expiry/dates/0"), ("points.fixed_dates", "/points/0/expiry/dates/1")],
    );
    rows.check(
        &[("/points/0/expiry", json!({ "type": "end_of", "period": "week" }))],
        &[("points.period", "/points/0/expiry/period")],
    );
    let sliding = json!({ "type": "sliding", "months": 1 });
    rows.check(
        &[("/points/0/expiry", sliding.clone()), ("/points/0/pending", json!({ "type": "days", "days": 28 }))],
        &[("points.sliding_pending", "/points/0/pending")],
    );
    rows.check(
        &[("/points/0/expiry", sliding.clone()), ("/points/0/pending", json!({ "type": "days", "days": 27 }))],
        &[],
    );
    rows.check(
        &[
            ("/points/0/expiry", sliding),
            ("/points/0/pending", json!({ "type": "until_event" })),
            ("/earn/2/pending", json!({ "type": "none" })),
        ],
        &[("points.sliding_until_event", "/points/0/pending")],
    );
    rows.check(&[("/points/0/rounding", json!("ceil"))], &[("points.rounding_mints", "/points/0/rounding")]);
    rows.check(&[("/points/1/rounding", json!("ceil"))], &[]);
    rows.check(&[("/points/0/caps", cap("day", 0))], &[("cap.bound", "/points/0/caps/0/points")]);
    rows.check(
        &[
            ("/points/0/caps", cap("balance", 9)),
            ("/points/0/pending", json!({ "type": "until_event" })),
            ("/earn/2", sound()["earn"][1].clone()),
            ("/earn/2/id", json!("other")),
        ],
        &[("cap.until_event", "/points/0/caps/0/per")],
    );
}

fn of_rules(rows: &mut Rows) {
    let cap = |per: &str| json!([{ "id": "c", "per": per, "points": 5 }]);
    let gives = |json: Value| ("/earn/0/gives", json);
    rows.check(&[("/earn/0/currency", json!("point"))], &[("earn.currency_unknown", "/earn/0/currency")]);
    rows.check(
        &[gives(json!({ "type": "per_amount", "points": "0", "per": "-1" }))],
        &[("earn.amount", "/earn/0/gives/points"), ("earn.amount", "/earn/0/gives/per")],
    );
    rows.check(
        &[gives(json!({ "type": "per_step", "points": 0, "step": "1" }))],
        &[("earn.amount", "/earn/0/gives/points")],
    );
    rows.check(&[gives(json!({ "type": "per_unit", "points": "-1" }))], &[("earn.amount", "/earn/0/gives/points")]);
    rows.check(&[("/earn/1/gives/points", json!(0))], &[("earn.amount", "/earn/1/gives/points")]);
    rows.check(
        &[gives(json!({ "type": "per_step", "points": 1, "step": "0.001" }))],
        &[("earn.precision", "/earn/0/gives")],
    );
    rows.check(
        &[("/currencies", json!(["CNY", "JPY"])), gives(json!({ "type": "per_step", "points": 1, "step": "0.5" }))],
        &[("earn.precision", "/earn/0/gives")],
    );
    let multiplier = |bonus: &str| json!({ "type": "multiplier", "bonus": bonus });
    rows.check(&[gives(multiplier("0.5"))], &[("earn.no_base", "/earn/0/gives")]);
    rows.check(&[("/earn/1/gives", multiplier("-1"))], &[("earn.amount", "/earn/1/gives/bonus")]);
    rows.check(&[("/earn/1/gives", multiplier("0.0"))], &[("earn.no_effect", "/earn/1/gives/bonus")]);
    rows.check(&[("/earn/2/gives", multiplier("0.5"))], &[("earn.needs_fixed", "/earn/2/gives")]);
    for on in
        [json!({ "type": "sign_up" }), json!({ "type": "birthday" }), json!({ "type": "referral", "side": "referee" })]
    {
        rows.check(&[("/earn/0/on", on)], &[("earn.needs_fixed", "/earn/0/gives")]);
    }
    rows.check(&[("/earn/2/lines", json!({ "skus": ["a"] }))], &[("earn.lines_not_allowed", "/earn/2/lines")]);
    rows.check(
        &[("/earn/0/lines", json!({ "brands": ["a"], "not_brands": ["a"] }))],
        &[("scope.never", "/earn/0/lines/brands")],
    );
    rows.check(&[("/earn/0/caps", cap("day"))], &[("earn.cap_not_allowed", "/earn/0/caps/0")]);
    rows.check(&[("/earn/2/caps", cap("order"))], &[("earn.cap_order", "/earn/2/caps/0/per")]);
    rows.check(&[("/earn/1/caps", cap("order"))], &[]);
    rows.check(
        &[("/earn/0/pending", json!({ "type": "none" })), ("/earn/0/expiry", json!({ "type": "never" }))],
        &[("earn.dates_not_allowed", "/earn/0/pending"), ("earn.dates_not_allowed", "/earn/0/expiry")],
    );
    rows.check(&[("/earn/2/pending", json!({ "type": "until_event" }))], &[("earn.until_event", "/earn/2/pending")]);
    rows.check(&[("/points/0/pending", json!({ "type": "until_event" }))], &[("earn.until_event", "/earn/2")]);
    let instant = "2026-01-01T00:00:00Z";
    rows.check(&[("/earn/0/valid", json!({ "from": instant, "until": instant }))], &[("earn.never", "/earn/0/valid")]);
}

fn of_conditions(rows: &mut Rows) {
    let deep = |levels: usize| {
        (1..levels).fold(json!({ "type": "birthday_month" }), |inner, _| json!({ "type": "not", "of": inner }))
    };
    rows.when(0, deep(16), &[]);
    rows.when(0, deep(17), &[("condition.depth", &"/of".repeat(16))]);
    rows.when(0, json!({ "type": "any", "of": [] }), &[("condition.never", "/of")]);
    rows.when(0, json!({ "type": "not", "of": { "type": "all", "of": [] } }), &[("condition.never", "/of")]);
    rows.when(
        0,
        json!({ "type": "all", "of": [{ "type": "weekday", "any": [] }] }),
        &[("condition.never", "/of/0/any")],
    );
    rows.when(0, json!({ "type": "customer_tag", "any": [] }), &[("condition.never", "/any")]);
    rows.when(0, json!({ "type": "order_number", "from": 3, "to": 2 }), &[("condition.never", "")]);
    rows.when(0, json!({ "type": "time_of_day", "from": "09:00", "to": "09:00" }), &[("condition.never", "/to")]);
    rows.when(
        0,
        json!({ "type": "time_of_day", "from": "9:00", "to": "24:00" }),
        &[("condition.time", "/from"), ("condition.time", "/to")],
    );
    rows.when(0, json!({ "type": "birthday", "days_before": 183 }), &[("program.out_of_range", "/days_before")]);
    rows.when(
        0,
        json!({ "type": "has_line", "lines": { "skus": ["a"], "not_skus": ["a"] } }),
        &[("scope.never", "/lines/skus")],
    );
    rows.when(0, json!({ "type": "order_amount", "at_least": "1.005" }), &[("condition.amount", "/at_least")]);
    rows.when(0, json!({ "type": "order_amount", "at_least": "0" }), &[("condition.amount", "/at_least")]);
    rows.when(2, json!({ "type": "channel", "any": ["app"] }), &[("condition.order", "")]);
    rows.when(2, json!({ "type": "order_number", "from": 1, "to": 1 }), &[("condition.order", "")]);
    let value = json!({ "type": "text", "value": "M" });
    let attribute = |of: &str, is: &str| json!({ "type": of, "name": "n", "is": is, "value": value });
    rows.when(0, attribute("event_attribute", "equal"), &[("condition.event", "")]);
    rows.when(2, attribute("event_attribute", "above"), &[("condition.comparison", "/is")]);
    rows.when(0, attribute("customer_attribute", "below"), &[("condition.comparison", "/is")]);
}

fn of_names_in_conditions(rows: &mut Rows) {
    let tier = |ladder: &str, tier: &str| json!({ "type": "tier", "ladder": ladder, "any": ["blue", tier] });
    rows.when(0, tier("clubs", "gold"), &[("condition.ladder_unknown", "/ladder")]);
    rows.when(0, tier("club", "golf"), &[("condition.tier_unknown", "/any/1")]);
    rows.when(0, json!({ "type": "stage", "any": ["loyal", "royal"] }), &[("condition.stage_unknown", "/any/1")]);
    rows.when(0, json!({ "type": "activity", "any": ["new", "asleep"] }), &[("condition.activity_unknown", "/any/1")]);
    let stage = json!({ "type": "stage", "any": ["loyal"] });
    rows.check(&[("/lifecycle", Value::Null), ("/earn/0/when", stage)], &[("condition.no_lifecycle", "/earn/0/when")]);
}

fn of_tiers(rows: &mut Rows) {
    let metric = |currency: &str| ("/tiers/0/metric", json!({ "type": "qualifying_points", "currency": currency }));
    rows.check(&[metric("stat")], &[("tier.currency_unknown", "/tiers/0/metric/currency")]);
    rows.check(&[metric("points")], &[("tier.not_qualifying", "/tiers/0/metric/currency")]);
    rows.check(&[metric("status")], &[("tier.nothing_counts", "/tiers/0/metric/currency")]);
    rows.check(&[metric("status"), ("/earn/1/currency", json!("status"))], &[]);
    // A rule that cannot be read may be the one that gives them.
    rows.check(
        &[metric("status"), ("/earn/1/gives/points", json!("5"))],
        &[("program.wrong_type", "/earn/1/gives/points")],
    );
    let gold = |field: &str, value: &str, code: &str| {
        let pointer = format!("/tiers/0/tiers/1/{field}");
        ([(pointer.clone(), json!(value))], (code.to_owned(), pointer))
    };
    for (field, value, code) in [
        ("threshold", "0", "tier.unreachable"),
        ("threshold", "1.234", "tier.scale"),
        ("threshold", "-1", "tier.negative"),
        ("threshold", "999999999999999999", "tier.range"),
        ("retain", "101", "tier.retain"),
        ("id", "blue", "tier.duplicate"),
    ] {
        let ([(pointer, value)], (code, at)) = gold(field, value, code);
        rows.check(&[(&pointer, value)], &[(&code, &at)]);
    }
    rows.check(
        &[("/tiers/0/tiers/0/threshold", json!("1"))],
        &[("tier.first_threshold", "/tiers/0/tiers/0/threshold")],
    );
    rows.check(&[("/tiers/0/tiers", json!([]))], &[("tier.empty", "/tiers/0/tiers")]);
    rows.check(&[("/tiers/0/grace_days", json!(100_000))], &[("tier.grace", "/tiers/0/grace_days")]);
    rows.check(
        &[("/tiers/0/window", json!({ "type": "rolling_days", "days": 0 }))],
        &[("tier.window", "/tiers/0/window/days")],
    );
    let twice = json!([{ "id": "parking" }, { "id": "parking" }]);
    rows.check(&[("/tiers/0/tiers/1/benefits", twice)], &[("tier.benefit", "/tiers/0/tiers/1/benefits/1/id")]);
    let many: Vec<Value> = (0..10_000).map(|n| json!({ "id": format!("t{n}"), "threshold": n.to_string() })).collect();
    rows.check(&[("/tiers/0/tiers", json!(many))], &[("tier.too_many", "/tiers/0/tiers")]);
}

fn of_the_lifecycle(rows: &mut Rows) {
    rows.check(&[("/lifecycle/name", json!("retial"))], &[("lifecycle.preset_unknown", "/lifecycle/name")]);
    let orders = |at_least: u32| json!({ "type": "orders", "at_least": at_least });
    let (always, stage) = (json!({ "type": "always" }), |id: &str, test: Value| json!({ "id": id, "test": test }));
    let mut check = |stages: Value, code: &str, pointer: &str| {
        let rules = json!({ "type": "rules", "rules": { "stages": stages } });
        rows.check(&[("/lifecycle", rules)], &[(code, &format!("/lifecycle/rules{pointer}"))]);
    };
    let first = stage("s", always);
    check(json!([]), "lifecycle.no_stages", "/stages");
    check(json!([first, stage("s", orders(1))]), "lifecycle.duplicate", "/stages/1/id");
    check(json!([first, stage("", orders(1))]), "lifecycle.name", "/stages/1/id");
    check(json!([first, stage("t", orders(0))]), "lifecycle.bounds", "/stages/1/test/at_least");
    check(
        json!([first, stage("t", json!({ "type": "spend", "at_least": "0" }))]),
        "lifecycle.amount",
        "/stages/1/test/at_least",
    );
    check(
        json!([first, stage("t", json!({ "type": "silent", "band": "b" }))]),
        "lifecycle.unknown_band",
        "/stages/1/test/band",
    );
    let nested = json!({ "type": "any", "of": [{ "type": "any", "of": [orders(1)] }] });
    check(json!([first, stage("t", nested)]), "lifecycle.nested", "/stages/1/test/of/0");
    check(json!([first, stage("t", orders(2)), stage("u", orders(1))]), "lifecycle.unreachable", "/stages/1");
    let bands = json!([{ "id": "a", "after_days": 9 }, { "id": "b", "after_days": 9 }]);
    let rules = json!({ "stages": [first], "activity": { "bands": bands, "reactivated_from": "a" } });
    rows.check(
        &[("/lifecycle", json!({ "type": "rules", "rules": rules }))],
        &[("lifecycle.bands_order", "/lifecycle/rules/activity/bands/1/after_days")],
    );
}

#[test]
fn text_that_is_no_document() {
    assert_eq!(short(&found("{")), [("program.json", "")]);
    assert_eq!(short(&found("{} {}")), [("program.json", "")]);
    assert_eq!(short(&found(&sound().to_string().replace("\"1\"", "NaN"))), [("program.json", "")]);
    assert_eq!(short(&found(&"[".repeat(10_000))), [("program.json", "")]);
    assert_eq!(short(&found("[]")), [("program.wrong_type", "")]);
    assert_eq!(short(&found("null")), [("program.wrong_type", "")]);
    let padded = |bytes: usize| sound().to_string() + &" ".repeat(bytes - sound().to_string().len());
    assert_eq!(short(&found(&padded(crate::limits::PROGRAM_BYTES_MAX))), []);
    assert_eq!(short(&found(&padded(crate::limits::PROGRAM_BYTES_MAX + 1))), [("program.too_large", "")]);
    assert_eq!(short(&found(&format!("\u{feff}{}", sound()))), [], "editors may put a byte order mark in front");
    let twice = sound().to_string().replacen("\"id\":\"points\"", "\"id\":\"points\",\"id\":\"points\"", 1);
    assert_eq!(short(&found(&twice)), [("program.duplicate_field", "/points/0/id")]);
}

#[test]
fn a_document_built_in_code_is_checked_alike() {
    let mut document = Program::from_json(&sound().to_string()).unwrap().document().clone();
    document.revision = 0;
    document.zone = "Nowhere".to_owned();
    document.currencies.clear();
    let found = Program::compile(document).unwrap_err();
    let expected =
        [("program.wrong_value", "/currencies"), ("program.out_of_range", "/revision"), ("program.zone", "/zone")];
    assert_eq!(short(&found), expected);
}

#[test]
fn help_names_the_nearest() {
    for (pointer, value, help) in [
        ("/points/0/expirey", json!(1), "did you mean `expiry`?"),
        ("/points/0/rounding", json!("flor"), "did you mean `floor`?"),
        (
            "/points/0/rounding",
            json!("up"),
            "write a value that the field may have; known are `floor`, `half_up`, `ceil`",
        ),
        ("/points/0/value", json!(12.5), "write it as a string: \"12.5\""),
        ("/points/0/expiry", json!("never"), "write {\"type\": \"never\"}"),
        ("/points/0/value", json!(null), "leave the field out instead of writing null"),
        ("/earn/0/currency", json!("stats"), "did you mean `status`?"),
        ("/lifecycle/name", json!("retial"), "did you mean `retail`?"),
        ("/zone", json!("Shanghai"), "use an IANA name such as Asia/Shanghai"),
    ] {
        let mut document = sound();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value;
        let found = found(&document.to_string());
        assert_eq!((found[0].pointer.as_str(), found[0].help.as_str()), (pointer, help), "{found:#?}");
    }
}

#[test]
fn everything_is_reported_at_once_and_nothing_is_made_up() {
    let text = include_str!("broken.json");
    let found = found(text);
    let expected = [
        ("program.duplicate_field", "/points/0/rounding"),
        ("program.missing_field", ""),
        ("program.unknown_field", "/loyalty"),
        ("program.wrong_value", "/earn/1/gives/per"),
        ("program.unknown_field", "/earn/2/whn"),
        ("program.wrong_type", "/points/1/qualifying"),
        ("program.wrong_type", "/points/1/value"),
        ("program.unknown_field", "/points/0/expire"),
        ("program.wrong_value", "/tiers/1/window/type"),
        ("program.zone", "/zone"),
        ("program.duplicate_id", "/earn/4/id"),
        ("points.debt_value", "/points/0/debt"),
        ("cap.bound", "/points/0/caps/0/points"),
        ("scope.everything", "/basis/exclude"),
        ("earn.currency_unknown", "/earn/2/currency"),
        ("earn.needs_fixed", "/earn/3/gives"),
        ("earn.cap_not_allowed", "/earn/4/caps/0"),
        ("condition.tier_unknown", "/earn/4/when/of/0/any/0"),
        ("condition.never", "/earn/4/when/of/1"),
        ("tier.not_qualifying", "/tiers/0/metric/currency"),
        ("tier.unreachable", "/tiers/0/tiers/1/threshold"),
        ("lifecycle.preset_unknown", "/lifecycle/name"),
    ];
    let mut sorted: (Vec<_>, Vec<_>) = (short(&found), expected.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1);
}

#[test]
fn the_number_of_findings_is_bounded() {
    let fields: Vec<String> = (0..20_000).map(|n| format!("\"x{n}\":1")).collect();
    let found = found(&format!("{{{}}}", fields.join(",")));
    assert_eq!(found.len(), crate::limits::FINDINGS_MAX);
}
