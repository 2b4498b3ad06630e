//! How amounts count: against which day, what they lift at once, and what a refund judged at once takes.

use super::fact::{TierCause, TierChange};
use super::ladder::{Ladder, Rank};
use super::rules::{Floor, RefundEffect, Upgrade};
use super::state::{LadderState, Periods, Sums};
use super::window::{earlier, next_month};
use crate::value::{CalendarDate, Timestamp, Zone};
use std::sync::Arc;

impl Ladder {
    /// Counts an amount at an instant against the day of another.
    pub(super) fn count(
        &self,
        zone: Zone,
        state: &mut LadderState,
        (at, original_at): (Timestamp, Timestamp),
        amount: i64,
        cause: &Arc<str>,
        out: &mut Vec<TierChange>,
    ) {
        let on = zone.date(original_at.min(at));
        if !self.add(zone, state, at, on, amount) {
            return;
        }
        if 0 <= amount {
            self.lift(zone, state, at);
            self.show(state, at, TierCause::Reached { cause: cause.clone() }, out);
            return;
        }
        if self.refund == RefundEffect::AtOnce {
            self.sink(state, on);
            self.show(state, at, TierCause::RefundAtOnce { cause: cause.clone() }, out);
        }
    }

    /// Adds to the sum of a day's period; false when no sum remembers the day.
    fn add(&self, zone: Zone, state: &mut LadderState, at: Timestamp, on: CalendarDate, amount: i64) -> bool {
        match &mut state.sums {
            Sums::Ever { total } => *total = total.saturating_add(amount),
            Sums::Periods(periods) if periods.start_on <= on => periods.sum = periods.sum.saturating_add(amount),
            Sums::Periods(periods) => {
                let before_on = self.period_start(zone, state.joined_on, periods.start_on.plus_days(-1));
                if on < before_on {
                    return false;
                }
                periods.before = periods.before.saturating_add(amount);
            }
            Sums::Days(days) => {
                if zone.start_of(self.leaves_on(on)) <= at {
                    return false;
                }
                days.add(on, amount);
                let leaving = self.next_leaving(zone, days.days.first().map(|day| day.on));
                state.review_at = earlier(state.review_at, leaving);
            }
        }
        true
    }

    /// More of the metric: what is held so far is retained, what is new is reached.
    pub(super) fn lift(&self, zone: Zone, state: &mut LadderState, at: Timestamp) {
        let metric = state.metric();
        let reached = self.reached(metric);
        state.base = state.base.max(self.retained(state.top(), metric));
        match self.upgrade {
            Upgrade::Now => state.base = state.base.max(reached),
            Upgrade::NextPeriod if matches!(state.sums, Sums::Periods(_)) => {}
            Upgrade::NextPeriod => {
                if state.base < reached && state.rise_at.is_none() {
                    state.rise_at = Some(next_month(zone, at));
                }
            }
        }
    }

    /// Less of the metric, judged at once: what is held because of it is held as far as it still goes.
    fn sink(&self, state: &mut LadderState, on: CalendarDate) {
        if self.floor == Floor::Permanent {
            return;
        }
        let carried = match &mut state.sums {
            Sums::Ever { total } => self.reached(*total),
            // A window without periods forgets how a tier was reached, so that its retention is all that can be asked for.
            Sums::Days(days) => self.retained(state.base, days.total),
            Sums::Periods(periods) => self.carried(periods, on),
        };
        state.base = state.base.min(carried);
        state.forget_lost();
    }

    /// The tier that the two periods carry. A tier reached within a period needs its threshold there, one held before needs its
    /// retention.
    fn carried(&self, periods: &mut Periods, refunded_on: CalendarDate) -> Rank {
        let entered = self.retained(periods.before_top, periods.before).max(self.reached(periods.before));
        if refunded_on < periods.start_on {
            let held = if self.grace_days == 0 { entered } else { entered.max(periods.before_top) };
            periods.top = periods.top.min(held);
        }
        entered.max(self.reached(periods.sum)).max(self.retained(periods.top, periods.sum))
    }
}
