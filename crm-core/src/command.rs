//! What can be asked of the engine: every change is a request with an id, an instant and one command.

mod giftcards;
mod groups;
mod offers;
mod tiers;
mod upkeep;

pub use giftcards::{
    CaptureGiftCard, FreezeGiftCard, HoldGiftCard, IssueGiftCard, ReleaseGiftCard, RestoreGiftCard, SpendGiftCard,
    UnfreezeGiftCard,
};
pub use groups::{JoinGroup, LeaveGroup, OpenGroup, PaySeat, RefundSeat};
pub use offers::{
    BuyCoupon, ClaimOffers, CodeIssue, ConfirmClaim, IssueCoupon, PointsOf, ReleaseClaim, RevokeCoupon, TransferCoupon,
    TryCode,
};
pub use tiers::{LockTier, UnlockTier, UseBenefit};
pub use upkeep::{RevertOrder, Settle, Unregister};

use crate::customer::{Buyer, Consent, CustomerChange, Identifier, Profile};
use crate::error::{Error, Result};
use crate::order::{Event, Order, Refund};
use crate::value::{
    Actor, Attribute, AttributeName, BatchId, ClaimId, CustomerId, HoldId, OrderId, PointCurrency, Points, Reason,
    RedemptionId, RequestId, Tag, Timestamp, read, read_text,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One attempt to change something.
///
/// Running a request twice has one effect: the same id with the same command gives the stored receipt, with another command
/// `request.reused`. `at` is the clock of the host and may differ between tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The caller's name for this attempt; time-ordered ids (UUIDv7) store best. Unique per customer.
    pub request_id: RequestId,
    /// The instant at which the command is carried out; nothing in the library reads a clock.
    pub at: Timestamp,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The import it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// What to do.
    #[serde(rename = "do")]
    pub command: Command,
}

impl Request {
    /// Reads a request out of JSON.
    ///
    /// # Errors
    /// `value.json` for another shape, and the codes of values; `field` names the place in the command, such as `order.lines[3].sku`, or
    /// in the request.
    pub fn from_json(text: &str) -> Result<Self> {
        read_text(text).map_err(Self::in_command)
    }

    /// As [`from_json`](Self::from_json), out of JSON that was read already.
    ///
    /// # Errors
    /// As there.
    pub fn from_value(json: &serde_json::Value) -> Result<Self> {
        read(json).map_err(Self::in_command)
    }

