//! What can be read, and the answers. Answers never depend on whether a sweep has run.

mod liability;
mod offers;
mod shared;

pub use liability::{GiftCardLiability, GiftCardMonth, Liability, LiabilityMonth};
pub use offers::{ClaimView, ClaimedGiftCard, LimitUse};
pub use shared::{GiftCardUse, GiftCardView, GroupView};

use crate::coupon::Coupon;
use crate::customer::{Consent, CustomerRecord, Identifier};
use crate::effect::Entry;
use crate::lifecycle::{LifecycleView, Transition};
use crate::offer::{Cart, Quote, RefundPlan, ReturnedLine};
use crate::points::{Account, Balances, Lot, Shortfall};
use crate::tier::TierExplanation;
use crate::value::{
    Amount, BenefitId, CalendarDate, ClaimId, CouponId, CustomerId, GiftCardId, GroupId, HoldId, LadderId, Money,
    OrderId, PointCurrency, Points, Quantity, Reason, RefundId, RuleId, Sku, TierId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Query {
    /// Who is it?
    Customer {
        /// The customer.
        customer_id: CustomerId,
    },
    /// Who has this identifier?
    Find {
        /// The identifier, in any of its spellings.
        identifier: Identifier,
    },
    /// What do they hold at this instant?
    Wallet {
        /// The customer.
        customer_id: CustomerId,
        /// The instant; not before the last entry.
        at: Timestamp,
    },
    /// Which lots are open at this instant, in consumption order?
    Lots {
        /// The customer.
        customer_id: CustomerId,
        /// The point currency.
        currency: PointCurrency,
        /// The instant; not before the last entry.
        at: Timestamp,
    },
    /// What happened, entry by entry?
    Statement {
        /// The customer.
        customer_id: CustomerId,
        /// Only entries after this one.
        #[serde(default)]
        after: u64,
        /// At most so many; default 1,000.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// What did an order earn, and what became of it?
    Order {
        /// The order.
        order_id: OrderId,
    },
    /// Why this tier, since when, until when, what is needed to keep it or to reach the next?
    Tier {
        /// The customer.
        customer_id: CustomerId,
        /// The ladder; default the program's first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ladder: Option<LadderId>,
        /// At this instant.
        at: Timestamp,
        /// With what was known then; default everything known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_at: Option<Timestamp>,
    },
    /// In which stage, how active?
    Lifecycle {
        /// The customer.
        customer_id: CustomerId,
        /// At this instant.
        at: Timestamp,
        /// With what was known then; default everything known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_at: Option<Timestamp>,
    },
    /// What may they use, how often still?
    Benefits {
        /// The customer.
        customer_id: CustomerId,
        /// The instant; not before the last entry.
        at: Timestamp,
    },
    /// May they be contacted?
    Consent {
        /// The customer.
        customer_id: CustomerId,
    },
    /// What does a cart cost, with the best of the offers and coupons at hand?
    Quote {
        /// Whose cart it is; none is somebody who is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer_id: Option<CustomerId>,
        /// The cart.
        cart: Cart,
        /// Which of the customer's coupons may be used; default all that are open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupons: Option<Vec<CouponId>>,
        /// The instant; not before the customer's last entry.
        at: Timestamp,
    },
    /// Which coupons are open?
    Coupons {
        /// Whose.
        customer_id: CustomerId,
        /// The instant; not before the last entry.
        at: Timestamp,
    },
    /// What does a checkout hold, what did it cost, and what became of it?
    Claim {
        /// Whose.
        customer_id: CustomerId,
        /// Which.
        claim_id: ClaimId,
        /// The instant; not before the last entry.
        at: Timestamp,
    },
    /// What would go back for these units of an order, by the policies of its offers? No refund of lines brings delivery back: one in full does, or one of
    /// an amount.
    RefundPlan {
        /// The order. One without a claim gives its own prices back.
        order_id: OrderId,
        /// What comes back.
        lines: Vec<ReturnedLine>,
    },
    /// How much of the limits over all customers is used, held and left?
    Limits {
        /// The instant.
        at: Timestamp,
    },
    /// What does the merchant owe in points at this instant?
    Liability {
        /// The instant; not before the last entry of any customer.
        at: Timestamp,
    },
    /// Who is due to be settled up to this instant?
    Due {
        /// The instant.
        until: Timestamp,
        /// At most so many; default 1,000.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// What is on a gift card, and what became of the rest?
    GiftCard {
        /// Which card; or by its code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card_id: Option<GiftCardId>,
        /// Its code, in any spelling of case and dashes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The instant; not before the last thing that happened to it.
        at: Timestamp,
    },
    /// What does the merchant owe on gift cards at this instant?
    GiftCardLiability {
        /// The instant; not before the last thing that happened to any card.
        at: Timestamp,
    },
    /// Who is in a group, and how far has it come?
    Group {
        /// Which.
        group_id: GroupId,
        /// The instant; not before the last thing that happened to it.
        at: Timestamp,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// To `customer` and `find`.
    Customer {
        /// The customer.
        customer: CustomerRecord,
    },
    /// To `quote`.
    Quote {
        /// The quote.
        quote: Box<Quote>,
    },
    /// To `coupons`.
    Coupons {
        /// The open coupons, in the order of issue.
        coupons: Vec<Coupon>,
    },
    /// To `claim`.
    Claim(Box<ClaimView>),
    /// To `refund_plan`.
    RefundPlan {
        /// The plan.
        plan: RefundPlan,
    },
    /// To `limits`.
    Limits {
        /// Campaign by campaign and offer by offer, in the order of the document. Limits of each article are left out.
        limits: Vec<LimitUse>,
    },
    /// To `wallet`.
    Wallet(Wallet),
    /// To `lots`.
    Lots {
        /// The lots.
        lots: Vec<Lot>,
    },
    /// To `statement`.
    Statement {
        /// The entries.
        entries: Vec<Entry>,
        /// Whether there are more.
        more: bool,
    },
    /// To `order`.
    Order(OrderExplained),
    /// To `tier`.
    Tier(TierExplanation),
    /// To `lifecycle`.
    Lifecycle(LifecycleAnswer),
    /// To `benefits`.
    Benefits {
        /// The benefits.
        benefits: Vec<BenefitLeft>,
    },
    /// To `consent`.
    Consent {
        /// What holds now, one per purpose and channel.
        effective: Vec<Consent>,
        /// Every statement.
        statements: Vec<Consent>,
    },
    /// To `liability`.
    Liability {
        /// One per currency.
        currencies: Vec<Liability>,
    },
    /// To `due`.
    Due {
        /// Who, and since when, the earliest first.
        due: Vec<Due>,
    },
    /// To `gift_card`.
    GiftCard(Box<GiftCardView>),
    /// To `gift_card_liability`.
    GiftCardLiability {
        /// One per currency that cards were issued in, by its code.
        currencies: Vec<GiftCardLiability>,
    },
    /// To `group`.
    Group(Box<GroupView>),
}

/// What a customer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Wallet {
    /// The customer.
    pub customer_id: CustomerId,
    /// The instant.
    pub at: Timestamp,
    /// One per currency of the program, in its order.
    pub accounts: Vec<WalletAccount>,
}

/// What a customer holds of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WalletAccount {
    /// The currency.
    pub currency: PointCurrency,
    /// All balances.
    pub balances: Balances,
    /// Money value of what is available, where the currency has a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// What expires next, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_expiry: Option<Expiring>,
    /// Open holds.
    pub holds: Vec<HoldView>,
}

/// Points that end at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expiring {
    /// The last local day on which they are usable.
    pub usable_through: CalendarDate,
    /// The first instant at which they are not.
    pub expires_at: Timestamp,
    /// How many.
    pub points: Points,
}

/// An open hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HoldView {
    /// Its id.
    pub hold_id: HoldId,
    /// How many points.
    pub points: Points,
    /// When it times out.
    pub until: Timestamp,
}

