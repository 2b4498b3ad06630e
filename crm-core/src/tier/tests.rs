//! Hand-computed cases, a row each.

use super::*;
use crate::value::{Timestamp, Zone};
use serde_json::{Value, json};

/// A date stands for its noon in UTC.
pub(super) fn at(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T12:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&text).unwrap()
}

/// `date +n cause`, `date -n cause of date`, `date lock tier until date`, `date unlock`.
fn fact(seq: u64, row: &str) -> TierFact {
    let words: Vec<&str> = row.split_whitespace().collect();
    let effective_at = at(words[0]);
    let kind = match &words[1..] {
        ["lock", tier, "until", until] => TierFactKind::Lock {
            tier: tier.parse().unwrap(),
            until: at(until),
            actor: "till 1".parse().unwrap(),
            reason: "a promise".parse().unwrap(),
        },
        ["unlock"] => TierFactKind::Unlock,
        [amount, cause, "of", original] => TierFactKind::Reversal {
            amount: -amount.parse::<i64>().unwrap(),
            original_at: at(original),
            cause: (*cause).into(),
        },
        [amount, cause] => TierFactKind::Accrual { amount: amount.parse().unwrap(), cause: (*cause).into() },
        _ => panic!("{row}"),
    };
    TierFact { effective_at, recorded_at: effective_at, seq, kind }
}

fn facts(rows: &[&str]) -> Vec<TierFact> {
    (0..).zip(rows).map(|(seq, row)| fact(seq, row)).collect()
}

