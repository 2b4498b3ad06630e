//! Money: exact decimals at the border, whole minor units inside.

use super::Points;
use super::digits::Digits;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact decimal number as it crosses the border: a string such as `"12.50"`, never a JSON number.
///
/// It has no currency yet; [`Currency::minor`] turns it into whole minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Takes a decimal over.
    #[must_use]
    pub const fn new(decimal: Decimal) -> Self {
        Self(decimal)
    }

    /// Reads plain decimal notation: an optional `-`, digits, an optional point with digits.
    ///
    /// # Errors
    /// `money.text` for anything else (exponents, `NaN`, blanks, grouping), `money.range` for more than 28 digits.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || Error::new(ErrorCode::MoneyText, format!("`{}` is not a decimal number", limits::quote(text)));
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty()
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && digits.matches('.').count() <= 1;
        if !plain {
            return Err(bad());
        }
        // One form for one number: `12.5` and `12.50` are the same amount to a fingerprint, too.
        Decimal::from_str_exact(text).map(|decimal| Self(decimal.normalize())).map_err(|_| {
            Error::new(ErrorCode::MoneyRange, format!("`{}` has more than 28 digits", limits::quote(text))).limit(28)
        })
    }

    /// The decimal.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Amount {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match Digits::of(self.0) {
            Some(digits) => serializer.serialize_str(digits.as_str()),
            None => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(Error::in_serde)
    }
}

/// An ISO 4217 currency with its number of minor digits (JPY 0, CNY 2, KWD 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

impl Currency {
    /// Looks the code up in ISO 4217.
    ///
    /// # Errors
    /// `money.currency` for anything that is not a current three-letter code in capitals.
    pub fn new(code: &str) -> Result<Self> {
        let unknown =
            || Error::new(ErrorCode::MoneyCurrency, format!("`{}` is not an ISO 4217 currency", limits::quote(code)));
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| unknown())?;
        let found = iso_currency::Currency::from_code(code).ok_or_else(unknown)?;
        let digits = found.exponent().ok_or_else(unknown)?;
        Ok(Self { code: bytes, digits: u8::try_from(digits).map_err(|_| unknown())? })
    }

    /// The symbol that is common where it is used, such as `¥` or `HK$`.
    #[cfg(feature = "import")]
    pub(crate) fn symbol(&self) -> Option<String> {
        iso_currency::Currency::from_code(self.code()).map(|found| found.symbol().to_string())
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// How many digits follow the point.
    #[must_use]
    pub const fn digits(&self) -> u32 {
        self.digits as u32
    }

    /// Whole minor units of an amount: `12.5` CNY is 1250.
    ///
    /// # Errors
    /// `money.precision` when the amount has more digits than the currency, `money.range` beyond ±9×10^15.
    pub fn minor(&self, amount: Amount) -> Result<i64> {
        let normal = amount.0.normalize();
        if normal.scale() > self.digits() {
            return Err(Error::new(
                ErrorCode::MoneyPrecision,
                format!("`{amount}` has more than the {} digits of {}", self.digits, self.code()),
            )
            .limit(self.digits()));
        }
        let units = normal
            .mantissa()
            .checked_mul(10_i128.pow(self.digits().saturating_sub(normal.scale())))
            .and_then(|units| units.to_i64())
            .filter(|units| units.abs() <= limits::MINOR_ABS_MAX);
        units.ok_or_else(|| {
            Error::new(ErrorCode::MoneyRange, format!("`{amount}` {} is beyond the largest amount", self.code()))
                .limit(limits::MINOR_ABS_MAX)
        })
    }

    /// The amount of a number of minor units.
    #[must_use]
    pub fn amount(&self, minor: i64) -> Amount {
        Amount(Decimal::new(minor, self.digits()))
    }

    /// What points are worth at a value for each, in whole minor units, rounded down; 0 for a value that no program may have.
    #[must_use]
    pub fn worth(&self, points: Points, value: Amount) -> i128 {
        let value = value.0.normalize();
        let parts = || {
            let exact = value.mantissa().checked_mul(i128::from(points.get()))?;
            let shift = 10_i128.checked_pow(value.scale().abs_diff(self.digits()))?;
            if self.digits() < value.scale() { Some(exact.div_euclid(shift)) } else { exact.checked_mul(shift) }
        };
        parts().unwrap_or(0)
    }

    /// As [`worth`](Self::worth), as money.
    #[must_use]
    pub fn worth_of(&self, points: Points, value: Amount) -> Money {
        let amount = Decimal::try_from_i128_with_scale(self.worth(points, value), self.digits()).unwrap_or_default();
        Money { amount: Amount(amount), currency: *self }
    }

    /// Minor units with their currency.
    #[must_use]
    pub fn money(&self, minor: i64) -> Money {
        Money { amount: self.amount(minor), currency: *self }
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(Error::in_serde)
    }
}

impl<C> minicbor::Encode<C> for Currency {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.code())?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Currency {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
        Self::new(d.str()?).map_err(|_| minicbor::decode::Error::message("unknown currency"))
    }
}

/// An exact amount of one currency: `{"amount":"12.50","currency":"CNY"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How much, in major units.
    pub amount: Amount,
    /// Of which currency.
    pub currency: Currency,
}
