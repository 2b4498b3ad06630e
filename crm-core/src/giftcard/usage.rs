//! What somebody holds or has taken of a card.

use crate::value::{CustomerId, OrderId, RedemptionId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A part of a card that a checkout holds, or that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CardUse {
    /// Its name, unique over all cards: of the hold, and of the redemption that comes of it.
    #[n(0)]
    pub id: RedemptionId,
    /// Who uses the card.
    #[n(1)]
    pub customer: CustomerId,
    /// Where it stands.
    #[n(2)]
    pub state: UseState,
    /// What was held, or spent at once.
    #[n(3)]
    pub asked_minor: i64,
    /// What was taken.
    #[n(4)]
    pub taken_minor: i64,
    /// What of it came back.
    #[n(5)]
    pub restored_minor: i64,
    /// Since when.
    #[n(6)]
    pub at: Timestamp,
    /// When a hold times out.
    #[n(7)]
    pub until: Option<Timestamp>,
    /// The order that it helped to pay.
    #[n(8)]
    pub order: Option<OrderId>,
}

impl CardUse {
    /// What of it can still come back.
    #[must_use]
    pub const fn restorable(&self) -> i64 {
        self.taken_minor.saturating_sub(self.restored_minor)
    }
}

/// Where a use of a card stands. All but the first are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum UseState {
    /// A checkout holds it.
    #[n(0)]
    Held,
    /// It was taken.
    #[n(1)]
    Redeemed,
    /// It was let go.
    #[n(2)]
    Released,
    /// Its time was over.
    #[n(3)]
    TimedOut,
}

impl UseState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Redeemed => "redeemed",
            Self::Released => "released",
            Self::TimedOut => "timed_out",
        }
    }
}
