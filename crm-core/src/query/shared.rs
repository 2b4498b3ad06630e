//! Gift cards and groups as they stand.

use crate::giftcard::{GiftCardState, UseState};
use crate::group::{GroupState, Seat};
use crate::value::{
    Amount, Currency, CustomerId, GiftCardId, GroupId, Money, OfferId, OrderId, RedemptionId, RuleId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A gift card as it stands at an instant. What was issued is `available`, `held`, `redeemed`, `expired` and `revoked`, to the cent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardView {
    /// Which.
    pub card_id: GiftCardId,
    /// To whom it was issued.
    pub customer_id: CustomerId,
    /// Its code, in its normal form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where it stands.
    pub state: GiftCardState,
    /// Of its amounts.
    pub currency: Currency,
    /// What it was issued with.
    pub issued: Amount,
    /// What can be used.
    pub available: Amount,
    /// What checkouts hold.
    pub held: Amount,
    /// What was taken, less what came back.
    pub redeemed: Amount,
    /// What ended unused.
    pub expired: Amount,
    /// What was taken back with its purchase.
    pub revoked: Amount,
    /// What of `redeemed` should have been taken back with its purchase and was spent already.
    pub unrecovered: Amount,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// First instant at which it cannot be used any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The order that bought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// What is held and what was taken, the oldest first.
    pub uses: Vec<GiftCardUse>,
}

/// A part of a gift card that is held or was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardUse {
    /// Of the hold, and of the redemption that comes of it.
    pub id: RedemptionId,
    /// Who uses the card.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: UseState,
    /// What was held, or spent at once.
    pub amount: Amount,
    /// What was taken.
    pub taken: Amount,
    /// What of it came back.
    pub restored: Amount,
    /// Since when.
    pub at: Timestamp,
    /// When a hold times or timed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The order that it helped to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// A group as it stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupView {
    /// Which.
    pub group_id: GroupId,
    /// Who opened it.
    pub customer_id: CustomerId,
    /// Under which rules; the rest is what they said then.
    pub rules: RuleId,
    /// The offer that members get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// The price that members pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Where it stands.
    pub state: GroupState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// First instant at which it cannot form any more, nor take anybody in.
    pub forms_by: Timestamp,
    /// When it formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formed_at: Option<Timestamp>,
    /// How many paid seats form it.
    pub size: u32,
    /// How many seats there are.
    pub max_size: u32,
    /// How many seats are paid.
    pub paid: u32,
    /// How many seats are free.
    pub free: u32,
    /// The members, in the order in which they joined.
    pub seats: Vec<Seat>,
}
