//! Where a customer stands on a ladder: until when, and how much is missing to the next tier or to keep this one.

use super::ladder::{Ladder, Rank};
use super::rules::{Floor, Upgrade};
use super::state::{Days, LadderState, Periods, Sums};
use super::window::{earlier, last_date, next_month};
use crate::value::{Actor, CalendarDate, LadderId, Reason, TierId, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// Where a customer stands on a ladder at the clock of the state. Amounts are whole units of the metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierStatus {
    /// On which ladder.
    pub ladder: LadderId,
    /// The tier that the customer has.
    pub tier: TierId,
    /// Since when.
    pub since: Timestamp,
    /// The last local date on which it (or the lock) holds if nothing more is earned; none when it cannot be lost.
    pub valid_through: Option<CalendarDate>,
    /// The next review; none when there is nothing to review.
    pub next_review_at: Option<Timestamp>,
    /// The metric in the window that runs.
    pub value: i64,
    /// Until when (exclusively) the tier is kept although a review failed.
    pub grace_until: Option<Timestamp>,
    /// The lock in force; `tier` is the lock's, everything else below speaks of the tier without it.
    pub lock: Option<TierLocked>,
    /// A higher tier that is reached already and begins later, if nothing that counts for it leaves the window before.
    pub pending: Option<TierPending>,
    /// What is missing to the next higher tier; none on the highest.
    pub to_reach: Option<TierGoal>,
    /// What is missing to keep the tier beyond `valid_through`; none when nothing is.
    pub to_keep: Option<TierGoal>,
}

/// How much of the metric is missing: "spend `missing` by the end of `by` to reach or keep `tier`".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierGoal {
    /// Which tier.
    pub tier: TierId,
    /// How much more, in whole units; above 0.
    pub missing: i64,
    /// The last local date on which this much is enough; none without a limit of time.
    pub by: Option<CalendarDate>,
}

/// A tier that begins later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierPending {
    /// Which tier.
    pub tier: TierId,
    /// Its first instant, if the metric still gives it then.
    pub at: Timestamp,
}

/// A lock, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierLocked {
    /// The tier set by hand.
    pub tier: TierId,
    /// The first instant at which it no longer holds.
    pub until: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
}

impl Ladder {
    /// Where a customer stands, from the state alone.
    #[must_use]
    pub fn status(&self, zone: Zone, state: &LadderState) -> TierStatus {
        let top = state.top();
        let locked = state.lock.as_ref().map(|lock| TierLocked {
            tier: self.step(lock.rank).id.clone(),
            until: lock.until,
            actor: lock.actor.clone(),
            reason: lock.reason.clone(),
        });
        let kept = self.kept_through(zone, state);
        let grace =
            state.kept.iter().find(|kept| kept.rank == top && state.base < top && kept.graced_at <= state.clock);
        let valid_through = match &state.lock {
            Some(lock) => Some(last_date(zone, lock.until)),
            None => kept.as_ref().map(|(valid_through, _)| *valid_through),
        };
        TierStatus {
            ladder: self.id.clone(),
            tier: self.current(state).clone(),
            since: state.since,
            valid_through,
            next_review_at: self.next_review(state),
            value: state.metric(),
            grace_until: grace.map(|kept| kept.until),
            lock: locked,
            pending: self.pending(zone, state),
            to_reach: self.to_reach(zone, state),
            to_keep: kept.and_then(|(_, missing)| missing),
        }
    }

    /// The next review, of the window or of a tier that the floor keeps.
    fn next_review(&self, state: &LadderState) -> Option<Timestamp> {
        let floor = state.kept.iter().filter(|kept| state.base < kept.rank && state.clock < kept.graced_at);
        earlier(state.review_at, floor.map(|kept| kept.graced_at).min())
    }

    fn pending(&self, zone: Zone, state: &LadderState) -> Option<TierPending> {
        if self.upgrade == Upgrade::Now {
            return None;
        }
        let at = if matches!(state.sums, Sums::Periods(_)) { state.review_at } else { state.rise_at }?;
        // What leaves the window before is not there then.
        let reached = self.reached(self.metric_after(state, last_date(zone, at)));
        (state.top() < reached).then(|| TierPending { tier: self.step(reached).id.clone(), at })
    }

