//! What a merchant owes.

use crate::value::{Amount, Currency, Money, PointCurrency, Points};
use serde::{Deserialize, Serialize};

/// What a merchant owes in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Liability {
    /// The currency.
    pub currency: PointCurrency,
    /// Pending, available and held points of all customers.
    pub outstanding: Points,
    /// Their value, where the currency has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// What customers owe.
    pub debt: Points,
    /// Ever issued.
    pub issued: Points,
    /// Ever redeemed, less what was reversed.
    pub redeemed: Points,
    /// Ever expired: breakage.
    pub expired: Points,
    /// Ever taken back.
    pub revoked: Points,
    /// Ever used up by paying debt. With `outstanding`, `redeemed`, `expired` and `revoked` it sums to `issued`.
    pub offset: Points,
    /// By local month of the last usable day; none is without expiry. Sums to `outstanding`.
    pub by_month: Vec<LiabilityMonth>,
}

/// What ends in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LiabilityMonth {
    /// `YYYY-MM`; none for points without expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// How many.
    pub points: Points,
}

/// What a merchant owes on gift cards of one currency. `issued` is `outstanding`, `redeemed`, `expired` and `revoked`, to the cent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardLiability {
    /// The currency.
    pub currency: Currency,
    /// How many cards were ever issued.
    pub cards: u64,
    /// Ever issued.
    pub issued: Amount,
    /// What can be used or is held.
    pub outstanding: Amount,
    /// What of it is on frozen cards.
    pub frozen: Amount,
    /// Ever taken, less what came back.
    pub redeemed: Amount,
    /// Ended unused: breakage.
    pub expired: Amount,
    /// Taken back with purchases.
    pub revoked: Amount,
    /// By local month of the last usable day; none is without an end. What is held of a card that has ended is in its month. Sums to `outstanding`.
    pub by_month: Vec<GiftCardMonth>,
}

/// What of gift cards ends in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GiftCardMonth {
    /// `YYYY-MM`; none for cards without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// How much.
    pub amount: Amount,
}