    /// Refusals of the engine name places in the command; so do those of reading.
    fn in_command(error: Error) -> Error {
        let field = error.details().get("field").and_then(serde_json::Value::as_str);
        match field.and_then(|field| field.strip_prefix("do.")).map(str::to_owned) {
            Some(field) => error.at_field(field),
            None => error,
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Registers a customer. Refused with `customer.exists` or `identity.taken`.
    RegisterCustomer(RegisterCustomer),
    /// Changes profile, identifiers, tags or attributes.
    UpdateCustomer(UpdateCustomer),
    /// Records a statement about consent.
    RecordConsent(RecordConsent),
    /// Records a paid order: points, tiers and lifecycle follow. Idempotent on the order id.
    RecordOrder(RecordOrder),
    /// Records a refund, in full or in part. One for an order that has not arrived is parked until it does.
    /// If it does not fit then (above what was paid, or of a line that the order has not), nothing goes back: the entry `unmatched_refund` of
    /// the order's receipt says why, and so does the order (`unmatched`). A refund with another id puts it right.
    RecordRefund(RecordRefund),
    /// Cancels an order: everything that is left goes back.
    CancelOrder(CancelOrder),
    /// Records a custom event.
    RecordEvent(RecordEvent),
    /// Gives points outside of the rules.
    EarnPoints(EarnPoints),
    /// Takes points for something.
    SpendPoints(SpendPoints),
    /// Reserves points while a payment runs.
    HoldPoints(HoldPoints),
    /// Takes held points, all or some; the rest is released.
    CaptureHold(CaptureHold),
    /// Gives held points back.
    ReleaseHold(ReleaseHold),
    /// Gives spent points back, all or some, to the lots they came from.
    ReverseRedemption(ReverseRedemption),
    /// Corrects a balance by hand; the request needs an actor and a reason.
    AdjustPoints(AdjustPoints),
    /// Moves points to another customer; they keep their dates.
    TransferPoints(TransferPoints),
    /// Makes the points of an order usable that wait for an event (`until_event`).
    ActivatePoints(ActivatePoints),
    /// Fixes a tier by hand until a date; the request needs an actor and a reason.
    LockTier(LockTier),
    /// Ends a tier lock.
    UnlockTier(UnlockTier),
    /// Uses a benefit of the customer's tier once.
    UseBenefit(UseBenefit),
    /// Writes what time alone has done to one customer up to the request's instant. Sweeps send this.
    Settle(Settle),
    /// Takes an order back that came with an import, as if it had never been there. What a claim had taken for it comes back, and the claim pays
    /// for no order any more. Reverting a batch sends this.
    RevertOrder(RevertOrder),
    /// Takes a registration back that came with an import, if the customer has no order. Reverting a batch sends this.
    Unregister(Unregister),
    /// Issues a coupon.
    IssueCoupon(IssueCoupon),
    /// Takes a coupon back; the request needs an actor and a reason.
    RevokeCoupon(RevokeCoupon),
    /// Gives a coupon to another customer.
    TransferCoupon(TransferCoupon),
    /// Gets a coupon for points.
    BuyCoupon(BuyCoupon),
    /// Holds what a quote of a cart applies while a payment runs.
    ClaimOffers(ClaimOffers),
    /// Turns what a claim holds into uses.
    ConfirmClaim(ConfirmClaim),
    /// Gives up what a claim holds.
    ReleaseClaim(ReleaseClaim),
    /// Notes that a customer typed a code, and tells whether it was found. Refused with `code.rate_limited` without an attempt left.
    TryCode(TryCode),
    /// Issues a gift card.
    IssueGiftCard(IssueGiftCard),
    /// Holds a part of a gift card while a payment runs.
    HoldGiftCard(HoldGiftCard),
    /// Takes what is held of a gift card, all or some; the rest is released.
    CaptureGiftCard(CaptureGiftCard),
    /// Gives up what is held of a gift card.
    ReleaseGiftCard(ReleaseGiftCard),
    /// Takes a part of a gift card.
    SpendGiftCard(SpendGiftCard),
    /// Gives back what was taken of a gift card, all or some.
    RestoreGiftCard(RestoreGiftCard),
    /// Keeps a gift card from being used; the request needs an actor and a reason.
    FreezeGiftCard(FreezeGiftCard),
    /// Lets a frozen gift card be used again; the request needs an actor and a reason.
    UnfreezeGiftCard(UnfreezeGiftCard),
    /// Opens a group that buys together, and takes its first seat.
    OpenGroup(OpenGroup),
    /// Takes a seat of a group until it is paid or out of time.
    JoinGroup(JoinGroup),
    /// Pays the seat with an order.
    PaySeat(PaySeat),
    /// Gives the seat up; one that was paid has to be refunded then.
    LeaveGroup(LeaveGroup),
    /// Notes that the money of a seat went back.
    RefundSeat(RefundSeat),
}

/// Registers a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterCustomer {
    /// The new customer's id.
    pub customer_id: CustomerId,
    /// When they joined; default the request's instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// What they are known by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// Who they are.
    #[serde(default)]
    pub profile: Profile,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
    /// Custom attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<AttributeName, Attribute>,
    /// Who brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<CustomerId>,
}

/// Changes a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateCustomer {
    /// Whom.
    pub customer_id: CustomerId,
    /// What to change.
    pub change: CustomerChange,
}

/// Records a statement about consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// Whose.
    pub customer_id: CustomerId,
    /// The statement.
    pub consent: Consent,
}

/// Records a paid order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordOrder {
    /// Whose.
    pub buyer: Buyer,
    /// The order.
    pub order: Order,
    /// The claim that it was paid with: its cart's lines get the discounts of its quote, and what it holds is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<ClaimId>,
}

/// Records a refund. One that is told after others which happened after it takes its place before them, and what was told of those is put
/// right; it is refused if they would not fit any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordRefund {
    /// Whose; may be left out when the refund names its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Buyer>,
    /// The refund.
    pub refund: Refund,
}

/// Cancels an order. In a request of an import (with a `batch`), one for an order that has not arrived waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Which.
    pub order_id: OrderId,
    /// When; default the request's instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

/// Records a custom event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordEvent {
    /// Whose.
    pub buyer: Buyer,
    /// The event.
    pub event: Event,
}

