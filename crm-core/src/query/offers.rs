//! What can be read about checkouts and limits.

use crate::coupon::ClaimState;
use crate::offer::Receipt;
use crate::value::{
    Amount, CampaignId, ClaimId, Currency, CustomerId, GiftCardId, LimitId, OfferId, OrderId, RedemptionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A checkout's claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClaimView {
    /// Its key.
    pub claim_id: ClaimId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: ClaimState,
    /// When it was made.
    pub claimed_at: Timestamp,
    /// When it times or timed out.
    pub deadline: Timestamp,
    /// The order that was paid with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Whether something that it used came back with that order.
    pub returned: bool,
    /// The offers whose uses came back, each by its return policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned_offers: Vec<OfferId>,
    /// What it holds or has taken of gift cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<ClaimedGiftCard>,
    /// The cart, the quote, and the rules of the offers that were applied: what a refund goes by.
    pub receipt: Receipt,
}

/// What a claim holds or has taken of a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClaimedGiftCard {
    /// Which card.
    pub card_id: GiftCardId,
    /// Of the hold, and of the redemption that comes of it.
    pub redemption_id: RedemptionId,
    /// How much.
    pub amount: Amount,
}

/// How much of a limit over all customers is used, in its period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LimitUse {
    /// The offer whose limit it is; none for a campaign's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// The campaign whose limit it is; none for an offer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Its name.
    pub limit: LimitId,
    /// Of which currency its numbers are, in minor units; none for uses and units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The bound.
    pub max: i64,
    /// What was used and has not come back.
    pub used: i64,
    /// What open checkouts hold.
    pub held: i64,
    /// What is left: never below zero, unless the bound was lowered.
    pub left: i64,
}
