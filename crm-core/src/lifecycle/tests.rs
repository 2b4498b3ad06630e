//! Stories with hand-computed instants.

use super::*;
use crate::value::{Timestamp, Zone};
use std::collections::BTreeMap;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// One fact per line: `INSTANT register`, `INSTANT order ID NET`, `INSTANT reverse ID`, `INSTANT refund ID AMOUNT`, `INSTANT event NAME`.
fn facts(lines: &[&str]) -> Vec<LifeFact> {
    let mut orders = BTreeMap::new();
    let fact = |(seq, line): (usize, &&str)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let when = at(words[0]);
        let kind = match words[1] {
            "register" => LifeFactKind::Registered,
            "order" => {
                orders.insert(words[2].to_owned(), when);
                LifeFactKind::Order { order: words[2].into(), net_minor: words[3].parse().unwrap() }
            }
            "reverse" => LifeFactKind::OrderReversed { order: words[2].into(), order_at: orders[words[2]] },
            "refund" => LifeFactKind::PartialRefund {
                order: words[2].into(),
                order_at: orders[words[2]],
                amount_minor: words[3].parse().unwrap(),
            },
            "event" => LifeFactKind::Event { name: words[2].parse().unwrap(), id: format!("e{seq}").into() },
            other => panic!("{other}"),
        };
        LifeFact { effective_at: when, recorded_at: when, seq: seq as u64, kind }
    };
    lines.iter().enumerate().map(fact).collect()
}

fn shown(transition: &Transition) -> String {
    let axis = if transition.axis == Axis::Stage { "stage" } else { "activity" };
    let from = transition.from.as_deref().unwrap_or("-");
    let cause = match &transition.cause {
        TransitionCause::Timer => "timer".to_owned(),
        TransitionCause::Fact { kind, id } => format!("{kind:?} {}", id.as_deref().unwrap_or("")).trim().to_lowercase(),
    };
    format!("{} {axis} {from} > {} by {cause}", transition.at, transition.to)
}

/// Both ways, fact by fact and by replay, give the same history, and it is the expected one.
#[track_caller]
fn check(rules: &LifecycleRules, zone: &str, lines: &[&str], until: &str, expected: &[&str]) -> LifecycleView {
    let lifecycle = Lifecycle::compile(rules, 2).unwrap();
    let (zone, facts) = (Zone::new(zone).unwrap(), facts(lines));
    let (mut stepped, mut replayed) = (Vec::new(), Vec::new());
    let mut state = lifecycle.start(facts[0].effective_at);
    for fact in &facts {
        assert_eq!(lifecycle.apply(&zone, &mut state, fact, &mut stepped), Applied::InOrder, "{fact:?}");
    }
    lifecycle.advance(&zone, &mut state, at(until), &mut stepped);
    let replay = lifecycle.replay(&zone, &facts, at(until), &mut replayed);
    assert_eq!(lifecycle.view(&state), lifecycle.view(&replay));
    assert_eq!(stepped, replayed);
    assert_eq!(stepped.iter().map(shown).collect::<Vec<_>>(), expected);
    lifecycle.view(&state)
}

fn rules(json: &str) -> LifecycleRules {
    serde_json::from_str(json).unwrap()
}

const STORY: [&str; 6] = [
    "2026-01-01T09:00:00+08:00 register",
    "2026-01-05T10:00:00+08:00 order a 100",
    "2026-01-10T11:00:00+08:00 reverse a",
    "2026-01-20T12:00:00+08:00 order b 100",
    "2026-02-01T13:30:00+08:00 order c 100",
    "2026-08-10T14:00:00+08:00 order d 100",
];