/// An order, with every number explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderExplained {
    /// The order.
    pub order_id: OrderId,
    /// Whose.
    pub customer_id: CustomerId,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// `valid`, `partly_refunded`, `goods_refunded` (delivery was kept), `fully_refunded`, `cancelled`, `reverted`.
    pub status: String,
    /// What was paid in all.
    pub total: Money,
    /// What went back so far.
    pub refunded: Money,
    /// Revision of the program whose rules made the awards.
    pub revision: u32,
    /// Its lines.
    pub lines: Vec<LineExplained>,
    /// What it earned.
    pub awards: Vec<AwardExplained>,
    /// What went back.
    pub refunds: Vec<RefundExplained>,
    /// Refunds that came before the order and did not fit it: they changed nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<RefundUnmatched>,
}

/// A refund that came before its order and did not fit it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RefundUnmatched {
    /// Its id.
    pub refund_id: RefundId,
    /// When the money went back.
    pub refunded_at: Timestamp,
    /// The code with which it would have been refused, had the order been there.
    pub why: String,
}

/// A line with what it earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineExplained {
    /// Its number.
    pub line_no: u32,
    /// The article.
    pub sku: Sku,
    /// How much of it.
    pub quantity: Quantity,
    /// What was paid for it.
    pub net: Amount,
    /// What went back.
    pub refunded: Amount,
}

