//! The only place where a clock is read: the library itself never does.

use crm_core::value::{CalendarDate, Timestamp, Zone};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present instant.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
}

/// An instant as people give it: RFC 3339, or a day, which means its end in the program's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Instant(Timestamp),
    Day(CalendarDate),
}

impl Moment {
    /// The instant that is meant.
    pub(crate) fn instant(self, zone: &Zone) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Day(day) => zone.end_of(day).plus_millis(-1),
        }
    }
}

impl FromStr for Moment {
    type Err = crm_core::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        CalendarDate::parse(text).map(Self::Day).or_else(|_| Timestamp::parse(text).map(Self::Instant))
    }
}

/// The given instant, or now.
pub(crate) fn or_now(moment: Option<Moment>, zone: &Zone) -> Timestamp {
    moment.map_or_else(now, |moment| moment.instant(zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_means_its_end_in_the_zone() {
        let zone = Zone::new("Asia/Shanghai").unwrap();
        let end: Moment = "2026-03-01".parse().unwrap();
        assert_eq!(end.instant(&zone).to_string(), "2026-03-01T15:59:59.999Z");
        let exact: Moment = "2026-03-01T08:00:00+08:00".parse().unwrap();
        assert_eq!(exact.instant(&zone).to_string(), "2026-03-01T00:00:00Z");
        assert_eq!("2026-03-01T08:00:00".parse::<Moment>().unwrap_err().code().as_str(), "time.naive");
    }
}
