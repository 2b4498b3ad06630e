//! Where windows begin and end. Everything is decided on local dates; instants come from the zone.

use super::ladder::Ladder;
use super::rules::Window;
use super::state::LadderState;
use crate::value::{CalendarDate, Period, Timestamp, Zone};

/// First day of the year of membership that holds `date`; 29 February counts as 28 February in common years.
fn anniversary_before(joined_on: CalendarDate, date: CalendarDate) -> CalendarDate {
    let years = date.ymd().0 - joined_on.ymd().0;
    let start = joined_on.plus_months(12 * years);
    if start <= date { start } else { joined_on.plus_months(12 * (years - 1)) }
}

impl Ladder {
    /// First day of the calendar or anniversary period that holds `date`.
    pub(super) fn period_start(&self, zone: Zone, joined_on: CalendarDate, date: CalendarDate) -> CalendarDate {
        match self.window {
            Window::Calendar { period } => zone.period_start(period, date),
            _ => anniversary_before(joined_on, date),
        }
    }

    /// First day of the period after the one that begins on `start_on`; none at the end of the calendar.
    pub(super) fn period_after(
        &self,
        zone: Zone,
        joined_on: CalendarDate,
        start_on: CalendarDate,
    ) -> Option<CalendarDate> {
        let next = match self.window {
            Window::Calendar { period } => zone.next_period_start(period, start_on),
            _ => joined_on.plus_months(12 * (start_on.ymd().0 - joined_on.ymd().0 + 1)),
        };
        (start_on < next).then_some(next)
    }

    /// The day on which a contribution of a rolling window leaves.
    pub(super) fn leaves_on(&self, on: CalendarDate) -> CalendarDate {
        match self.window {
            Window::RollingDays { days } => on.plus_days(i64::from(days)),
            Window::RollingMonths { months } => on.plus_months(i32::try_from(months).unwrap_or(i32::MAX)),
            _ => on,
        }
    }

    /// The first day that still counts on `today` in a rolling window.
    pub(super) fn window_start(&self, today: CalendarDate) -> CalendarDate {
        match self.window {
            Window::RollingDays { days } => today.plus_days(1 - i64::from(days)),
            Window::RollingMonths { months } => {
                // Month ends clamp, so that up to four days leave together; the first that stays is near.
                let mut first = today.plus_months(-i32::try_from(months).unwrap_or(i32::MAX)).plus_days(-3);
                while self.leaves_on(first) <= today && first < today {
                    first = first.plus_days(1);
                }
                first
            }
            _ => today,
        }
    }

    /// The instant at which the earliest contribution leaves a rolling window.
    pub(super) fn next_leaving(&self, zone: Zone, earliest: Option<CalendarDate>) -> Option<Timestamp> {
        earliest.map(|on| zone.start_of(self.leaves_on(on)))
    }

    /// The end of grace after a review that failed at an instant.
    pub(super) fn grace_end(&self, zone: Zone, review_at: Timestamp) -> Timestamp {
        if self.grace_days == 0 {
            return review_at;
        }
        zone.start_of(zone.date(review_at).plus_days(i64::from(self.grace_days))).max(review_at)
    }

    /// The review after one that took a tier: the next of a calendar window, or one whole rolling window later.
    pub(super) fn review_after_loss(&self, zone: Zone, state: &LadderState, lost_at: Timestamp) -> Timestamp {
        match self.window {
            Window::RollingDays { .. } | Window::RollingMonths { .. } => {
                zone.start_of(self.leaves_on(zone.date(lost_at)))
            }
            _ => state.review_at.unwrap_or(Timestamp::MAX),
        }
    }
}

/// The first instant of the next local month.
pub(super) fn next_month(zone: Zone, at: Timestamp) -> Timestamp {
    zone.start_of(zone.next_period_start(Period::Month, zone.date(at)))
}

/// The last local date on which something that ends (exclusively) at an instant still holds.
pub(super) fn last_date(zone: Zone, ends_at: Timestamp) -> CalendarDate {
    zone.date(ends_at.plus_millis(-1))
}

/// The earlier of two instants that may be missing.
pub(super) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
