//! What happened: entries of the journal and the receipts made of them.

mod receipt;
mod shared;

pub use receipt::{CurrencyBalance, Done, Outcome, Receipt};
pub use shared::{
    GiftCardExpired, GiftCardFrozen, GiftCardHeld, GiftCardIssued, GiftCardRedeemed, GiftCardReleased,
    GiftCardRestored, GiftCardUnfrozen, GroupExpired, GroupFormed, GroupOpened, SeatLeft, SeatPaid, SeatRefunded,
    SeatTaken, SeatTimedOut,
};

use crate::code::Attempt;
use crate::coupon::{ClaimState, CouponState, Origin};
use crate::lifecycle::Transition;
use crate::points::{MovementKind, Posting, Shortfall};
use crate::tier::TierChange;
use crate::value::{
    Actor, BatchId, BenefitId, ClaimId, CouponId, Currency, CustomerId, EventId, EventName, HoldId, LadderId, OfferId,
    OrderId, PointCurrency, Reason, RedemptionId, RefundId, RequestId, RuleId, TierId, Timestamp,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// One thing that happened to one customer. Entries are never changed; a correction is a new entry that points at the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
        /// Whether the last of the goods went back with it: the order counts no more, and coupons come back. Delivery may be left.
        #[n(5)]
        all_goods: bool,
        /// What is kept from the money for points that were spent already (`net_from_refund`), in minor units.
        #[n(6)]
        netted_minor: i64,
        /// Whether the last of the order went back with it: nothing is left, delivery neither.
        #[n(7)]
        #[cbor(default)]
        full: bool,
        /// Whether it corrects what was told of this refund, because an older one of its order was told after it: amounts and points are
        /// differences then, `all_goods` and `full` are what holds.
        #[n(8)]
        #[cbor(default)]
        #[serde(default, skip_serializing_if = "is_false")]
        corrects: bool,
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
        /// Whether the order was still valid before (some of the goods were left).
        #[n(4)]
        was_valid: bool,
        /// What is kept from the money for points that were spent already, in minor units.
        #[n(5)]
        netted_minor: i64,
        /// True when an import was reverted: the order is treated as if it had never been there.
        #[n(6)]
        reverted: bool,
        /// Whether it corrects what was told of this cancellation, because a refund from before it was told after it: amounts and points are
        /// differences then, `was_valid` is what holds.
        #[n(7)]
        #[cbor(default)]
        #[serde(default, skip_serializing_if = "is_false")]
        corrects: bool,
    },
    /// A refund was recorded that changes nothing: it names no order and matched none, or it came before its order and did not fit it.
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
        /// The order that it waited for, if it named one.
        #[n(3)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
        /// Why it did not fit: the code with which it would have been refused, had the order been there.
        #[n(4)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
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
    /// A coupon was issued to the customer.
    #[n(15)]
    CouponIssued {
        /// Which.
        #[n(0)]
        coupon_id: CouponId,
        /// To which offer.
        #[n(1)]
        offer: OfferId,
        /// First instant after its last one.
        #[n(2)]
        valid_until: Option<Timestamp>,
        /// Where it came from.
        #[n(3)]
        origin: Origin,
    },
    /// A coupon is closed: used up, revoked, given away, out of time.
    #[n(16)]
    CouponClosed {
        /// Which.
        #[n(0)]
        coupon_id: CouponId,
        /// To which offer.
        #[n(1)]
        offer: OfferId,
        /// Where it stands now.
        #[n(2)]
        state: CouponState,
    },
    /// A use of a coupon came back with a returned order.
    #[n(17)]
    CouponRestored {
        /// Which.
        #[n(0)]
        coupon_id: CouponId,
        /// To which offer.
        #[n(1)]
        offer: OfferId,
        /// First instant after its last one.
        #[n(2)]
        valid_until: Option<Timestamp>,
    },
    /// A checkout holds coupons and limits.
    #[n(18)]
    Claimed {
        /// Under which key.
        #[n(0)]
        claim_id: ClaimId,
        /// Until when at the latest.
        #[n(1)]
        until: Timestamp,
        /// Of `off_minor` and `total_minor`.
        #[n(2)]
        currency: Currency,
        /// What its offers take off, in minor units.
        #[n(3)]
        off_minor: i64,
        /// What is to be paid in all, in minor units.
        #[n(4)]
        total_minor: i64,
        /// The offers, in the order in which they apply.
        #[n(5)]
        offers: Vec<OfferId>,
        /// The coupons among what it uses.
        #[n(6)]
        coupons: Vec<CouponId>,
    },
    /// A claim was confirmed, released, or out of time.
    #[n(19)]
    ClaimEnded {
        /// Which.
        #[n(0)]
        claim_id: ClaimId,
        /// How.
        #[n(1)]
        state: ClaimState,
        /// The order that was paid with it.
        #[n(2)]
        order_id: Option<OrderId>,
    },
    /// What a claim had used came back with its order.
    #[n(20)]
    ClaimReturned {
        /// Which.
        #[n(0)]
        claim_id: ClaimId,
        /// With which order.
        #[n(1)]
        order_id: OrderId,
    },
    /// A gift card was issued to the customer.
    #[n(21)]
    GiftCardIssued(#[n(0)] GiftCardIssued),
    /// A checkout holds a part of a gift card.
    #[n(22)]
    GiftCardHeld(#[n(0)] GiftCardHeld),
    /// What was held of a gift card is free again: given up, out of time, or because the card was frozen.
    #[n(23)]
    GiftCardReleased(#[n(0)] GiftCardReleased),
    /// A part of a gift card was taken.
    #[n(24)]
    GiftCardRedeemed(#[n(0)] GiftCardRedeemed),
    /// What was taken of a gift card came back to it.
    #[n(25)]
    GiftCardRestored(#[n(0)] GiftCardRestored),
    /// The time of a gift card was over with something on it.
    #[n(26)]
    GiftCardExpired(#[n(0)] GiftCardExpired),
    /// A gift card may not be used any more: by hand, or because its purchase went back.
    #[n(27)]
    GiftCardFrozen(#[n(0)] GiftCardFrozen),
    /// A frozen gift card may be used again.
    #[n(28)]
    GiftCardUnfrozen(#[n(0)] GiftCardUnfrozen),
    /// The customer opened a group.
    #[n(29)]
    GroupOpened(#[n(0)] GroupOpened),
    /// The customer has a seat in a group.
    #[n(30)]
    SeatTaken(#[n(0)] SeatTaken),
    /// The customer paid for the seat.
    #[n(31)]
    SeatPaid(#[n(0)] SeatPaid),
    /// The customer gave the seat up.
    #[n(32)]
    SeatLeft(#[n(0)] SeatLeft),
    /// A seat of the customer's group was not paid in time.
    #[n(33)]
    SeatTimedOut(#[n(0)] SeatTimedOut),
    /// The money of the customer's seat went back.
    #[n(34)]
    SeatRefunded(#[n(0)] SeatRefunded),
    /// The customer's group has formed.
    #[n(35)]
    GroupFormed(#[n(0)] GroupFormed),
    /// The customer's group has not formed in time.
    #[n(36)]
    GroupExpired(#[n(0)] GroupExpired),
    /// The customer typed a code.
    #[n(37)]
    CodeTried {
        /// What came of it.
        #[n(0)]
        attempt: Attempt,
        /// The code in its normal form, where it was found.
        #[n(1)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
}

/// What an entry did to one point currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
