//! Orders, refunds and events as the host reports them.

use crate::value::{
    Amount, AttributeName, Category, Channel, Currency, EventId, EventName, OrderId, Quantity, Reason, RedemptionId,
    RefundId, Sku, StoreId, Tag, TaxMode, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A paid order. Idempotent on its id; amounts are in major units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its id, unique over all customers.
    pub id: OrderId,
    /// When it was paid: the instant that counts for points, tiers and lifecycle.
    pub paid_at: Timestamp,
    /// When it was placed, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// A discount on the whole order, spread over the lines by their amounts after line discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    /// What was charged for delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Amount>,
    /// Whether the prices include tax (the default) or tax comes on top.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// How it was paid; empty means in full with money. Otherwise the parts add up to the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenders: Vec<Tender>,
    /// Where it was made: `store`, `taobao`, `app`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// In which shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// Its number within the order; default its place, from 1.
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
    /// Free labels, which rules may ask for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// How much of it; default one piece.
    #[serde(default = "one")]
    pub quantity: Quantity,
    /// Price of one unit before discounts.
    pub unit_price: Amount,
    /// Discount on this line, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    /// Tax of this line, in all; included in the price or on top as `tax_mode` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Amount>,
}

fn one() -> Quantity {
    Quantity::ONE
}

impl Order {
    /// The redemptions of points that paid for it.
    pub(crate) fn redemptions(&self) -> impl Iterator<Item = &RedemptionId> {
        self.tenders.iter().filter_map(|tender| match tender {
            Tender::Points { redemption, .. } => Some(redemption),
            _ => None,
        })
    }
}

/// A part of the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Tender {
    /// Money, by any means.
    Money {
        /// How much.
        amount: Amount,
    },
    /// Points. This part never earns; a refund gives it back to the redemption.
    Points {
        /// How much of the price it covered. What a point is worth is for the host to say.
        amount: Amount,
        /// The redemption (`spend_points`, or a hold or a claim that was captured) that took the points: of this customer, known when the order
        /// is recorded (else `points.redemption_unknown`), and of this order alone (else `points.redemption_used`). An order of an import,
        /// whose request has a `batch`, may name one that is not known here, of another system: nothing goes back to it.
        redemption: RedemptionId,
    },
    /// A gift card or other stored value; earns like money.
    StoredValue {
        /// How much.
        amount: Amount,
        /// The redemption (`spend_gift_card` or a captured hold) that took it from a gift card; a refund gives it back to the card.
        /// One that is not known here is another system's: what goes back to it goes back like money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        redemption: Option<RedemptionId>,
    },
}

/// A refund, in full or in part. Idempotent on its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Its id, unique within its order; where it names none, within the customer.
    pub id: RefundId,
    /// The order; none where the source does not say (the program's policy decides).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// When the money went back. Clocks differ, so it may lie before the order's `paid_at`: it counts from then at the earliest.
    pub refunded_at: Timestamp,
    /// What went back.
    pub what: RefundWhat,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What a refund gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RefundWhat {
    /// Everything that is left of the order, shipping included. If refunds from before it are told later, that was less.
    Full,
    /// Units or amounts of lines.
    Lines {
        /// Which.
        lines: Vec<RefundLine>,
    },
    /// An amount, spread over the lines by what is left of them; what of it is for named articles comes from their lines first.
    Amount {
        /// How much, in the order's currency.
        amount: Amount,
        /// How much of it is for which articles; together at most `amount`. What is above what is left of the lines with the SKU, or names
        /// one that the order does not have, is spread like the rest.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        articles: Vec<ArticleAmount>,
    },
    /// Articles, where no order is named: matched to earlier orders by the program's policy. Their prices say how much money went back, as an
    /// amount does: how offers of those orders would refund them is not asked. Name the order to have it asked.
    Articles {
        /// The currency of the prices.
        currency: Currency,
        /// Which.
        lines: Vec<RefundArticle>,
    },
}

/// A line of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// The line of the order.
    pub line_no: u32,
    /// How many units came back; none is an amount without goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// How much went back; none is the share of the units in what was paid for the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// What of an amount is for an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArticleAmount {
    /// The article.
    pub sku: Sku,
    /// How much, in the order's currency.
    pub amount: Amount,
}

/// An article that came back without its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundArticle {
    /// The article.
    pub sku: Sku,
    /// How many units.
    pub quantity: Quantity,
    /// Price of one unit.
    pub unit_price: Amount,
}

/// Something else a customer did: a review, a check-in, a visit, a share. Idempotent on its id within the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its kind.
    pub name: EventName,
    /// When it happened.
    pub happened_at: Timestamp,
    /// What else is known about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<AttributeName, crate::value::Attribute>,
}
