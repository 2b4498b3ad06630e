//! Commands about coupons and checkouts.

use crate::offer::Cart;
use crate::value::{Amount, ClaimId, CouponId, CustomerId, OfferId, PointCurrency, Points, RedemptionId, Timestamp};
use serde::{Deserialize, Serialize};

/// Issues a coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssueCoupon {
    /// To whom.
    pub customer_id: CustomerId,
    /// Its id, unique within the customer.
    pub coupon_id: CouponId,
    /// To which offer; it needs a coupon.
    pub offer: OfferId,
    /// A code by which it can be named at a checkout, unique over all customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// First instant at which it can be used; default the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// First instant after the last one; default as the offer's terms say. Never after the offer's own end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// How often it can be used; default as the offer's terms say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// Takes a coupon back; the request needs an actor and a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevokeCoupon {
    /// From whom.
    pub customer_id: CustomerId,
    /// Which.
    pub coupon_id: CouponId,
}

/// Gives a coupon to another customer, where the offer allows it. It keeps its id, its code and its dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferCoupon {
    /// From whom.
    pub from: CustomerId,
    /// To whom.
    pub to: CustomerId,
    /// Which.
    pub coupon_id: CouponId,
}

/// Gets a coupon for points, at the price in the offer's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BuyCoupon {
    /// Who.
    pub customer_id: CustomerId,
    /// Its id, unique within the customer.
    pub coupon_id: CouponId,
    /// To which offer.
    pub offer: OfferId,
    /// The id of the redemption that pays for it; default the request's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption_id: Option<RedemptionId>,
}

/// Holds what a quote of this cart applies, all of it or nothing, while a payment runs.
///
/// The key is `claim_id`: the same claim again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClaimOffers {
    /// Whose checkout it is.
    pub customer_id: CustomerId,
    /// Its key, unique within the customer.
    pub claim_id: ClaimId,
    /// What is about to be paid for.
    pub cart: Cart,
    /// Which of the customer's coupons may be used; default all that are open. One that is named must be usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupons: Option<Vec<CouponId>>,
    /// What the customer was shown as the total; another one is refused with `claim.total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_total: Option<Amount>,
    /// What the customer was shown as left to pay after gift cards and stored value; something else is refused with `claim.due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_due: Option<Amount>,
    /// How long it holds; default as the program says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
    /// Points to hold with it, under a hold of the same id. They pay a part of the order that is recorded with the claim: what they are worth,
    /// unless the order names them among its tenders with an amount of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsOf>,
}

/// So many points of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PointsOf {
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many; more than zero.
    pub points: Points,
}

/// Turns what a claim holds into uses. Recording the order with the claim does the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmClaim {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which.
    pub claim_id: ClaimId,
}

/// Gives up what a claim holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseClaim {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which.
    pub claim_id: ClaimId,
}

/// Notes that a customer typed a code. The receipt tells whether it was found; where the program limits attempts, each one counts, and quotes
/// take only codes that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TryCode {
    /// Who.
    pub customer_id: CustomerId,
    /// What they typed, in any spelling of case and dashes: a public code, one of a coupon or of a gift card.
    pub code: String,
}

/// What coupons of codes that nobody has yet are to be; for [`Engine::issue_codes`](crate::Engine::issue_codes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeIssue {
    /// To which offer; it needs a coupon.
    pub offer: OfferId,
    /// First instant at which one can be used; default now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// First instant after the last one; default as the offer's terms say, counted from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// How often one can be used; default as the offer's terms say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}