#[test]
fn the_worked_example() {
    let view = check(
        &preset("retail").unwrap(),
        "Asia/Shanghai",
        &STORY,
        "2026-08-11T00:00:00Z",
        &[
            "2026-01-01T01:00:00Z stage - > prospect by registered",
            "2026-01-01T01:00:00Z activity - > new by registered",
            "2026-01-05T02:00:00Z stage prospect > first_purchase by order a",
            "2026-01-05T02:00:00Z activity new > active by order a",
            "2026-01-10T03:00:00Z stage first_purchase > prospect by orderreversed a",
            "2026-01-10T03:00:00Z activity active > new by orderreversed a",
            "2026-01-20T04:00:00Z stage prospect > first_purchase by order b",
            "2026-01-20T04:00:00Z activity new > active by order b",
            "2026-02-01T05:30:00Z stage first_purchase > repeat by order c",
            "2026-04-02T05:30:00Z activity active > at_risk by timer",
            "2026-05-02T05:30:00Z activity at_risk > dormant by timer",
            "2026-07-31T05:30:00Z activity dormant > lost by timer",
            "2026-08-10T06:00:00Z activity lost > reactivated by order d",
        ],
    );
    assert_eq!((&*view.stage, &*view.activity), ("repeat", "reactivated"));
    assert_eq!(view.stage_since, at("2026-02-01T13:30:00+08:00"));
    assert_eq!(view.next_due, Some(at("2026-10-09T14:00:00+08:00")));
}

#[test]
fn after_the_refund_of_the_example_the_mark_stays() {
    let lifecycle = Lifecycle::compile(&preset("retail").unwrap(), 2).unwrap();
    let state = lifecycle.replay(&Zone::UTC, &facts(&STORY[..3]), at("2026-01-11T00:00:00Z"), &mut Vec::new());
    let view = lifecycle.view(&state);
    assert_eq!((&*view.stage, &*view.high_water, &*view.activity), ("prospect", "first_purchase", "new"));
    assert_eq!((view.last_active_at, view.next_due), (None, None));
}

#[test]
fn sticky_keeps_the_stage_but_not_the_activity() {
    let mut sticky = preset("retail").unwrap();
    sticky.on_reversal = OnReversal::Sticky;
    let view = check(
        &sticky,
        "Asia/Shanghai",
        &STORY[..4],
        "2026-01-20T12:00:00+08:00",
        &[
            "2026-01-01T01:00:00Z stage - > prospect by registered",
            "2026-01-01T01:00:00Z activity - > new by registered",
            "2026-01-05T02:00:00Z stage prospect > first_purchase by order a",
            "2026-01-05T02:00:00Z activity new > active by order a",
            "2026-01-10T03:00:00Z activity active > new by orderreversed a",
            "2026-01-20T04:00:00Z stage first_purchase > repeat by order b",
            "2026-01-20T04:00:00Z activity new > active by order b",
        ],
    );
    assert_eq!(&*view.high_water, "repeat");
}

const SHORT: &str = r#"{
    "stages": [
        { "id": "none", "test": { "type": "always" } },
        { "id": "one", "test": { "type": "orders", "at_least": 1, "within_days": 30 } },
        { "id": "two", "test": { "type": "orders", "at_least": 2, "within_days": 30 } }
    ],
    "activity": { "bands": [], "reactivated_from": "" }
}"#;

#[test]
fn an_order_leaves_the_window_at_its_own_time_of_day() {
    check(
        &rules(SHORT),
        "UTC",
        &["2026-03-01T10:00:00Z order a 1", "2026-03-20T11:00:00Z order b 1"],
        "2026-05-01T00:00:00Z",
        &[
            "2026-03-01T10:00:00Z stage - > one by order a",
            "2026-03-01T10:00:00Z activity - > active by order a",
            "2026-03-20T11:00:00Z stage one > two by order b",
            "2026-03-31T10:00:00Z stage two > one by timer",
            "2026-04-19T11:00:00Z stage one > none by timer",
        ],
    );
}

