//! Gift cards in a cart and in its quote. They are tenders: what they pay is worked out last and changes no price and no tax.

use super::basket::{Basket, minor};
use super::cart::Cart;
use super::quote::as_written;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Amount, Currency, GiftCardId, Timestamp};
use serde::{Deserialize, Serialize};

/// A gift card to pay with. Its balance is the engine's to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CartGiftCard {
    /// Which; or by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// Its code, in any spelling of case and dashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How much of it at most, in the cart's currency, above zero; the card must have it. Default whatever is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// A gift card of a cart as a quote has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotedGiftCard {
    /// Which; none for a code that no card has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// The code by which it was named, in its normal form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How much it pays; nothing when nothing is left to pay.
    #[serde(deserialize_with = "as_written")]
    pub pays: Amount,
    /// What can be used of it after that.
    #[serde(deserialize_with = "as_written")]
    pub left: Amount,
    /// Why it cannot pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<CardWhy>,
}

/// Why a gift card cannot pay. The code is stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "code", deny_unknown_fields)]
pub enum CardWhy {
    /// No card has this id or code.
    #[serde(rename = "gift_card.unknown")]
    Unknown,
    /// The cart names it before.
    #[serde(rename = "gift_card.twice")]
    Twice,
    /// It is in another currency than the cart.
    #[serde(rename = "gift_card.currency")]
    Currency {
        /// In which.
        currency: Currency,
    },
    /// It may not be used for now.
    #[serde(rename = "gift_card.frozen")]
    Frozen,
    /// Its time is over.
    #[serde(rename = "gift_card.ended")]
    Ended {
        /// Since when.
        until: Timestamp,
    },
    /// Nothing is left on it.
    #[serde(rename = "gift_card.empty")]
    Empty,
    /// Other checkouts hold all that is left on it.
    #[serde(rename = "gift_card.held_elsewhere")]
    HeldElsewhere {
        /// Until when at the latest.
        until: Timestamp,
    },
    /// There is less on it than was asked of it.
    #[serde(rename = "gift_card.insufficient")]
    Insufficient {
        /// What can be used.
        #[serde(deserialize_with = "as_written")]
        available: Amount,
        /// What was asked.
        #[serde(deserialize_with = "as_written")]
        needed: Amount,
    },
    /// It was used too often.
    #[serde(rename = "gift_card.too_many")]
    TooMany,
    /// The customer has not found this code: where attempts are limited, `try_code` looks it up, and a quote does not.
    #[serde(rename = "code.untried")]
    Untried,
    /// The customer tried too many codes.
    #[serde(rename = "code.rate_limited")]
    RateLimited {
        /// When to try again.
        until: Timestamp,
    },
}

impl Cart {
    /// Checks what can be said about gift cards without looking at them.
    pub(super) fn check_cards(&self) -> Result<()> {
        let check = |card: &CartGiftCard| {
            if card.card_id.is_some() == card.code.is_some() {
                let message = "a gift card is named by its id or by its code";
                return Err(Error::new(ErrorCode::GiftCardName, message).field("card_id"));
            }
            match card.amount.map(|amount| minor(self.currency, amount, "amount")).transpose()? {
                Some(0) => {
                    Err(Error::new(ErrorCode::GiftCardAmount, "`0` is not an amount above zero").field("amount"))
                }
                _ => Ok(()),
            }
        };
        if limits::CART_GIFT_CARDS_MAX < self.gift_cards.len() {
            let message =
                format!("{} gift cards, at most {} are allowed", self.gift_cards.len(), limits::CART_GIFT_CARDS_MAX);
            return Err(Error::new(ErrorCode::ValueTooMany, message)
                .field("gift_cards")
                .limit(limits::CART_GIFT_CARDS_MAX));
        }
        let each = self.gift_cards.iter().enumerate();
        each.into_iter()
            .try_for_each(|(at, card)| check(card).map_err(|error| error.within(format!("gift_cards[{at}]"))))
    }
}

impl Basket {
    /// The same basket with what gift cards can pay of it, before stored value that the cart names with its balance.
    pub(crate) fn with_cards(&self, usable: &[i64]) -> Self {
        let mut basket = self.clone();
        basket.stored = usable.iter().chain(&self.stored).copied().collect();
        basket
    }
}

/// What each of several balances pays of a sum, one after the other.
pub(crate) fn in_turn(sum: i64, balances: &[i64]) -> Vec<i64> {
    let mut left = sum;
    let pays = |balance: &i64| {
        let pays = (*balance).min(left);
        left -= pays;
        pays
    };
    balances.iter().map(pays).collect()
}
