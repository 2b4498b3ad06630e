//! What time does to claims and coupons.

use super::super::context::Context;
use crate::coupon::{ClaimState, Coupon, LimitHold, Passed};
use crate::effect::What;
use crate::error::Error;
use crate::value::{ClaimId, CustomerId, Timestamp};
use crate::workspace::{Decided, Missing, Workspace};
use std::sync::Arc;

/// Lets time pass for a wallet: claims that are out of time let go, coupons that are out of time close.
pub(crate) fn pass(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, now: Timestamp) -> Decided<()> {
    if ws.known(id)?.state.wallet_due.is_none_or(|due| now < due) {
        return Ok(());
    }
    let wallet = ws.known(id)?.wallet()?;
    let over = wallet.into_iter().flat_map(|wallet| wallet.claims()).filter(|claim| claim.deadline <= now);
    let names = |held: &LimitHold| held.name.clone();
    let over: Vec<_> = over.map(|claim| (claim.id.clone(), claim.counters.iter().map(names).collect())).collect();
    look_at(ws, id, over)?;
    for passed in ws.customer_mut(id)?.change_wallet(|wallet| Ok(wallet.advance(now)))? {
        match passed {
            Passed::Claim(at, claim) => {
                let deadline = claim.deadline;
                let_go(ws, id, &claim.id, deadline, &claim.counters)?;
                end(context, ws, id, &claim.id, ClaimState::Expired, at)?;
            }
            Passed::Coupon(at, coupon) => close(context, ws, id, coupon, at)?,
        }
    }
    Ok(())
}

/// Asks for all claims and counters at once that will be looked at.
pub(super) fn look_at(ws: &mut Workspace, id: &CustomerId, claims: Vec<(ClaimId, Vec<Arc<str>>)>) -> Decided<()> {
    let mut missing = Missing::default();
    for (claim, counters) in claims {
        missing.note(ws.claim(&(id.clone(), claim)).map(|_| ()))?;
        for name in counters {
            missing.note(ws.counter(&name).map(|_| ()))?;
        }
    }
    missing.ask()
}

/// Frees what a claim held of counters.
pub(super) fn let_go(
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    deadline: Timestamp,
    counters: &[LimitHold],
) -> Decided<()> {
    for held in counters {
        ws.count(&held.name, held.amount.saturating_neg(), held.limit)?;
        ws.put_hold((held.name.clone(), deadline, id.clone(), claim.clone()), None);
    }
    Ok(())
}

/// Files how a claim ended, and writes it into the journal.
pub(super) fn end(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    state: ClaimState,
    at: Timestamp,
) -> Decided<()> {
    let key = (id.clone(), claim.clone());
    if ws.claim(&key)?.is_none() {
        return Err(Error::internal(format!("claim `{claim}` has no row")).into());
    }
    let record = ws.claim_mut(&key)?;
    record.state = state;
    let order_id = record.order.clone();
    context.write(ws, id, at, What::ClaimEnded { claim_id: claim.clone(), state, order_id }, Vec::new())
}

/// Files a coupon that is closed, and writes it into the journal.
pub(super) fn close(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    coupon: Coupon,
    at: Timestamp,
) -> Decided<()> {
    let what = What::CouponClosed { coupon_id: coupon.id.clone(), offer: coupon.offer.clone(), state: coupon.state };
    ws.put_coupon((id.clone(), coupon.id.clone()), Some(coupon));
    context.write(ws, id, at, what, Vec::new())
}
