//! The part of the document about offers: campaigns, offers, and how a checkout looks for the best of them.

use super::condition::Condition;
use crate::code::{AttemptCosts, AttemptRules};
use crate::offer::{
    Effect, Funder, Hours, Limit, Objective, OfferRules, Phase, RefundPolicy, ReturnPolicy, Stack, Threshold, UnitUse,
};
use crate::points::{ReferralSide, Validity};
use crate::value::{
    CampaignId, Currency, EventName, LadderId, LineScope, OfferId, PointCurrency, Points, RuleId, TierId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Offers that run together: who bears them, when, and how much of them there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name.
    pub id: CampaignId,
    /// Whether it may run. It runs within `valid` only.
    #[serde(default)]
    pub state: CampaignState,
    /// When it runs.
    #[serde(default)]
    pub valid: Validity,
    /// At which hours of the week; none is at any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// IANA time zone of its hours, of the windows of its limits and of the days of its coupons; default the program's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::value::Zone>"))]
    pub zone: Option<String>,
    /// Who bears its discounts; the shares sum to 100. Default the party `merchant` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funders: Vec<Funder>,
    /// Bounds over all its offers together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

/// Whether a campaign may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Not yet decided on.
    Draft,
    /// Yes, within its time.
    #[default]
    Running,
    /// Not for now.
    Paused,
    /// Never again.
    Ended,
}

/// An offer: what it takes off, from whom and what, and how it combines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Its name in explanations.
    pub id: OfferId,
    /// Its campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Of its amounts, and of the carts it is for; default the program's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What brings it into a cart.
    #[serde(default)]
    pub needs: Needs,
    /// What it does.
    pub effect: Effect,
    /// The lines it is meant for; none is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineScope>,
    /// What else must hold. Conditions on the order look at the cart before discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What the cart must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// When it has its turn.
    #[serde(default)]
    pub phase: Phase,
    /// The higher, the earlier within its phase where the objective is `priority`.
    #[serde(default)]
    pub priority: i32,
    /// How it combines.
    #[serde(default)]
    pub stack: Stack,
    /// How it treats units that other offers used.
    #[serde(default)]
    pub units: UnitUse,
    /// When it is in force, beside its campaign's time.
    #[serde(default)]
    pub valid: Validity,
    /// Bounds of this offer alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What its coupons are like; only for `needs: coupon`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponTerms>,
    /// How much goes back when goods come back.
    #[serde(default)]
    pub refund: RefundPolicy,
    /// Whether coupon and uses come back with them.
    #[serde(default)]
    pub returns: ReturnPolicy,
}

impl Offer {
    /// What a quote needs of it.
    pub(super) fn rules(&self, main: Currency, funders: Vec<Funder>) -> OfferRules {
        OfferRules {
            id: self.id.clone(),
            campaign: self.campaign.clone(),
            funders,
            currency: self.currency.unwrap_or(main),
            effect: self.effect.clone(),
            lines: self.lines.clone(),
            threshold: self.threshold,
            phase: self.phase,
            priority: self.priority,
            stack: self.stack.clone(),
            units: self.units,
            refund: self.refund,
            returns: self.returns,
        }
    }
}

/// What brings an offer into a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Needs {
    /// Nothing: it is there for everybody whom its condition admits.
    #[default]
    Nothing,
    /// A coupon that was issued to the customer, or whose code was typed.
    Coupon,
    /// One of these public codes, in any spelling of case and dashes. Several of them bring it in once.
    Code {
        /// The codes.
        codes: Vec<String>,
    },
    /// A seat in a group that buys together, whose rules name the offer.
    Group,
}

/// What the coupons of an offer are like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CouponTerms {
    /// How long one is good for; never longer than its offer.
    #[serde(default)]
    pub valid: CouponValidity,
    /// How often one can be used; default once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub uses: Option<u32>,
    /// Whether its owner may give it to somebody else.
    #[serde(default)]
    pub transferable: bool,
    /// For how many points a customer gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PointPrice>,
}

