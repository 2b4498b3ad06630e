//! Months as people count them: `2026-03`.

use crm_core::value::{Timestamp, Zone};
use serde::{Serialize, Serializer};

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month(i32);

const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Month {
    /// The local month of an instant.
    pub(crate) fn of(zone: &Zone, at: Timestamp) -> Self {
        let (year, month, _) = zone.date(at).ymd();
        Self(year * 12 + i32::try_from(month).unwrap_or(1) - 1)
    }

    /// Reads `2026-03`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let month: i32 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        Some(Self(year.parse::<i32>().ok()? * 12 + month - 1))
    }

    pub(crate) const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    pub(crate) const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// `Mar`.
    pub(crate) fn short(self) -> String {
        let name = usize::try_from(self.0.rem_euclid(12)).ok().and_then(|place| NAMES.get(place)).unwrap_or(&"");
        (*name).to_owned()
    }

    /// Every month from one to another.
    pub(crate) fn range(from: Self, through: Self) -> impl Iterator<Item = Self> {
        (from.0..=through.0).map(Self)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.0.rem_euclid(12) + 1)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Month;

    #[test]
    fn months_count_over_the_turn_of_the_year() {
        let december = Month::parse("2025-12").unwrap();
        assert_eq!(december.plus(1).to_string(), "2026-01");
        assert_eq!(december.plus(-12).to_string(), "2024-12");
        assert_eq!((december.short(), december.year()), ("Dec".to_owned(), 2025));
        assert_eq!(Month::parse("2026-13"), None);
    }
}
