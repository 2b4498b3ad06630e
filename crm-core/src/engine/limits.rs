//! Questions about limits over all customers.

use super::sync::Engine;
use crate::decide::offers::room::named;
use crate::decide::rows::{counter_of, hold_of, read_all_holds, read_counter};
use crate::error::Result;
use crate::offer::{Counts, Limit, LimitPer};
use crate::program::Program;
use crate::query::{Answer, LimitUse};
use crate::value::{Currency, Timestamp, Zone};

/// What every shared limit stands at; holds that are out of time count as free, whether or not a sweep has seen them.
pub(crate) fn limits(engine: &Engine, program: &Program, at: Timestamp) -> Result<Answer> {
    let mut all = Vec::new();
    let main = program.main_currency();
    let document = program.document();
    for campaign in &document.campaigns {
        let zone = program.campaign(&campaign.id).map_or(program.zone(), |(_, zone)| zone);
        let of = format!("campaign:{}", campaign.id);
        for limit in shared(&campaign.limits) {
            let found = stands(engine, (zone, &of, main), limit, at)?;
            all.push(LimitUse { campaign: Some(campaign.id.clone()), ..found });
        }
    }
    for (offer, rules) in program.offers() {
        let campaign = offer.campaign.as_ref().and_then(|id| program.campaign(id));
        let zone = campaign.map_or(program.zone(), |(_, zone)| zone);
        let of = format!("offer:{}", offer.id);
        for limit in shared(&offer.limits) {
            let found = stands(engine, (zone, &of, rules.currency), limit, at)?;
            all.push(LimitUse { offer: Some(offer.id.clone()), ..found });
        }
    }
    Ok(Answer::Limits { limits: all })
}

fn shared(limits: &[Limit]) -> impl Iterator<Item = &Limit> {
    let each_sku = |limit: &&Limit| matches!(limit.counts, Counts::Units { each_sku: true, .. });
    limits.iter().filter(move |limit| limit.per == LimitPer::All && !each_sku(limit))
}

fn stands(
    engine: &Engine,
    (zone, of, currency): (&Zone, &str, Currency),
    limit: &Limit,
    at: Timestamp,
) -> Result<LimitUse> {
    let whole = |max: u64| i64::try_from(max).unwrap_or(i64::MAX);
    let (max, currency) = match limit.counts {
        Counts::Uses { max } | Counts::Units { max, .. } => (whole(max), None),
        Counts::Budget { max } => (currency.minor(max)?, Some(currency)),
    };
    let name = named(zone, of, limit, at).name;
    let mut found = engine.store().load(&[read_counter(&name), read_all_holds(&name)])?;
    let holds = found.pop().unwrap_or_default();
    let stands = found.pop().unwrap_or_default().first().map(counter_of).transpose()?.unwrap_or(0);
    let (mut held, mut over) = (0_i64, 0_i64);
    for row in &holds {
        let ((_, deadline, ..), amount) = hold_of(row)?;
        let sum = if at < deadline { &mut held } else { &mut over };
        *sum = sum.saturating_add(amount);
    }
    let used = stands.saturating_sub(held).saturating_sub(over);
    let left = max.saturating_sub(used).saturating_sub(held);
    Ok(LimitUse { offer: None, campaign: None, limit: limit.id.clone(), currency, max, used, held, left })
}
