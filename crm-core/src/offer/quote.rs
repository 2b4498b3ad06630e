//! What a cart costs, and why: the answer to a quote.

use super::cards::QuotedGiftCard;
use crate::error::Error;
use crate::value::{
    Amount, CampaignId, CouponId, Currency, GroupId, LimitId, OfferId, Party, Sku, StackGroup, Timestamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

/// What a cart costs with the best of its offers. Amounts are in major units of `currency`, every one exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Of every amount.
    pub currency: Currency,
    /// For which instant it was worked out.
    pub as_of: Timestamp,
    /// The revision of the program that it was worked out with.
    pub revision: u32,
    /// The lines of the cart, in its order.
    pub lines: Vec<QuotedLine>,
    /// Delivery.
    pub shipping: QuotedShipping,
    /// What was applied, in this order.
    pub applied: Vec<Application>,
    /// What was not, and why.
    pub rejected: Vec<Rejected>,
    /// What a little more would bring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<NearMiss>,
    /// The gift cards of the cart, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<QuotedGiftCard>,
    /// Sums.
    pub totals: Totals,
    /// How sure it is that nothing better exists.
    pub search: Search,
}

/// A line of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotedLine {
    /// Its number in the cart.
    pub line_no: u32,
    /// Unit price times quantity.
    #[serde(deserialize_with = "as_written")]
    pub list: Amount,
    /// Off, by all that was applied.
    #[serde(deserialize_with = "as_written")]
    pub discount: Amount,
    /// `list` less `discount`.
    #[serde(deserialize_with = "as_written")]
    pub net: Amount,
    /// Its tax, in `net` or on top as the cart says.
    #[serde(deserialize_with = "as_written")]
    pub tax: Amount,
}

/// Delivery in a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotedShipping {
    /// Before discounts.
    #[serde(deserialize_with = "as_written")]
    pub list: Amount,
    /// Off.
    #[serde(deserialize_with = "as_written")]
    pub discount: Amount,
    /// `list` less `discount`.
    #[serde(deserialize_with = "as_written")]
    pub net: Amount,
    /// Its tax, in `net` or on top as the cart says.
    #[serde(deserialize_with = "as_written")]
    pub tax: Amount,
}

/// An offer that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The offer.
    pub offer: OfferId,
    /// Its campaign, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// What brought it in.
    pub by: Source,
    /// Off in all.
    #[serde(deserialize_with = "as_written")]
    pub off: Amount,
    /// How `off` falls on the lines; lines with nothing are left out.
    pub shares: Vec<Share>,
    /// The part of `off` that falls on delivery.
    #[serde(deserialize_with = "as_written")]
    pub shipping: Amount,
    /// Who bears how much of `off`.
    pub funders: Vec<Funded>,
    /// What comes along for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Given>,
}

/// What brings an offer into a quote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "OfferSource"))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// Nothing: it is there for everybody it is meant for.
    Automatic,
    /// A coupon of the customer.
    Coupon {
        /// Which.
        coupon: CouponId,
    },
    /// A seat in a group that buys together.
    Group {
        /// Which.
        group: GroupId,
    },
    /// A public code, in its normal form.
    Code {
        /// The code.
        code: String,
    },
}

/// The part of a discount that falls on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The line.
    pub line_no: u32,
    /// Off it.
    #[serde(deserialize_with = "as_written")]
    pub off: Amount,
    /// How many of its units the offer lowered; for goods by weight none.
    pub units: u64,
    /// Who bears how much of `off`.
    pub funders: Vec<Funded>,
}

/// What a party bears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Funded {
    /// Who.
    pub party: Party,
    /// How much.
    #[serde(deserialize_with = "as_written")]
    pub amount: Amount,
}

/// What comes along for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The article.
    pub sku: Sku,
    /// How many.
    pub units: u32,
}

/// Something that was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// The offer, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// What would have brought it in.
    pub by: Source,
    /// Why not.
    pub why: Why,
}

