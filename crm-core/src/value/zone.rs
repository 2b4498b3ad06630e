//! Local days of a time zone: the one function that decides gaps and overlaps, and the periods of the calendar.

use super::{CalendarDate, Timestamp};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use chrono::{Datelike, LocalResult, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IANA time zone, such as `Asia/Shanghai`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(chrono_tz::Tz);

/// A period of the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A local day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// January–March, April–June, …
    Quarter,
    /// A calendar year.
    Year,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(chrono_tz::UTC);

    /// Looks the name up in the IANA database.
    ///
    /// # Errors
    /// `time.zone` for an unknown name.
    pub fn new(name: &str) -> Result<Self> {
        name.parse().map(Self).map_err(|_| {
            Error::new(ErrorCode::TimeZone, format!("`{}` is not an IANA time zone", limits::quote(name))).field("zone")
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The local calendar date at an instant.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> CalendarDate {
        CalendarDate::from_naive(self.local(at).date())
    }

    /// The local wall-clock time at an instant.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        if self.0 == chrono_tz::UTC {
            return at.to_utc().naive_utc();
        }
        at.to_utc().with_timezone(&self.0).naive_local()
    }

    /// The first instant of a local day. Where midnight falls into a gap of daylight saving it is the instant after the gap; where it
    /// happens twice, the earlier one.
    #[must_use]
    pub fn start_of(&self, date: CalendarDate) -> Timestamp {
        let midnight = date.naive().and_time(NaiveTime::MIN);
        if self.0 == chrono_tz::UTC {
            return within(midnight);
        }
        match self.0.from_local_datetime(&midnight) {
            LocalResult::None => self.first_after_gap(midnight),
            _ => self.instant(midnight),
        }
    }

    /// The first instant after the local day: a validity "through `date`" ends here (exclusive).
    #[must_use]
    pub fn end_of(&self, date: CalendarDate) -> Timestamp {
        self.start_of(date.plus_days(1))
    }

    /// The instant of a local wall-clock time: the later instant in a gap, as if the clocks had not gone forward yet, and the earlier
    /// in an overlap.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Timestamp {
        let utc = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.naive_utc(),
            LocalResult::None => {
                // INVARIANT: in a gap the offset before it, applied to the missing time, names an instant after the gap
                // (guarded by value::zone tests): 02:30 in a gap from 02:00 to 03:00 is 03:30.
                let before = local.checked_sub_signed(TimeDelta::hours(26)).unwrap_or(local);
                let offset = self.0.offset_from_utc_datetime(&before).fix().local_minus_utc();
                local.checked_sub_signed(TimeDelta::seconds(i64::from(offset))).unwrap_or(local)
            }
        };
        within(utc)
    }

    fn first_after_gap(&self, midnight: NaiveDateTime) -> Timestamp {
        // The gap's end is the first minute (no zone has finer steps today) whose local time is past the missing one.
        let mut at = midnight;
        for _ in 0..(48 * 60) {
            at = at.checked_add_signed(TimeDelta::minutes(1)).unwrap_or(at);
            if let LocalResult::Single(found) | LocalResult::Ambiguous(found, _) = self.0.from_local_datetime(&at) {
                return Timestamp::from_millis(found.timestamp_millis()).unwrap_or(Timestamp::MAX);
            }
        }
        self.instant(midnight)
    }

    /// The same local time of day a number of calendar days later.
    #[must_use]
    pub fn plus_days(&self, at: Timestamp, days: i64) -> Timestamp {
        if self.0 == chrono_tz::UTC
            && let Some(moved) = days.checked_mul(86_400_000).and_then(|millis| millis.checked_add(at.millis()))
            && (Timestamp::MIN.millis()..=Timestamp::MAX.millis()).contains(&moved)
        {
            return at.plus_millis(moved.saturating_sub(at.millis()));
        }
        let local = self.local(at);
        let date = CalendarDate::from_naive(local.date()).plus_days(days);
        self.instant(date.naive().and_time(local.time()))
    }

    /// The same local time of day a number of calendar months later, clamped to the month's last day.
    #[must_use]
    pub fn plus_months(&self, at: Timestamp, months: i32) -> Timestamp {
        let local = self.local(at);
        let date = CalendarDate::from_naive(local.date()).plus_months(months);
        self.instant(date.naive().and_time(local.time()))
    }

    /// First day of the period that holds `date`.
    #[must_use]
    pub fn period_start(&self, period: Period, date: CalendarDate) -> CalendarDate {
        let naive = date.naive();
        let (year, month, _) = date.ymd();
        let first = |m: u32| CalendarDate::new(year, m, 1).unwrap_or(date);
        match period {
            Period::Day => date,
            Period::Week => date.plus_days(-i64::from(naive.weekday().num_days_from_monday())),
            Period::Month => first(month),
            Period::Quarter => first((month - 1) / 3 * 3 + 1),
            Period::Year => first(1),
        }
    }

    /// First day of the period after the one that holds `date`.
    #[must_use]
    pub fn next_period_start(&self, period: Period, date: CalendarDate) -> CalendarDate {
        let start = self.period_start(period, date);
        match period {
            Period::Day => start.plus_days(1),
            Period::Week => start.plus_days(7),
            Period::Month => start.plus_months(1),
            Period::Quarter => start.plus_months(3),
            Period::Year => start.plus_months(12),
        }
    }
}

