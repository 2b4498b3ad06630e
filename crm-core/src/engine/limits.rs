//! Questions about limits over all customers.

use super::reach::Reach;
use crate::decide::offers::room::named;
use crate::error::Result;
use crate::offer::{Counts, Limit, LimitPer};
use crate::program::Program;
use crate::query::{Answer, LimitUse};
use crate::value::{Currency, Timestamp, Zone};
use crate::workspace::rows::{counter_of, hold_of, read_all_holds, read_counter};
use std::sync::Arc;

/// What every shared limit stands at; holds that are out of time count as free, whether or not a sweep has seen them.
pub(crate) async fn limits<S: Reach>(store: &S, program: &Program, at: Timestamp) -> Result<Answer> {
    let mut all = Vec::new();
    let main = program.main_currency();
    let document = program.document();
    for campaign in &document.campaigns {
        let zone = program.campaign(&campaign.id).map_or(program.zone(), |(_, zone)| zone);
        for (limit, name) in program.limits_of_campaign(&campaign.id).filter(is_one) {
            let found = stands(store, (zone, name, main), limit, at).await?;
            all.push(LimitUse { campaign: Some(campaign.id.clone()), ..found });
        }
    }
    for (offer, rules) in program.offers() {
        let campaign = offer.campaign.as_ref().and_then(|id| program.campaign(id));
        let zone = campaign.map_or(program.zone(), |(_, zone)| zone);
        for (limit, name) in program.limits_of_offer(&offer.id).filter(is_one) {
            let found = stands(store, (zone, name, rules.currency), limit, at).await?;
            all.push(LimitUse { offer: Some(offer.id.clone()), ..found });
        }
    }
    Ok(Answer::Limits { limits: all })
}

/// Whether a limit has one counter for everybody.
fn is_one((limit, _): &(&Limit, &Arc<str>)) -> bool {
    limit.per == LimitPer::All && !matches!(limit.counts, Counts::Units { each_sku: true, .. })
}

async fn stands<S: Reach>(
    store: &S,
    (zone, name, currency): (&Zone, &Arc<str>, Currency),
    limit: &Limit,
    at: Timestamp,
) -> Result<LimitUse> {
    let whole = |max: u64| i64::try_from(max).unwrap_or(i64::MAX);
    let (max, currency) = match limit.counts {
        Counts::Uses { max } | Counts::Units { max, .. } => (whole(max), None),
        Counts::Budget { max } => (currency.minor(max)?, Some(currency)),
    };
    let name = named(zone, name, limit, at).name;
    let mut found = store.load(&[read_counter(&name), read_all_holds(&name)]).await?;
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
