//! Instants and calendar dates. A naive time of day without a zone does not exist here.

use super::digits::two;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in whole milliseconds of UTC, from year 1 to year 9999. On the border RFC 3339 with an offset.
///
/// ```
/// use crm_core::value::Timestamp;
/// let at = Timestamp::parse("2026-03-01T08:00:00+08:00")?;
/// assert_eq!(at.to_string(), "2026-03-01T00:00:00Z");
/// assert!(Timestamp::parse("2026-03-01T08:00:00").is_err(), "a naive time is refused");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Takes milliseconds since 1970-01-01T00:00:00Z over.
    ///
    /// # Errors
    /// `time.range` outside the years 1 to 9999.
    pub fn from_millis(millis: i64) -> Result<Self> {
        let at = Self(millis);
        if (Self::MIN..=Self::MAX).contains(&at) {
            Ok(at)
        } else {
            Err(Error::new(ErrorCode::TimeRange, format!("`{millis}` ms is outside the years 1 to 9999")).field("at"))
        }
    }

    /// Reads RFC 3339 with `Z` or an offset; parts below a millisecond are cut off.
    ///
    /// # Errors
    /// `time.naive` for a time without offset, `time.text` for anything else that is not RFC 3339, `time.range` outside years 1 to 9999.
    pub fn parse(text: &str) -> Result<Self> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Self::from_millis(at.timestamp_millis()),
            Err(_) => {
                let quoted = limits::quote(text);
                let naive = text.len() <= 40
                    && (chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
                        || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").is_ok());
                Err(if naive {
                    Error::new(ErrorCode::TimeNaive, format!("`{quoted}` has no offset from UTC"))
                } else {
                    Error::new(ErrorCode::TimeText, format!("`{quoted}` is not an RFC 3339 instant"))
                })
            }
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant and a number of milliseconds, held at the ends of the range.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis)).clamp(Self::MIN, Self::MAX)
    }

    /// The same instant as chrono's.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The text of an instant that is a whole second, as most are.
    fn whole_second(self) -> Option<[u8; 20]> {
        let at = self.to_utc();
        let year = u32::try_from(at.year()).ok().filter(|year| self.0 % 1000 == 0 && *year < 10_000)?;
        let ([y1, y2], [y3, y4]) = (two(year / 100), two(year % 100));
        let ([mo1, mo2], [d1, d2]) = (two(at.month()), two(at.day()));
        let ([h1, h2], [m1, m2], [s1, s2]) = (two(at.hour()), two(at.minute()), two(at.second()));
        Some([y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'])
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.whole_second() {
            Some(text) => f.write_str(std::str::from_utf8(&text).unwrap_or_default()),
            None => f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }
}

impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.whole_second() {
            Some(text) => serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default()),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(Error::in_serde)
    }
}

/// A day of the calendar without a zone: a birthday, the last day of validity. On the border `"2026-02-28"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(NaiveDate);

impl CalendarDate {
    /// Builds a date from year, month and day.
    ///
    /// # Errors
    /// `time.range` for a day that does not exist or a year outside 1 to 9999.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self> {
        NaiveDate::from_ymd_opt(year, month, day).filter(|d| (1..=9999).contains(&d.year())).map(Self).ok_or_else(
            || Error::new(ErrorCode::TimeRange, format!("{year:04}-{month:02}-{day:02} is not a day of the calendar")),
        )
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// `time.text` for another form, `time.range` for a day that does not exist.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || Error::new(ErrorCode::TimeText, format!("`{}` is not a date YYYY-MM-DD", limits::quote(text)));
        let mut parts = text.splitn(3, '-');
        let mut part = |length: usize| -> Option<u32> {
            let p = parts.next()?;
            (p.len() == length && p.bytes().all(|b| b.is_ascii_digit())).then(|| p.parse().ok()).flatten()
        };
        let (year, month, day) = (part(4).ok_or_else(bad)?, part(2).ok_or_else(bad)?, part(2).ok_or_else(bad)?);
        Self::new(i32::try_from(year).map_err(|_| bad())?, month, day)
    }

    /// chrono's date.
    #[must_use]
    pub const fn naive(self) -> NaiveDate {
        self.0
    }

    /// Takes chrono's date over, held within years 1 to 9999.
    #[must_use]
    pub fn from_naive(date: NaiveDate) -> Self {
        if date.year() < 1 {
            return Self(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(date));
        }
        if date.year() > 9999 {
            return Self(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(date));
        }
        Self(date)
    }

    /// The date a number of days later (or earlier), held within the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let moved = TimeDelta::try_days(days).and_then(|delta| self.0.checked_add_signed(delta));
        Self::from_naive(moved.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// The date a number of months later (or earlier); the day is clamped to the month's last (31 January + 1 = 28 February).
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let moved = if months < 0 {
            self.0.checked_sub_months(Months::new(months.unsigned_abs()))
        } else {
            self.0.checked_add_months(Months::new(months.unsigned_abs()))
        };
        Self::from_naive(moved.unwrap_or(if months < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// Year, month, day.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn day_number(self) -> i64 {
        self.0.signed_duration_since(NaiveDate::default()).num_days()
    }
}

impl std::fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

impl std::fmt::Debug for CalendarDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for CalendarDate {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(Error::in_serde)
    }
}

impl<C> minicbor::Encode<C> for CalendarDate {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(self.day_number())?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for CalendarDate {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
        Ok(Self(NaiveDate::default()).plus_days(d.i64()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Seen to fail with the month in the place of the day.
        #[test]
        fn instants_are_written_as_rfc_3339(seconds in -62_135_596_800..=253_402_300_799_i64, millis in 0..999_i64) {
            for (at, form) in [(seconds * 1000, SecondsFormat::Secs), (seconds * 1000 + millis, SecondsFormat::AutoSi)] {
                let at = Timestamp::from_millis(at).unwrap();
                let text = at.to_utc().to_rfc3339_opts(form, true);
                prop_assert_eq!(at.to_string(), text.clone());
                prop_assert_eq!(serde_json::to_value(at).unwrap(), text.clone());
                prop_assert_eq!(Timestamp::parse(&text).unwrap(), at);
            }
        }
    }
}
