//! Refunds that wait for their order.

use super::super::context::{Context, order_name};
use super::super::orders::find_order;
use super::super::state::{Unfit, decode, encode};
use super::super::workspace::{Decided, Identity, Stop, Workspace};
use super::{fit, follow};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::limits;
use crate::order::{Refund, RefundWhat};
use crate::value::{CustomerId, Fingerprint, OrderId, RefundId, fingerprint};
use minicbor::{Decode, Encode};

/// A refund that waits for its order.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Parked {
    #[n(0)]
    pub(super) id: RefundId,
    #[n(1)]
    pub(super) fingerprint: Fingerprint,
    /// The refund as JSON: it is the host's own form, and rare.
    #[n(2)]
    pub(super) refund: String,
}

pub(super) fn other_content(refund: &Refund) -> Error {
    let message = format!("refund `{}` is recorded with other content", refund.id);
    Error::new(ErrorCode::RefundConflict, message).field("refund.id")
}

/// Applies the refunds that waited, as they happened, under the request that brought their order.
pub(crate) fn apply_parked(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order_id: &OrderId,
    parked: &[Parked],
) -> Decided<()> {
    let read = |parked: &Parked| serde_json::from_str::<Refund>(&parked.refund).map_err(Error::from);
    let mut refunds = parked.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    refunds.sort_by_key(|refund| refund.refunded_at);
    refunds.iter().try_for_each(|refund| apply_one(context, ws, id, order_id, refund))
}

/// One that does not fit is noted as unmatched.
fn apply_one(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order_id: &OrderId,
    refund: &Refund,
) -> Decided<()> {
    let Some((_, mut order, mut extra)) = find_order(ws, order_id)? else {
        return Err(Error::internal("the order of a parked refund is gone").into());
    };
    let error = match fit(context, ws, id, &order, &extra, refund) {
        Err(Stop::Refuse(error)) => error,
        taken => return follow(context, ws, id, &order, extra, taken?),
    };
    let amount_minor = match &refund.what {
        RefundWhat::Amount { amount } => order.currency().minor(*amount).unwrap_or(0),
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
    extra.unfit.push(Unfit { id: refund.id.clone(), fingerprint: fingerprint(refund), at: refund.refunded_at, code });
    order.extra = encode(&extra);
    ws.put_order((id.clone(), order_id.clone()), Some(order));
    context.write(ws, id, refund.refunded_at, what, Vec::new())
}

/// Keeps a refund until its order arrives.
pub(super) fn park(ws: &mut Workspace, order_id: &OrderId, refund: &Refund) -> Decided<()> {
    let name = order_name(order_id);
    let old = ws.identity(&name)?.cloned().unwrap_or_default();
    let mut waiting: Vec<Parked> = match &old.body {
        Some(bytes) => decode(bytes, "parked refunds")?,
        None => Vec::new(),
    };
    let print = fingerprint(refund);
    if let Some(known) = waiting.iter().find(|parked| parked.id == refund.id) {
        if known.fingerprint == print {
            return Ok(());
        }
        return Err(other_content(refund).into());
    }
    if limits::PARKED_REFUNDS_MAX <= waiting.len() {
        let message = format!("too many refunds wait for order `{order_id}`");
        return Err(Error::new(ErrorCode::ValueTooMany, message)
            .field("refund")
            .limit(limits::PARKED_REFUNDS_MAX)
            .into());
    }
    let json = serde_json::to_string(refund).map_err(Error::from)?;
    waiting.push(Parked { id: refund.id.clone(), fingerprint: print, refund: json });
    ws.put_identity(name, Some(Identity { body: Some(encode(&waiting)), ..old }));
    Ok(())
}
