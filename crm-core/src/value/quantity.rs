//! How much of an article: pieces, or weighed goods to a thousandth.

use super::Amount;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A quantity in thousandths: 3 pieces are 3000, 0.255 kg are 255. On the border a string (`"0.255"`) or a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Quantity(#[n(0)] i64);

impl Quantity {
    /// One piece.
    pub const ONE: Self = Self(1000);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes thousandths over.
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// Whole pieces.
    ///
    /// # Errors
    /// `order.quantity` beyond ±10^9.
    pub fn pieces(pieces: i64) -> Result<Self> {
        Self::from_decimal(Decimal::from(pieces))
    }

    /// Reads a decimal with at most three digits after the point.
    ///
    /// # Errors
    /// `order.quantity` for more digits or beyond ±10^9.
    pub fn from_decimal(decimal: Decimal) -> Result<Self> {
        let bad = |why: String| Error::new(ErrorCode::OrderQuantity, why).field("quantity").limit(limits::QUANTITY_MAX);
        let normal = decimal.normalize();
        if normal.scale() > 3 {
            return Err(bad(format!("quantity `{decimal}` has more than 3 digits after the point")).limit(3));
        }
        normal
            .checked_mul(Decimal::ONE_THOUSAND)
            .and_then(|d| d.to_i64())
            .filter(|n| n.abs() <= limits::QUANTITY_MAX.saturating_mul(1000))
            .map(Self)
            .ok_or_else(|| bad(format!("quantity `{decimal}` is beyond {}", limits::QUANTITY_MAX)))
    }

    /// The number of thousandths.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// As a decimal number.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.0, 3).normalize()
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.decimal().fmt(f)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 { serializer.serialize_i64(self.0 / 1000) } else { serializer.collect_str(self) }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Quantity;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number or a decimal in a string")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> std::result::Result<Quantity, E> {
                Quantity::pieces(n).map_err(Error::in_serde)
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> std::result::Result<Quantity, E> {
                Quantity::from_decimal(Decimal::from(n)).map_err(Error::in_serde)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Quantity, E> {
                Amount::parse(text).and_then(|a| Quantity::from_decimal(a.decimal())).map_err(Error::in_serde)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