/// Gives points outside of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarnPoints {
    /// To whom.
    pub customer_id: CustomerId,
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many; more than zero.
    pub points: Points,
    /// When they were earned; default the request's instant. Dates are computed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned_at: Option<Timestamp>,
    /// Usable from this local day; default by the currency's policy, but at once where that waits for the event of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable_from: Option<crate::value::CalendarDate>,
    /// Usable through this local day, whatever happens; default by the currency's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable_through: Option<crate::value::CalendarDate>,
}

/// Takes points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SpendPoints {
    /// From whom.
    pub customer_id: CustomerId,
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many; more than zero.
    pub points: Points,
    /// A name for it; default the request id. Reversals and tenders point at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption_id: Option<RedemptionId>,
    /// The order it helped to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// Reserves points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldPoints {
    /// From whom.
    pub customer_id: CustomerId,
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many; more than zero.
    pub points: Points,
    /// Its id.
    pub hold_id: HoldId,
    /// When it times out by itself.
    pub until: Timestamp,
}

/// Takes held points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CaptureHold {
    /// From whom.
    pub customer_id: CustomerId,
    /// Which hold. The redemption gets the same id.
    pub hold_id: HoldId,
    /// How many; default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
}

/// Gives held points back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseHold {
    /// To whom.
    pub customer_id: CustomerId,
    /// Which hold.
    pub hold_id: HoldId,
}

/// Gives spent points back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReverseRedemption {
    /// To whom.
    pub customer_id: CustomerId,
    /// Which redemption.
    pub redemption_id: RedemptionId,
    /// How many; default all that is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
}

/// Corrects a balance by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustPoints {
    /// Whose.
    pub customer_id: CustomerId,
    /// Of which currency.
    pub currency: PointCurrency,
    /// More than zero gives, less takes (at most what is available).
    pub points: Points,
    /// For points given: usable through this local day; default by the currency's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable_through: Option<crate::value::CalendarDate>,
}

/// Moves points to another customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferPoints {
    /// From whom.
    pub from: CustomerId,
    /// To whom.
    pub to: CustomerId,
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many; more than zero.
    pub points: Points,
}

/// Makes waiting points of an order usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivatePoints {
    /// Of which order.
    pub order_id: OrderId,
}

impl Command {
    /// The customer that the command names by id, and the other one of a transfer.
    #[must_use]
    pub fn customers(&self) -> (Option<&CustomerId>, Option<&CustomerId>) {
        match self {
            Self::RegisterCustomer(c) => (Some(&c.customer_id), None),
            Self::UpdateCustomer(c) => (Some(&c.customer_id), None),
            Self::RecordConsent(c) => (Some(&c.customer_id), None),
            Self::RecordOrder(c) => (c.buyer.id(), None),
            Self::RecordRefund(c) => (c.buyer.as_ref().and_then(Buyer::id).filter(|_| c.refund.order.is_none()), None),
            Self::CancelOrder(_) | Self::ActivatePoints(_) | Self::RevertOrder(_) => (None, None),
            Self::Unregister(c) => (Some(&c.customer_id), None),
            Self::RecordEvent(c) => (c.buyer.id(), None),
            Self::EarnPoints(c) => (Some(&c.customer_id), None),
            Self::SpendPoints(c) => (Some(&c.customer_id), None),
            Self::HoldPoints(c) => (Some(&c.customer_id), None),
            Self::CaptureHold(c) => (Some(&c.customer_id), None),
            Self::ReleaseHold(c) => (Some(&c.customer_id), None),
            Self::ReverseRedemption(c) => (Some(&c.customer_id), None),
            Self::AdjustPoints(c) => (Some(&c.customer_id), None),
            Self::TransferPoints(c) => (Some(&c.from), Some(&c.to)),
            Self::LockTier(c) => (Some(&c.customer_id), None),
            Self::UnlockTier(c) => (Some(&c.customer_id), None),
            Self::UseBenefit(c) => (Some(&c.customer_id), None),
            Self::Settle(c) => (Some(&c.customer_id), None),
            Self::IssueCoupon(c) => (Some(&c.customer_id), None),
            Self::RevokeCoupon(c) => (Some(&c.customer_id), None),
            Self::TransferCoupon(c) => (Some(&c.from), Some(&c.to)),
            Self::BuyCoupon(c) => (Some(&c.customer_id), None),
            Self::ClaimOffers(c) => (Some(&c.customer_id), None),
            Self::ConfirmClaim(c) => (Some(&c.customer_id), None),
            Self::ReleaseClaim(c) => (Some(&c.customer_id), None),
            Self::TryCode(c) => (Some(&c.customer_id), None),
            Self::IssueGiftCard(c) => (Some(&c.customer_id), None),
            Self::HoldGiftCard(c) => (Some(&c.customer_id), None),
            Self::CaptureGiftCard(c) => (Some(&c.customer_id), None),
            Self::ReleaseGiftCard(c) => (Some(&c.customer_id), None),
            Self::SpendGiftCard(c) => (Some(&c.customer_id), None),
            Self::RestoreGiftCard(c) => (Some(&c.customer_id), None),
            Self::FreezeGiftCard(c) => (Some(&c.customer_id), None),
            Self::UnfreezeGiftCard(c) => (Some(&c.customer_id), None),
            Self::OpenGroup(c) => (Some(&c.customer_id), None),
            Self::JoinGroup(c) => (Some(&c.customer_id), None),
            Self::PaySeat(c) => (Some(&c.customer_id), None),
            Self::LeaveGroup(c) => (Some(&c.customer_id), None),
            Self::RefundSeat(c) => (Some(&c.customer_id), None),
        }
    }

