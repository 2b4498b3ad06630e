//! What a program says about tiers, as it stands in the document.

use crate::value::{Amount, BenefitId, EventName, LadderId, Period, PointCurrency, TierId};
use serde::{Deserialize, Serialize};

/// A ladder of tiers. Several may stand side by side; each looks at one metric over one window. Its rules hold from the publication of their
/// revision on: a tier held is kept until the next review, a higher one that the metric reaches is gained then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LadderRules {
    /// Its name.
    pub id: LadderId,
    /// What is counted.
    pub metric: Metric,
    /// Over which time.
    pub window: Window,
    /// From the lowest to the highest; the first has threshold 0 and is held by everybody.
    pub tiers: Vec<TierRules>,
    /// When reaching a threshold lifts the customer.
    #[serde(default)]
    pub upgrade: Upgrade,
    /// What a review may not fall below.
    #[serde(default)]
    pub floor: Floor,
    /// Local days after a failed review during which the old tier is kept and can still be retained.
    #[serde(default)]
    pub grace_days: u32,
    /// What a refund does to a tier that its order helped to reach.
    #[serde(default)]
    pub refund: RefundEffect,
}

/// What a ladder counts. Refunds count against the period of their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Metric {
    /// Qualifying points earned (less those taken back); spending and expiry do not lower it.
    QualifyingPoints {
        /// Of which currency.
        currency: PointCurrency,
    },
    /// Money paid for orders after discounts and refunds, without the part paid with points.
    NetSpend,
    /// Valid orders: paid and not fully refunded.
    OrderCount,
    /// Custom events of one name.
    Visits {
        /// Its name.
        event: EventName,
    },
}

/// Over which time a ladder counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Window {
    /// Calendar periods. A tier reached in one is valid through the end of the next; the review at the end of a period looks at it.
    Calendar {
        /// Month, quarter or year.
        period: Period,
    },
    /// The last n local days, today included; a contribution leaves at the first instant of its day + n. Reviewed whenever one leaves.
    RollingDays {
        /// 1 to 3660.
        days: u32,
    },
    /// The last n months; a contribution leaves at the first instant of its day + n months.
    RollingMonths {
        /// 1 to 120.
        months: u32,
    },
    /// Years from the day of registration; otherwise as calendar.
    Anniversary,
    /// Everything ever; no review.
    Lifetime,
}

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierRules {
    /// Its name, under which whoever has the tier keeps it in the next revision.
    pub id: TierId,
    /// Reached at this much of the metric, inclusive: money (`"500.00"`), points or a count as a decimal string.
    pub threshold: Amount,
    /// Kept at review at this much, inclusive; default the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain: Option<Amount>,
    /// What it grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub benefits: Vec<Benefit>,
}

/// A named right of a tier's holders: free delivery, lounge, a birthday cake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// Its name.
    pub id: BenefitId,
    /// How often it may be used in a period; none is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<BenefitLimit>,
}

/// How often a benefit may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BenefitLimit {
    /// How often.
    pub times: u32,
    /// In which local period.
    pub per: Period,
}

/// When reaching a threshold lifts the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// At the instant of the contribution.
    #[default]
    Now,
    /// At the first instant of the next period (rolling windows: the next local month).
    NextPeriod,
}

/// What a review may not fall below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// Nothing: straight to the tier that the metric gives.
    #[default]
    None,
    /// One level below the tier held.
    OneLevel,
    /// The tier held: it is never lost at review.
    Permanent,
}

/// What a refund does to a tier that its order helped to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundEffect {
    /// Nothing before the next review.
    #[default]
    AtReview,
    /// The tier is judged again at once.
    AtOnce,
}
