//! Laws that hold for every ladder and every history. Each says how to break the code to see it fail.

use super::tests::ladder;
use super::*;
use crate::value::{Timestamp, Zone};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const DAY: i64 = 86_400_000;
const JOINED: i64 = 1_582_977_600_000; // 2020-02-29T12:00:00Z, so that anniversaries clamp

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(JOINED + millis).unwrap()
}

fn any_window() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"type": "calendar", "period": "month"})),
        Just(json!({"type": "calendar", "period": "quarter"})),
        Just(json!({"type": "calendar", "period": "year"})),
        Just(json!({"type": "anniversary"})),
        Just(json!({"type": "lifetime"})),
        (2..60_u32).prop_map(|days| json!({"type": "rolling_days", "days": days})),
        (1..4_u32).prop_map(|months| json!({"type": "rolling_months", "months": months})),
    ]
}

fn any_ladder() -> impl Strategy<Value = Value> {
    let retain = proptest::array::uniform3(0..=10_u32);
    let choice = |options: &'static [&'static str]| proptest::sample::select(options);
    let rules = (
        any_window(),
        choice(&["now", "next_period"]),
        choice(&["none", "one_level", "permanent"]),
        choice(&["at_review", "at_once"]),
        prop_oneof![Just(0), 1..40_u32],
    );
    (rules, retain).prop_map(|((window, upgrade, floor, refund, grace), retain)| {
        let [a, b, c] = retain;
        json!({
            "window": window, "upgrade": upgrade, "floor": floor, "refund": refund, "grace_days": grace,
            "tiers": [
                {"id": "bronze", "threshold": "0"},
                {"id": "silver", "threshold": "5", "retain": (a / 2).to_string()},
                {"id": "gold", "threshold": "10", "retain": b.to_string()},
                {"id": "platinum", "threshold": "15", "retain": (c + 5).to_string()},
            ],
        })
    })
}

fn any_zone() -> impl Strategy<Value = Zone> {
    proptest::sample::select(vec!["UTC", "Asia/Shanghai", "America/Santiago"]).prop_map(|name| Zone::new(name).unwrap())
}

/// An instant in the first two and a half years; often at the turn of a local day.
fn any_millis() -> impl Strategy<Value = i64> {
    prop_oneof![
        0..900 * DAY,
        (0..900_i64).prop_map(|day| day * DAY + DAY / 2),
        (0..8_i64).prop_map(|week| week * 7 * DAY)
    ]
}

fn any_kind() -> impl Strategy<Value = (u8, i64, i64)> {
    (prop_oneof![6 => Just(0_u8), 3 => Just(1), 1 => Just(2), 1 => Just(3)], 0..12_i64, 0..120 * DAY)
}

fn any_facts() -> impl Strategy<Value = Vec<TierFact>> {
    let fact = (any_millis(), 0..60 * DAY, any_kind());
    proptest::collection::vec(fact, 0..24).prop_map(|facts| {
        let mut out = Vec::new();
        for (seq, (at, delay, (kind, amount, span))) in (0..).zip(facts) {
            let kind = kind_of(kind, at, amount, span, seq);
            out.push(TierFact { effective_at: instant(at), recorded_at: instant(at + delay), seq, kind });
        }
        out
    })
}

fn kind_of(kind: u8, at: i64, amount: i64, span: i64, seq: u64) -> TierFactKind {
    let cause: std::sync::Arc<str> = format!("o{amount}-{seq}").into();
    match kind {
        0 => TierFactKind::Accrual { amount, cause },
        1 => TierFactKind::Reversal { amount, original_at: instant(at - span), cause },
        2 => TierFactKind::Lock {
            tier: ["bronze", "silver", "gold", "platinum"][usize::try_from(amount % 4).unwrap()].parse().unwrap(),
            until: instant(at + span),
            actor: "a".parse().unwrap(),
            reason: "r".parse().unwrap(),
        },
        _ => TierFactKind::Unlock,
    }
}