    /// The identifiers by which the command names or registers its customer.
    #[must_use]
    pub fn identifiers(&self) -> Option<&[Identifier]> {
        match self {
            Self::RegisterCustomer(command) => Some(&command.identifiers),
            Self::UpdateCustomer(command) => Some(&command.change.add_identifiers),
            Self::RecordOrder(command) => command.buyer.identifiers(),
            Self::RecordRefund(command) => command.buyer.as_ref().and_then(Buyer::identifiers),
            Self::RecordEvent(command) => command.buyer.identifiers(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sample() -> Value {
        json!({ "request_id": "r1", "at": "2026-03-01T10:00:00Z", "actor": "till", "do": {
            "type": "record_order",
            "buyer": { "type": "known_or_new", "identifiers": [{ "type": "phone", "value": "+8613800138000" }], "profile": { "name": "Ann" } },
            "order": { "id": "o1", "paid_at": "2026-03-01T10:00:00Z", "currency": "CNY", "tags": ["a"],
                "lines": [{ "sku": "tea", "unit_price": "1.00" }, { "sku": "jam", "quantity": 2, "unit_price": "3.00" }],
                "tenders": [{ "type": "money", "amount": "5.00" }, { "type": "points", "amount": "2.00", "redemption": "g1" }] } } })
    }

    fn field(json: &Value) -> String {
        let error = Request::from_value(json).unwrap_err();
        assert_eq!(Request::from_json(&json.to_string()).unwrap_err(), error, "{json}");
        error.details().get("field").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Whatever is spoiled, its place is named: a plain value by something of another kind or by null, an object by a list, a list by an
    /// object.
    /// To see it fail: let `place` in `error.rs` keep a field as long as it is.
    #[test]
    fn a_name_of_a_megabyte_is_not_sent_back() {
        let name = "x".repeat(1_000_000);
        let error = Request::from_json(&format!(
            r#"{{ "request_id": "r", "at": "2026-01-01T00:00:00Z",
                  "do": {{ "type": "register_customer", "customer_id": "ann", "{name}": 1 }} }}"#
        ))
        .unwrap_err();
        assert!(error.to_json().to_string().len() < 2_000);
    }

    #[test]
    fn what_is_spoiled_is_named() {
        let places = [
            ("/request_id", "request_id"),
            ("/at", "at"),
            ("/do", "do"),
            ("/do/type", "type"),
            ("/do/buyer", "buyer"),
            ("/do/buyer/identifiers", "buyer.identifiers"),
            ("/do/buyer/identifiers/0/type", "buyer.identifiers[0].type"),
            ("/do/buyer/profile/name", "buyer.profile.name"),
            ("/do/order/id", "order.id"),
            ("/do/order/lines", "order.lines"),
            ("/do/order/lines/0/unit_price", "order.lines[0].unit_price"),
            ("/do/order/lines/1/sku", "order.lines[1].sku"),
            ("/do/order/lines/1/quantity", "order.lines[1].quantity"),
            ("/do/order/tags", "order.tags"),
            ("/do/order/tenders/1/type", "order.tenders[1].type"),
            ("/do/order/tenders/1/redemption", "order.tenders[1].redemption"),
        ];
        for (pointer, name) in places {
            for spoiler in [json!(true), json!("\u{0}"), json!({ "x": { "y": 1 } }), json!([[1]])] {
                let mut spoiled = sample();
                *spoiled.pointer_mut(pointer).unwrap() = spoiler.clone();
                if Request::from_value(&spoiled).is_err() {
                    let found = field(&spoiled);
                    assert!(
                        (name == "do" && found == "type")
                            || found == name
                            || found.starts_with(&format!("{name}."))
                            || found.starts_with(&format!("{name}[")),
                        "{pointer} {spoiler}: {found}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let without = |parent: &str, name: &str| {
            let mut json = sample();
            json.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
            field(&json)
        };
        assert_eq!(without("", "at"), "at");
        assert_eq!(without("/do", "buyer"), "buyer");
        assert_eq!(without("/do/buyer", "type"), "buyer.type");
        assert_eq!(without("/do/order", "paid_at"), "order.paid_at");
        assert_eq!(without("/do/order/lines/0", "sku"), "order.lines[0].sku");
        assert_eq!(without("/do/order/tenders/1", "redemption"), "order.tenders[1].redemption");
        let with = |parent: &str| {
            let mut json = sample();
            json.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert("colour".to_owned(), json!("red"));
            field(&json)
        };
        assert_eq!(with(""), "colour");
        assert_eq!(with("/do"), "colour");
        assert_eq!(with("/do/buyer/identifiers/0"), "buyer.identifiers[0].colour");
        assert_eq!(with("/do/order/lines/1"), "order.lines[1].colour");
    }

    #[test]
    fn a_number_out_of_range_is_told_with_its_limits() {
        for (number, told) in
            [("4294967296", "value.range"), ("-1", "value.range"), ("1.5", "value.json"), ("1e40", "value.json")]
        {
            let text = format!(
                r#"{{ "request_id": "r", "at": "2026-03-01T10:00:00Z", "do": {{ "type": "record_order", "buyer": {{ "type": "customer", "id": "a" }},
                    "order": {{ "id": "o", "paid_at": "2026-03-01T10:00:00Z", "currency": "EUR",
                        "lines": [{{ "line_no": {number}, "sku": "x", "unit_price": "1" }}] }} }} }}"#
            );
            let error = Request::from_json(&text).unwrap_err();
            assert_eq!(
                (error.code().as_str(), &error.details()["field"]),
                (told, &json!("order.lines[0].line_no")),
                "{error:?}"
            );
            if told == "value.range" {
                assert_eq!((&error.details()["least"], &error.details()["limit"]), (&json!(0), &json!(u32::MAX)));
                assert_eq!(error.message(), format!("the number {number} is out of range: 0 to 4294967295"));
            }
        }
    }

    #[test]
    fn a_field_twice_and_no_json_are_refused() {
        let twice = r#"{ "request_id": "r", "at": "2026-03-01T10:00:00Z", "do": { "type": "settle", "customer_id": "a", "customer_id": "b" } }"#;
        let error = Request::from_json(twice).unwrap_err();
        assert_eq!((error.code().as_str(), &error.details()["field"]), ("value.json", &json!("customer_id")));
        // Also where any name may stand, so that no type has a field for it.
        let twice = r#"{ "request_id": "r", "at": "2026-03-01T10:00:00Z", "do": { "type": "register_customer", "customer_id": "a",
            "attributes": { "shoe": { "type": "text", "value": "41" }, "shoe": { "type": "text", "value": "42" } } } }"#;
        let error = Request::from_json(twice).unwrap_err();
        assert_eq!((error.code().as_str(), &error.details()["field"]), ("value.json", &json!("attributes.shoe")));
        assert!(error.message().contains("twice"), "{error}");
        assert_eq!(Request::from_json("{").unwrap_err().code().as_str(), "value.json");
        // What is quoted is quoted in part.
        let long = format!(r#"{{ "request_id": "r", "at": "2026-03-01T10:00:00Z", "do": "{}" }}"#, "é".repeat(100_000));
        let error = Request::from_json(&long).unwrap_err();
        assert_eq!(error.code().as_str(), "value.json");
        assert!(error.message().chars().count() < 500 && error.message().contains('…'), "{error}");
    }
}
