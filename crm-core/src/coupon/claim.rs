//! A claim: what one checkout holds until it is paid, given up, or out of time.

use crate::value::{ClaimId, CouponId, GroupId, HoldId, OfferId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A claim that holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OpenClaim {
    /// Its key.
    #[n(0)]
    pub id: ClaimId,
    /// The instant at which it times out.
    #[n(1)]
    pub deadline: Timestamp,
    /// Coupons of which it holds a use.
    #[n(2)]
    pub coupons: Vec<CouponId>,
    /// What it holds of limits over all customers.
    #[n(3)]
    pub counters: Vec<LimitHold>,
    /// What it holds of the customer's own limits.
    #[n(4)]
    pub uses: Vec<LimitHold>,
    /// The points that it holds.
    #[n(5)]
    pub hold: Option<HoldId>,
    /// The group whose seat it pays for.
    #[n(6)]
    #[cbor(default)]
    pub group: Option<GroupId>,
}

/// What a claim holds of a limit: of a counter of the store, or of the customer's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct LimitHold {
    /// The limit's name, with its period.
    #[cbor(n(0), with = "crate::value::shared")]
    pub name: Arc<str>,
    /// How much: uses, units or minor units.
    #[n(1)]
    pub amount: i64,
    /// The bound when it was claimed.
    #[n(2)]
    pub limit: i64,
    /// The offer that it is held for.
    #[n(3)]
    pub offer: OfferId,
    /// When its period is over; none for ever.
    #[n(4)]
    pub until: Option<Timestamp>,
}

/// Where a claim stands. All but the first are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum ClaimState {
    /// It holds.
    #[n(0)]
    Held,
    /// It was paid: what it held is used.
    #[n(1)]
    Confirmed,
    /// It was given up: what it held is free.
    #[n(2)]
    Released,
    /// Its time was over: what it held is free.
    #[n(3)]
    Expired,
}

impl ClaimState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}
