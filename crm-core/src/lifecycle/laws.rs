//! Laws over random lives: orders, refunds, reversals and events over half a year at steps of a day, so that facts coincide with each
//! other and with the ends of windows and the beginnings of bands.

use super::fact::Key;
use super::*;
use crate::value::{Timestamp, Zone};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

const STEP: i64 = 24 * 3_600_000;
const STEPS: i64 = 170;

/// Every kind of test, with windows short enough for facts to leave them.
const MIXED: &str = r#"{
    "stages": [
        { "id": "unknown", "test": { "type": "always" } },
        { "id": "known", "test": { "type": "registered" } },
        { "id": "curious", "test": { "type": "events", "name": "look", "at_least": 2, "within_days": 9 } },
        { "id": "buyer", "test": { "type": "any", "of": [
            { "type": "orders", "at_least": 2, "within_days": 12 },
            { "type": "spend", "at_least": "2.50", "within_days": 20 }
        ] } },
        { "id": "regular", "test": { "type": "any", "of": [
            { "type": "orders", "at_least": 9 },
            { "type": "events", "name": "visit", "at_least": 5 }
        ] } },
        { "id": "fan", "test": { "type": "spend", "at_least": "15.00" } },
        { "id": "silent", "test": { "type": "silent", "band": "b" } }
    ],
    "activity": {
        "bands": [{ "id": "a", "after_days": 7 }, { "id": "b", "after_days": 21 }, { "id": "c", "after_days": 60 }],
        "reactivated_from": "b",
        "events": ["visit"]
    }
}"#;

fn origin() -> Timestamp {
    Timestamp::parse("2011-09-15T12:30:00Z").unwrap()
}

fn step(steps: i64) -> Timestamp {
    origin().plus_millis(steps * STEP)
}

fn rules() -> impl Strategy<Value = LifecycleRules> {
    let names = prop::sample::select(vec!["mixed", "mixed", "mixed", "retail", "aipl", "youzan4"]);
    (names, any::<bool>()).prop_map(|(name, sticky)| {
        let mut rules = preset(name).unwrap_or_else(|| serde_json::from_str(MIXED).unwrap());
        rules.on_reversal = if sticky { OnReversal::Sticky } else { OnReversal::Recompute };
        rules
    })
}

/// New York and Apia (which skipped 2011-12-30) have days that are not 24 hours long.
fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec!["UTC", "America/New_York", "Pacific/Apia"]).prop_map(|name| Zone::new(name).unwrap())
}

fn life() -> impl Strategy<Value = Vec<LifeFact>> {
    let delay = || prop::option::weighted(0.5, -3_i64..100);
    let order = (0..STEPS, 0_i64..300, delay(), delay(), 0_i64..300);
    let event = (0..STEPS, prop::sample::select(vec!["look", "visit", "cart", "noise"]));
    let (orders, events) = (prop::collection::vec(order, 0..32), prop::collection::vec(event, 0..20));
    (orders, events, prop::option::of(0..STEPS)).prop_map(|(orders, events, registered)| {
        let mut kinds: Vec<(Timestamp, LifeFactKind)> = Vec::new();
        kinds.extend(registered.map(|steps| (step(steps), LifeFactKind::Registered)));
        for (number, (steps, net_minor, refund, reversal, amount_minor)) in orders.into_iter().enumerate() {
            let (order, order_at): (std::sync::Arc<str>, _) = (format!("o{number}").into(), step(steps));
            kinds.push((order_at, LifeFactKind::Order { order: order.clone(), net_minor }));
            // Some refunds are dated before their order.
            if let Some(delay) = refund {
                let kind = LifeFactKind::PartialRefund { order: order.clone(), order_at, amount_minor };
                kinds.push((step(steps + delay), kind));
            }
            if let Some(delay) = reversal {
                kinds.push((step(steps + delay), LifeFactKind::OrderReversed { order, order_at }));
            }
        }
        for (number, (steps, name)) in events.into_iter().enumerate() {
            let kind = LifeFactKind::Event { name: name.parse().unwrap(), id: format!("e{number}").into() };
            kinds.push((step(steps), kind));
        }
        let fact = |(seq, (effective_at, kind))| LifeFact { effective_at, recorded_at: effective_at, seq, kind };
        (0_u64..).zip(kinds).map(fact).collect()
    })
}

/// Facts in any order, or with only those of one instant in any order.
fn arrivals() -> impl Strategy<Value = Vec<LifeFact>> {
    (life().prop_shuffle(), any::<bool>()).prop_map(|(mut facts, punctual)| {
        if punctual {
            facts.sort_by_key(|fact| fact.effective_at);
        }
        facts
    })
}

/// Facts in the order in which they happened.
fn in_order(mut facts: Vec<LifeFact>) -> Vec<LifeFact> {
    facts.sort_by_key(LifeFact::key);
    facts
}