/// The instant of a wall-clock time in UTC, held at the ends of the range.
fn within(utc: NaiveDateTime) -> Timestamp {
    Timestamp::MIN.plus_millis(utc.and_utc().timestamp_millis().saturating_sub(Timestamp::MIN.millis()))
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(Error::in_serde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, date: &str, first_instant: &str) {
        let start = Zone::new(zone).unwrap().start_of(CalendarDate::parse(date).unwrap());
        assert_eq!(start.to_string(), first_instant, "{zone} {date}");
    }

    /// Days of UTC all have 24 hours; the ends of the calendar are those of every zone.
    #[test]
    fn days_of_utc_are_like_those_of_a_zone_without_changes() {
        let plain = Zone::new("Etc/GMT").unwrap();
        for at in ["2026-02-28T23:59:59.999Z", "0001-01-02T03:04:05Z", "9999-12-30T12:00:00Z", "2024-02-29T00:00:00Z"] {
            let at = Timestamp::parse(at).unwrap();
            for days in [0, 1, -1, -2, 2, 365, -365, 4_000_000, -4_000_000, i64::MAX] {
                assert_eq!(Zone::UTC.plus_days(at, days), plain.plus_days(at, days), "{at} {days}");
                let day = Zone::UTC.date(at).plus_days(days);
                assert_eq!(Zone::UTC.start_of(day), plain.start_of(day), "{day}");
            }
        }
    }

    #[test]
    fn the_first_instant_of_a_day_is_decided_in_one_place() {
        check("UTC", "2026-03-15", "2026-03-15T00:00:00Z");
        check("Asia/Shanghai", "2026-03-15", "2026-03-14T16:00:00Z");
        // Clocks of Santiago went from 24:00 to 01:00 on 2026-09-06: midnight does not exist, the day starts at 01:00-03:00.
        check("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z");
        // Clocks of Havana fall back from 01:00 to 00:00 on 2026-11-01: midnight happens twice, the earlier counts.
        check("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z");
        // Samoa skipped 2011-12-30 altogether.
        check("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z");
    }

    #[test]
    fn a_time_of_day_in_a_gap_is_the_later_instant_and_in_an_overlap_the_earlier() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        let instant = |local: &str| berlin.instant(local.parse().unwrap()).to_string();
        // Clocks go from 02:00 to 03:00 on 2026-03-29 and from 03:00 to 02:00 on 2026-10-25.
        assert_eq!(instant("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z");
        assert_eq!(instant("2026-03-29T02:00:00"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
        // Half an hour in Lord Howe, a whole day in Samoa.
        let lord_howe = Zone::new("Australia/Lord_Howe").unwrap();
        assert_eq!(lord_howe.instant("2026-10-04T02:15:00".parse().unwrap()).to_string(), "2026-10-03T15:45:00Z");
        let apia = Zone::new("Pacific/Apia").unwrap();
        assert_eq!(apia.instant("2011-12-30T10:00:00".parse().unwrap()).to_string(), "2011-12-30T20:00:00Z");
    }

    #[test]
    fn months_clamp_to_their_end() {
        let date = CalendarDate::parse("2026-01-31").unwrap();
        assert_eq!(date.plus_months(1).to_string(), "2026-02-28");
        assert_eq!(CalendarDate::parse("2024-02-29").unwrap().plus_months(12).to_string(), "2025-02-28");
        assert_eq!(date.plus_months(-2).to_string(), "2025-11-30");
    }
}
