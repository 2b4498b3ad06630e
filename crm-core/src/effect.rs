//! What happened: entries of the journal and the receipts made of them.

use crate::lifecycle::Transition;
use crate::points::{Balances, MovementKind, Posting, Shortfall};
use crate::tier::TierChange;
use crate::value::{
    Actor, BatchId, BenefitId, Currency, CustomerId, EventId, EventName, HoldId, LadderId, OrderId, PointCurrency,
    Points, Reason, RedemptionId, RefundId, RequestId, RuleId, TierId, Timestamp,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One thing that happened to one customer. Entries are never changed; a correction is a new entry that points at the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Place in the customer's journal, from 1.
    pub seq: u64,
    /// Whose.
    pub customer_id: CustomerId,
    /// When it counts from.
    pub effective_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The request that caused it.
    pub request_id: RequestId,
    /// Revision of the program it was made under.
    pub revision: u32,
    /// What happened.
    pub what: What,
    /// What it did to the points, currency by currency. The postings of each change sum to zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<PointsChange>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The import it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// The customer was registered.
    #[n(0)]
    Registered,
    /// Fields of the customer changed.
    #[n(1)]
    Updated {
        /// Which: `name`, `tags.add:vip`, …; never their contents. None when the request changed nothing and is only remembered.
        #[n(0)]
        fields: Vec<String>,
    },
    /// A statement about consent was recorded.
    #[n(2)]
    Consent {
        /// Purpose and channel, as `marketing/sms`.
        #[n(0)]
        subject: String,
        /// Whether it is given afterwards.
        #[n(1)]
        granted: bool,
    },
    /// An order was recorded.
    #[n(3)]
    Order {
        /// Which.
        #[n(0)]
        order_id: OrderId,
        /// What of it counts as spend, in minor units of the program's first currency; 0 for orders in others.
        #[n(1)]
        spend_minor: i64,
    },
    /// A refund of an order was recorded.
    #[n(4)]
    Refund {
        /// Which.
        #[n(0)]
        refund_id: RefundId,
        /// Of which order.
        #[n(1)]
        order_id: OrderId,
        /// When that was paid.
        #[n(2)]
        order_paid_at: Timestamp,
        /// What went back, in minor units of the order's currency.
        #[n(3)]
        amount_minor: i64,
        /// How much less counts as spend, in minor units of the program's first currency.
        #[n(4)]
        spend_minor: i64,
        /// Whether nothing is left of the order.
        #[n(5)]
        full: bool,
        /// What is kept from the money for points that were spent already (`net_from_refund`), in minor units.
        #[n(6)]
        netted_minor: i64,
    },
    /// An order was cancelled; nothing is left of it.
    #[n(5)]
    Cancelled {
        /// Which.
        #[n(0)]
        order_id: OrderId,
        /// When it was paid.
        #[n(1)]
        order_paid_at: Timestamp,
        /// What went back, in minor units of the order's currency.
        #[n(2)]
        amount_minor: i64,
        /// How much less counts as spend, in minor units of the program's first currency.
        #[n(3)]
        spend_minor: i64,
        /// Whether the order was still valid before (not fully refunded).
        #[n(4)]
        was_valid: bool,
        /// What is kept from the money for points that were spent already, in minor units.
        #[n(5)]
        netted_minor: i64,
        /// True when an import was reverted: the order is treated as if it had never been there.
        #[n(6)]
        reverted: bool,
    },
    /// A refund that names no order was recorded and matched nothing.
    #[n(6)]
    UnmatchedRefund {
        /// Which.
        #[n(0)]
        refund_id: RefundId,
        /// Its amount in minor units.
        #[n(1)]
        amount_minor: i64,
        /// Of which currency.
        #[n(2)]
        currency: Currency,
    },
    /// A custom event was recorded.
    #[n(7)]
    Event {
        /// Which.
        #[n(0)]
        event_id: EventId,
        /// Its kind.
        #[n(1)]
        name: EventName,
    },
    /// Points moved: by a command, or by time.
    #[n(8)]
    Points,
    /// A tier changed.
    #[n(9)]
    Tier {
        /// How.
        #[n(0)]
        change: TierChange,
    },
    /// A tier was fixed by hand.
    #[n(10)]
    TierLocked {
        /// On which ladder.
        #[n(0)]
        ladder: LadderId,
        /// At which tier.
        #[n(1)]
        tier: TierId,
        /// Until (exclusive).
        #[n(2)]
        until: Timestamp,
    },
    /// A tier lock was ended by hand.
    #[n(11)]
    TierUnlocked {
        /// On which ladder.
        #[n(0)]
        ladder: LadderId,
    },
    /// Stage or activity changed.
    #[n(12)]
    Lifecycle {
        /// How.
        #[n(0)]
        transition: Transition,
    },
    /// A benefit was used.
    #[n(13)]
    BenefitUsed {
        /// On which ladder.
        #[n(0)]
        ladder: LadderId,
        /// Which.
        #[n(1)]
        benefit: BenefitId,
        /// How often in this period, this time included.
        #[n(2)]
        used: u32,
    },
    /// A registration was reverted with its import.
    #[n(14)]
    Unregistered,
}

/// What an entry did to one point currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct PointsChange {
    /// Of which currency.
    #[n(0)]
    pub currency: PointCurrency,
    /// What kind of movement.
    #[n(1)]
    pub kind: MovementKind,
    /// The postings; they sum to zero.
    #[n(2)]
    pub postings: Vec<Posting>,
    /// The rule that gave a fixed number; proportional awards list their rules with the order.
    #[n(3)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// The hold concerned.
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
    /// The redemption concerned.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption: Option<RedemptionId>,
    /// Why it is zero or less than the rules alone would give.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfall: Vec<Shortfall>,
    /// For points taken back: the instant they count against.
    #[n(7)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_at: Option<Timestamp>,
    /// The customer on the other side of a transfer or a referral.
    #[n(8)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<CustomerId>,
}

/// What a request did: the entries it wrote and the balances after it. Stored, and returned again to the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The request.
    pub request_id: RequestId,
    /// The customer it was about; none for a refund that waits for its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What happened; empty when there was nothing to do (the same order again, nothing due). A change of a customer that changes nothing
    /// is one entry without fields, so that its request is remembered.
    pub entries: Vec<Arc<Entry>>,
    /// Balances of every currency of the customer after it.
    pub balances: Vec<CurrencyBalance>,
    /// True for a refund that waits for its order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parked: bool,
}

/// A balance by currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct CurrencyBalance {
    /// Of which currency.
    #[n(0)]
    pub currency: PointCurrency,
    /// Usable now.
    #[n(1)]
    pub available: Points,
    /// Earned, not usable yet.
    #[n(2)]
    pub pending: Points,
    /// Reserved.
    #[n(3)]
    pub held: Points,
    /// Owed.
    #[n(4)]
    pub debt: Points,
}

impl CurrencyBalance {
    /// The four figures of an account.
    #[must_use]
    pub fn of(currency: &PointCurrency, balances: &Balances) -> Self {
        Self {
            currency: currency.clone(),
            available: balances.available,
            pending: balances.pending,
            held: balances.held,
            debt: balances.debt,
        }
    }
}

/// How a request ended when it was not refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it did.
    pub receipt: Receipt,
    /// How the receipt came about.
    pub outcome: Outcome,
}

/// How a receipt came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The request was carried out now.
    Applied,
    /// It had been carried out before; this is the stored receipt.
    Replayed,
    /// There was nothing to do.
    Unchanged,
}