#[test]
fn at_one_instant_time_comes_before_facts() {
    check(
        &rules(SHORT),
        "UTC",
        &["2026-03-01T10:00:00Z order a 1", "2026-03-31T10:00:00Z order b 1"],
        "2026-03-31T10:00:00Z",
        &[
            "2026-03-01T10:00:00Z stage - > one by order a",
            "2026-03-01T10:00:00Z activity - > active by order a",
            "2026-03-31T10:00:00Z stage one > none by timer",
            "2026-03-31T10:00:00Z stage none > one by order b",
        ],
    );
}

#[test]
fn daylight_saving_and_leap_days_keep_the_time_of_day() {
    // Clocks of New York skip 02:00 to 03:00 on 2026-03-08 (the later instant of 02:30 is 03:30) and repeat 01:00 to 02:00 on 2026-11-01.
    let exits = [
        ("America/New_York", "2026-02-20T12:00:00-05:00", "2026-03-22T12:00:00-04:00"),
        ("America/New_York", "2026-02-06T02:30:00-05:00", "2026-03-08T03:30:00-04:00"),
        ("America/New_York", "2026-10-02T01:30:00-04:00", "2026-11-01T01:30:00-04:00"),
        ("UTC", "2024-01-30T09:00:00Z", "2024-02-29T09:00:00Z"),
        ("UTC", "2024-02-29T09:00:00Z", "2024-03-30T09:00:00Z"),
    ];
    for (zone, order, exit) in exits {
        let line = format!("{order} order a 1");
        let lifecycle = Lifecycle::compile(&rules(SHORT), 2).unwrap();
        let zone = Zone::new(zone).unwrap();
        let state = lifecycle.replay(&zone, &facts(&[&line]), at(order), &mut Vec::new());
        assert_eq!(lifecycle.next_due(&state), Some(at(exit)), "{order}");
    }
}

#[test]
fn spend_follows_partial_refunds_and_the_window() {
    let view = check(
        &preset("value3").unwrap(),
        "UTC",
        &[
            "2025-01-01T08:00:00Z order a 49999",
            "2025-01-02T08:00:00Z order b 150001",
            "2025-01-03T08:00:00Z refund b 1",
            "2025-01-04T08:00:00Z refund b 150000",
            "2025-01-05T08:00:00Z order c 1",
        ],
        "2026-01-05T08:00:00Z",
        &[
            "2025-01-01T08:00:00Z stage - > low by order a",
            "2025-01-01T08:00:00Z activity - > active by order a",
            "2025-01-02T08:00:00Z stage low > high by order b",
            "2025-01-03T08:00:00Z stage high > medium by partialrefund b",
            "2025-01-04T08:00:00Z stage medium > low by partialrefund b",
            "2025-01-05T08:00:00Z stage low > medium by order c",
            "2025-03-06T08:00:00Z activity active > at_risk by timer",
            "2025-04-05T08:00:00Z activity at_risk > dormant by timer",
            "2025-07-04T08:00:00Z activity dormant > lost by timer",
            "2026-01-01T08:00:00Z stage medium > low by timer",
        ],
    );
    assert_eq!((&*view.high_water, view.next_due), ("high", None));
}

#[test]
fn silence_is_a_stage_of_aipl_but_no_progress() {
    let view = check(
        &preset("aipl").unwrap(),
        "UTC",
        &["2025-01-01T08:00:00Z event cart", "2025-01-01T09:00:00Z order a 1", "2026-02-01T10:00:00Z order b 1"],
        "2026-02-01T10:00:00Z",
        &[
            "2025-01-01T08:00:00Z stage - > interest by event e0",
            "2025-01-01T08:00:00Z activity - > new by event e0",
            "2025-01-01T09:00:00Z stage interest > purchase by order a",
            "2025-01-01T09:00:00Z activity new > active by order a",
            "2025-04-01T09:00:00Z activity active > at_risk by timer",
            "2025-06-30T09:00:00Z activity at_risk > dormant by timer",
            "2026-01-01T09:00:00Z stage purchase > lost by timer",
            "2026-01-01T09:00:00Z activity dormant > lost by timer",
            "2026-02-01T10:00:00Z stage lost > loyalty by order b",
            "2026-02-01T10:00:00Z activity lost > reactivated by order b",
        ],
    );
    // The first order leaves the 540 days: 2025-01-01 + 540 days; the next band comes first.
    assert_eq!((&*view.high_water, view.next_due), ("loyalty", Some(at("2026-05-02T10:00:00Z"))));
}

