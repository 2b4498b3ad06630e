//! The program document, version 1: every rule of a merchant as data.

use super::condition::Condition;
use super::groups::{GiftCardRules, GroupRules};
use super::offers::{Campaign, Checkout, IssueRule, Offer};
use crate::lifecycle::LifecycleRules;
use crate::points::{Cap, CurrencyRules, EarnOn, ExpiryPolicy, Gives, PendingPolicy, Validity};
use crate::tier::LadderRules;
use crate::value::{Currency, LineScope, PointCurrency, RuleId};
use serde::{Deserialize, Serialize};

/// One revision of a merchant's rules. Immutable once published; every entry names the revision it was made under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of this format: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub version: u32,
    /// The program's name.
    #[cfg_attr(test, schemars(with = "crate::value::Tag"))]
    pub program: String,
    /// Number of this revision, from 1; each published one is above the last.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub revision: u32,
    /// IANA time zone of days, months and years, such as `Asia/Shanghai`.
    #[cfg_attr(test, schemars(with = "crate::value::Zone"))]
    pub zone: String,
    /// Currencies that orders may have; the first is the one of `spend` thresholds. Usually one.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub currencies: Vec<Currency>,
    /// ISO 3166-1 alpha-2 country of phone numbers written without a country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<super::Country>"))]
    pub country: Option<String>,
    /// Point currencies.
    #[serde(default)]
    pub points: Vec<CurrencyRules>,
    /// What of an order earns.
    #[serde(default)]
    pub basis: Basis,
    /// Rules that give points.
    #[serde(default)]
    pub earn: Vec<EarnRule>,
    /// Tier ladders.
    #[serde(default)]
    pub tiers: Vec<LadderRules>,
    /// Stages and activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<LifecycleChoice>,
    /// How refunds are handled.
    #[serde(default)]
    pub refunds: RefundRules,
    /// Campaigns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<Campaign>,
    /// Offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// Rules that issue coupons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issue: Vec<IssueRule>,
    /// How a checkout looks for the best offers and holds them.
    #[serde(default)]
    pub checkout: Checkout,
    /// How long gift cards are good.
    #[serde(default)]
    pub gift_cards: GiftCardRules,
    /// Groups that buy together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRules>,
}

/// The lifecycle of a program: a preset by name, or rules of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum LifecycleChoice {
    /// One of the presets: `retail`, `youzan4`, `aipl`, `o5a`, `hubspot`, `restaurant3`, `value3`.
    Preset {
        /// Its name.
        name: String,
    },
    /// Rules of its own.
    Rules {
        /// The rules.
        rules: LifecycleRules,
    },
}

/// What of an order earns: always after discounts, never the part paid with points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Whether tax earns.
    #[serde(default)]
    pub tax: InOrOut,
    /// Whether shipping earns.
    #[serde(default = "out")]
    pub shipping: InOrOut,
    /// Lines that never earn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<LineScope>,
    /// Channels whose orders never earn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_channels: Vec<crate::value::Channel>,
}

fn out() -> InOrOut {
    InOrOut::Out
}

impl Default for Basis {
    fn default() -> Self {
        Self { tax: InOrOut::In, shipping: InOrOut::Out, exclude: None, exclude_channels: Vec::new() }
    }
}

/// Counted or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InOrOut {
    /// Counted.
    #[default]
    In,
    /// Not counted.
    Out,
}

/// A rule that gives points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarnRule {
    /// Its name in explanations.
    pub id: RuleId,
    /// The point currency it gives.
    pub currency: PointCurrency,
    /// What makes it fire.
    pub on: EarnOn,
    /// What it gives.
    pub gives: Gives,
    /// When it is in force, by the instant of the fact.
    #[serde(default)]
    pub valid: Validity,
    /// What else must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The lines it looks at; none is all that the basis admits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineScope>,
    /// Bounds of this rule alone; only for `fixed`, on whole currencies for the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// Other dates than the currency's; only for `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingPolicy>,
    /// Other dates than the currency's; only for `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<ExpiryPolicy>,
}

/// How refunds are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundRules {
    /// Which tender of a mixed payment goes back first.
    #[serde(default)]
    pub tender: TenderOrder,
    /// What to do with a refund that names no order.
    #[serde(default)]
    pub without_order: WithoutOrder,
}

/// Which tender of a mixed payment goes back first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TenderOrder {
    /// In proportion to how it was paid.
    #[default]
    Proportional,
    /// Money first.
    CashFirst,
    /// Points first.
    PointsFirst,
}

/// What to do with a refund that names no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WithoutOrder {
    /// Match its articles to the customer's orders before it, the newest first, as far as units are left; the rest is recorded
    /// as unmatched and changes nothing.
    #[default]
    MatchNewest,
    /// Refuse it with `refund.no_order`.
    Refuse,
    /// Record it and change nothing.
    RecordOnly,
}
