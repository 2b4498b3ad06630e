//! Shares of a whole.

use super::Amount;
use super::digits::Digits;
use crate::error::{Error, ErrorCode, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A percentage from 0 to 100 with at most four digits after the point, as a string: `"12.5"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Percent(#[n(0)] u32);

impl Percent {
    /// The whole: 100 %.
    pub const WHOLE: Self = Self(1_000_000);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads a decimal such as `12.5`.
    ///
    /// # Errors
    /// `value.percent` for anything but a decimal from 0 to 100 with at most four digits after the point.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || {
            let quoted = crate::limits::quote(text);
            Error::new(ErrorCode::ValuePercent, format!("`{quoted}` is not a percentage")).limit(100)
        };
        let decimal = Amount::parse(text).map_err(|_| bad())?.decimal().normalize();
        if decimal.scale() > 4 {
            return Err(bad());
        }
        let millionths = decimal.mantissa().checked_mul(10_i128.pow(4 - decimal.scale()));
        millionths.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= Self::WHOLE.0).map(Self).ok_or_else(bad)
    }

    /// In millionths of the whole: 12.5 % is 125,000.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// This share of an amount of zero or more, rounded half up.
    #[must_use]
    pub fn of(self, minor: i64) -> i64 {
        super::spread::share(minor, i64::from(self.0), i64::from(Self::WHOLE.0))
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rust_decimal::Decimal::new(i64::from(self.0), 4).normalize().fmt(f)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (mut units, mut scale) = (self.0, 4);
        while 0 < scale && units.is_multiple_of(10) {
            (units, scale) = (units / 10, scale - 1);
        }
        serializer.serialize_str(Digits::new(false, u64::from(units), scale).as_str())
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(Error::in_serde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact_and_bounded() {
        for (text, millionths) in [("0", 0), ("12.5", 125_000), ("100", 1_000_000), ("0.0001", 1), ("33.3300", 333_300)]
        {
            let percent = Percent::parse(text).unwrap();
            assert_eq!(percent.millionths(), millionths, "{text}");
            assert_eq!(serde_json::to_string(&percent).unwrap(), format!("\"{percent}\""));
        }
        for text in ["-1", "100.0001", "0.00001", "12,5", "1e2", "NaN", "", "20%"] {
            assert_eq!(Percent::parse(text).unwrap_err().code(), ErrorCode::ValuePercent, "{text}");
        }
        assert_eq!(Percent::parse("12.5").unwrap().to_string(), "12.5");
        assert_eq!(Percent::parse("33.3333").unwrap().of(3), 1);
        assert_eq!(Percent::parse("50").unwrap().of(1), 1);
    }
}