/// Why an offer was not applied. The code is stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "code", deny_unknown_fields)]
pub enum Why {
    /// Nothing has this code. One that has ended or belongs to somebody else is answered so, too.
    #[serde(rename = "coupon.not_found")]
    NotFound,
    /// The code was mistyped: its check character is wrong.
    #[serde(rename = "coupon.bad_checksum")]
    BadChecksum,
    /// The coupon was taken back.
    #[serde(rename = "coupon.revoked")]
    Revoked,
    /// The coupon has no uses left.
    #[serde(rename = "coupon.used_up")]
    UsedUp,
    /// It begins later.
    #[serde(rename = "offer.not_started")]
    NotStarted {
        /// When.
        from: Timestamp,
    },
    /// It has ended.
    #[serde(rename = "offer.expired")]
    Expired {
        /// When.
        until: Timestamp,
    },
    /// The campaign is not running.
    #[serde(rename = "offer.not_running")]
    NotRunning,
    /// Not at this hour.
    #[serde(rename = "offer.outside_hours")]
    OutsideHours,
    /// The coupon belongs to somebody else.
    #[serde(rename = "coupon.wrong_owner")]
    WrongOwner,
    /// The customer is not among those it is meant for.
    #[serde(rename = "offer.not_in_segment")]
    NotInSegment,
    /// It is meant for another order of the customer than this one.
    #[serde(rename = "offer.not_first_order")]
    NotFirstOrder,
    /// There is no such group.
    #[serde(rename = "group.unknown")]
    GroupUnknown,
    /// The customer has no seat in the group.
    #[serde(rename = "group.seat_unknown")]
    SeatUnknown,
    /// The seat is not held any more.
    #[serde(rename = "group.seat_lapsed")]
    SeatLapsed,
    /// The seat is paid already: one seat is one order.
    #[serde(rename = "group.seat_paid")]
    SeatPaid,
    /// No line of the cart is meant.
    #[serde(rename = "offer.no_eligible_items")]
    NoEligibleItems,
    /// The cart is too small.
    #[serde(rename = "offer.min_amount")]
    MinAmount {
        /// What is needed.
        #[serde(deserialize_with = "as_written")]
        need: Amount,
        /// What there is.
        #[serde(deserialize_with = "as_written")]
        have: Amount,
    },
    /// The cart has too few units.
    #[serde(rename = "offer.min_quantity")]
    MinQuantity {
        /// How many are needed.
        need: u64,
        /// How many there are.
        have: u64,
    },
    /// It is in another currency.
    #[serde(rename = "offer.currency_mismatch")]
    CurrencyMismatch,
    /// The customer had it as often as allowed.
    #[serde(rename = "offer.limit_customer")]
    LimitCustomer {
        /// By which limit.
        limit: LimitId,
    },
    /// Everybody together had it as often as allowed.
    #[serde(rename = "offer.limit_campaign")]
    LimitCampaign {
        /// By which limit.
        limit: LimitId,
    },
    /// The discount is above what is left of the budget.
    #[serde(rename = "offer.budget_exhausted")]
    BudgetExhausted {
        /// By which limit.
        limit: LimitId,
        /// What is left.
        #[serde(deserialize_with = "as_written")]
        left: Amount,
    },
    /// Another checkout holds it.
    #[serde(rename = "coupon.held_elsewhere")]
    HeldElsewhere {
        /// Until when at the latest.
        until: Timestamp,
    },
    /// It does not combine with one that was applied.
    #[serde(rename = "offer.conflict")]
    Conflict {
        /// With which.
        with: OfferId,
        /// By which group; none when one of the two excludes everything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<StackGroup>,
    },
    /// What was applied serves the objective better than any combination with it.
    #[serde(rename = "offer.beaten_by")]
    BeatenBy {
        /// What was applied.
        set: Vec<OfferId>,
        /// By how much; where tax comes on top at different rates, with it.
        #[serde(deserialize_with = "as_written")]
        by: Amount,
    },
    /// It would take nothing off.
    #[serde(rename = "offer.no_effect")]
    NoEffect,
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

/// Something that a little more would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NearMiss {
    /// Which offer.
    pub offer: OfferId,
    /// What would bring it in.
    pub by: Source,
    /// What to add.
    pub add: Add,
    /// What that saves at least. An amount is thought of as goods by weight; an offer that picks units may pick what is added instead.
    #[serde(deserialize_with = "as_written")]
    pub save: Amount,
}

/// What to add to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "NearMissAdd"))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Add {
    /// So much of eligible articles.
    Amount {
        /// How much.
        #[serde(deserialize_with = "as_written")]
        amount: Amount,
    },
    /// So many units of eligible articles.
    Units {
        /// How many.
        units: u64,
    },
}

/// The sums of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// All lines before discounts.
    #[serde(deserialize_with = "as_written")]
    pub list: Amount,
    /// Off the lines.
    #[serde(deserialize_with = "as_written")]
    pub discount: Amount,
    /// Delivery after its discounts.
    #[serde(deserialize_with = "as_written")]
    pub shipping: Amount,
    /// Off delivery.
    #[serde(deserialize_with = "as_written")]
    pub shipping_discount: Amount,
    /// Tax, of lines and delivery.
    #[serde(deserialize_with = "as_written")]
    pub tax: Amount,
    /// What is to be paid in all, with tax.
    #[serde(deserialize_with = "as_written")]
    pub total: Amount,
    /// The part of it that gift cards and other stored value pay.
    #[serde(deserialize_with = "as_written")]
    pub stored_value: Amount,
    /// What is left to pay.
    #[serde(deserialize_with = "as_written")]
    pub due: Amount,
}

/// How a quote was found, and what is known about better ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "QuoteSearch"))]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Whether it is proven that nothing serves the objective better.
    pub optimal: bool,
    /// No combination takes more off than this.
    #[serde(deserialize_with = "as_written")]
    pub bound: Amount,
    /// `bound` less what was taken off, when it is not proven to be the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "as_written_or_none")]
    pub gap: Option<Amount>,
    /// How many combinations were looked at.
    pub nodes: u64,
    /// The next best: another set, or the same in another order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<RunnerUp>,
}

/// The second best combination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RunnerUp {
    /// What it applies, in this order.
    pub offers: Vec<OfferId>,
    /// What it takes off.
    #[serde(deserialize_with = "as_written")]
    pub off: Amount,
}

/// An amount with the digits it was written with: what is told again years later looks as it did.
pub(super) fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Amount, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    Amount::parse(&text).map_err(Error::in_serde)?;
    Decimal::from_str_exact(&text).map(Amount::new).map_err(serde::de::Error::custom)
}

fn as_written_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Amount>, D::Error> {
    as_written(deserializer).map(Some)
}
