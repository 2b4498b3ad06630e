//! What a quote is made from.

use super::quote::Source;
use super::rules::{Effect, Funder, Objective, Phase, RefundPolicy, ReturnPolicy, Stack, StepFrom, Threshold, UnitUse};
use crate::value::{Amount, CampaignId, Currency, LimitId, LineScope, OfferId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

/// The rules of an offer, as far as a quote and a refund need them. A receipt keeps them, so that a refund years later does not depend on
/// the program of that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferRules {
    /// Its name.
    pub id: OfferId,
    /// Its campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Who bears it; the shares sum to 100. Empty is the merchant alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funders: Vec<Funder>,
    /// Of its amounts.
    pub currency: Currency,
    /// What it does.
    pub effect: Effect,
    /// The lines it is meant for; none is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineScope>,
    /// What the cart must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// When it has its turn.
    #[serde(default)]
    pub phase: Phase,
    /// The higher, the earlier within its phase where the objective is priority.
    #[serde(default)]
    pub priority: i32,
    /// How it combines.
    #[serde(default)]
    pub stack: Stack,
    /// How it treats units.
    #[serde(default)]
    pub units: UnitUse,
    /// How much goes back when goods come back.
    #[serde(default)]
    pub refund: RefundPolicy,
    /// Whether coupon and uses come back.
    #[serde(default)]
    pub returns: ReturnPolicy,
}

impl OfferRules {
    /// The highest amount that it asks for: its threshold, its last step, or one step of those that repeat.
    pub(crate) fn farthest(&self) -> Option<Amount> {
        let threshold = self.threshold.and_then(|threshold| threshold.amount);
        let steps = match &self.effect {
            Effect::Tiered { steps } => steps
                .iter()
                .filter_map(|step| match step.from {
                    StepFrom::Amount { amount } => Some(amount),
                    StepFrom::Units { .. } => None,
                })
                .max(),
            Effect::Every { step, .. } => Some(*step),
            _ => None,
        };
        threshold.max(steps)
    }
}

/// An offer that may be applied to a cart: in force, for this customer, with room left.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The offer.
    pub rules: &'a OfferRules,
    /// What brought it in.
    pub by: Source,
    /// When the coupon ends, if it does.
    pub ends_at: Option<Timestamp>,
    /// What its limits leave.
    pub rooms: Vec<Room>,
}

/// What a limit leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which counter; candidates with the same one share what is left.
    pub counter: usize,
    /// The limit.
    pub limit: LimitId,
    /// What is counted.
    pub counts: RoomFor,
    /// Whether it counts this customer alone.
    pub own: bool,
    /// How much is left, in uses, units or minor units.
    pub left: i64,
}

/// What a counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomFor {
    /// Uses.
    Uses,
    /// Lowered units; of this article alone, if one is named.
    Units(Option<Sku>),
    /// Money off, in minor units.
    Budget,
}

/// How to look for the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is best.
    pub objective: Objective,
    /// After how many looked-at combinations to stop and answer with the best so far.
    pub nodes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { objective: Objective::default(), nodes: crate::limits::SEARCH_NODES }
    }
}
