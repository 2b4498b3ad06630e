//! What a program says about points: currencies, policies and earn rules, as they stand in the document.

use crate::value::{Amount, Period, PointCurrency, Points, Reason, RuleId, Timestamp};
use serde::{Deserialize, Serialize};

/// A point currency. Redeemable points are spent; qualifying points are counted for tiers. One currency may be both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CurrencyRules {
    /// Its name: `points`, `status`, `miles`, …
    pub id: PointCurrency,
    /// Whether points may be spent, held and transferred. Default yes.
    #[serde(default = "yes")]
    pub redeemable: bool,
    /// Whether points count for tiers. Default no.
    #[serde(default)]
    pub qualifying: bool,
    /// Money value of one point in the program's first currency, for liability and for netting from refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Amount>,
    /// What happens when a refund takes back more than is left.
    #[serde(default)]
    pub debt: DebtPolicy,
    /// When earned points become usable.
    #[serde(default)]
    pub pending: PendingPolicy,
    /// When usable points end.
    #[serde(default)]
    pub expiry: ExpiryPolicy,
    /// What a reversed redemption gives back.
    #[serde(default)]
    pub restore: RestorePolicy,
    /// The one rounding of an award.
    #[serde(default)]
    pub rounding: Rounding,
    /// How several multipliers combine.
    #[serde(default)]
    pub stacking: Stacking,
    /// Upper bounds over all rules of the currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
}

fn yes() -> bool {
    true
}

/// What happens when a clawback finds fewer points than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DebtPolicy {
    /// The rest becomes debt that later points settle, up to a limit; beyond the limit it is unrecovered, as with `clamp`.
    Allow {
        /// Deepest debt; none is no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Points>,
    },
    /// The rest is written off as unrecovered. What a hold has of it is taken when the hold lets go; what it spends stays written off.
    Clamp,
    /// Only pending points of the order are taken; the rest is unrecovered.
    OnlyPending,
    /// The rest is taken from the money paid back, at the currency's point value; no more than is paid back, and nothing from money of
    /// another currency than the program's first.
    NetFromRefund,
    /// The refund is refused with `points.refund_refused`.
    Refuse,
}

impl Default for DebtPolicy {
    fn default() -> Self {
        Self::Allow { limit: None }
    }
}

/// When earned points become usable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum PendingPolicy {
    /// At once.
    #[default]
    None,
    /// At the first instant of the local day `days` days after the day they were earned.
    Days {
        /// 1 to 3650.
        #[cfg_attr(test, schemars(range(min = 1, max = 3650)))]
        days: u32,
    },
    /// When the host says so: `activate_points` for the order.
    UntilEvent,
}

/// When usable points end. Days and months count from the day of activation; the last local day is usable to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ExpiryPolicy {
    /// Never.
    #[default]
    Never,
    /// Last usable day = day of activation + days.
    Days {
        /// 1 to 36,500.
        #[cfg_attr(test, schemars(range(min = 1, max = 36500)))]
        days: u32,
    },
    /// Last usable day = day of activation + months, clamped to the month's end.
    Months {
        /// 1 to 1,200.
        #[cfg_attr(test, schemars(range(min = 1, max = 1200)))]
        months: u32,
    },
    /// Last usable day = last day of the period, `after` periods after the one of activation (0: the same).
    EndOf {
        /// Month, quarter or year.
        period: Period,
        /// How many periods later, 0 to 1,200.
        #[serde(default)]
        #[cfg_attr(test, schemars(range(min = 0, max = 1200)))]
        after: u32,
    },
    /// Last usable day = the next of these days of the year, at least `min_days` after activation.
    FixedDates {
        /// Days of the year `MM-DD`; `02-29` is the last of February.
        #[cfg_attr(test, schemars(with = "Vec<crate::program::MonthDay>", length(min = 1)))]
        dates: Vec<String>,
        /// Fewest days of validity, 0 to 36,500.
        #[serde(default)]
        #[cfg_attr(test, schemars(range(min = 0, max = 36500)))]
        min_days: u32,
    },
    /// Last usable day = day of the customer's last activity (an earn or a spend of this currency) + months.
    Sliding {
        /// 1 to 1,200.
        #[cfg_attr(test, schemars(range(min = 1, max = 1200)))]
        months: u32,
    },
}

/// What a reversed redemption gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RestorePolicy {
    /// The lots with their old dates; what has expired meanwhile stays expired.
    #[default]
    Strict,
    /// As strict, but slices that have expired, or would within the grace, are usable through `days` days from the reversal.
    Grace {
        /// 1 to 3650.
        #[cfg_attr(test, schemars(range(min = 1, max = 3650)))]
        days: u32,
    },
    /// Nothing: redemptions are final.
    None,
}

