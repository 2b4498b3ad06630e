//! What a simulation finds: a row per member, and totals.

use crate::points::Balances;
use crate::value::{CustomerId, LadderId, Money, PointCurrency, Points, TierId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a changed program makes of everybody: `before` is under the program in force, `after` under the changed one, both worked out from the
/// same facts. Every total is the sum over the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WhatIfTotals {
    /// The instant at which both stand: facts recorded after it do not count.
    pub at: Timestamp,
    /// Revision of the program in force.
    pub revision_before: u32,
    /// Revision of the changed program, as its document says.
    pub revision_after: u32,
    /// Members who were registered by then.
    pub members: u64,
    /// Members of whom anything differs.
    pub affected: u64,
    /// Orders among the facts.
    pub orders: u64,
    /// Point currency by point currency: those of the program in force in its order, then those that are new.
    pub points: Vec<PointsTotals>,
    /// Ladder by ladder, in the same order.
    pub ladders: Vec<LadderTotals>,
    /// From which stage to which, and how many.
    pub stages: Vec<StageMove>,
    /// Discounts of the orders that were not cancelled, currency by currency: what was paid is a fact, so they are the same under both.
    pub discounts: Vec<Money>,
    /// Coupons that rules issued, under the program in force.
    pub coupons_before: u64,
    /// Coupons that rules issued, under the changed program.
    pub coupons_after: u64,
    /// Facts that the program in force refuses, such as orders in a currency that it does not accept.
    pub left_out_before: u64,
    /// Facts that the changed program refuses.
    pub left_out_after: u64,
    /// Members who stand otherwise in the books than the program in force makes of the facts: they were told under earlier revisions, or by
    /// facts that the books have not kept.
    pub unlike_books: u64,
}

/// All of it: the totals, and a row for each member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WhatIf {
    /// All members together.
    pub totals: WhatIfTotals,
    /// Each of them, in an order that depends on the books alone.
    pub members: Vec<MemberWhatIf>,
}

/// One point currency, all members together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PointsTotals {
    /// Which.
    pub currency: PointCurrency,
    /// Under the program in force.
    pub before: PointsSide,
    /// Under the changed program.
    pub after: PointsSide,
    /// What is owed in points under the program in force: the value of pending, available and held points, where the currency has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liability_before: Option<Money>,
    /// What is owed under the changed program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liability_after: Option<Money>,
    /// What the points cost under the program in force: the value of those issued, less those taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_before: Option<Money>,
    /// What the points cost under the changed program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_after: Option<Money>,
}

/// Points under one of the programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PointsSide {
    /// All sums of the accounts.
    pub balances: Balances,
    /// Points that were used and are not there: such a use is left out, whole, as the program would have refused it.
    pub uncovered: Points,
}

/// One ladder, all members together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LadderTotals {
    /// Which.
    pub ladder: LadderId,
    /// From which tier to which, and how many; those who stay included. Sums to all members.
    pub moves: Vec<TierMove>,
}

/// Members who stand on one tier before and on one after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TierMove {
    /// Under the program in force; none where it has no such ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TierId>,
    /// Under the changed program; none where it has no such ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TierId>,
    /// How many.
    pub members: u64,
}

/// Members who are in one stage before and in one after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageMove {
    /// Under the program in force; none where it has no lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Stage>,
    /// Under the changed program; none where it has no lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Stage>,
    /// How many.
    pub members: u64,
}

/// Where somebody stands in the lifecycle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stage {
    /// The stage.
    pub stage: Arc<str>,
    /// How active.
    pub activity: Arc<str>,
}

/// What a changed program makes of one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemberWhatIf {
    /// Who.
    pub customer_id: CustomerId,
    /// Whether anything differs.
    pub affected: bool,
    /// Orders among the facts.
    pub orders: u64,
    /// One per point currency of either program.
    pub points: Vec<MemberPoints>,
    /// One per ladder of either program.
    pub tiers: Vec<MemberTier>,
    /// Stage and activity, where either program has a lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<MemberStage>,
    /// Coupons that rules issued, under the program in force.
    pub coupons_before: u64,
    /// Coupons that rules issued, under the changed program.
    pub coupons_after: u64,
}

/// Points of a member in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemberPoints {
    /// Which.
    pub currency: PointCurrency,
    /// Under the program in force.
    pub before: PointsSide,
    /// Under the changed program.
    pub after: PointsSide,
}

/// The tier of a member on one ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemberTier {
    /// Which ladder.
    pub ladder: LadderId,
    /// Under the program in force; none where it has no such ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TierId>,
    /// Under the changed program; none where it has no such ladder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TierId>,
}

/// Stage and activity of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemberStage {
    /// Under the program in force; none where it has no lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Stage>,
    /// Under the changed program; none where it has no lifecycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Stage>,
}

/// How far a simulation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WhatIfProgress {
    /// Members who were played.
    pub members: u64,
    /// Their orders.
    pub orders: u64,
}
