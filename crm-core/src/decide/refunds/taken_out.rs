//! Orders that go back as a whole: cancelled, or taken out as if they had never been there.

use super::super::context::Context;
use super::super::offers::{self, sale::Back};
use super::super::orders::find_order;
use super::super::referrals;
use super::super::returned;
use super::super::settle::settle;
use super::parked::{Parked, park};
use super::unnamed::forget_refunds;
use super::{points_of, spend_back, tender, unknown, write_back};
use crate::command::CancelOrder;
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::limits::TAKEN_OUT_KEPT_MAX;
use crate::order::{OrderRecord, OrderStatus};
use crate::value::{BatchId, CustomerId, OrderId, Timestamp};
use crate::workspace::state::{OrderExtra, TakenOutBy};
use crate::workspace::{Decided, Workspace};

/// Cancels an order: everything that is left goes back. One that an import tells of waits for an order that is not told yet.
pub(crate) fn cancel(context: &Context<'_>, ws: &mut Workspace, command: &CancelOrder) -> Decided<Option<CustomerId>> {
    let at = command.cancelled_at.unwrap_or(context.request.at);
    context.check_time(at, "cancelled_at")?;
    let batch = context.request.batch.as_ref();
    if batch.is_some() {
        match find_order(ws, &command.order_id)? {
            // It may have waited: told again, it changes nothing.
            Some((id, order, _)) if order.status() == OrderStatus::Cancelled => return Ok(Some(id)),
            Some((_, order, _)) if order.status() != OrderStatus::Reverted => {}
            _ => return park(ws, &command.order_id, Parked::cancellation(at, batch.cloned())?).map(|()| None),
        }
    }
    cancel_with(context, ws, &command.order_id, at, batch).map(Some)
}

/// Cancels an order, told by an import or otherwise.
pub(super) fn cancel_with(
    context: &Context<'_>,
    ws: &mut Workspace,
    order_id: &OrderId,
    at: Timestamp,
    batch: Option<&BatchId>,
) -> Decided<CustomerId> {
    let Some((id, order, mut extra)) = find_order(ws, order_id)? else { return Err(unknown(order_id)) };
    if matches!(order.status(), OrderStatus::Cancelled | OrderStatus::Reverted) {
        return Err(Error::new(ErrorCode::OrderCancelled, format!("order `{order_id}` is cancelled already"))
            .field("order_id")
            .into());
    }
    extra.cancelled_with = batch.cloned();
    go(context, ws, (id, order, extra), at, false)
}

/// Takes an order out as if it had never been there, by the import that brought it or by hand.
fn revert(context: &Context<'_>, ws: &mut Workspace, order_id: &OrderId, at: Timestamp) -> Decided<CustomerId> {
    let Some((id, order, mut extra)) = find_order(ws, order_id)? else { return Err(unknown(order_id)) };
    let request = context.request;
    let others = request.batch.as_ref().is_some_and(|batch| order.batch.as_ref() != Some(batch));
    // A request that is sent again means the order that it has taken out, not the one that has its number since.
    let again = extra.taken_out_by.iter().any(|known| known.request == request.request_id);
    if others || again || order.status() == OrderStatus::Reverted {
        return Ok(id);
    }
    if request.batch.is_none() {
        extra.taken_out_by.push(TakenOutBy { request: request.request_id.clone(), customer: id.clone() });
        let old = extra.taken_out_by.len().saturating_sub(TAKEN_OUT_KEPT_MAX);
        extra.taken_out_by.drain(..old);
    }
    go(context, ws, (id, order, extra), at, true)
}

/// Cancels or reverts an order.
pub(crate) fn take_out(
    context: &Context<'_>,
    ws: &mut Workspace,
    order_id: &OrderId,
    at: Timestamp,
    reverted: bool,
) -> Decided<CustomerId> {
    if reverted { revert(context, ws, order_id, at) } else { cancel_with(context, ws, order_id, at, None) }
}

fn go(
    context: &Context<'_>,
    ws: &mut Workspace,
    (id, mut order, mut extra): (CustomerId, OrderRecord, OrderExtra),
    at: Timestamp,
    reverted: bool,
) -> Decided<CustomerId> {
    settle(context, ws, &id)?;
    let was_valid = order.status().is_valid();
    let (amount_minor, money_minor) = if reverted {
        keep(ws, &id, &order, &extra)?;
        let left = order.left_minor();
        order.revert();
        (left, 0)
    } else {
        let back = order.cancel(at).map_err(|error| error.within("order_id"))?.amount_minor;
        (back, order.split_refund(back, tender(context)).0)
    };
    let effects = points_of(context, ws, &id, &order, &mut extra, was_valid.then_some(at), money_minor)?;
    let order_id = order.id().clone();
    let what = What::Cancelled {
        order_id: order_id.clone(),
        order_paid_at: order.paid_at(),
        amount_minor,
        spend_minor: spend_back(context, &order, &mut extra),
        was_valid,
        netted_minor: effects.netted_minor,
        reverted,
        corrects: false,
    };
    let (claim, referral) = (extra.claim.clone(), extra.referral && was_valid);
    write_back(context, ws, &id, order, extra, what, at, effects)?;
    returned::follow(context, ws, &id, &order_id, None)?;
    if let Some(claim) = claim {
        offers::sale::give_back(context, ws, &id, (&claim, &order_id), Back::Cancelled)?;
        if reverted {
            offers::sale::is_over(ws, &id, &claim)?;
        }
    }
    if referral {
        // What was taken out with its import never was.
        referrals::pass_on(context, ws, &id, &order_id, if reverted { Timestamp::MIN } else { at })?;
    }
    Ok(id)
}

/// What became known of an order otherwise than by its import is true without that import: it waits for the order to come again. What
/// the import has told comes again with it.
fn keep(ws: &mut Workspace, id: &CustomerId, order: &OrderRecord, extra: &OrderExtra) -> Decided<()> {
    let brought = |batch: Option<&BatchId>| batch.is_some() && batch == order.batch.as_ref();
    let (gone, kept): (Vec<_>, Vec<_>) = order.refunds().iter().partition(|refund| brought(refund.batch.as_ref()));
    forget_refunds(ws, id, &gone)?;
    for refund in kept {
        park(ws, order.id(), Parked::refund(&refund.again_as(order), refund.fingerprint, refund.batch.clone())?)?;
    }
    match order.cancelled_at().filter(|_| !brought(extra.cancelled_with.as_ref())) {
        Some(at) => park(ws, order.id(), Parked::cancellation(at, extra.cancelled_with.clone())?),
        None => Ok(()),
    }
}
