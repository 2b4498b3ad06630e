//! What an order that went back, in part or as a whole, means beyond the customer: for gift cards and for groups.

use super::context::Context;
use super::giftcards::orders as cards;
use super::groups;
use super::offers::sale::gone;
use crate::value::{CustomerId, OrderId, RefundId};
use crate::workspace::rows::extra_of;
use crate::workspace::state::{OrderExtra, encode};
use crate::workspace::{Decided, Workspace};

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
    if known.links.is_none() && !paid_by_card {
        return Ok(());
    }
    let (mut order, mut links) = (order.clone(), known.links.as_deref().cloned().unwrap_or_default());
    cards::give_back(context, ws, id, &*gone(&order, &known)?, &mut links)?;
    cards::take_back(context, ws, id, &order, &mut links)?;
    if !order.status().is_valid()
        && let Some(group) = links.group.take()
    {
        groups::commands::order_gone(context, ws, id, (&group, order_id), refund)?;
    }
    if known.links.as_deref() != Some(&links) {
        order.extra = encode(&OrderExtra { links: Some(Box::new(links)), ..known });
        ws.put_order(key, Some(order));
    }
    Ok(())
}
