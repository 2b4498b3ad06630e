//! What an order that went back, in part or as a whole, means beyond the customer: for gift cards and for groups.

use super::context::Context;
use super::giftcards::orders as cards;
use super::groups;
use super::rows::extra_of;
use super::state::encode;
use super::workspace::{Decided, Workspace};
use crate::order::OrderStatus;
use crate::value::{CustomerId, OrderId, RefundId};

/// Gives gift cards their part of a refund back, takes back the cards that the order bought, and frees the seat that it paid for.
pub(crate) fn follow(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order_id: &OrderId,
    refund: Option<&RefundId>,
) -> Decided<()> {
    let key = (id.clone(), order_id.clone());
    let Some(order) = ws.order(&key)? else { return Ok(()) };
    let known = extra_of(order)?;
    let paid_by_card = order.tenders().iter().any(crate::order::BookedTender::names_card);
    if known.cards.is_empty() && known.group.is_none() && !paid_by_card {
        return Ok(());
    }
    let (mut order, mut extra) = (order.clone(), known.clone());
    cards::give_back(context, ws, id, &order, &mut extra)?;
    cards::take_back(context, ws, id, &order, &mut extra)?;
    if !order.status().is_valid()
        && let Some(group) = extra.group.take()
    {
        let reverted = order.status() == OrderStatus::Reverted;
        groups::commands::order_gone(context, ws, id, (&group, order_id), refund.filter(|_| !reverted))?;
    }
    if extra != known {
        order.extra = encode(&extra);
        ws.put_order(key, Some(order));
    }
    Ok(())
}
