//! What happened to gift cards and groups.

use crate::giftcard::UseState;
use crate::value::{Currency, CustomerId, GiftCardId, GroupId, OrderId, RedemptionId, RefundId, RuleId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A gift card was issued to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardIssued {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Of its amounts.
    #[n(1)]
    pub currency: Currency,
    /// What is on it, in minor units.
    #[n(2)]
    pub amount_minor: i64,
    /// First instant after its last one.
    #[n(3)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The order that bought it.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// A checkout holds a part of a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardHeld {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Under which name.
    #[n(1)]
    pub hold_id: RedemptionId,
    /// Of the amount.
    #[n(2)]
    pub currency: Currency,
    /// How much, in minor units.
    #[n(3)]
    pub amount_minor: i64,
    /// Until when at the latest.
    #[n(4)]
    pub until: Timestamp,
}

/// What was held of a gift card is free again: given up, out of time, or because the card was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardReleased {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Which hold.
    #[n(1)]
    pub hold_id: RedemptionId,
    /// Of the amount.
    #[n(2)]
    pub currency: Currency,
    /// How much, in minor units.
    #[n(3)]
    pub amount_minor: i64,
    /// How it ended: `released` or `timed_out`.
    #[n(4)]
    pub state: UseState,
}

/// A part of a gift card was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardRedeemed {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Under which name.
    #[n(1)]
    pub redemption_id: RedemptionId,
    /// Of the amount.
    #[n(2)]
    pub currency: Currency,
    /// How much, in minor units.
    #[n(3)]
    pub amount_minor: i64,
    /// The order that it helped to pay.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// What was taken of a gift card came back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardRestored {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Of which redemption.
    #[n(1)]
    pub redemption_id: RedemptionId,
    /// Of the amounts.
    #[n(2)]
    pub currency: Currency,
    /// How much, in minor units.
    #[n(3)]
    pub amount_minor: i64,
    /// How much of it was taken back at once, because the purchase of the card went back before.
    #[n(4)]
    pub revoked_minor: i64,
    /// First instant after the card's last one; a card that had ended got a new one.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// The time of a gift card was over with something on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardExpired {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Of the amount.
    #[n(1)]
    pub currency: Currency,
    /// How much, in minor units.
    #[n(2)]
    pub amount_minor: i64,
}

/// A gift card may not be used any more: by hand, or because its purchase went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardFrozen {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
    /// Of the amounts.
    #[n(1)]
    pub currency: Currency,
    /// What was taken back with the purchase, in minor units.
    #[n(2)]
    pub revoked_minor: i64,
    /// What was spent of it before, and is not recovered, in minor units.
    #[n(3)]
    pub unrecovered_minor: i64,
    /// The order that had bought it and went back; none when it was frozen by hand.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// A frozen gift card may be used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardUnfrozen {
    /// Which.
    #[n(0)]
    pub card_id: GiftCardId,
}

/// The customer opened a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupOpened {
    /// Which.
    #[n(0)]
    pub group_id: GroupId,
    /// Under which rules.
    #[n(1)]
    pub rules: RuleId,
    /// First instant at which it cannot form any more.
    #[n(2)]
    pub forms_by: Timestamp,
}

/// The customer has a seat in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeatTaken {
    /// In which.
    #[n(0)]
    pub group_id: GroupId,
    /// When it times out unless it is paid.
    #[n(1)]
    pub until: Timestamp,
}

/// The customer paid for the seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeatPaid {
    /// In which group.
    #[n(0)]
    pub group_id: GroupId,
    /// With which order.
    #[n(1)]
    pub order_id: OrderId,
}

/// The customer gave the seat up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeatLeft {
    /// In which group.
    #[n(0)]
    pub group_id: GroupId,
    /// Whether its money has to go back.
    #[n(1)]
    pub to_refund: bool,
}

/// A seat of the customer's group was not paid in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeatTimedOut {
    /// In which group.
    #[n(0)]
    pub group_id: GroupId,
    /// Whose it was.
    #[n(1)]
    pub member: CustomerId,
}

/// The money of the customer's seat went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeatRefunded {
    /// In which group.
    #[n(0)]
    pub group_id: GroupId,
    /// The order that had paid for it.
    #[n(1)]
    pub order_id: OrderId,
    /// By which refund, where that was told.
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
}

/// The customer's group has formed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupFormed {
    /// Which.
    #[n(0)]
    pub group_id: GroupId,
    /// With whose seat.
    #[n(1)]
    pub member: CustomerId,
}

/// The customer's group has not formed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupExpired {
    /// Which.
    #[n(0)]
    pub group_id: GroupId,
    /// Whose money has to go back.
    #[n(1)]
    pub to_refund: Vec<CustomerId>,
}
