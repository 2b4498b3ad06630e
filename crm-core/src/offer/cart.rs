//! A cart as the host reports it.

use super::cards::CartGiftCard;
use crate::value::{Amount, Category, Channel, Currency, GroupId, Percent, Quantity, Sku, StoreId, Tag, TaxMode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody is about to pay for. Amounts are in major units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cart {
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What is in it.
    pub lines: Vec<CartLine>,
    /// What delivery costs before discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Amount>,
    /// The rate of tax on delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_tax_rate: Option<Percent>,
    /// Whether the prices include tax (the default) or tax comes on top.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// Where it is bought: `store`, `taobao`, `app`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// In which shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// Codes as they were typed, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// The group in which the customer has a seat, to buy at its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// Gift cards to pay with, used in this order after everything else, tax included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<CartGiftCard>,
    /// Stored value that is kept elsewhere, to pay with, used in this order after gift cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stored_value: Vec<StoredValue>,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    /// Its number within the cart; default its place, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The article.
    pub sku: Sku,
    /// Its category, as the shop names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Category>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// How much of it; default one piece. Offers that count units leave goods by weight alone.
    #[serde(default = "one")]
    pub quantity: Quantity,
    /// Price of one unit before discounts.
    pub unit_price: Amount,
    /// The rate of its tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Percent>,
}

/// A balance that is kept elsewhere, to pay with. It is a tender: it takes nothing off the price and changes no tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StoredValue {
    /// Its name.
    pub id: String,
    /// How much of it may be used, in the cart's currency.
    pub balance: Amount,
}

const fn one() -> Quantity {
    Quantity::ONE
}
