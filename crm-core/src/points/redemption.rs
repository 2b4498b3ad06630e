//! What a debit leaves behind: allocations, holds, and redemptions that can be reversed.

use super::{LotId, Source};
use crate::error::{Error, ErrorCode, Result};
use crate::value::{HoldId, Points, RedemptionId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The part of one lot that a debit took. Stored, never computed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Which lot.
    #[n(0)]
    pub lot: LotId,
    /// How many of its points; more than 0.
    #[n(1)]
    pub points: Points,
    /// When the lot was earned.
    #[n(2)]
    pub earned_at: Timestamp,
    /// First instant after the lot's last usable one, as it was then.
    #[n(3)]
    pub expires_at: Option<Timestamp>,
    /// What the lot's points were for.
    #[n(4)]
    pub source: Source,
}

/// A reservation of points until a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The caller's name for it.
    #[n(0)]
    pub id: HoldId,
    /// How many points; the sum of the allocations.
    #[n(1)]
    pub points: Points,
    /// From which lots, in consumption order.
    #[n(2)]
    pub allocations: Vec<Allocation>,
    /// When it was made.
    #[n(3)]
    pub at: Timestamp,
    /// The instant at which it times out.
    #[n(4)]
    pub deadline: Timestamp,
    /// What of it was written off by clawbacks and is taken when it is let go.
    #[n(5)]
    #[cbor(default)]
    #[serde(default)]
    pub owed: Points,
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum HoldOutcome {
    /// Spent, in whole or in part.
    #[n(0)]
    Captured,
    /// Let go.
    #[n(1)]
    Released,
    /// It met its deadline.
    #[n(2)]
    TimedOut,
}

/// How a redemption began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum RedemptionKind {
    /// Points spent at once.
    #[n(0)]
    Spend,
    /// Points reserved first.
    #[n(1)]
    Hold,
}

/// Where a redemption stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum RedemptionStatus {
    /// Spent at once.
    #[n(0)]
    Spent,
    /// Reserved, not resolved.
    #[n(1)]
    Held,
    /// A hold that was spent; `points` and `allocations` are what was captured.
    #[n(2)]
    Captured,
    /// A hold that was let go.
    #[n(3)]
    Released,
    /// A hold that met its deadline.
    #[n(4)]
    TimedOut,
}

/// A spend or a hold as the caller stores it: all that a reversal needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// Its name; of a hold, the hold's id.
    #[n(0)]
    pub id: RedemptionId,
    /// How it began.
    #[n(1)]
    pub kind: RedemptionKind,
    /// Where it stands.
    #[n(2)]
    pub status: RedemptionStatus,
    /// How many points; the sum of the allocations.
    #[n(3)]
    pub points: Points,
    /// From which lots, in consumption order.
    #[n(4)]
    pub allocations: Vec<Allocation>,
    /// How much of each allocation was reversed; missing at the end means 0.
    #[n(5)]
    pub reversed: Vec<Points>,
    /// When it was made, or resolved.
    #[n(6)]
    pub at: Timestamp,
}

impl Redemption {
    /// A redemption of which nothing is reversed yet.
    ///
    /// # Errors
    /// `points.range` when the allocations add up to more than points can be.
    pub fn new(
        id: RedemptionId,
        kind: RedemptionKind,
        status: RedemptionStatus,
        allocations: Vec<Allocation>,
        at: Timestamp,
    ) -> Result<Self> {
        let points = total(&allocations)?;
        Ok(Self { id, kind, status, points, allocations, reversed: Vec::new(), at })
    }

    /// How many points may still be reversed: nothing unless it was spent or captured.
    #[must_use]
    pub fn reversible(&self) -> Points {
        if !matches!(self.status, RedemptionStatus::Spent | RedemptionStatus::Captured) {
            return Points::ZERO;
        }
        let reversed: i64 = self.reversed.iter().map(|p| p.get()).fold(0, i64::saturating_add);
        Points::new(self.points.get().saturating_sub(reversed)).unwrap_or(Points::ZERO).max(Points::ZERO)
    }

    /// The slices that a reversal of `points` gives back, in reverse of the allocation order: (index of the allocation, points).
    pub(super) fn slices(&self, points: Points) -> Result<Vec<(usize, Points)>> {
        let reversible = self.reversible();
        if !points.is_positive() {
            return Err(
                Error::new(ErrorCode::PointsAmount, format!("cannot reverse `{points}` points")).field("points")
            );
        }
        if reversible < points {
            return Err(Error::new(
                ErrorCode::PointsRedemptionReversed,
                format!("cannot reverse {points} points, {reversible} are left to reverse"),
            )
            .field("points")
            .with("available", reversible)
            .with("needed", points));
        }
        let mut left = points;
        let mut slices = Vec::new();
        for (index, allocation) in self.allocations.iter().enumerate().rev() {
            let reversed = self.reversed.get(index).copied().unwrap_or_default();
            let taken = allocation.points.minus(reversed)?.at_most(left);
            if taken.is_positive() {
                slices.push((index, taken));
                left = left.minus(taken)?;
            }
        }
        Ok(slices)
    }
}

pub(super) fn total(allocations: &[Allocation]) -> Result<Points> {
    allocations.iter().try_fold(Points::ZERO, |sum, a| sum.plus(a.points))
}
