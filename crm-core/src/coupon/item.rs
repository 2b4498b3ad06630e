//! One coupon: an issued right to an offer.

use crate::value::{
    ClaimId, CouponId, CustomerId, EventId, LadderId, OfferId, Points, RedemptionId, TierId, Timestamp,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A coupon of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// Its name, unique within the customer.
    #[n(0)]
    pub id: CouponId,
    /// To which offer.
    #[n(1)]
    pub offer: OfferId,
    /// The code by which it can be named at a checkout, in its normal form.
    #[cbor(n(2), with = "crate::value::shared::maybe", default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Arc<str>>,
    /// When it was issued to this customer.
    #[n(3)]
    pub issued_at: Timestamp,
    /// First instant at which it can be used.
    #[n(4)]
    pub valid_from: Timestamp,
    /// First instant after the last one.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// How often it can be used in all.
    #[n(6)]
    pub uses: u32,
    /// How often it was used.
    #[n(7)]
    pub used: u32,
    /// Where it came from.
    #[n(8)]
    pub origin: Origin,
    /// The claims that hold a use of it.
    #[n(9)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<ClaimId>,
    /// Where it stands.
    #[n(10)]
    pub state: CouponState,
}

/// Where a coupon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum CouponState {
    /// It can be used.
    #[n(0)]
    Issued,
    /// Claims hold all uses that are left.
    #[n(1)]
    Claimed,
    /// All its uses are gone.
    #[n(2)]
    Redeemed,
    /// It was taken back.
    #[n(3)]
    Revoked,
    /// Its time is over.
    #[n(4)]
    Expired,
    /// It belongs to somebody else now.
    #[n(5)]
    Transferred,
}

impl CouponState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Claimed => "claimed",
            Self::Redeemed => "redeemed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Transferred => "transferred",
        }
    }

    /// Whether it may be used now or after a release.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Issued | Self::Claimed)
    }
}

/// Where a coupon came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "CouponOrigin"))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// It was issued.
    #[n(0)]
    Issue,
    /// Somebody gave it.
    #[n(1)]
    Transfer {
        /// Who.
        #[n(0)]
        from: CustomerId,
    },
    /// It was bought with points.
    #[n(2)]
    Points {
        /// By which redemption.
        #[n(0)]
        redemption: RedemptionId,
        /// For how many.
        #[n(1)]
        points: Points,
    },
    /// Its code was typed by the first who knew it.
    #[n(3)]
    Code,
    /// They signed up.
    #[n(4)]
    SignUp,
    /// It was their birthday.
    #[n(5)]
    Birthday {
        /// Of which year.
        #[n(0)]
        year: i32,
    },
    /// They brought somebody, or were brought.
    #[n(6)]
    Referral {
        /// The other one.
        #[n(0)]
        other: CustomerId,
    },
    /// They reached a tier.
    #[n(7)]
    Tier {
        /// On which ladder.
        #[n(0)]
        ladder: LadderId,
        /// Which.
        #[n(1)]
        tier: TierId,
    },
    /// They entered a stage of the lifecycle.
    #[n(8)]
    Stage {
        /// Which.
        #[n(0)]
        stage: String,
    },
    /// Something happened.
    #[n(9)]
    Event {
        /// Which event.
        #[n(0)]
        event: EventId,
    },
}

impl Origin {
    /// The word for it in every language.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Transfer { .. } => "transfer",
            Self::Points { .. } => "points",
            Self::Code => "code",
            Self::SignUp => "sign_up",
            Self::Birthday { .. } => "birthday",
            Self::Referral { .. } => "referral",
            Self::Tier { .. } => "tier",
            Self::Stage { .. } => "stage",
            Self::Event { .. } => "event",
        }
    }
}

impl Coupon {
    /// How many uses are neither gone nor held.
    #[must_use]
    pub fn free(&self) -> u32 {
        let held = u32::try_from(self.held_by.len()).unwrap_or(u32::MAX);
        self.uses.saturating_sub(self.used).saturating_sub(held)
    }

    /// Works out where an open coupon stands from its uses.
    pub(super) fn settle_state(&mut self) {
        if self.state.is_open() {
            self.state = if self.uses <= self.used {
                CouponState::Redeemed
            } else if self.free() == 0 {
                CouponState::Claimed
            } else {
                CouponState::Issued
            };
        }
    }
}
