//! From policies to instants: when a credit becomes usable and when it ends.

use super::{ExpiryPolicy, PendingPolicy};
use crate::value::{CalendarDate, Period, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// The dates of one credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// When it was earned.
    pub earned_at: Timestamp,
    /// First usable instant; none while it waits for an event.
    pub activates_at: Option<Timestamp>,
    /// Whether it waits for an event.
    pub waiting: bool,
    /// First instant after the last usable one; none for points that do not end, or not yet known to.
    pub expires_at: Option<Timestamp>,
}

impl Dates {
    /// Usable from the instant it is earned, and for ever.
    #[must_use]
    pub const fn at_once(earned_at: Timestamp) -> Self {
        Self { earned_at, activates_at: Some(earned_at), waiting: false, expires_at: None }
    }
}

/// The dates that the policies give to points earned at `effective_at`.
///
/// Validity starts at activation. Points that wait for an event have no end until it comes ([`expires_at`] computes it then). For a
/// fixed policy and zone the results never fall as the local date of earning grows, across daylight saving and leap days.
///
/// ```
/// use crm_core::points::{dates, ExpiryPolicy, PendingPolicy};
/// use crm_core::value::{Timestamp, Zone};
/// let earned_at = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// let found = dates(&PendingPolicy::Days { days: 14 }, &ExpiryPolicy::Days { days: 365 }, &Zone::UTC, earned_at);
/// assert_eq!(found.activates_at, Some(Timestamp::parse("2026-03-15T00:00:00Z")?));
/// assert_eq!(found.expires_at, Some(Timestamp::parse("2027-03-16T00:00:00Z")?));
/// # Ok::<(), crm_core::Error>(())
/// ```
#[must_use]
pub fn dates(pending: &PendingPolicy, expiry: &ExpiryPolicy, zone: &Zone, effective_at: Timestamp) -> Dates {
    let activates_at = match pending {
        PendingPolicy::None => effective_at,
        // Where clocks fall back over midnight the next day may start before `effective_at`; points never activate before they exist.
        PendingPolicy::Days { days } => {
            zone.start_of(zone.date(effective_at).plus_days(i64::from(*days))).max(effective_at)
        }
        PendingPolicy::UntilEvent => {
            return Dates { earned_at: effective_at, activates_at: None, waiting: true, expires_at: None };
        }
    };
    Dates {
        earned_at: effective_at,
        activates_at: Some(activates_at),
        waiting: false,
        expires_at: expires_at(expiry, zone, activates_at),
    }
}

/// The first instant after the last usable day of points that become usable (or, when sliding, see activity) at `activates_at`.
#[must_use]
pub fn expires_at(expiry: &ExpiryPolicy, zone: &Zone, activates_at: Timestamp) -> Option<Timestamp> {
    let last = last_day(expiry, zone, zone.date(activates_at))?;
    // As above: a day that ends before its own second midnight still leaves an instant of use.
    Some(zone.end_of(last).max(activates_at.plus_millis(1)))
}

fn last_day(expiry: &ExpiryPolicy, zone: &Zone, from: CalendarDate) -> Option<CalendarDate> {
    match expiry {
        ExpiryPolicy::Never => None,
        ExpiryPolicy::Days { days } => Some(from.plus_days(i64::from(*days))),
        ExpiryPolicy::Months { months } | ExpiryPolicy::Sliding { months } => Some(plus_months(from, *months)),
        ExpiryPolicy::EndOf { period, after } => {
            let start = zone.period_start(*period, from);
            let periods = after.saturating_add(1);
            let next = match period {
                Period::Day => start.plus_days(i64::from(periods)),
                Period::Week => start.plus_days(i64::from(periods).saturating_mul(7)),
                Period::Month => plus_months(start, periods),
                Period::Quarter => plus_months(start, periods.saturating_mul(3)),
                Period::Year => plus_months(start, periods.saturating_mul(12)),
            };
            Some(next.plus_days(-1))
        }
        ExpiryPolicy::FixedDates { dates, min_days } => {
            let earliest = from.plus_days(i64::from(*min_days));
            let (year, _, _) = earliest.ymd();
            let days = dates.iter().filter_map(|day| month_and_day(day));
            days.flat_map(|(month, day)| [year, year.saturating_add(1)].map(|y| in_year(y, month, day)))
                .flatten()
                .filter(|day| *day >= earliest)
                .min()
        }
    }
}

fn plus_months(date: CalendarDate, months: u32) -> CalendarDate {
    date.plus_months(i32::try_from(months).unwrap_or(i32::MAX))
}

fn month_and_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

/// `02-29` is the last day of February in every year.
fn in_year(year: i32, month: u32, day: u32) -> Option<CalendarDate> {
    let shown = if (month, day) == (2, 29) { CalendarDate::new(year, 2, 29).map_or(28, |_| 29) } else { day };
    CalendarDate::new(year, month, shown).ok()
}
