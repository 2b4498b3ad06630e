//! Upper bounds on awards: how much room is left, what was used, what a refund gives back.

use super::{Cap, CapOnRefund, CapWindow, Overflow, Shortfall};
use crate::value::{CalendarDate, Period, Points, RuleId, Timestamp, Zone};

/// What one cap has let through in one of its periods.
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub struct CapUse {
    /// Which cap.
    #[n(0)]
    pub cap: RuleId,
    /// What it counts over.
    #[n(1)]
    pub window: CapWindow,
    /// First local day of the period, in days since 1970-01-01; 0 for an order and for a lifetime.
    #[n(2)]
    pub start_day: i64,
    /// Points awarded in the period.
    #[n(3)]
    pub used: Points,
}

const fn period_of(window: CapWindow) -> Option<Period> {
    match window {
        CapWindow::Day => Some(Period::Day),
        CapWindow::Week => Some(Period::Week),
        CapWindow::Month => Some(Period::Month),
        CapWindow::Year => Some(Period::Year),
        CapWindow::Order | CapWindow::Lifetime | CapWindow::Balance => None,
    }
}

fn start_day(window: CapWindow, zone: &Zone, at: Timestamp) -> i64 {
    period_of(window).map_or(0, |period| zone.period_start(period, zone.date(at)).day_number())
}

fn position(cap: &Cap, uses: &[CapUse], zone: &Zone, at: Timestamp) -> Option<usize> {
    let start_day = start_day(cap.per, zone, at);
    uses.iter().position(|u| u.cap == cap.id && u.window == cap.per && u.start_day == start_day)
}

/// Whether two instants fall into one period of the window; without periods they always do.
#[must_use]
pub fn same_period(window: CapWindow, zone: &Zone, one: Timestamp, other: Timestamp) -> bool {
    start_day(window, zone, one) == start_day(window, zone, other)
}

/// Whether the period of `at` has ended by `now`, so that [`prune`] may have forgotten it. Never for windows without periods.
#[must_use]
pub fn is_over(window: CapWindow, zone: &Zone, at: Timestamp, now: Timestamp) -> bool {
    period_of(window).is_some_and(|period| zone.next_period_start(period, zone.date(at)) <= zone.date(now))
}

/// Whether the cap has a use noted in the period of `at`.
#[must_use]
pub fn is_noted(cap: &Cap, uses: &[CapUse], zone: &Zone, at: Timestamp) -> bool {
    position(cap, uses, zone, at).is_some()
}

/// How many more points the cap lets through; 0 or more.
///
/// A balance cap counts `balance_now` and needs no uses. An order cap counts the uses noted for it, which the caller keeps for one
/// order only (see [`prune`]).
#[must_use]
pub fn room(cap: &Cap, uses: &[CapUse], zone: &Zone, effective_at: Timestamp, balance_now: Points) -> Points {
    let used = if cap.per == CapWindow::Balance {
        balance_now
    } else {
        position(cap, uses, zone, effective_at).and_then(|i| uses.get(i)).map_or(Points::ZERO, |u| u.used)
    };
    cap.points.minus(used).unwrap_or(Points::ZERO).max(Points::ZERO)
}

/// Counts an award of `points` under the cap. Nothing to count under a balance cap.
pub fn note(cap: &Cap, uses: &mut Vec<CapUse>, zone: &Zone, effective_at: Timestamp, points: Points) {
    if cap.per == CapWindow::Balance || !points.is_positive() {
        return;
    }
    match position(cap, uses, zone, effective_at).and_then(|i| uses.get_mut(i)) {
        // A lifetime of awards beyond the range of points stays at the end of the range; the cap is long reached then.
        Some(entry) => entry.used = entry.used.plus(points).unwrap_or(entry.used),
        None => uses.push(CapUse {
            cap: cap.id.clone(),
            window: cap.per,
            start_day: start_day(cap.per, zone, effective_at),
            used: points,
        }),
    }
}

/// Gives room back for `points` of an award that counted at `effective_at`, if the cap's policy says so. Uses never fall below 0.
pub fn give_back(cap: &Cap, uses: &mut Vec<CapUse>, zone: &Zone, effective_at: Timestamp, points: Points) {
    if cap.on_refund == CapOnRefund::KeepUsed || !points.is_positive() {
        return;
    }
    if let Some(entry) = position(cap, uses, zone, effective_at).and_then(|i| uses.get_mut(i)) {
        entry.used = entry.used.minus(points).unwrap_or(Points::ZERO).max(Points::ZERO);
    }
    uses.retain(|entry| entry.used.is_positive());
}

/// Forgets the uses of orders, and of periods that ended at or before the local day of `before`.
///
/// A backdated award into a forgotten period ([`is_over`] and not [`is_noted`]) has to be counted from the journal first.
pub fn prune(uses: &mut Vec<CapUse>, zone: &Zone, before: Timestamp) {
    if uses.is_empty() {
        return;
    }
    let before = zone.date(before);
    uses.retain(|entry| match (entry.window, period_of(entry.window)) {
        (CapWindow::Order | CapWindow::Balance, _) => false,
        (_, None) => true,
        (_, Some(period)) => zone.next_period_start(period, day(entry.start_day)) > before,
    });
}

fn day(number: i64) -> CalendarDate {
    CalendarDate::from_naive(chrono::NaiveDate::default()).plus_days(number)
}

/// What the caps leave of an award, with a reason for every part cut; applied in the order of `caps`.
///
/// A cap that clips leaves its room; one that rejects leaves nothing of an award that does not fit. The caller [`note`]s the result.
#[must_use]
pub fn clip(
    points: Points,
    caps: &[&Cap],
    uses: &[CapUse],
    zone: &Zone,
    effective_at: Timestamp,
    balance_now: Points,
) -> (Points, Vec<Shortfall>) {
    let mut left = points;
    let mut shortfalls = Vec::new();
    for cap in caps {
        let room = room(cap, uses, zone, effective_at, balance_now);
        if left <= room {
            continue;
        }
        let kept = match cap.overflow {
            Overflow::Clip => room,
            Overflow::Reject => Points::ZERO,
        };
        let cut = left.minus(kept).unwrap_or(left);
        shortfalls.push(Shortfall::Capped { cap: cap.id.clone(), points: cut });
        left = kept;
    }
    (left, shortfalls)
}
