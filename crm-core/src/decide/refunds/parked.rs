//! Refunds that wait for their order.

use super::super::context::order_name;
use super::super::state::{decode, encode};
use super::super::workspace::{Decided, Identity, Workspace};
use crate::error::{Error, ErrorCode};
use crate::limits;
use crate::order::Refund;
use crate::value::{Fingerprint, OrderId, RefundId, fingerprint};
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
