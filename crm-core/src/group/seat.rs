//! One member's seat.

use crate::value::{CustomerId, OrderId, RefundId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A seat of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Whose.
    #[n(0)]
    pub customer_id: CustomerId,
    /// Where it stands.
    #[n(1)]
    pub state: SeatState,
    /// Since when they have it.
    #[n(2)]
    pub joined_at: Timestamp,
    /// When it times or timed out, unless it is paid before.
    #[n(3)]
    pub until: Timestamp,
    /// When it was paid.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// The order that paid for it.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The refund that gave the money back.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
}

/// Where a seat stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum SeatState {
    /// It waits for its payment.
    #[n(0)]
    Held,
    /// It is paid.
    #[n(1)]
    Paid,
    /// It was given up before it was paid.
    #[n(2)]
    Left,
    /// It was not paid in time.
    #[n(3)]
    TimedOut,
    /// It was paid, and the money has to go back.
    #[n(4)]
    ToRefund,
    /// The money went back.
    #[n(5)]
    Refunded,
}

impl SeatState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Left => "left",
            Self::TimedOut => "timed_out",
            Self::ToRefund => "to_refund",
            Self::Refunded => "refunded",
        }
    }

    /// Whether it takes a place in the group.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Held | Self::Paid)
    }
}
