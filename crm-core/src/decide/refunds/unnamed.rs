//! Refunds that name no order.

use super::super::context::Context;
use super::super::orders::{buyer, find_order};
use super::super::settle::settle;
use super::apply;
use super::parked::other_content;
use crate::command::RecordRefund;
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::order::{Refund, RefundArticle, RefundRecord, RefundWhat, match_articles};
use crate::program::WithoutOrder;
use crate::store::Read;
use crate::value::{Currency, CustomerId, Fingerprint, RefundId, fingerprint};
use crate::workspace::rows;
use crate::workspace::state::{decode, encode};
use crate::workspace::{Decided, Identity, Missing, Stop, Workspace};

/// Under which name a refund without an order is known to have been recorded.
fn refund_name(customer: &CustomerId, refund: &RefundId) -> String {
    format!("refund:{customer}/{refund}")
}

/// What a refund without an order will need.
pub(crate) fn foresee(customer: &CustomerId, refund: &Refund) -> [Read; 2] {
    [rows::read_identity(&refund_name(customer, &refund.id)), rows::read_orders(customer)]
}

/// A refund that names no order, by the program's policy.
pub(super) fn without_order(context: &Context<'_>, ws: &mut Workspace, command: &RecordRefund) -> Decided<CustomerId> {
    let refund = &command.refund;
    let refused = |message: &str| Error::new(ErrorCode::RefundNoOrder, message).field("refund.order");
    let Some(who) = &command.buyer else { return Err(refused("a refund without an order needs a buyer").into()) };
    let RefundWhat::Articles { currency, lines } = &refund.what else {
        return Err(refused("a refund without an order names articles").into());
    };
    let policy = context.program.refunds().without_order;
    if policy == WithoutOrder::Refuse {
        return Err(refused("the program refuses refunds that name no order").into());
    }
    let id = buyer(context, ws, who, refund.refunded_at)?;
    let name = refund_name(&id, &refund.id);
    let print = fingerprint(refund);
    // A name without a body was freed when the orders it had been matched to were reverted.
    if let Some(body) = ws.identity(&name)?.and_then(|identity| identity.body.as_ref()) {
        if decode::<Fingerprint>(body, "refund").is_ok_and(|known| known == print) {
            return Ok(id);
        }
        return Err(other_content(&refund.id).into());
    }
    settle(context, ws, &id)?;
    let version = ws.identity(&name)?.map_or(0, |identity| identity.version);
    ws.put_identity(name, Some(Identity { version, customer: Some(id.clone()), body: Some(encode(&print)) }));
    let orders = if policy == WithoutOrder::MatchNewest { ws.orders_of(&id)? } else { Vec::new() };
    let found =
        match_articles(&orders, lines, *currency, refund.refunded_at).map_err(|error| error.within("refund"))?;
    let nothing = found.plan.is_empty();
    let mut missing = Missing::default();
    for (order_id, lines) in found.plan {
        let Some(Some((_, order, extra))) = missing.note(find_order(ws, &order_id))? else { continue };
        let part = Refund { order: Some(order_id), what: RefundWhat::Lines { lines }, ..refund.clone() };
        missing.note(apply(context, ws, &id, &order, extra, &part))?;
    }
    missing.ask()?;
    if nothing || !found.unmatched.is_empty() {
        let amount_minor = articles_minor(&found.unmatched, *currency)?;
        let what = What::UnmatchedRefund {
            refund_id: refund.id.clone(),
            amount_minor,
            currency: *currency,
            order_id: None,
            why: None,
        };
        context.write(ws, &id, refund.refunded_at, what, Vec::new())?;
    }
    Ok(id)
}

/// What articles come to, in minor units.
fn articles_minor(articles: &[RefundArticle], currency: Currency) -> Decided<i64> {
    let mut sum = 0_i64;
    for article in articles {
        let unit = i128::from(currency.minor(article.unit_price)?);
        let exact = (unit * i128::from(article.quantity.thousandths()) + 500) / 1000;
        sum = sum.saturating_add(i64::try_from(exact).unwrap_or(i64::MAX));
    }
    Ok(sum)
}

/// Frees the names of those that named no order and were matched to one: when their import comes again, so do they.
pub(super) fn forget_refunds(ws: &mut Workspace, id: &CustomerId, refunds: &[&RefundRecord]) -> Decided<()> {
    let names: Vec<String> = refunds.iter().map(|refund| refund_name(id, &refund.id)).collect();
    let mut missing = Vec::new();
    let mut known = Vec::new();
    for name in names {
        match ws.identity(&name) {
            Ok(Some(identity)) if identity.body.is_some() => known.push((name, identity.version)),
            Ok(_) => {}
            Err(Stop::Need(reads)) => missing.extend(reads),
            Err(refusal) => return Err(refusal),
        }
    }
    if !missing.is_empty() {
        return Err(Stop::Need(missing));
    }
    for (name, version) in known {
        ws.put_identity(name, Some(Identity { version, customer: None, body: None }));
    }
    Ok(())
}