/// The one rounding of an award to whole points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Rounding {
    /// Down.
    #[default]
    #[n(0)]
    Floor,
    /// To the nearest, halves up.
    #[n(1)]
    HalfUp,
    /// Up.
    #[n(2)]
    Ceil,
}

/// How several multipliers combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Stacking {
    /// +50 % and +20 % are +70 %.
    #[default]
    #[n(0)]
    Additive,
    /// +50 % and +20 % are +80 %.
    #[n(1)]
    Compounding,
    /// Only the best counts.
    #[n(2)]
    BestOnly,
}

/// An upper bound on awards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Its name in explanations.
    pub id: RuleId,
    /// What the bound counts over.
    pub per: CapWindow,
    /// The bound.
    pub points: Points,
    /// What happens to the part above it.
    #[serde(default)]
    pub overflow: Overflow,
    /// Whether a refund within the period gives room back. Default `keep_used`.
    #[serde(default)]
    pub on_refund: CapOnRefund,
}

/// What a cap counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum CapWindow {
    /// One order.
    #[n(0)]
    Order,
    /// One local day, by the instant the award is effective.
    #[n(1)]
    Day,
    /// One local week, Monday to Sunday.
    #[n(2)]
    Week,
    /// One local month.
    #[n(3)]
    Month,
    /// One local year.
    #[n(4)]
    Year,
    /// For ever.
    #[n(5)]
    Lifetime,
    /// The balance held (pending, available and held) after the award.
    #[n(6)]
    Balance,
}

/// What happens to the part of an award above a cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// It is cut off, with the reason `capped`.
    #[default]
    Clip,
    /// The whole award is zero, with the reason `capped`.
    Reject,
}

/// Whether a refund gives room under a cap back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapOnRefund {
    /// No: a cap counts what was awarded.
    #[default]
    KeepUsed,
    /// Yes, within the period of the award.
    GiveBack,
}

/// What an earn rule gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Gives {
    /// `points` for every `per` of the eligible net amount, in proportion (not in steps).
    PerAmount {
        /// How many points; an exact decimal.
        points: Amount,
        /// For how much money, in the order's currency.
        per: Amount,
    },
    /// `points` for every full `step` of the eligible net amount.
    PerStep {
        /// How many points for a step.
        points: Points,
        /// How much money makes a step.
        step: Amount,
    },
    /// `points` for every unit of the eligible lines.
    PerUnit {
        /// How many points; an exact decimal.
        points: Amount,
    },
    /// A fixed number of points. On orders it takes a line that earns, and is taken back only by a full refund, apart from the
    /// proportional award.
    Fixed {
        /// How many.
        points: Points,
    },
    /// A bonus on the proportional award of the currency: `"0.5"` is +50 %.
    Multiplier {
        /// The part added; an exact decimal above −1.
        bonus: Amount,
    },
}

/// What makes an earn rule fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum EarnOn {
    /// A paid order.
    Order,
    /// A custom event of this name; needs `fixed`.
    Event {
        /// Its name, such as `review`.
        name: crate::value::EventName,
    },
    /// Registration; needs `fixed`.
    SignUp,
    /// The birthday, at the first instant of the local day, once a calendar year; needs `fixed`. 29 February counts as the 28th in other years.
    Birthday,
    /// The referred customer's first valid order; needs `fixed`. Conditions on the order look at that order, those on the customer at
    /// whoever gets the points. When it goes back as a whole, so do the points; then the first order that is left counts as the first.
    Referral {
        /// Who gets the points.
        side: ReferralSide,
    },
}

/// A side of a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReferralSide {
    /// Who brought the other.
    Referrer,
    /// Who was brought.
    Referee,
}

/// The days on which a rule is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why an award is zero or smaller than the rules alone would give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shortfall {
    /// A cap cut it.
    #[n(0)]
    Capped {
        /// Which cap.
        #[n(0)]
        cap: RuleId,
        /// How many points were cut.
        #[n(1)]
        points: Points,
    },
    /// Nothing in the order was eligible.
    #[n(1)]
    Excluded,
    /// It was paid with points or stored value that never earns.
    #[n(2)]
    PaidWithPoints,
    /// The eligible amount is too small for one point.
    #[n(3)]
    BelowOnePoint,
    /// No rule's conditions held.
    #[n(4)]
    NoRule,
    /// The points exist but wait for their activation.
    #[n(5)]
    Pending {
        /// From when they are usable; none while they wait for an event.
        #[n(0)]
        activates_at: Option<Timestamp>,
    },
    /// Given, but its last day had passed already.
    #[n(6)]
    AlreadyExpired,
    /// In the words of the host.
    #[n(7)]
    Other {
        /// The words.
        #[n(0)]
        reason: Reason,
    },
}