    fn to_reach(&self, zone: Zone, state: &LadderState) -> Option<TierGoal> {
        let mut metric = state.metric();
        let by = match &state.sums {
            Sums::Periods(_) => state.review_at,
            Sums::Days(_) if self.upgrade == Upgrade::NextPeriod => {
                // What leaves before the upgrade comes does not help to reach it.
                let rise_at = state.rise_at.unwrap_or_else(|| next_month(zone, state.clock));
                metric = self.metric_after(state, last_date(zone, rise_at));
                Some(rise_at)
            }
            Sums::Days(days) => self.next_leaving(zone, days.days.first().map(|day| day.on)),
            Sums::Ever { .. } => None,
        };
        let next = self.above(state.top().max(self.reached(metric)))?;
        Some(TierGoal {
            tier: next.id.clone(),
            missing: next.threshold.saturating_sub(metric),
            by: by.map(|by| last_date(zone, by)),
        })
    }

    /// Until when the tier without the lock holds, and what is missing to hold it longer; none when it cannot be lost.
    fn kept_through(&self, zone: Zone, state: &LadderState) -> Option<(CalendarDate, Option<TierGoal>)> {
        let top = state.top();
        if top == 0 || self.floor == Floor::Permanent {
            return None;
        }
        let kept = state.kept.iter().find(|kept| kept.rank == top);
        // Grace of an older review is over for whoever was kept in it: the next failed review begins its own.
        let kept = kept.filter(|kept| state.base < top || state.clock < kept.graced_at).map(|kept| {
            let ends_at = if state.clock < kept.graced_at { kept.graced_at } else { kept.until };
            let through = last_date(zone, ends_at);
            // A period that ends within long grace takes its metric with it.
            let period = state.review_at.filter(|_| matches!(state.sums, Sums::Periods(_)));
            let by = period.map_or(through, |ends_at| through.min(last_date(zone, ends_at)));
            let goal = self.keep_goal(top, self.metric_after(state, by), by);
            (through, Some(goal).filter(|goal| 0 < goal.missing))
        });
        if state.base < top {
            return kept;
        }
        let carried = match &state.sums {
            Sums::Periods(periods) => self.period_through(zone, state, periods),
            Sums::Days(days) => self.rolling_through(zone, state, days),
            Sums::Ever { .. } => None,
        }?;
        // The floor may keep it longer than the metric does.
        Some(kept.filter(|(through, _)| carried.0 < *through).unwrap_or(carried))
    }

    /// What is left of the metric after a date if nothing more is earned.
    fn metric_after(&self, state: &LadderState, date: CalendarDate) -> i64 {
        let Sums::Days(days) = &state.sums else { return state.metric() };
        let stays = days.days.iter().filter(|day| date.plus_days(1) < self.leaves_on(day.on));
        stays.fold(0_i64, |sum, day| sum.saturating_add(day.sum))
    }

    fn keep_goal(&self, rank: Rank, metric: i64, by: CalendarDate) -> TierGoal {
        let step = self.step(rank);
        TierGoal { tier: step.id.clone(), missing: step.retain.saturating_sub(metric), by: Some(by) }
    }

    fn period_through(
        &self,
        zone: Zone,
        state: &LadderState,
        periods: &Periods,
    ) -> Option<(CalendarDate, Option<TierGoal>)> {
        let next = self.period_after(zone, state.joined_on, periods.start_on)?;
        if self.step(state.base).retain <= periods.sum {
            let after = self.period_after(zone, state.joined_on, next)?;
            return Some((after.plus_days(-1), None));
        }
        let through = next.plus_days(-1);
        Some((through, Some(self.keep_goal(state.base, periods.sum, through))))
    }

    /// The first leaving that takes the metric below the retention.
    fn rolling_through(
        &self,
        zone: Zone,
        state: &LadderState,
        days: &Days,
    ) -> Option<(CalendarDate, Option<TierGoal>)> {
        let retain = self.step(state.base).retain;
        let mut metric = days.total;
        if metric < retain {
            // A refund or new rules wait for their review; what leaves at that instant does not help any more.
            let through = last_date(zone, state.review_at?);
            return Some((through, Some(self.keep_goal(state.base, self.metric_after(state, through), through))));
        }
        let mut left = days.days.iter().peekable();
        while let Some(day) = left.next() {
            metric = metric.saturating_sub(day.sum);
            let leaves_on = self.leaves_on(day.on);
            let together = left.peek().is_some_and(|next| self.leaves_on(next.on) == leaves_on);
            if metric < retain && !together {
                let through = leaves_on.plus_days(-1);
                return Some((through, Some(self.keep_goal(state.base, metric, through))));
            }
        }
        None
    }
}