/// Applies, with a replay of everything that has arrived where the state cannot take the fact; the state is stored and loaded between.
fn arrive(
    lifecycle: &Lifecycle,
    zone: &Zone,
    state: &mut LifeState,
    arrived: &[LifeFact],
    out: &mut Vec<Transition>,
) -> bool {
    *state = minicbor::decode(&minicbor::to_vec(&*state).unwrap()).unwrap();
    let fact = arrived.last().unwrap();
    let late = lifecycle.apply(zone, state, fact, out) == Applied::Late;
    if late {
        out.clear();
        *state = lifecycle.replay(zone, arrived, state.clock().max(fact.key().at), out);
    }
    late
}

/// The stage and the activity at an instant, straight from the definition in the documentation and without any state.
fn by_definition(rules: &LifecycleRules, zone: &Zone, facts: &[LifeFact], now: Timestamp) -> (String, String) {
    let seen: Vec<(Key, &LifeFactKind)> =
        facts.iter().map(|f| (f.key(), &f.kind)).filter(|(k, _)| k.at <= now).collect();
    let reversal = |id: &str| {
        let found =
            seen.iter().find(|(_, kind)| matches!(kind, LifeFactKind::OrderReversed { order, .. } if **order == *id));
        found.map(|(key, _)| key.clone())
    };
    let sticky = rules.on_reversal == OnReversal::Sticky;
    let (mut orders, mut visits, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (key, kind) in &seen {
        match kind {
            LifeFactKind::Order { order, net_minor } => {
                let refunds = seen.iter().filter_map(|(_, kind)| match kind {
                    LifeFactKind::PartialRefund { order: of, amount_minor, .. } if of == order => Some(*amount_minor),
                    _ => None,
                });
                let net = if sticky { *net_minor } else { (net_minor - refunds.sum::<i64>()).max(0) };
                let reversed = reversal(order).is_some();
                if sticky || !reversed {
                    orders.push((key.at, net));
                }
                if !reversed {
                    visits.push(key.at);
                }
            }
            LifeFactKind::Event { name, .. } => {
                events.push((key.at, name.clone()));
                if rules.activity.events.contains(name) {
                    visits.push(key.at);
                }
            }
            _ => {}
        }
    }
    visits.sort();
    visits.dedup();
    let silent = |since: Timestamp, at: Timestamp| {
        rules.activity.bands.iter().rposition(|band| zone.plus_days(since, i64::from(band.after_days)) <= at)
    };
    let band = visits.last().and_then(|&last| silent(last, now));
    let inside = |at: Timestamp, days: Option<u32>| days.is_none_or(|days| now < zone.plus_days(at, i64::from(days)));
    let place = |id: &str| rules.activity.bands.iter().position(|band| band.id == id);
    let holds = |test: &StageTest| match test {
        StageTest::Always => true,
        StageTest::Registered => seen.iter().any(|(_, kind)| **kind == LifeFactKind::Registered),
        StageTest::Orders { at_least, within_days } => {
            orders.iter().filter(|(at, _)| inside(*at, *within_days)).count() >= *at_least as usize
        }
        StageTest::Spend { at_least, within_days } => {
            let spend: i64 = orders.iter().filter(|(at, _)| inside(*at, *within_days)).map(|(_, net)| net).sum();
            spend >= super::check::minor(*at_least, 2).unwrap()
        }
        StageTest::Events { name, at_least, within_days } => {
            let count = events.iter().filter(|(at, known)| known == name && inside(*at, *within_days)).count();
            count >= *at_least as usize
        }
        StageTest::Silent { band: id } => band >= place(id),
        StageTest::Any { .. } => false,
    };
    let stage = rules.stages.iter().rfind(|stage| super::compile::leaves(&stage.test).any(holds));
    let activity = match (band, visits.as_slice()) {
        (_, []) => "new".to_owned(),
        (Some(band), _) => rules.activity.bands[band].id.clone(),
        (None, [.., before, last]) if silent(*before, *last) >= place(&rules.activity.reactivated_from) => {
            "reactivated".to_owned()
        }
        (None, _) => "active".to_owned(),
    };
    (stage.unwrap_or(&rules.stages[0]).id.clone(), activity)
}

fn rank(rules: &LifecycleRules, id: &str) -> usize {
    rules.stages.iter().position(|stage| stage.id == id).unwrap()
}

fn is_silent(rules: &LifecycleRules, stage: usize) -> bool {
    super::compile::leaves(&rules.stages[stage].test).any(|test| matches!(test, StageTest::Silent { .. }))
}

fn due_is_exact(lifecycle: &Lifecycle, zone: &Zone, state: &LifeState) -> TestCaseResult {
    let (mut out, mut ahead) = (Vec::new(), state.clone());
    match lifecycle.next_due(state) {
        None => {
            lifecycle.advance(zone, &mut ahead, Timestamp::MAX, &mut out);
            prop_assert_eq!(&out, &[]);
        }
        Some(due) => {
            prop_assert!(state.clock() < due);
            lifecycle.advance(zone, &mut ahead, due.plus_millis(-1), &mut out);
            prop_assert_eq!(&out, &[]);
            lifecycle.advance(zone, &mut ahead, due, &mut out);
            prop_assert!(!out.is_empty());
            prop_assert!(out.iter().all(|t| t.at == due && t.cause == TransitionCause::Timer));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever arrives in whatever order, with time passing in between: the state answers as a replay of what has arrived.
    /// To break it: compare `seq` in `Key`, forget marks that a window still needs, or take an early fact as in order.
    #[test]
    fn arrival_order_never_shows(
        rules in rules(),
        zone in zone(),
        facts in arrivals(),
        waits in prop::collection::vec(prop::option::of(0_i64..20), 80),
    ) {
        let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
        let mut state = lifecycle.start(step(0));
        for (arrived, wait) in (1..=facts.len()).zip(waits.into_iter().cycle()) {
            if let Some(wait) = wait {
                let until = state.clock().plus_millis(wait * STEP);
                lifecycle.advance(&zone, &mut state, until, &mut Vec::new());
            }
            let arrived = &facts[..arrived];
            arrive(&lifecycle, &zone, &mut state, arrived, &mut Vec::new());
            let replayed = lifecycle.replay(&zone, arrived, state.clock(), &mut Vec::new());
            prop_assert_eq!(lifecycle.view(&state), lifecycle.view(&replayed));
        }
    }

    /// In the order of happening, with time passing in any steps, the transitions are those of a replay, one by one and to the
    /// millisecond. To break it: date a timer at `until` instead of its boundary, or settle facts before timers of the same instant.
    #[test]
    fn the_history_is_that_of_a_replay(
        rules in rules(),
        zone in zone(),
        facts in life().prop_map(in_order),
        waits in prop::collection::vec(prop::option::of(0_i64..9), 80),
    ) {
        let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
        let mut state = lifecycle.start(step(-8));
        let mut out = Vec::new();
        for (arrived, wait) in (1..=facts.len()).zip(waits.into_iter().cycle()) {
            let next = facts[arrived - 1].key().at;
            if let Some(wait) = wait {
                let until = state.clock().plus_millis(wait * STEP).min(next);
                lifecycle.advance(&zone, &mut state, until, &mut out);
            }
            arrive(&lifecycle, &zone, &mut state, &facts[..arrived], &mut out);
        }
        let until = step(STEPS * 9);
        lifecycle.advance(&zone, &mut state, until, &mut out);
        let mut history = Vec::new();
        let replayed = lifecycle.replay(&zone, &facts, until, &mut history);
        prop_assert_eq!(out, history);
        prop_assert_eq!(lifecycle.view(&state), lifecycle.view(&replayed));
    }

    /// At every instant the stage and the activity are what the definition says about the facts until then.
    /// To break it: count an order at the instant at which it leaves its window, or a refunded order as a visit.
    #[test]
    fn replay_is_the_definition(
        rules in rules(),
        zone in zone(),
        facts in life(),
        instants in prop::collection::vec((0..STEPS, -1_i64..=1), 24),
    ) {
        let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
        for (steps, off) in instants {
            let until = step(steps).plus_millis(off);
            let view = lifecycle.view(&lifecycle.replay(&zone, &facts, until, &mut Vec::new()));
            let found = (view.stage.to_string(), view.activity.to_string());
            prop_assert_eq!(found, by_definition(&rules, &zone, &facts, until));
        }
    }

    /// The high-water mark never falls, and no stage of progress is beyond it.
    /// To break it: set the mark to the stage of the day, or let a stage of silence raise it.
    #[test]
    fn the_mark_never_falls(rules in rules(), zone in zone(), facts in life().prop_map(in_order)) {
        let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
        let mut state = lifecycle.start(step(-8));
        let mut high = 0;
        for arrived in 1..=facts.len() {
            let mut out = Vec::new();
            let late = arrive(&lifecycle, &zone, &mut state, &facts[..arrived], &mut out);
            let now = rank(&rules, &lifecycle.view(&state).high_water);
            prop_assert!(high <= now);
            high = now;
            for t in out.iter().filter(|t| !late && t.axis == Axis::Stage) {
                let to = rank(&rules, &t.to);
                prop_assert!(is_silent(&rules, to) || to <= high);
            }
            prop_assert!(!is_silent(&rules, now));
        }
    }

    /// `next_due` is the first instant at which passing time adds a transition: a millisecond before there is none.
    /// To break it: announce every exit from a window, or forget the bands.
    #[test]
    fn next_due_is_exact(rules in rules(), zone in zone(), facts in life().prop_map(in_order)) {
        let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
        let mut state = lifecycle.start(step(-8));
        for arrived in 1..=facts.len() {
            arrive(&lifecycle, &zone, &mut state, &facts[..arrived], &mut Vec::new());
            due_is_exact(&lifecycle, &zone, &state)?;
        }
    }
}
