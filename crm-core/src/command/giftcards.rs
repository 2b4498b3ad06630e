//! Commands about gift cards. Each is about the customer who does it; a card may be bought by one and used by another.

use crate::value::{Amount, Currency, CustomerId, GiftCardId, HoldId, OrderId, RedemptionId, Timestamp};
use serde::{Deserialize, Serialize};

/// Issues a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssueGiftCard {
    /// To whom. In their journal stands what time does to the card.
    pub customer_id: CustomerId,
    /// Its id, unique over all cards.
    pub card_id: GiftCardId,
    /// Of its amounts; one that orders may have.
    pub currency: Currency,
    /// What is on it; more than zero.
    pub amount: Amount,
    /// A code by which it can be named, unique over all cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// First instant at which it cannot be used any more; default as the program says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The order that bought it, recorded before. When it goes back as a whole, what is left on the card is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The line of that order: when all of it comes back, so does the card, whatever becomes of the other lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
}

/// Holds a part of a gift card while a payment runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldGiftCard {
    /// Who.
    pub customer_id: CustomerId,
    /// Which card; or by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// Its code, in any spelling of case and dashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How much, in the currency of the card; more than zero.
    pub amount: Amount,
    /// Its id, unique over all holds and redemptions of cards.
    pub hold_id: HoldId,
    /// When it times out by itself.
    pub until: Timestamp,
}

/// Takes what is held of a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CaptureGiftCard {
    /// Who held it.
    pub customer_id: CustomerId,
    /// Which hold. The redemption gets the same id.
    pub hold_id: HoldId,
    /// How much; default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// The order that it helped to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// Gives up what is held of a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseGiftCard {
    /// Who held it.
    pub customer_id: CustomerId,
    /// Which hold.
    pub hold_id: HoldId,
}

/// Takes a part of a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SpendGiftCard {
    /// Who.
    pub customer_id: CustomerId,
    /// Which card; or by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// Its code, in any spelling of case and dashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How much, in the currency of the card; more than zero.
    pub amount: Amount,
    /// A name for it, unique over all holds and redemptions of cards; default the request id. Tenders and `restore_gift_card` point at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption_id: Option<RedemptionId>,
    /// The order that it helped to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// Gives back what was taken of a gift card. The refund of an order that names the redemption in a tender does so by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RestoreGiftCard {
    /// Who had taken it.
    pub customer_id: CustomerId,
    /// Which redemption.
    pub redemption_id: RedemptionId,
    /// How much; default all that has not come back yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// Keeps a gift card from being used, and lets go what checkouts hold of it; the request needs an actor and a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreezeGiftCard {
    /// In whose journal it stands.
    pub customer_id: CustomerId,
    /// Which card.
    pub card_id: GiftCardId,
}

/// Lets a frozen gift card be used again; the request needs an actor and a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UnfreezeGiftCard {
    /// In whose journal it stands.
    pub customer_id: CustomerId,
    /// Which card.
    pub card_id: GiftCardId,
}
