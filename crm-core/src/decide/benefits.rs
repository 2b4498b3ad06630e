//! Benefits: what a tier grants, and how often it is left.

use super::context::Context;
use super::settle::settle;
use super::standing;
use super::tiers::ladder;
use crate::command::UseBenefit;
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::query::BenefitLeft;
use crate::tier::{Benefit, BenefitLimit};
use crate::value::{CustomerId, LadderId, Timestamp};
use crate::workspace::state::BenefitUse;
use crate::workspace::{Decided, Workspace};

fn period_of(context: &Context<'_>, limit: &BenefitLimit, at: Timestamp) -> i64 {
    let zone = context.zone();
    zone.period_start(limit.per, zone.date(at)).day_number()
}

fn granted(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    place: usize,
    at: Timestamp,
) -> Decided<Vec<Benefit>> {
    let tier = standing::tier_at(context, ws, id, place, at)?;
    let rules = context.program.document().tiers.get(place);
    let held = rules.and_then(|rules| rules.tiers.iter().find(|rules| Some(&rules.id) == tier.as_ref()));
    Ok(held.map_or_else(Vec::new, |rules| rules.benefits.clone()))
}

pub(crate) fn use_once(context: &Context<'_>, ws: &mut Workspace, command: &UseBenefit) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let (place, _) = ladder(context, Some(&command.ladder))?;
    let now = settle(context, ws, id)?;
    let benefits = granted(context, ws, id, place, now)?;
    let Some(benefit) = benefits.iter().find(|benefit| benefit.id == command.benefit) else {
        let message = format!("the customer's tier does not grant `{}`", command.benefit);
        return Err(Error::new(ErrorCode::BenefitUnknown, message).field("benefit").into());
    };
    let period = benefit.limit.as_ref().map_or(0, |limit| period_of(context, limit, now));
    let uses = &mut ws.customer_mut(id)?.state.benefits;
    let found = uses.iter_mut().find(|used| used.ladder == command.ladder && used.benefit == command.benefit);
    let used = match found {
        Some(used) => {
            if used.period != period {
                (used.period, used.used) = (period, 0);
            }
            if let Some(limit) = benefit.limit.as_ref().filter(|limit| limit.times <= used.used) {
                let message = format!("`{}` was used {} times in this period", command.benefit, used.used);
                return Err(Error::new(ErrorCode::BenefitUsedUp, message).field("benefit").limit(limit.times).into());
            }
            used.used = used.used.saturating_add(1);
            used.used
        }
        None => {
            uses.push(BenefitUse { ladder: command.ladder.clone(), benefit: command.benefit.clone(), period, used: 1 });
            1
        }
    };
    let what = What::BenefitUsed { ladder: command.ladder.clone(), benefit: command.benefit.clone(), used };
    context.write(ws, id, now, what, Vec::new())?;
    Ok(id.clone())
}

/// What a customer may use at an instant.
pub(crate) fn left(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    at: Timestamp,
) -> Decided<Vec<BenefitLeft>> {
    let mut answer = Vec::new();
    for (place, compiled) in context.program.ladders().iter().enumerate() {
        let name: &LadderId = compiled.id();
        for benefit in granted(context, ws, id, place, at)? {
            let left = benefit.limit.as_ref().map(|limit| {
                let period = period_of(context, limit, at);
                let used = ws.customers.get(id).and_then(|slot| slot.value.as_ref()).and_then(|customer| {
                    let mut uses = customer.state.benefits.iter();
                    uses.find(|u| u.ladder == *name && u.benefit == benefit.id && u.period == period)
                });
                limit.times.saturating_sub(used.map_or(0, |used| used.used))
            });
            answer.push(BenefitLeft { ladder: name.clone(), benefit: benefit.id, left });
        }
    }
    Ok(answer)
}
