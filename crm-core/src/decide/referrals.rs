//! Rewards of both sides when somebody who was brought has bought.

use super::award::{self, Given, Trigger};
use super::context::Context;
use super::offers::{self, Occasion};
use super::settle::{keep_books, settle};
use crate::command::Command;
use crate::effect::What;
use crate::order::OrderRecord;
use crate::points::{ReferralSide, Source, SourceKind};
use crate::value::{CustomerId, OrderId, Timestamp};
use crate::workspace::rows::extra_of;
use crate::workspace::state::encode;
use crate::workspace::{Decided, Workspace};

/// Rewards a referral at the referred customer's first valid order: both sides, once.
pub(crate) fn reward(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    at: Timestamp,
) -> Decided<Given> {
    let mut all = Given::default();
    if !context.program.rewards_referrals() || ws.known(id)?.state.referral_rewarded {
        return Ok(all);
    }
    let Some(referrer) = ws.known(id)?.record()?.referred_by.clone() else { return Ok(all) };
    if ws.customer(&referrer)?.is_none_or(|customer| customer.state.unregistered) {
        return Ok(all);
    }
    ws.customer_mut(id)?.state.referral_rewarded = true;
    let source = Source::of(SourceKind::Referral, order.id().shared());
    let sides = [(id.clone(), ReferralSide::Referee, &referrer), (referrer.clone(), ReferralSide::Referrer, id)];
    for (whom, side, other) in sides {
        if whom != *id {
            settle(context, ws, &whom)?;
        }
        let mut given = award::fixed(context, ws, &whom, Trigger::Referral(side, order), &source, at, context.zone())?;
        for change in &mut given.direct {
            change.other = Some(other.clone());
        }
        if !given.direct.is_empty() {
            context.write(ws, &whom, at, What::Points, given.direct)?;
        }
        if whom == *id {
            all.own.extend(given.own);
        } else {
            context.write_own(ws, &whom, given.own)?;
        }
        offers::issue(context, ws, &whom, &Occasion::Referral(side, other.clone()), at)?;
        let to = (whom != *id).then(|| whom.clone());
        all.awards.extend(given.awards.into_iter().map(|mut award| {
            award.to.clone_from(&to);
            award
        }));
        keep_books(context, ws, &whom)?;
    }
    Ok(all)
}

/// The order that had brought the rewards went back as a whole, and they went with it. If the customer has another valid order, that is the
/// first one now, and brings them. One that is about to be taken back with the same import brings nothing.
pub(crate) fn pass_on(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    gone: &OrderId,
    gone_at: Timestamp,
) -> Decided<()> {
    if !context.program.rewards_referrals() {
        return Ok(());
    }
    let goes = |order: &OrderRecord| {
        let reverts = matches!(context.request.command, Command::RevertOrder(_));
        order.id() == gone || (reverts && order.batch.is_some() && order.batch == context.request.batch)
    };
    let first = ws.orders_of(id)?.into_iter().find(|order| order.status().is_valid() && !goes(order));
    let Some(mut order) = first else { return Ok(()) };
    let given = reward(context, ws, id, &order, gone_at.max(order.paid_at()))?;
    context.write_own(ws, id, given.own)?;
    let mut extra = extra_of(&order)?;
    extra.referral = ws.known(id)?.state.referral_rewarded;
    extra.awards.extend(given.awards);
    order.extra = encode(&extra);
    ws.put_order((id.clone(), order.id().clone()), Some(order));
    Ok(())
}