#[test]
fn events_end_silence_and_a_second_visit_ends_the_return() {
    check(
        &preset("restaurant3").unwrap(),
        "UTC",
        &[
            "2026-01-01T12:00:00Z register",
            "2026-01-02T12:00:00Z event visit",
            "2026-02-05T12:00:00Z event visit",
            "2026-02-06T12:00:00Z event parking",
            "2026-04-10T12:00:00Z order a 100",
            "2026-04-10T12:00:00Z event visit",
            "2026-04-11T12:00:00Z event visit",
        ],
        "2026-04-11T12:00:00Z",
        &[
            "2026-01-01T12:00:00Z stage - > new by registered",
            "2026-01-01T12:00:00Z activity - > new by registered",
            "2026-01-02T12:00:00Z activity new > active by event e1",
            "2026-02-01T12:00:00Z activity active > at_risk by timer",
            "2026-02-05T12:00:00Z activity at_risk > active by event e2",
            "2026-03-07T12:00:00Z activity active > at_risk by timer",
            "2026-04-06T12:00:00Z activity at_risk > dormant by timer",
            "2026-04-10T12:00:00Z activity dormant > reactivated by order a",
            "2026-04-11T12:00:00Z stage new > regular by event e6",
            "2026-04-11T12:00:00Z activity reactivated > active by event e6",
        ],
    );
}

#[test]
fn a_reversal_falls_back_to_the_visit_before() {
    check(
        &preset("youzan4").unwrap(),
        "UTC",
        &["2026-01-01T12:00:00Z order a 1", "2026-03-01T12:00:00Z order b 1", "2026-04-15T15:00:00Z reverse b"],
        "2026-04-15T15:00:00Z",
        &[
            "2026-01-01T12:00:00Z stage - > first_purchase by order a",
            "2026-01-01T12:00:00Z activity - > active by order a",
            "2026-03-01T12:00:00Z stage first_purchase > repeat_purchase by order b",
            "2026-04-15T15:00:00Z stage repeat_purchase > first_purchase by orderreversed b",
            "2026-04-15T15:00:00Z activity active > sleeping by orderreversed b",
        ],
    );
}

#[test]
fn what_the_state_cannot_answer_is_late_and_changes_nothing() {
    let months: Vec<String> = (1..=12).map(|month| format!("2025-{month:02}-01T00:00:00Z order o{month} 5")).collect();
    let mut lines: Vec<&str> = months.iter().map(String::as_str).collect();
    lines.push("2026-02-01T00:00:00Z reverse o1");
    let all = facts(&lines);
    let (reversal, orders) = all.split_last().unwrap();
    // Orders without a window count for ever, and the first of twelve is forgotten; a window of a year has let go of it by itself.
    for (name, expected) in [("youzan4", Applied::Late), ("retail", Applied::InOrder)] {
        let lifecycle = Lifecycle::compile(&preset(name).unwrap(), 2).unwrap();
        let mut late = orders[3].clone();
        late.kind = LifeFactKind::Registered;
        let state = lifecycle.replay(&Zone::UTC, orders, at("2026-02-01T00:00:00Z"), &mut Vec::new());
        let mut tried = state.clone();
        let mut out = Vec::new();
        assert_eq!(lifecycle.apply(&Zone::UTC, &mut tried, &late, &mut out), Applied::Late);
        assert_eq!((&tried, out.len()), (&state, 0));
        let short = Lifecycle::compile(&rules(SHORT), 2).unwrap();
        assert_eq!(short.advance(&Zone::UTC, &mut tried, Timestamp::MAX, &mut out), Applied::Late, "other rules");
        assert_eq!((&tried, out.len()), (&state, 0));
        let mut year = lifecycle.start(orders[0].effective_at);
        for order in orders {
            lifecycle.apply(&Zone::UTC, &mut year, order, &mut out);
        }
        lifecycle.advance(&Zone::UTC, &mut year, at("2026-02-01T00:00:00Z"), &mut out);
        assert_eq!(lifecycle.apply(&Zone::UTC, &mut year, reversal, &mut out), expected, "{name}");
    }
}

