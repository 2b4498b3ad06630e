//! Refunds that wait for their order.

use super::super::context::{Context, order_name};
use super::super::orders::find_order;
use super::taken_out::cancel_with;
use super::{fit, follow};
use crate::effect::What;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::order::{Refund, RefundWhat};
use crate::value::{BatchId, CustomerId, Fingerprint, OrderId, RefundId, Timestamp, fingerprint};
use crate::workspace::state::{Unfit, decode, encode};
use crate::workspace::{Decided, Identity, Stop, Workspace};
use minicbor::{Decode, Encode};

/// A refund that waits for its order; or that the order was cancelled.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Parked {
    #[n(0)]
    id: RefundId,
    #[n(1)]
    fingerprint: Fingerprint,
    /// The refund as JSON: it is the host's own form, and rare.
    #[n(2)]
    refund: String,
    /// The import that it came with.
    #[n(3)]
    batch: Option<BatchId>,
    /// When the order was cancelled; then it is no refund.
    #[n(4)]
    cancelled_at: Option<Timestamp>,
}

impl Parked {
    pub(super) fn refund(refund: &Refund, fingerprint: Fingerprint, batch: Option<BatchId>) -> Result<Self> {
        let json = serde_json::to_string(refund)?;
        Ok(Self { id: refund.id.clone(), fingerprint, refund: json, batch, cancelled_at: None })
    }

    pub(super) fn cancellation(at: Timestamp, batch: Option<BatchId>) -> Result<Self> {
        let id = RefundId::new("cancelled")?;
        Ok(Self { id, fingerprint: fingerprint(&at), refund: String::new(), batch, cancelled_at: Some(at) })
    }
}

pub(super) fn other_content(refund: &RefundId) -> Error {
    let message = format!("refund `{refund}` is recorded with other content");
    Error::new(ErrorCode::RefundConflict, message).field("refund.id")
}

/// Applies what waited, as it happened, under the request that brought the order.
pub(crate) fn apply_parked(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order_id: &OrderId,
    parked: &[Parked],
) -> Decided<()> {
    let mut refunds = Vec::with_capacity(parked.len());
    for one in parked.iter().filter(|parked| parked.cancelled_at.is_none()) {
        let refund: Refund = serde_json::from_str(&one.refund).map_err(Error::from)?;
        refunds.push((refund, one.fingerprint, one.batch.as_ref()));
    }
    refunds.sort_by_key(|(refund, _, _)| (refund.refunded_at, refund.what.reach()));
    // A refund from before a cancellation finds its place before it all the same.
    for (refund, print, batch) in refunds {
        apply_one(context, ws, id, order_id, &refund, (print, batch))?;
    }
    for parked in parked {
        if let Some(at) = parked.cancelled_at {
            let paid_at = find_order(ws, order_id)?.map(|(_, order, _)| order.paid_at());
            cancel_with(context, ws, order_id, paid_at.map_or(at, |paid| at.max(paid)), parked.batch.as_ref())?;
        }
    }
    Ok(())
}

/// A refund that does not fit is noted as unmatched.
fn apply_one(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order_id: &OrderId,
    refund: &Refund,
    (print, batch): (Fingerprint, Option<&BatchId>),
) -> Decided<()> {
    let Some((_, mut order, mut extra)) = find_order(ws, order_id)? else {
        return Err(Error::internal("the order of a parked refund is gone").into());
    };
    let error = match fit(context, ws, id, &order, &extra, (refund, batch)) {
        Err(Stop::Refuse(error)) => error,
        taken => return follow(context, ws, id, &order, extra, taken?),
    };
    let amount_minor = match &refund.what {
        RefundWhat::Amount { amount, .. } => order.currency().minor(*amount).unwrap_or(0),
        _ => 0,
    };
    let code = error.code().as_str().to_owned();
    // The host got no refusal when it sent the refund, so the journal and the order have to say that it did not fit, and why.
    let what = What::UnmatchedRefund {
        refund_id: refund.id.clone(),
        amount_minor,
        currency: order.currency(),
        order_id: Some(order_id.clone()),
        why: Some(code.clone()),
    };
    extra.unfit.push(Unfit { id: refund.id.clone(), fingerprint: print, at: refund.refunded_at, code });
    order.extra = encode(&extra);
    ws.put_order((id.clone(), order_id.clone()), Some(order));
    context.write(ws, id, refund.refunded_at, what, Vec::new())
}

/// Keeps what is known of an order until the order arrives.
pub(super) fn park(ws: &mut Workspace, order_id: &OrderId, parked: Parked) -> Decided<()> {
    let name = order_name(order_id);
    let old = ws.identity(&name)?.cloned().unwrap_or_default();
    let mut waiting: Vec<Parked> = match &old.body {
        Some(bytes) => decode(bytes, "parked refunds")?,
        None => Vec::new(),
    };
    let same = |known: &&Parked| known.id == parked.id && known.cancelled_at.is_some() == parked.cancelled_at.is_some();
    if let Some(known) = waiting.iter().find(same) {
        // Of cancellations the first one that was told counts, as it does for an order that is there.
        let fine = known.fingerprint == parked.fingerprint || parked.cancelled_at.is_some();
        return if fine { Ok(()) } else { Err(other_content(&parked.id).into()) };
    }
    if limits::PARKED_REFUNDS_MAX <= waiting.len() {
        let message = format!("too many refunds wait for order `{order_id}`");
        return Err(Error::new(ErrorCode::ValueTooMany, message)
            .field("refund")
            .limit(limits::PARKED_REFUNDS_MAX)
            .into());
    }
    waiting.push(parked);
    ws.put_identity(name, Some(Identity { body: Some(encode(&waiting)), ..old }));
    Ok(())
}
