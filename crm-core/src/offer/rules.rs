//! The parts of an offer as the program document writes them. Amounts are in major units of the offer's currency.

use crate::value::{Amount, LimitId, LineScope, Party, Percent, Sku, StackGroup, Weekday};
use serde::{Deserialize, Serialize};

/// What an offer does to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// So much off the eligible lines together, at most what they cost.
    FixedOff {
        /// How much.
        amount: Amount,
    },
    /// A part of the eligible lines off.
    PercentOff {
        /// How much of them.
        percent: Percent,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<Amount>,
    },
    /// Each eligible unit for this price, where it costs more.
    FixedPrice {
        /// Of one unit.
        price: Amount,
    },
    /// Units that fill all slots, for one price together, where they cost more.
    Bundle {
        /// What is in it.
        slots: Vec<Slot>,
        /// Of one bundle.
        price: Amount,
        /// At most so many bundles; default as many as there are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// For so many units bought, so many others for less: 3 for 2 is buy 2, get 1.
    BuyGet {
        /// How many are bought at their price.
        buy: u32,
        /// How many more come for less.
        get: u32,
        /// How much of their price is off; default all of it.
        #[serde(default = "whole")]
        off: Percent,
        /// Which units come for less; default those of the offer's own lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        get_lines: Option<LineScope>,
        /// Which of them.
        #[serde(default)]
        pick: Pick,
        /// At most so many times; default as often as the units suffice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Every n-th eligible unit for less: 第二件半价 is n 2, off 50.
    NthOff {
        /// Which: 2 is every second unit.
        n: u32,
        /// How much of its price is off.
        off: Percent,
        /// Which units count as the n-th ones.
        #[serde(default)]
        pick: Pick,
        /// At most so many times; default as often as the units suffice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// The highest step that is reached.
    Tiered {
        /// From the lowest to the highest.
        steps: Vec<Step>,
    },
    /// So much off for every full step of the eligible amount: 每满300减50.
    Every {
        /// The step.
        step: Amount,
        /// Off for each.
        amount: Amount,
        /// At most so many times; default no bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// One of several, on one line: the one that serves the objective best.
    OneOf {
        /// What there is to choose from.
        options: Vec<LineOff>,
    },
    /// Delivery for less.
    ShippingOff {
        /// How much of it is off; default all.
        #[serde(default = "whole")]
        percent: Percent,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<Amount>,
    },
    /// Something added for nothing. It takes nothing off the cart.
    Gift {
        /// The article.
        sku: Sku,
        /// How many of it.
        #[serde(default = "one")]
        units: u32,
    },
}

const fn whole() -> Percent {
    Percent::WHOLE
}

const fn one() -> u32 {
    1
}

/// Which units an offer that picks some lowers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The cheapest of all.
    #[default]
    Cheapest,
    /// The cheapest of each group, when the dearest units are grouped first: as good for the customer as grouping can be.
    Groups,
    /// The dearest of all.
    Dearest,
}

/// A place in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// What may fill it.
    pub lines: LineScope,
    /// How many units it takes.
    #[serde(default = "one")]
    pub units: u32,
}

/// A step of a tiered offer: from so much or so many, so much off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Where it begins.
    pub from: StepFrom,
    /// What it gives.
    pub off: Off,
}

/// Where a step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepFrom {
    /// At an eligible amount, measured as the offer's threshold is.
    Amount {
        /// How much.
        amount: Amount,
    },
    /// At a number of eligible units.
    Units {
        /// How many.
        units: u32,
    },
}

/// How much is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Off {
    /// An amount.
    Amount {
        /// How much.
        amount: Amount,
    },
    /// A part.
    Percent {
        /// How much of it.
        percent: Percent,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<Amount>,
    },
}

/// Something off one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineOff {
    /// Which lines qualify; it takes one of them.
    pub lines: LineScope,
    /// What it gives.
    pub off: Off,
}

/// What a cart must reach before an offer applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// At least so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// At least so many units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// Which amount is measured.
    #[serde(default)]
    pub basis: ThresholdBasis,
    /// With or without tax.
    #[serde(default)]
    pub tax: ThresholdTax,
    /// Measured on which lines.
    #[serde(default)]
    pub of: ThresholdOf,
}

/// Which amount a threshold measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThresholdBasis {
    /// Before any discount.
    List,
    /// What is left when the offer's phase begins.
    #[default]
    PhaseEntry,
    /// What is left when its turn comes.
    Running,
}

/// Whether a threshold measures with tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThresholdTax {
    /// As prices are written in the cart.
    #[default]
    AsPriced,
    /// With tax.
    Gross,
    /// Without tax.
    Net,
}

/// Which lines a threshold measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThresholdOf {
    /// The offer's own.
    #[default]
    Eligible,
    /// All of the cart.
    Cart,
}