#[test]
fn too_many_reversals_of_old_visits_are_late() {
    let mut lines: Vec<String> = (1..=6).map(|day| format!("2024-01-0{day}T00:00:00Z order o{day} 5")).collect();
    lines.extend((3..=6).rev().map(|day| format!("2026-01-0{day}T00:00:00Z reverse o{day}")));
    let all = facts(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let (orders, reversals) = all.split_at(6);
    let lifecycle = Lifecycle::compile(&preset("retail").unwrap(), 2).unwrap();
    let mut state = lifecycle.replay(&Zone::UTC, orders, at("2026-01-01T00:00:00Z"), &mut Vec::new());
    // The last four visits are remembered and two were forgotten; when one of the four is left nobody knows the one before it.
    let applied = |fact| lifecycle.apply(&Zone::UTC, &mut state, fact, &mut Vec::new());
    let mut in_time = reversals.to_vec();
    in_time.sort_by_key(|fact| fact.effective_at);
    assert_eq!(
        in_time.iter().map(applied).collect::<Vec<_>>(),
        [Applied::InOrder, Applied::InOrder, Applied::Late, Applied::Late]
    );
}

#[test]
fn facts_that_come_twice_or_concern_nothing_change_nothing() {
    let mut lines = vec!["2026-01-01T00:00:00Z order a 1", "2026-01-01T00:00:00Z order a 1"];
    lines.extend([
        "2026-01-02T00:00:00Z reverse a",
        "2026-01-02T00:00:00Z reverse a",
        "2026-01-03T00:00:00Z reverse a",
    ]);
    check(
        &preset("youzan4").unwrap(),
        "UTC",
        &lines,
        "2026-01-03T00:00:00Z",
        &[
            "2026-01-01T00:00:00Z stage - > first_purchase by order a",
            "2026-01-01T00:00:00Z activity - > active by order a",
            "2026-01-02T00:00:00Z stage first_purchase > potential by orderreversed a",
            "2026-01-02T00:00:00Z activity active > new by orderreversed a",
        ],
    );
}

#[test]
fn a_customer_without_facts_stands_at_the_beginning() {
    let lifecycle = Lifecycle::compile(&preset("retail").unwrap(), 2).unwrap();
    let state = lifecycle.start(at("2026-01-01T00:00:00Z"));
    let view = lifecycle.view(&state);
    assert_eq!((&*view.stage, &*view.activity, &*view.high_water), ("anonymous", "new", "anonymous"));
    assert_eq!(view.next_due, None);
}

#[test]
fn transitions_and_views_cross_the_border() {
    let lifecycle = Lifecycle::compile(&preset("retail").unwrap(), 2).unwrap();
    let mut out = Vec::new();
    let state = lifecycle.replay(&Zone::UTC, &facts(&STORY), at("2026-04-02T13:30:00+08:00"), &mut out);
    let json = serde_json::to_value(&out).unwrap();
    let order = serde_json::json!({
        "axis": "stage", "from": "first_purchase", "to": "repeat", "at": "2026-02-01T05:30:00Z",
        "cause": { "type": "fact", "kind": "order", "id": "c" }, "rule": "/stages/3",
    });
    let timer = serde_json::json!({
        "axis": "activity", "from": "active", "to": "at_risk", "at": "2026-04-02T05:30:00Z",
        "cause": { "type": "timer" }, "rule": "/activity/bands/0",
    });
    assert_eq!((&json[8], &json[9]), (&order, &timer));
    assert_eq!(serde_json::from_value::<Vec<Transition>>(json).unwrap(), out);
    let bytes = minicbor::to_vec(&out).unwrap();
    assert_eq!(minicbor::decode::<Vec<Transition>>(&bytes).unwrap(), out);
    let bytes = minicbor::to_vec(&state).unwrap();
    assert_eq!(minicbor::decode::<LifeState>(&bytes).unwrap(), state);
    assert!(bytes.len() < 170, "two orders and a standing take {} bytes", bytes.len());
}

#[test]
fn every_preset_compiles() {
    for name in PRESETS {
        let rules = preset(name).unwrap_or_else(|| panic!("{name}"));
        for minor_digits in [0, 2, 3] {
            assert_eq!(Lifecycle::compile(&rules, minor_digits).err(), None, "{name}");
        }
    }
}

#[test]
fn every_finding_is_reported() {
    let orders =
        |at_least: u32, days: u32| format!(r#"{{"type":"orders","at_least":{at_least},"within_days":{days}}}"#);
    let stage = |id: &str, test: &str| format!(r#"{{"id":"{id}","test":{test}}}"#);
    let always = stage("a", r#"{"type":"always"}"#);
    let default = r#"{"bands":[{"id":"lost","after_days":9}],"reactivated_from":"lost"}"#;
    let bad = r#"{"bands":[{"id":"x","after_days":9},{"id":"x","after_days":9},{"id":"new","after_days":0}],"reactivated_from":"y"}"#;
    let rows: [(Vec<String>, &str, &[&str]); 8] = [
        (vec![], default, &["/stages no_stages"]),
        (vec![always.clone()], default, &[]),
        (
            vec![always.clone()],
            bad,
            &[
                "/activity/bands/1/id duplicate",
                "/activity/bands/1/after_days bands_order",
                "/activity/bands/2/id name",
                "/activity/bands/2/after_days bounds",
                "/activity/bands/2/after_days bands_order",
                "/activity/reactivated_from unknown_band",
            ],
        ),
        (
            vec![always.clone(), stage("a", &orders(0, 3661)), stage(" ", &orders(1, 1))],
            default,
            &[
                "/stages/1/id duplicate",
                "/stages/1/test/at_least bounds",
                "/stages/1/test/within_days bounds",
                "/stages/2/id name",
            ],
        ),
        (
            vec![stage("b", &orders(1, 9)), always.clone(), stage("c", &orders(4, 9)), stage("d", &orders(4, 10))],
            default,
            &["/stages/0 unreachable", "/stages/2 unreachable"],
        ),
        (
            vec![always.clone(), stage("b", r#"{"type":"silent","band":"gone"}"#)],
            default,
            &["/stages/1/test/band unknown_band"],
        ),
        (
            vec![
                always.clone(),
                stage("b", r#"{"type":"any","of":[{"type":"any","of":[]},{"type":"spend","at_least":"0.001"}]}"#),
            ],
            default,
            &["/stages/1/test/of/0 nested", "/stages/1/test/of/1/at_least amount"],
        ),
        (vec![always, stage("b", r#"{"type":"any","of":[]}"#)], default, &["/stages/1/test/of bounds"]),
    ];
    for (stages, activity, expected) in rows {
        let rules = rules(&format!(r#"{{"stages":[{}],"activity":{activity}}}"#, stages.join(",")));
        let findings = Lifecycle::compile(&rules, 2).err().unwrap_or_default();
        let expected: Vec<String> = expected.iter().map(|row| row.replacen(' ', " lifecycle.", 1)).collect();
        let found: Vec<String> = findings.iter().map(|(pointer, code, _)| format!("{pointer} {code}")).collect();
        assert_eq!(found, expected, "{findings:?}");
    }
}
