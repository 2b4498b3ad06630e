//! The parts of the document about gift cards and about groups that buy together.

use super::offers::{Needs, Offer};
use crate::offer::{Effect, Phase, Stack};
use crate::points::Validity;
use crate::value::{Amount, CampaignId, Currency, LineScope, OfferId, RuleId};
use serde::{Deserialize, Serialize};

/// How long gift cards are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GiftCardRules {
    /// To the end of the n-th local day after the day of issue, where the request does not say; none is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = 1, max = 36_600)))]
    pub valid_days: Option<u32>,
    /// A card that has ended is good for so many local days more when value comes back to it; with 0 the value ends at once.
    #[serde(default = "restore_days")]
    #[cfg_attr(test, schemars(range(min = 0, max = 36_600)))]
    pub restore_days: u32,
}

const fn restore_days() -> u32 {
    30
}

impl Default for GiftCardRules {
    fn default() -> Self {
        Self { valid_days: None, restore_days: restore_days() }
    }
}

/// Rules for groups that buy together: what members get, how many it takes, and how long there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupRules {
    /// Its name.
    pub id: RuleId,
    /// The offer that members get; either this or a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// The price that members pay; either this or an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// Of the price; default the program's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The lines that the price is for, each of their units; none is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineScope>,
    /// The campaign of the price: who bears what it takes off, when it can be had, and how much of that there is. An offer has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// How the price combines with offers. An offer has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// How many paid seats form a group.
    #[cfg_attr(test, schemars(range(min = 2, max = 500)))]
    pub size: u32,
    /// How many seats there are; default as many as form it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = 2, max = 500)))]
    pub max_size: Option<u32>,
    /// How long a group has to form.
    #[cfg_attr(test, schemars(range(min = 1, max = 8_784)))]
    pub hours: u32,
    /// How long a seat waits for its payment.
    #[serde(default = "seat_seconds")]
    #[cfg_attr(test, schemars(range(min = 1, max = 2_678_400)))]
    pub seat_seconds: u32,
    /// How many seats one customer may have under these rules, held and paid, over all groups; none is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub per_customer: Option<u32>,
    /// When groups may be opened. One that is open runs its time.
    #[serde(default)]
    pub valid: Validity,
}

const fn seat_seconds() -> u32 {
    900
}

impl GroupRules {
    /// The price as an offer, which has the name of these rules; none where members get an offer of the program.
    ///
    /// # Errors
    /// Those of names.
    pub fn promise(&self, currency: Currency) -> crate::Result<Option<Offer>> {
        let Some(price) = self.price else { return Ok(None) };
        Ok(Some(Offer {
            id: OfferId::new(self.id.as_str())?,
            campaign: self.campaign.clone(),
            currency: Some(currency),
            needs: Needs::Group,
            effect: Effect::FixedPrice { price },
            lines: self.lines.clone(),
            when: None,
            threshold: None,
            phase: Phase::Item,
            priority: 0,
            stack: self.stack.clone().unwrap_or_default(),
            units: Default::default(),
            valid: Validity::default(),
            limits: Vec::new(),
            coupon: None,
            refund: Default::default(),
            returns: Default::default(),
        }))
    }
}