/// When an offer has its turn. Earlier phases are finished before later ones begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Prices of articles.
    Item,
    /// Bundles, buy-and-get.
    Bundle,
    /// Thresholds of the order: 满减.
    #[default]
    Order,
    /// Coupons of the shop.
    ShopCoupon,
    /// Coupons of the platform.
    PlatformCoupon,
    /// Delivery.
    Shipping,
}

/// How an offer combines with others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Its group, of which only some combine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<StackGroup>,
    /// What it excludes.
    #[serde(default)]
    pub exclusive: Exclusive,
    /// How many of its group combine; the smallest number that a member states holds. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_group: Option<u32>,
}

/// What an offer excludes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Exclusive {
    /// Nothing but what its group says.
    #[default]
    None,
    /// Every other of its group.
    Group,
    /// Every other.
    All,
}

/// How an offer treats units that another one used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UnitUse {
    /// Whether it uses the units up that it counts or lowers.
    #[serde(default)]
    pub consumes: bool,
    /// Whether it leaves units alone that another one used up.
    #[serde(default)]
    pub respects: bool,
}

/// A bound on how often, how many or how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name, unique in its offer or campaign.
    pub id: LimitId,
    /// What is counted.
    pub counts: Counts,
    /// For whom together.
    #[serde(default)]
    pub per: LimitPer,
    /// Over which time.
    #[serde(default)]
    pub window: LimitWindow,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Counts {
    /// Uses.
    Uses {
        /// At most so many.
        max: u64,
    },
    /// Lowered units; with fewer left, only so many are lowered.
    Units {
        /// At most so many.
        max: u64,
        /// Whether each article has the bound for itself.
        #[serde(default)]
        each_sku: bool,
    },
    /// Money off; a discount above what is left is refused.
    Budget {
        /// At most so much, in the offer's currency.
        max: Amount,
    },
}

/// For whom a limit counts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitPer {
    /// Everybody.
    #[default]
    All,
    /// Each customer.
    Customer,
}

/// Over which time a limit counts. Days, weeks and months are local.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitWindow {
    /// For ever.
    #[default]
    Lifetime,
    /// Each day.
    Day,
    /// Each week, from Monday.
    Week,
    /// Each month.
    Month,
}

/// Who bears how much of a discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// Who.
    pub party: Party,
    /// How much of it; all shares sum to 100.
    pub share: Percent,
}

/// Hours of the week, local. A window that ends before it begins goes past midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On which days it begins; empty is every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// `HH:MM`.
    #[cfg_attr(test, schemars(with = "crate::program::ClockTime"))]
    pub from: String,
    /// `HH:MM`, exclusive; `24:00` is not written, `00:00` ends at midnight.
    #[cfg_attr(test, schemars(with = "crate::program::ClockTime"))]
    pub to: String,
}

/// How much goes back when goods come back. Of the offers of an order the strictest policy holds for the whole order: `forbid_partial`
/// before `re_evaluate` before `keep_rate` before `pro_rata`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundPolicy {
    /// What was paid for the unit: its share of the discount is kept.
    #[default]
    ProRata,
    /// The cart is worked out again on what is kept, with all of its offers; the difference to what was paid goes back. What went back before
    /// is not asked for again: so it can matter in which steps goods come back, and the customer keeps the most that any step came to.
    /// What was applied is played again in the same order, and what has no effect any more is passed over; no better combination is looked for.
    ReEvaluate,
    /// The discount's rate on all its lines is kept for what is kept.
    KeepRate,
    /// All or nothing.
    ForbidPartial,
}

/// Whether a coupon and its uses come back with the goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnPolicy {
    /// When.
    #[serde(default)]
    pub on: ReturnOn,
    /// A coupon that has ended meanwhile is good for so many days more; default it comes back ended.
    #[serde(default)]
    pub grace_days: u32,
}

/// When a coupon comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReturnOn {
    /// When all goods have come back, or their money, whether or not delivery was kept; or when the order is cancelled.
    #[default]
    Full,
    /// When the order is cancelled.
    Cancelled,
    /// Never.
    Never,
}

/// What a quote looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The lowest price for the customer; of equal ones the coupons that end soonest, those without an end last, then the fewest. No coupon
    /// is spent where automatic offers give the same price.
    #[default]
    CustomerBest,
    /// Everything that combines, in the order of priority; of two that exclude each other the one of higher priority.
    Priority,
    /// Of the combinations to which nothing can be added, the one that costs the merchant least.
    MerchantCost,
    /// The lowest price for the customer; of equal ones the fewest coupons.
    FewestCoupons,
    /// The coupons that end soonest, as many as combine; of equal ones the lowest price.
    SoonestExpiry,
}
