//! What a ladder remembers of a customer: sums of the windows that still matter, and what is kept without them.

use super::fact::Place;
use super::ladder::Rank;
use crate::value::{Actor, CalendarDate, Reason, Timestamp};
use minicbor::{Decode, Encode};

/// What one ladder remembers of one customer, after every fact and every due review up to its clock.
///
/// It is bounded: two sums for calendar and anniversary windows, a sum per local day with contributions for rolling windows, one sum for
/// lifetime; at most one kept entry per tier; one lock. Made by [`Ladder::start`](super::Ladder::start) or
/// [`Ladder::replay`](super::Ladder::replay) and read through the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LadderState {
    /// Local day of registration; years of anniversaries are counted from it.
    #[n(0)]
    pub(super) joined_on: CalendarDate,
    /// Everything due up to here has happened.
    #[n(1)]
    pub(super) clock: Timestamp,
    /// The last fact taken in.
    #[n(2)]
    pub(super) last: Option<Place>,
    /// The highest tier held because of the metric.
    #[n(3)]
    pub(super) base: Rank,
    /// Tiers kept for a time without the metric; every deadline lies after the clock. Entries up to the base wait in case it falls.
    #[n(4)]
    pub(super) kept: Vec<Kept>,
    /// Sums of the metric.
    #[n(5)]
    pub(super) sums: Sums,
    /// The next review.
    #[n(6)]
    pub(super) review_at: Option<Timestamp>,
    /// The next upgrade of a rolling or lifetime window under `next_period`.
    #[n(7)]
    pub(super) rise_at: Option<Timestamp>,
    /// The lock in force.
    #[n(8)]
    pub(super) lock: Option<TierLock>,
    /// The tier that the customer has: the lock's, or the highest of base and kept.
    #[n(9)]
    pub(super) shown: Rank,
    /// Since when.
    #[n(10)]
    pub(super) since: Timestamp,
}

/// A tier kept without the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Kept {
    #[n(0)]
    pub(super) rank: Rank,
    /// The failed review. Before it the floor keeps the tier, from it on grace does.
    #[n(1)]
    pub(super) graced_at: Timestamp,
    /// The first instant at which it is lost.
    #[n(2)]
    pub(super) until: Timestamp,
}

/// Sums of the metric, by window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Sums {
    /// Calendar and anniversary.
    #[n(0)]
    Periods(#[n(0)] Periods),
    /// Rolling.
    #[n(1)]
    Days(#[n(0)] Days),
    /// Lifetime.
    #[n(2)]
    Ever {
        /// Everything.
        #[n(0)]
        total: i64,
    },
}

/// The period that runs and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Periods {
    /// First day of the period that runs.
    #[n(0)]
    pub(super) start_on: CalendarDate,
    #[n(1)]
    pub(super) sum: i64,
    /// The highest tier held since it began, after the review; retention is enough for it. One lost meanwhile must be reached anew.
    #[n(2)]
    pub(super) top: Rank,
    /// Sum of the period before.
    #[n(3)]
    pub(super) before: i64,
    /// The same of the period before.
    #[n(4)]
    pub(super) before_top: Rank,
}

/// Sums per local day, of days inside the window only, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Days {
    #[n(0)]
    pub(super) days: Vec<DaySum>,
    /// Sum of all.
    #[n(1)]
    pub(super) total: i64,
}

/// What a local day contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct DaySum {
    #[n(0)]
    pub(super) on: CalendarDate,
    #[n(1)]
    pub(super) sum: i64,
}

/// A tier set by hand until an instant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TierLock {
    #[n(0)]
    pub(super) rank: Rank,
    /// The first instant at which it no longer holds.
    #[n(1)]
    pub until: Timestamp,
    /// By whom.
    #[n(2)]
    pub actor: Actor,
    /// Why.
    #[n(3)]
    pub reason: Reason,
}

impl LadderState {
    /// Everything due up to this instant has happened; a fact before it comes late.
    #[must_use]
    pub const fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Since when the customer has the current tier.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// The lock in force.
    #[must_use]
    pub const fn lock(&self) -> Option<&TierLock> {
        self.lock.as_ref()
    }

    /// The highest tier held without the lock.
    pub(super) fn top(&self) -> Rank {
        self.kept.iter().map(|kept| kept.rank).max().unwrap_or(0).max(self.base)
    }

    /// The metric in the window that runs.
    pub(super) fn metric(&self) -> i64 {
        match &self.sums {
            Sums::Periods(periods) => periods.sum,
            Sums::Days(days) => days.total,
            Sums::Ever { total } => *total,
        }
    }

    /// A tier lost within a period is no longer one that the period began with.
    pub(super) fn forget_lost(&mut self) {
        let top = self.top();
        if let Sums::Periods(periods) = &mut self.sums {
            periods.top = periods.top.min(top);
        }
    }

    /// Keeps a tier for a time; of two times the longer one stays.
    pub(super) fn keep(&mut self, new: Kept) {
        match self.kept.iter_mut().find(|kept| kept.rank == new.rank) {
            Some(kept) if kept.until < new.until => *kept = new,
            Some(_) => {}
            None => self.kept.push(new),
        }
        self.kept.sort_unstable_by_key(|kept| kept.rank);
    }
}

impl Days {
    /// Adds to a day.
    pub(super) fn add(&mut self, on: CalendarDate, amount: i64) {
        self.total = self.total.saturating_add(amount);
        match self.days.binary_search_by_key(&on, |day| day.on) {
            Ok(index) => {
                if let Some(day) = self.days.get_mut(index) {
                    day.sum = day.sum.saturating_add(amount);
                }
            }
            Err(index) => self.days.insert(index, DaySum { on, sum: amount }),
        }
    }
}
