//! Commands about tiers and their benefits.

use crate::value::{BenefitId, CalendarDate, CustomerId, LadderId, TierId};
use serde::{Deserialize, Serialize};

/// Fixes a tier by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LockTier {
    /// Whose.
    pub customer_id: CustomerId,
    /// On which ladder.
    pub ladder: LadderId,
    /// At which tier.
    pub tier: TierId,
    /// Through this local day.
    pub through: CalendarDate,
}

/// Ends a tier lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UnlockTier {
    /// Whose.
    pub customer_id: CustomerId,
    /// On which ladder.
    pub ladder: LadderId,
}

/// Uses a benefit once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UseBenefit {
    /// Whose.
    pub customer_id: CustomerId,
    /// On which ladder.
    pub ladder: LadderId,
    /// Which.
    pub benefit: BenefitId,
}
