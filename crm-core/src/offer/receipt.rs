//! What a refund goes by, years later.

use super::cart::Cart;
use super::quote::Quote;
use super::terms::OfferRules;
use serde::{Deserialize, Serialize};

/// A quote that was paid: the cart, the quote, and the rules of the offers that were applied, as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The cart.
    pub cart: Cart,
    /// What it cost.
    pub quote: Quote,
    /// The rules of the applied offers, in the order of `quote.applied`.
    pub rules: Vec<OfferRules>,
}