/// Bronze 0, Silver 500, Gold 1,000, Platinum 2,500 by default; `more` replaces or adds fields of the ladder.
pub(super) fn ladder(more: &Value) -> Ladder {
    let mut document = json!({
        "id": "status",
        "metric": {"type": "net_spend"},
        "window": {"type": "calendar", "period": "year"},
        "tiers": [
            {"id": "bronze", "threshold": "0"},
            {"id": "silver", "threshold": "500"},
            {"id": "gold", "threshold": "1000"},
            {"id": "platinum", "threshold": "2500"},
        ],
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    let rules: LadderRules = serde_json::from_value(document).unwrap();
    Ladder::compile(&rules, 0).unwrap()
}

/// Every change as `instant from>to cause`.
fn history(changes: &[TierChange]) -> Vec<String> {
    let cause = |change: &TierChange| serde_json::to_value(&change.cause).unwrap()["type"].as_str().unwrap().to_owned();
    changes.iter().map(|c| format!("{} {}>{} {}", c.at, c.from, c.to, cause(c))).collect()
}

#[track_caller]
fn check_in(zone: &str, more: &Value, rows: &[&str], until: &str, expected: &[&str]) -> TierExplanation {
    let (ladder, zone, facts) = (ladder(more), Zone::new(zone).unwrap(), facts(rows));
    let explanation = ladder.explain(zone, at("2025-01-01T00:00:00Z"), &facts, at(until), Timestamp::MAX);
    assert_eq!(history(&explanation.changes), expected, "{more}");
    explanation
}

#[track_caller]
fn check(more: &Value, rows: &[&str], until: &str, expected: &[&str]) -> TierExplanation {
    check_in("UTC", more, rows, until, expected)
}

const SPENT_2025: [&str; 2] = ["2025-03-01 +600 o1", "2025-08-01 +400 o2"];
const REACHED: [&str; 2] = ["2025-03-01T12:00:00Z bronze>silver reached", "2025-08-01T12:00:00Z silver>gold reached"];

#[track_caller]
fn example_7(more: &Value, rows: &[&str], until: &str, expected: &[&str]) -> TierStatus {
    check(more, &[&SPENT_2025, rows].concat(), until, &[&REACHED, expected].concat()).status
}

fn date(text: &str) -> Option<crate::value::CalendarDate> {
    Some(text.parse().unwrap())
}

#[test]
fn worked_example_7() {
    let gold = example_7(&json!({}), &[], "2025-12-31", &[]);
    assert_eq!((gold.tier.as_str(), gold.valid_through), ("gold", date("2026-12-31")));
    let refund = "2026-01-15 -100 r1 of 2025-08-01";
    example_7(&json!({}), &[refund], "2026-12-31T23:59:59.999Z", &[]);
    let at_once = "2026-01-15T12:00:00Z gold>silver refund_at_once";
    example_7(&json!({"refund": "at_once"}), &[refund], "2026-12-31", &[at_once]);
    let rows = ["2026-05-05 +300 o3"];
    example_7(&json!({}), &rows, "2026-12-31T23:59:59.999Z", &[]);
    example_7(&json!({}), &rows, "2027-01-01T00:00:00Z", &["2027-01-01T00:00:00Z gold>bronze review"]);
    let one_level = json!({"floor": "one_level"});
    let to_silver = "2027-01-01T00:00:00Z gold>silver review";
    example_7(&one_level, &rows, "2027-12-31", &[to_silver]);
    example_7(&one_level, &rows, "2028-02-01", &[to_silver, "2028-01-01T00:00:00Z silver>bronze review"]);
    example_7(&json!({"floor": "permanent"}), &rows, "2040-01-01", &[]);
    let grace = json!({"grace_days": 30});
    let in_grace = example_7(&grace, &rows, "2027-01-30T23:59:59.999Z", &[]);
    assert_eq!(in_grace.grace_until, Some(at("2027-01-31T00:00:00Z")));
    assert_eq!(in_grace.valid_through, date("2027-01-30"));
    let ended = "2027-01-31T00:00:00Z gold>bronze grace_ended";
    example_7(&grace, &rows, "2027-01-31T00:00:00Z", &[ended]);
    let kept = example_7(&grace, &[rows[0], "2027-01-10 +1000 o4"], "2028-12-31", &[]);
    assert_eq!(kept.valid_through, date("2028-12-31"));
    let lost = "2029-01-31T00:00:00Z gold>bronze grace_ended";
    example_7(&grace, &[rows[0], "2027-01-10 +1000 o4"], "2029-02-01", &[lost]);
}

#[test]
fn what_is_reached_in_the_period_after_carries_a_period_further() {
    let again = example_7(&json!({}), &["2026-05-05 +1000 o3"], "2026-06-01", &[]);
    assert_eq!((again.valid_through, again.to_keep), (date("2027-12-31"), None));
    let short = example_7(&json!({}), &["2026-05-05 +300 o3"], "2026-06-01", &[]);
    let keep = short.to_keep.unwrap();
    assert_eq!((keep.tier.as_str(), keep.missing, keep.by), ("gold", 700, date("2026-12-31")));
    let reach = short.to_reach.unwrap();
    assert_eq!((reach.tier.as_str(), reach.missing, reach.by), ("platinum", 2_200, date("2026-12-31")));
}

#[test]
fn thresholds_are_inclusive_and_retention_is_its_own() {
    let tiers = json!([
        {"id": "bronze", "threshold": "0"},
        {"id": "gold", "threshold": "1000", "retain": "800"},
    ]);
    let more = json!({"tiers": tiers});
    check(&more, &["2025-03-01 +999 o1"], "2025-12-31", &[]);
    let gold = "2025-03-01T12:00:00Z bronze>gold reached";
    check(&more, &["2025-03-01 +1000 o1", "2026-03-01 +800 o2"], "2027-12-31", &[gold]);
    let lost = "2027-01-01T00:00:00Z gold>bronze review";
    check(&more, &["2025-03-01 +1000 o1", "2026-03-01 +799 o2"], "2027-12-31", &[gold, lost]);
    let once = json!({"tiers": tiers, "refund": "at_once"});
    let refunded = "2025-03-02T12:00:00Z gold>bronze refund_at_once";
    check(&once, &["2025-03-01 +1000 o1", "2025-03-02 -1 r of 2025-03-01"], "2025-12-31", &[gold, refunded]);
    // Held before, so that the retention is enough: 800 of the 900 stay.
    let rows = ["2025-03-01 +1000 o1", "2026-03-01 +900 o2", "2027-02-01 -100 r of 2026-03-01"];
    check(&once, &rows, "2027-12-31", &[gold]);
    check(
        &once,
        &[rows[0], rows[1], "2027-02-01 -101 r of 2026-03-01"],
        "2027-12-31",
        &[gold, "2027-02-01T12:00:00Z gold>bronze refund_at_once"],
    );
}

#[test]
fn refunds_count_against_the_period_of_their_order() {
    // The refund in 2026 of 2025's order does not lower 2026, and the review of 2026 does not see it.
    let rows = ["2026-02-01 +1000 o3", "2026-03-01 -1000 r of 2025-08-01"];
    let status = example_7(&json!({}), &rows, "2027-06-01", &[]);
    assert_eq!(status.tier.as_str(), "gold");
    // A refund within the period is seen by the review at its end.
    let lost = "2026-01-01T00:00:00Z gold>silver review";
    example_7(&json!({}), &["2025-09-01 -1 r of 2025-08-01"], "2026-01-01T00:00:00Z", &[lost]);
    // A refund of a period that nobody looks at any more changes nothing.
    let old = ["2026-02-01 +1000 o3", "2027-03-01 -1000 r of 2025-08-01"];
    example_7(&json!({"refund": "at_once"}), &old, "2027-06-01", &[]);
    // Refunded entirely, two levels at once, whatever the floor; what the second order gave stays.
    let rows = ["2025-12-01 +2000 o3", "2026-01-02 -2000 r of 2025-12-01"];
    let changes = ["2025-12-01T12:00:00Z gold>platinum reached", "2026-01-02T12:00:00Z platinum>gold refund_at_once"];
    example_7(&json!({"refund": "at_once", "floor": "one_level"}), &rows, "2026-06-01", &changes);
    example_7(&json!({"refund": "at_once", "floor": "permanent"}), &rows, "2026-06-01", &changes[..1]);
}

#[test]
fn upgrades_may_wait_for_the_next_period() {
    let more = json!({"upgrade": "next_period", "window": {"type": "calendar", "period": "month"}});
    let rows = ["2025-03-05 +1000 o1"];
    let status = check(&more, &rows, "2025-03-31", &[]).status;
    let pending = status.pending.unwrap();
    assert_eq!((pending.tier.as_str(), pending.at), ("gold", at("2025-04-01T00:00:00Z")));
    assert_eq!(status.to_reach.unwrap().tier.as_str(), "platinum");
    let up = "2025-04-01T00:00:00Z bronze>gold next_period";
    let explained = check(&more, &rows, "2025-04-30", &[up]);
    assert_eq!(explained.status.valid_through, date("2025-04-30"));
    let decided = explained.decided_by.unwrap();
    assert_eq!((decided.value, decided.from, decided.through), (1_000, date("2025-03-01"), date("2025-03-31")));
    check(&more, &rows, "2025-05-01", &[up, "2025-05-01T00:00:00Z gold>bronze review"]);
    check(&more, &[rows[0], "2025-03-20 -600 r of 2025-03-05"], "2025-06-01", &[]);
    let rolling = json!({"upgrade": "next_period", "window": {"type": "rolling_days", "days": 60}});
    let down = "2025-05-04T00:00:00Z gold>bronze review";
    check(&rolling, &rows, "2026-01-01", &[up, down]);
    let lifetime = json!({"upgrade": "next_period", "window": {"type": "lifetime"}});
    check(&lifetime, &rows, "2040-01-01", &[up]);
}

#[test]
fn rolling_windows_lose_a_contribution_at_the_first_instant_of_its_day_plus_n() {
    let more = json!({"window": {"type": "rolling_days", "days": 30}});
    let rows = ["2025-03-01 +600 o1", "2025-03-11 +400 o2"];
    let up = ["2025-03-01T12:00:00Z bronze>silver reached", "2025-03-11T12:00:00Z silver>gold reached"];
    let down = ["2025-03-31T00:00:00Z gold>bronze review"];
    let status = check(&more, &rows, "2025-03-30T23:59:59.999Z", &up).status;
    assert_eq!((status.valid_through, status.next_review_at), (date("2025-03-30"), Some(at("2025-03-31T00:00:00Z"))));
    let keep = status.to_keep.unwrap();
    assert_eq!((keep.missing, keep.by), (600, date("2025-03-30")));
    let gone = check(&more, &rows, "2025-06-01", &[up.as_slice(), &down].concat());
    assert_eq!((gone.running.value, gone.running.contributions.len()), (0, 0));
    // Grace, and the retention reached within it.
    let grace = json!({"window": {"type": "rolling_days", "days": 30}, "grace_days": 10});
    let ended = "2025-04-10T00:00:00Z gold>bronze grace_ended";
    check(&grace, &rows, "2025-06-01", &[up.as_slice(), &[ended]].concat());
    check(&grace, &[rows[0], rows[1], "2025-04-09 +600 o3"], "2025-04-19", &up);
    // The floor keeps the level below for one more window.
    let floor = json!({"window": {"type": "rolling_days", "days": 30}, "floor": "one_level"});
    let steps = ["2025-03-31T00:00:00Z gold>silver review", "2025-04-30T00:00:00Z silver>bronze review"];
    check(&floor, &rows, "2025-06-01", &[up.as_slice(), &steps].concat());
    // Also when the metric carries that level on the day, or else another day's contribution would do harm.
    let steps = [
        "2025-03-01T12:00:00Z bronze>gold reached",
        "2025-03-02T12:00:00Z gold>platinum reached",
        "2025-03-31T00:00:00Z platinum>gold review",
        "2025-04-30T00:00:00Z gold>silver review",
        "2025-05-30T00:00:00Z silver>bronze review",
    ];
    check(&floor, &["2025-03-01 +1500 o1", "2025-03-02 +1000 o2"], "2025-06-01", &steps);
}

#[test]
fn rolling_months_clamp_and_refunds_wait_for_the_next_review() {
    let more = json!({"window": {"type": "rolling_months", "months": 1}});
    let rows = ["2025-01-28 +100 o1", "2025-01-31 +400 o2"];
    let up = "2025-01-31T12:00:00Z bronze>silver reached";
    check(&more, &rows, "2025-02-27T23:59:59.999Z", &[up]);
    let down = "2025-02-28T00:00:00Z silver>bronze review";
    check(&more, &rows, "2025-03-10", &[up, down]);
    let refund = [rows[0], rows[1], "2025-02-02 -1 r of 2025-01-28"];
    check(&more, &refund, "2025-03-10", &[up, down]);
    // The day on which the refunded order would have left is a review, though nothing leaves.
    let gone = ["2025-01-10 +400 o1", "2025-01-20 +100 o2", "2025-01-25 -400 r of 2025-01-10"];
    let reached = "2025-01-20T12:00:00Z bronze>silver reached";
    check(&more, &gone, "2025-03-10", &[reached, "2025-02-10T00:00:00Z silver>bronze review"]);
    let once = json!({"window": {"type": "rolling_months", "months": 1}, "refund": "at_once"});
    check(&once, &refund, "2025-03-10", &[up, "2025-02-02T12:00:00Z silver>bronze refund_at_once"]);
    // What left the window already is not taken off again.
    let late = ["2025-01-01 +500 o1", "2025-03-02 +500 o2", "2025-03-03 -500 r of 2025-01-01"];
    let explained = check(
        &once,
        &late,
        "2025-03-10",
        &[
            "2025-01-01T12:00:00Z bronze>silver reached",
            "2025-02-01T00:00:00Z silver>bronze review",
            "2025-03-02T12:00:00Z bronze>silver reached",
        ],
    );
    assert_eq!(explained.running.value, 500);
}

#[test]
fn a_refund_that_leaves_at_the_turn_of_a_month_lets_the_upgrade_of_that_instant_through() {
    let more = json!({"upgrade": "next_period", "window": {"type": "rolling_months", "months": 1}});
    // The order of the refund was never counted. On 1 May the refund leaves, and the metric is 500 again.
    let rows = ["2025-04-18 -1 r of 2025-04-01", "2025-04-20 +500 o1"];
    let changes = ["2025-05-01T00:00:00Z bronze>silver next_period", "2025-05-20T00:00:00Z silver>bronze review"];
    check(&more, &rows, "2025-06-01", &changes);
}

#[test]
fn what_leaves_with_a_review_does_not_help_to_keep() {
    let more = json!({"window": {"type": "rolling_days", "days": 8}, "tiers": [
        {"id": "bronze", "threshold": "0"}, {"id": "silver", "threshold": "10", "retain": "5"}]});
    // 10 less 7 are left on the 21st, but they leave at the midnight at which the refund is judged: 5 are missing, not 2.
    let rows = facts(&["2020-03-14 +10 o1", "2020-03-21 -7 r of 2020-03-14"]);
    let ladder = ladder(&more);
    let explained = ladder.explain(Zone::UTC, at("2020-03-01"), &rows, at("2020-03-21"), Timestamp::MAX);
    let goal = explained.status.to_keep.unwrap();
    assert_eq!((goal.missing, goal.by), (5, date("2020-03-21")));
}

#[test]
fn anniversaries_begin_on_the_local_day_of_registration() {
    let ladder = ladder(&json!({"window": {"type": "anniversary"}}));
    let joined_at = at("2024-02-29");
    let rows = facts(&["2025-02-27 +1000 o1"]);
    let mut changes = Vec::new();
    let state = ladder.replay(Zone::UTC, joined_at, &rows, at("2026-02-01"), &mut changes);
    // The year that holds 27 February 2025 ends with that day, the next one with 27 February 2026.
    assert_eq!(ladder.status(Zone::UTC, &state).valid_through, date("2026-02-27"));
    ladder.replay(Zone::UTC, joined_at, &rows, at("2026-02-28T00:00:00Z"), &mut changes);
    assert_eq!(history(&changes).last().unwrap(), "2026-02-28T00:00:00Z gold>bronze review");
    let explained =
        ladder.explain(Zone::UTC, joined_at, &facts(&["2027-03-01 +7 o"]), at("2028-02-28"), Timestamp::MAX);
    assert_eq!((explained.running.from, explained.running.through), (date("2027-02-28"), date("2028-02-28")));
    assert_eq!(explained.running.value, 7);
}

#[test]
fn periods_turn_at_local_midnight() {
    let more = json!({"window": {"type": "calendar", "period": "quarter"}});
    // 2025-06-30T16:00Z is the first instant of the third quarter in Shanghai.
    let rows = ["2025-06-30T15:59:59.999Z +500 o1", "2025-06-30T16:00:00Z +499 o2"];
    let changes = ["2025-06-30T15:59:59.999Z bronze>silver reached", "2025-09-30T16:00:00Z silver>bronze review"];
    check_in("Asia/Shanghai", &more, &rows, "2025-10-01", &changes);
    let rolling = json!({"window": {"type": "rolling_days", "days": 1}});
    let changes = ["2025-06-30T15:59:59.999Z bronze>silver reached", "2025-06-30T16:00:00Z silver>bronze review"];
    check_in("Asia/Shanghai", &rolling, &rows, "2025-10-01", &changes);
}

#[test]
fn a_lock_holds_whatever_happens_and_leaves_no_trace() {
    let rows = ["2025-09-01 lock platinum until 2027-06-01T00:00:00Z", "2026-05-05 +300 o3"];
    let locked = "2025-09-01T12:00:00Z gold>platinum locked";
    let status = example_7(&json!({}), &rows, "2027-05-31", &[locked]);
    let lock = status.lock.unwrap();
    assert_eq!((lock.actor.as_str(), lock.reason.as_str(), lock.tier.as_str()), ("till 1", "a promise", "platinum"));
    assert_eq!(status.valid_through, date("2027-05-31"));
    example_7(&json!({}), &rows, "2027-06-01", &[locked, "2027-06-01T00:00:00Z platinum>bronze lock_ended"]);
    let unlocked = [rows[0], "2025-10-01 unlock"];
    example_7(&json!({}), &unlocked, "2025-12-31", &[locked, "2025-10-01T12:00:00Z platinum>gold lock_ended"]);
    // A lock down, replaced by another; one in the past and one to an unknown tier do nothing.
    let rows = [
        "2025-09-01 lock bronze until 2025-10-01",
        "2025-09-02 lock silver until 2025-09-20",
        "2025-09-03 lock gold until 2025-09-03",
        "2025-09-04 lock wood until 2025-10-03",
    ];
    let changes = [
        "2025-09-01T12:00:00Z gold>bronze locked",
        "2025-09-02T12:00:00Z bronze>silver locked",
        "2025-09-20T12:00:00Z silver>gold lock_ended",
    ];
    example_7(&json!({}), &rows, "2025-12-31", &changes);
}

#[test]
fn counts_and_points_are_whole_numbers_and_lifetime_is_never_reviewed() {
    let tiers = json!([{"id": "guest", "threshold": "0"}, {"id": "regular", "threshold": "3"}]);
    let visits = json!({"type": "visits", "event": "check_in"});
    let more = json!({"metric": visits, "tiers": tiers, "window": {"type": "lifetime"}});
    let rows = ["2025-01-02 +1 v1", "2025-02-02 +1 v2", "2025-03-02 +1 v3"];
    let up = "2025-03-02T12:00:00Z guest>regular reached";
    let status = check(&more, &rows, "2045-01-01", &[up]).status;
    assert_eq!((status.valid_through, status.next_review_at, status.to_keep), (None, None, None));
    let orders = json!({"metric": {"type": "order_count"}, "tiers": tiers, "refund": "at_once"});
    let refund = ["2025-03-05 -1 r3 of 2025-03-02"];
    let down = "2025-03-05T12:00:00Z regular>guest refund_at_once";
    check(&orders, &[&rows[..], &refund].concat(), "2025-06-01", &[up, down]);
    check(&more, &[&rows[..], &refund].concat(), "2045-01-01", &[up]);
}

#[test]
fn late_facts_are_refused_and_the_knowledge_date_counts() {
    let ladder = ladder(&json!({}));
    let rows = facts(&SPENT_2025);
    let mut state = ladder.start(Zone::UTC, at("2025-01-01"));
    let mut out = Vec::new();
    assert_eq!(ladder.apply(Zone::UTC, &mut state, &rows[1], &mut out), Applied::InOrder);
    let before = state.clone();
    assert_eq!(ladder.apply(Zone::UTC, &mut state, &rows[0], &mut out), Applied::Late);
    assert_eq!(state, before);
    let mut same_instant = rows[1].clone();
    same_instant.seq = 0;
    assert_eq!(ladder.apply(Zone::UTC, &mut state, &same_instant, &mut out), Applied::Late);
    let mut late = rows;
    late[0].recorded_at = at("2025-12-01");
    let tier =
        |known: &str| ladder.tier_at(Zone::UTC, at("2025-01-01"), &late, at("2025-08-02"), at(known)).to_string();
    assert_eq!((tier("2025-11-30").as_str(), tier("2025-12-01").as_str()), ("bronze", "gold"));
}

#[test]
fn next_due_is_the_next_instant_that_may_change_the_tier() {
    let ladder = ladder(&json!({"grace_days": 30}));
    let mut state = ladder.start(Zone::UTC, at("2025-01-01"));
    assert_eq!(ladder.next_due(&state), None);
    for fact in facts(&SPENT_2025) {
        let _ = ladder.apply(Zone::UTC, &mut state, &fact, &mut Vec::new());
    }
    let mut due = Vec::new();
    while let Some(at) = ladder.next_due(&state) {
        due.push(at.to_string());
        ladder.advance(Zone::UTC, &mut state, at, &mut Vec::new());
    }
    assert_eq!(due, ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-31T00:00:00Z"]);
    let bytes = minicbor::to_vec(&state).unwrap();
    assert_eq!(minicbor::decode::<LadderState>(&bytes).unwrap(), state);
    assert!(bytes.len() < 72, "{}", bytes.len());
}

#[test]
fn changes_cross_the_border() {
    let changes = check(&json!({}), &["2025-03-01 +600 o1"], "2025-12-31", &[REACHED[0]]).changes;
    let json = serde_json::to_string(&changes[0]).unwrap();
    assert_eq!(
        json,
        r#"{"ladder":"status","from":"bronze","to":"silver","at":"2025-03-01T12:00:00Z","cause":{"type":"reached","cause":"o1"}}"#
    );
    assert_eq!(serde_json::from_str::<TierChange>(&json).unwrap(), changes[0]);
    let bytes = minicbor::to_vec(&changes[0]).unwrap();
    assert_eq!(minicbor::decode::<TierChange>(&bytes).unwrap(), changes[0]);
}

#[test]
fn compiling_finds_every_fault_at_once() {
    let rules: LadderRules = serde_json::from_value(json!({
        "id": "status",
        "metric": {"type": "net_spend"},
        "window": {"type": "calendar", "period": "week"},
        "grace_days": 3661,
        "tiers": [
            {"id": "a", "threshold": "1"},
            {"id": "b", "threshold": "5", "retain": "6"},
            {"id": "a", "threshold": "5.001", "retain": "-1"},
            {"id": "c", "threshold": "5"},
            {"id": "d", "threshold": "90071992547409.92", "benefits": [
                {"id": "x", "limit": {"times": 0, "per": "month"}}, {"id": "x"}
            ]},
        ],
    }))
    .unwrap();
    let findings = Ladder::compile(&rules, 2).unwrap_err();
    let found: Vec<String> = findings.iter().map(|(place, code, _)| format!("{place} {code}")).collect();
    assert_eq!(
        found,
        [
            "/window/period tier.window",
            "/grace_days tier.grace",
            "/tiers/0/threshold tier.first_threshold",
            "/tiers/1/retain tier.retain",
            "/tiers/2/id tier.duplicate",
            "/tiers/2/threshold tier.scale",
            "/tiers/2/retain tier.negative",
            "/tiers/3/threshold tier.unreachable",
            "/tiers/4/threshold tier.range",
            "/tiers/4/benefits/0/limit/times tier.benefit",
            "/tiers/4/benefits/1/id tier.benefit",
        ]
    );
    let mut empty = rules;
    (empty.tiers, empty.window, empty.grace_days) = (Vec::new(), Window::RollingDays { days: 0 }, 0);
    let codes: Vec<String> = Ladder::compile(&empty, 2).unwrap_err().into_iter().map(|(_, code, _)| code).collect();
    assert_eq!(codes, ["tier.window", "tier.empty"]);
}