/// Only refunds of what was spent: each is moved to the first accrual before it that has something left, or left out.
fn backed(facts: Vec<TierFact>) -> Vec<TierFact> {
    let mut spent: Vec<(Timestamp, i64)> = Vec::new();
    let mut out = Vec::new();
    let mut ordered = facts;
    ordered.sort_by(TierFact::order);
    for mut fact in ordered {
        match &mut fact.kind {
            TierFactKind::Accrual { amount, .. } => spent.push((fact.effective_at, *amount)),
            TierFactKind::Reversal { amount, original_at, .. } => {
                let Some((at, left)) = spent.iter_mut().find(|(at, left)| *original_at <= *at && 0 < *left) else {
                    continue;
                };
                (*original_at, *amount) = (*at, (*amount).min(*left));
                *left -= *amount;
            }
            _ => {}
        }
        out.push(fact);
    }
    out
}

fn end() -> Timestamp {
    instant(1_200 * DAY)
}

fn replayed(ladder: &Ladder, zone: Zone, facts: &[TierFact], until: Timestamp) -> (LadderState, Vec<TierChange>) {
    let mut changes = Vec::new();
    let state = ladder.replay(zone, instant(0), facts, until, &mut changes);
    (state, changes)
}

/// The shown tier at an instant, from the history of changes.
fn rank_at(ladder: &Ladder, changes: &[TierChange], at: Timestamp) -> usize {
    changes.iter().take_while(|change| change.at <= at).last().map_or(0, |change| ladder.rank(&change.to))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Facts applied one by one, with any sweeps between them, give the state and the history of the replay; storing the state between
    /// steps changes nothing. To see it fail, date a review's change at `until` instead of at its instant in `Ladder::happen`, or drop
    /// the sum from the idle skip's condition in `Ladder::turn`.
    #[test]
    fn step_by_step_is_the_replay(
        rules in any_ladder(), zone in any_zone(), mut facts in any_facts(), sweeps in proptest::collection::vec(any_millis(), 0..12),
    ) {
        let ladder = ladder(&rules);
        let (expected, changes) = replayed(&ladder, zone, &facts, end());
        facts.sort_by(TierFact::order);
        let mut sweeps: Vec<Timestamp> = sweeps.into_iter().map(instant).collect();
        sweeps.sort();
        let mut sweeps = sweeps.into_iter().peekable();
        let mut state = ladder.start(zone, instant(0));
        let mut out = Vec::new();
        for fact in &facts {
            while let Some(at) = sweeps.next_if(|at| *at <= fact.effective_at) {
                ladder.advance(zone, &mut state, at, &mut out);
                state = minicbor::decode(&minicbor::to_vec(&state).unwrap()).unwrap();
            }
            prop_assert_eq!(ladder.apply(zone, &mut state, fact, &mut out), Applied::InOrder);
        }
        for at in sweeps {
            ladder.advance(zone, &mut state, at, &mut out);
        }
        ladder.advance(zone, &mut state, end(), &mut out);
        prop_assert_eq!(out, changes);
        prop_assert_eq!(state, expected);
    }

    /// Sweeping exactly at every `next_due` finds every change that needs no fact at its instant. To see it fail, leave `rise_at` out of
    /// `Ladder::next_due`.
    #[test]
    fn nothing_changes_between_due_instants(rules in any_ladder(), zone in any_zone(), facts in any_facts()) {
        let ladder = ladder(&rules);
        let (mut state, _) = replayed(&ladder, zone, &facts, instant(900 * DAY));
        let mut lazily = state.clone();
        let mut expected = Vec::new();
        ladder.advance(zone, &mut lazily, end(), &mut expected);
        let mut out = Vec::new();
        while let Some(due) = ladder.next_due(&state).filter(|due| *due <= end()) {
            prop_assert!(state.clock() < due);
            let known = out.len();
            ladder.advance(zone, &mut state, due.plus_millis(-1), &mut out);
            prop_assert_eq!(out.len(), known);
            ladder.advance(zone, &mut state, due, &mut out);
        }
        prop_assert_eq!(out, expected);
    }

    /// The same rules again change nothing, also when they are taken over as if they were new. To see it fail, let `Ladder::adopt` forget what
    /// is kept for a time, or count a period's top as what is held now.
    #[test]
    fn taking_over_the_same_rules_changes_nothing(
        rules in any_ladder(), zone in any_zone(), facts in any_facts(), mut at in proptest::collection::vec(any_millis(), 1..3),
    ) {
        let (ladder, facts) = (ladder(&rules), backed(facts));
        let (once, expected) = replayed(&ladder, zone, &facts, end());
        at.sort_unstable();
        let mut timeline = Timeline::new(1, zone, Some(Arc::new(ladder.clone())), 1);
        for (revision, at) in (2..).zip(&at) {
            timeline.add_anyway(instant(*at), revision, zone, ladder.clone());
        }
        let mut changes = Vec::new();
        let again = timeline.replay(instant(0), &|_| facts.clone(), end(), &mut changes).unwrap();
        prop_assert_eq!(changes, expected);
        prop_assert_eq!(ladder.status(zone, &again), ladder.status(zone, &once));
    }

    /// A publication takes no tier; what a timeline answers is the same step by step, with sweeps between or not, as from the beginning; and
    /// nothing changes before it is due. To see it fail, let `Ladder::adopt` begin with the base that the new rules would have given.
    #[test]
    fn a_publication_takes_nothing_and_is_due_at_its_instant(
        (first, second) in (any_ladder(), any_ladder()), same_window in any::<bool>(), zone in any_zone(), mut facts in any_facts(),
        published in any_millis(), sweeps in proptest::collection::vec(any_millis(), 0..6),
    ) {
        let mut second = second;
        if same_window {
            second["window"] = first["window"].clone();
        }
        let published = instant(published);
        let mut timeline = Timeline::new(1, zone, Some(Arc::new(ladder(&first))), 1);
        timeline.add(published, 2, zone, Some(Arc::new(ladder(&second))), 2);
        facts.sort_by(TierFact::order);
        let judge = |at: Timestamp| timeline.at(at).unwrap();
        let rank = |at: Timestamp| {
            let facts = |_: &Ladder| facts.iter().filter(|fact| fact.effective_at != at).cloned().collect();
            let state = timeline.replay(instant(0), &facts, at, &mut Vec::new()).unwrap();
            judge(at).rank(judge(at).current(&state))
        };
        // What the old rules take at the very instant is theirs.
        let old = judge(published.plus_millis(-1));
        let before: Vec<_> = facts.iter().filter(|fact| fact.effective_at < published).cloned().collect();
        let (held, _) = replayed(old, zone, &before, published.max(instant(0)));
        if instant(0) < published {
            prop_assert!(old.rank(old.current(&held)) <= rank(published));
        }
        let mut expected = Vec::new();
        let at_end = timeline.replay(instant(0), &|_| facts.clone(), end(), &mut expected).unwrap();
        let mut sweeps: Vec<Timestamp> = sweeps.into_iter().map(instant).collect();
        sweeps.sort();
        let (mut state, mut out) = (timeline.start(instant(0)).unwrap(), Vec::new());
        let again = |known: usize, until: Timestamp, out: &mut Vec<TierChange>| {
            out.clear();
            timeline.replay(instant(0), &|_| facts[..known].to_vec(), until, out).unwrap()
        };
        let mut sweeps = sweeps.into_iter().peekable();
        for (known, fact) in facts.iter().enumerate() {
            while let Some(at) = sweeps.next_if(|at| *at < fact.effective_at) {
                if !timeline.advance(&mut state, at, &mut out) {
                    state = again(known, at, &mut out);
                }
            }
            if timeline.apply(&mut state, fact, &mut out) == Applied::Late {
                state = again(known + 1, fact.effective_at, &mut out);
            }
        }
        while let Some(due) = timeline.next_due(&state).filter(|due| *due <= end()) {
            let known = out.len();
            prop_assert!(timeline.advance(&mut state, due.plus_millis(-1), &mut out));
            prop_assert_eq!(out.len(), known);
            if !timeline.advance(&mut state, due, &mut out) {
                state = again(facts.len(), due, &mut out);
            }
        }
        prop_assert!(timeline.advance(&mut state, end(), &mut out));
        prop_assert_eq!(out, expected);
        prop_assert_eq!(judge(end()).status(zone, &state), judge(end()).status(zone, &at_end));
    }

    /// Spending more never gives a lower tier at any instant. Refunds are exempt on rolling windows that wait for a review: what leaves the
    /// window is a review, and more spend is one more. Refunds judged at once are exempt where grace or the floor keep a tier
    /// after a review: they judge what the metric carries, and leave alone what is kept already. To see it fail, let
    /// `Ladder::expire` keep the tier below only when the metric does not carry it.
    #[test]
    fn more_spend_never_lowers(
        rules in any_ladder(), zone in any_zone(), facts in any_facts(), more in (any_millis(), 1..12_i64),
    ) {
        let keeps = rules["grace_days"] != json!(0) || rules["floor"] == json!("one_level");
        let rolling = rules["window"]["type"].as_str().unwrap().starts_with("rolling");
        let exempt = if rules["refund"] == json!("at_once") { keeps } else { rolling };
        let ladder = ladder(&rules);
        let reversal = |fact: &TierFact| matches!(fact.kind, TierFactKind::Reversal { .. });
        let facts: Vec<TierFact> = facts.into_iter().filter(|fact| !(exempt && reversal(fact))).collect();
        let (_, less) = replayed(&ladder, zone, &facts, end());
        let mut facts = facts;
        let at = instant(more.0);
        let kind = TierFactKind::Accrual { amount: more.1, cause: "more".into() };
        facts.push(TierFact { effective_at: at, recorded_at: at, seq: 1_000, kind });
        let (_, more) = replayed(&ladder, zone, &facts, end());
        for change in less.iter().chain(&more) {
            let (low, high) = (rank_at(&ladder, &less, change.at), rank_at(&ladder, &more, change.at));
            prop_assert!(low <= high, "{} at {}: {less:?} {more:?}", high, change.at);
        }
    }

    /// Buying and returning at once leaves the tier as it was, where refunds are judged at once and a tier is as hard to keep as to reach
    /// (or the window has periods). To see it fail, let `Ladder::carried` judge a tier reached in the period by its retention.
    #[test]
    fn a_refund_at_once_takes_back_what_it_gave(
        mut rules in any_ladder(), zone in any_zone(), facts in any_facts(), bought in (any_millis(), 1..30_i64),
    ) {
        rules["refund"] = json!("at_once");
        rules["floor"] = json!("none");
        if rules["window"]["type"].as_str().unwrap().starts_with("rolling") {
            for tier in rules["tiers"].as_array_mut().unwrap() {
                tier.as_object_mut().unwrap().remove("retain");
            }
        }
        let ladder = ladder(&rules);
        let at = instant(bought.0);
        let before = ladder.tier_at(zone, instant(0), &facts, at, Timestamp::MAX);
        let mut facts = facts;
        let kind = TierFactKind::Accrual { amount: bought.1, cause: "bought".into() };
        facts.push(TierFact { effective_at: at, recorded_at: at, seq: 1_000, kind });
        let kind = TierFactKind::Reversal { amount: bought.1, original_at: at, cause: "returned".into() };
        facts.push(TierFact { effective_at: at, recorded_at: at, seq: 1_001, kind });
        prop_assert_eq!(ladder.tier_at(zone, instant(0), &facts, at, Timestamp::MAX), before);
    }

    /// Every fact counts once, however many share an instant and a cause, and whichever of them came first: over a lifetime the metric is their
    /// sum. To see it fail, let `Ladder::replay` call `apply`, which takes those of one cause at one instant for late.
    #[test]
    fn every_fact_counts_once(facts in proptest::collection::vec((0..3_i64, 0..3_u8, 1..20_i64, any::<bool>()), 1..12), zone in any_zone()) {
        let ladder = ladder(&json!({"window": {"type": "lifetime"}, "tiers": [{"id": "bronze", "threshold": "0"}, {"id": "gold", "threshold": "10"}]}));
        let told: Vec<TierFact> = (0..).zip(&facts).map(|(seq, (day, cause, amount, back))| {
            let (at, cause): (_, Arc<str>) = (instant(day * DAY), format!("o{cause}").into());
            let kind = if *back {
                TierFactKind::Reversal { amount: *amount, original_at: at, cause }
            } else {
                TierFactKind::Accrual { amount: *amount, cause }
            };
            TierFact { effective_at: at, recorded_at: at, seq, kind }
        }).collect();
        let sum: i64 = facts.iter().map(|(_, _, amount, back)| if *back { -amount } else { *amount }).sum();
        let (state, _) = replayed(&ladder, zone, &told, end());
        prop_assert_eq!(ladder.status(zone, &state).value, sum);
    }

    /// The tier at `t` known at `k` depends only on facts with `effective_at <= t` and `recorded_at <= k` (invariant 15), and not on
    /// their order. To see it fail, drop the filter of `Ladder::replay` or of `Ladder::tier_at`, or the sort.
    #[test]
    fn only_known_facts_of_the_past_count(
        rules in any_ladder(), zone in any_zone(), facts in any_facts(), t in any_millis(), known in any_millis(),
        order in any::<u64>(),
    ) {
        let ladder = ladder(&rules);
        let (t, known_at) = (instant(t), instant(known));
        let mut seen: Vec<TierFact> =
            facts.iter().filter(|fact| fact.effective_at <= t && fact.recorded_at <= known_at).cloned().collect();
        let tier = ladder.tier_at(zone, instant(0), &facts, t, known_at);
        let explained = ladder.explain(zone, instant(0), &facts, t, known_at);
        prop_assert_eq!(&tier, &explained.status.tier);
        prop_assert_eq!(&tier, ladder.current(&replayed(&ladder, zone, &seen, t).0));
        // A cheap shuffle: by a multiple of the sequence number.
        seen.sort_by_key(|fact| (fact.seq + 1).wrapping_mul(order | 1));
        prop_assert_eq!(replayed(&ladder, zone, &facts, t), {
            let mut facts = facts;
            facts.sort_by_key(|fact| (fact.seq + 1).wrapping_mul(order | 1));
            replayed(&ladder, zone, &facts, t)
        });
        prop_assert_eq!(explained, ladder.explain(zone, instant(0), &seen, t, known_at));
    }

    /// The order in which facts were told does not show, not among those of one instant either; but the last word by hand is the last word.
    /// To see it fail, order facts by `seq` before their content in `TierFact::order`.
    #[test]
    fn arrival_never_shows(rules in any_ladder(), zone in any_zone(), facts in any_facts(), order in any::<u64>(), days in 1..900_i64) {
        let ladder = ladder(&rules);
        // Many at one instant.
        let at = |fact: &TierFact| instant((fact.effective_at.millis() - JOINED) / (days * DAY) * days * DAY);
        let mut facts: Vec<TierFact> = facts.into_iter().map(|fact| TierFact { effective_at: at(&fact), ..fact }).collect();
        for fact in &mut facts {
            // Several refunds of one order, too.
            let (TierFactKind::Accrual { cause, amount } | TierFactKind::Reversal { cause, amount, .. }) = &mut fact.kind else { continue };
            *cause = format!("o{}", *amount % 3).into();
        }
        let by_hand = |fact: &TierFact| matches!(fact.kind, TierFactKind::Lock { .. } | TierFactKind::Unlock);
        let mut told: Vec<TierFact> = facts.iter().filter(|fact| !by_hand(fact)).cloned().collect();
        told.sort_by_key(|fact| (fact.seq + 1).wrapping_mul(order | 1));
        told.extend(facts.iter().filter(|fact| by_hand(fact)).cloned());
        (0..).zip(&mut told).for_each(|(seq, fact)| fact.seq = seq);
        let (expected, changes) = replayed(&ladder, zone, &facts, end());
        let (state, other) = replayed(&ladder, zone, &told, end());
        prop_assert_eq!(changes, other);
        prop_assert_eq!(LadderState { last: None, ..expected }, LadderState { last: None, ..state });
    }

    /// The contributions of every window add up to its value, and what an explanation promises comes true: the tier holds through
    /// `valid_through` and not longer when nothing more is earned; `missing` is exactly enough, on the last day as well. To see it fail,
    /// count a refund on its own day in `explain::evidence`, let `Ladder::retained` need the threshold, or let `Ladder::to_reach` count
    /// what leaves before the next month.
    #[test]
    fn explanations_come_true(rules in any_ladder(), zone in any_zone(), facts in any_facts(), t in any_millis()) {
        let ladder = ladder(&rules);
        let t = instant(t);
        // Nothing is known of the future, no lock hides the tier, and nothing is taken back behind what is earned at `t`.
        let facts: Vec<TierFact> = facts.into_iter().filter(|fact| {
            fact.effective_at < t && !matches!(fact.kind, TierFactKind::Lock { .. })
        }).collect();
        let facts = backed(facts);
        let explained = ladder.explain(zone, instant(0), &facts, t, Timestamp::MAX);
        for evidence in std::iter::once(&explained.running).chain(&explained.decided_by) {
            let sum: i64 = evidence.contributions.iter().map(|contribution| contribution.amount).sum();
            prop_assert_eq!(sum, evidence.value);
        }
        let status = explained.status;
        let later = |facts: &[TierFact], at: Timestamp| {
            ladder.rank(&ladder.tier_at(zone, instant(0), facts, at, Timestamp::MAX))
        };
        let held = ladder.rank(&status.tier);
        if let Some(through) = status.valid_through {
            prop_assert!(held <= later(&facts, zone.end_of(through).plus_millis(-1)));
        } else {
            prop_assert!(held <= later(&facts, instant(5_000 * DAY)));
        }
        let with = |amount: i64, at: Timestamp| {
            let mut facts = facts.clone();
            let kind = TierFactKind::Accrual { amount, cause: "goal".into() };
            facts.push(TierFact { effective_at: at, recorded_at: at, seq: 1_000, kind });
            facts
        };
        if let Some(goal) = status.to_reach.as_ref().filter(|_| rules["upgrade"] == json!("now")) {
            prop_assert_eq!(later(&with(goal.missing, t), t), ladder.rank(&goal.tier));
            prop_assert!(later(&with(goal.missing - 1, t), t) < ladder.rank(&goal.tier));
        }
        if let Some((goal, by)) = status.to_reach.and_then(|goal| goal.by.map(|by| (goal, by))) {
            // The last instant counts as well; under `next_period` the tier begins right after it.
            let last = zone.end_of(by).plus_millis(-1);
            let judged_at = if rules["upgrade"] == json!("now") { last } else { zone.end_of(by) };
            prop_assert!(ladder.rank(&goal.tier) <= later(&with(goal.missing, last), judged_at), "{}", goal.missing);
        }
        if let (Some(goal), Some(through)) = (status.to_keep, status.valid_through) {
            prop_assert!(goal.by <= Some(through) && 0 < goal.missing);
            let last = zone.end_of(goal.by.unwrap()).plus_millis(-1);
            prop_assert!(held <= later(&with(goal.missing, last), zone.end_of(through)), "{}", goal.missing);
            let lost_at = zone.end_of(through).plus_millis(i64::from(ladder.grace_days + 1) * DAY);
            if status.pending.is_none() && rules["refund"] != json!("at_once") {
                prop_assert!(later(&facts, lost_at) < held);
            }
        }
    }
}