/// An award with its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AwardExplained {
    /// Of which currency.
    pub currency: PointCurrency,
    /// What was given.
    pub points: Points,
    /// What was taken back since.
    pub taken_back: Points,
    /// What each rule gave, after caps; sums to `points`.
    pub rules: Vec<RulePoints>,
    /// What each line gave, by line number, after caps; sums to `points`. A fixed bonus belongs to no line.
    pub lines: Vec<LinePoints>,
    /// Why it is less than the rules alone would give.
    pub shortfall: Vec<Shortfall>,
}

/// What a rule gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RulePoints {
    /// The rule.
    pub rule: RuleId,
    /// How many points.
    pub points: Points,
}

/// What a line gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LinePoints {
    /// The line; 0 is shipping.
    pub line_no: u32,
    /// How many points.
    pub points: Points,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RefundExplained {
    /// Its id.
    pub refund_id: RefundId,
    /// When the money went back.
    pub refunded_at: Timestamp,
    /// How much.
    pub amount: Amount,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Stage and activity, and how they came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LifecycleAnswer {
    /// The customer.
    pub customer_id: CustomerId,
    /// What holds at the instant.
    pub now: LifecycleView,
    /// Every transition up to the instant, the oldest first.
    pub history: Vec<Transition>,
}

/// A benefit and how often it is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BenefitLeft {
    /// The ladder.
    pub ladder: LadderId,
    /// The benefit.
    pub benefit: BenefitId,
    /// How often it may still be used in this period; none is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
}

/// Somebody who is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Due {
    /// Who.
    pub customer_id: CustomerId,
    /// Since when.
    pub due_at: Timestamp,
    /// With a gift card that was issued to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// With a group that they opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
}

/// A customer as they stand at an instant, in a walk over everybody.
#[derive(Clone, Debug)]
pub struct CustomerSummary {
    /// Who.
    pub id: CustomerId,
    /// As they stand at this instant: the one asked about, or their last entry if that is later.
    pub as_of: Timestamp,
    /// Since when.
    pub registered_at: Timestamp,
    /// Profile, identifiers, tags, attributes, consent.
    pub record: CustomerRecord,
    /// Accounts, with time passed.
    pub accounts: Vec<Account>,
    /// Tier by ladder.
    pub tiers: Vec<(LadderId, TierId)>,
    /// Stage, activity and the furthest stage, where the program has a lifecycle.
    pub stage: Option<(Arc<str>, Arc<str>, Arc<str>)>,
    /// Valid orders.
    pub orders: u32,
}