/// A price in points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PointPrice {
    /// Of which currency.
    pub currency: PointCurrency,
    /// How many.
    pub points: Points,
}

/// How long a coupon is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CouponValidity {
    /// As long as its offer.
    #[default]
    Offer,
    /// To the end of the n-th local day after the day of issue: issued at any hour of the 1st, 3 days end with the 4th.
    Days {
        /// How many.
        #[cfg_attr(test, schemars(range(min = 0, max = 3660)))]
        days: u32,
    },
    /// So many hours, to the second.
    Hours {
        /// How many.
        #[cfg_attr(test, schemars(range(min = 1, max = 87840)))]
        hours: u32,
    },
    /// To an instant, exclusive.
    Until {
        /// Which.
        at: Timestamp,
    },
}

/// A rule that issues coupons when something happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssueRule {
    /// Its name; the ids of its coupons begin with it.
    pub id: RuleId,
    /// To which offer; it needs a coupon.
    pub offer: OfferId,
    /// What makes it fire.
    pub on: IssueOn,
    /// How many coupons.
    #[serde(default = "one")]
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub coupons: u32,
    /// When it is in force, by the instant of what happens.
    #[serde(default)]
    pub valid: Validity,
    /// What else must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

const fn one() -> u32 {
    1
}

/// What makes a rule issue coupons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum IssueOn {
    /// The customer is registered.
    SignUp,
    /// The first instant of the birthday, once a year.
    Birthday,
    /// The first valid order of somebody who was referred.
    Referral {
        /// Who gets it.
        side: ReferralSide,
    },
    /// A custom event.
    Event {
        /// Of this name.
        name: EventName,
    },
    /// The customer enters one of these tiers, from below or from above, each time.
    Tier {
        /// Of this ladder.
        ladder: LadderId,
        /// Any of these.
        any: Vec<TierId>,
    },
    /// The customer enters one of these stages of the lifecycle, each time.
    Stage {
        /// Any of these.
        any: Vec<String>,
    },
}

/// How a checkout looks for the best offers and holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// What is best.
    #[serde(default)]
    pub objective: Objective,
    /// After how many looked-at combinations the search stops and answers with the best so far and the gap to the bound.
    #[serde(default = "nodes")]
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000_000)))]
    pub nodes: u32,
    /// How long a claim holds, where the request does not say.
    #[serde(default = "hold_seconds")]
    #[cfg_attr(test, schemars(range(min = 1, max = 2_678_400)))]
    pub hold_seconds: u32,
    /// What becomes of a claim that is confirmed after its time.
    #[serde(default)]
    pub late_confirm: LateConfirm,
    /// How many codes a customer may try in which time; none is as many as they like. With a limit, codes of coupons and of gift cards count
    /// once the customer has found them by `try_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<AttemptLimit>,
}

/// How many codes a customer may try. Each that is unknown costs one attempt, one with a wrong check character three, one that is found none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttemptLimit {
    /// How many at once.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    pub allowance: u32,
    /// In which time all of them come back, one after the other.
    #[cfg_attr(test, schemars(range(min = 1, max = 2_678_400)))]
    pub window_seconds: u32,
}

impl AttemptLimit {
    /// The same for [`Attempts`](crate::code::Attempts).
    ///
    /// # Errors
    /// `code.rules` for numbers that the document cannot have.
    pub fn rules(self) -> crate::Result<AttemptRules> {
        AttemptRules::new(self.allowance, i64::from(self.window_seconds).saturating_mul(1000), AttemptCosts::default())
    }
}

const fn nodes() -> u32 {
    20_000
}

const fn hold_seconds() -> u32 {
    900
}

impl Default for Checkout {
    fn default() -> Self {
        Self {
            objective: Objective::default(),
            nodes: nodes(),
            hold_seconds: hold_seconds(),
            late_confirm: LateConfirm::default(),
            attempts: None,
        }
    }
}

/// What becomes of a claim that is confirmed after its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LateConfirm {
    /// It is refused.
    #[default]
    Refuse,
    /// It is confirmed if everything it held is still free.
    IfFree,
}
