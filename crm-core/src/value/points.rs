//! Whole points.

use crate::error::{Error, ErrorCode, Result};
use crate::limits::POINTS_ABS_MAX;
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number of points within ±(2^53−1), so that every language holds it exactly.
///
/// ```
/// use crm_core::value::Points;
/// assert_eq!(Points::new(40)?.plus(Points::new(2)?)?.get(), 42);
/// assert!(Points::new(1 << 53).is_err());
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Points(i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// Checks the range.
    ///
    /// # Errors
    /// `points.range` outside ±(2^53−1).
    pub fn new(points: i64) -> Result<Self> {
        if (-POINTS_ABS_MAX..=POINTS_ABS_MAX).contains(&points) {
            Ok(Self(points))
        } else {
            Err(Error::new(ErrorCode::PointsRange, format!("`{points}` points are outside ±{POINTS_ABS_MAX}"))
                .field("points")
                .limit(POINTS_ABS_MAX))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Sum, checked.
    ///
    /// # Errors
    /// `points.range` when the sum leaves the range.
    pub fn plus(self, other: Self) -> Result<Self> {
        Self::new(self.0.saturating_add(other.0))
    }

    /// Difference, checked.
    ///
    /// # Errors
    /// `points.range` when the difference leaves the range.
    pub fn minus(self, other: Self) -> Result<Self> {
        Self::new(self.0.saturating_sub(other.0))
    }

    /// The smaller of two.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        self.min(other)
    }

    /// True for more than zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// True for zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The same number with the other sign; the range is symmetric, so this cannot fail.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(Error::in_serde)
    }
}

impl<C> minicbor::Encode<C> for Points {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(self.0)?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Points {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
        Self::new(d.i64()?).map_err(|_| minicbor::decode::Error::message("points out of range"))
    }
}
