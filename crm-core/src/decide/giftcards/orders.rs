//! Orders that buy gift cards, and orders that were paid with them.

use super::super::context::Context;
use super::super::orders::find_order;
use super::super::refunds::tender;
use super::super::settle::settle;
use super::commands::give;
use super::{known, pass, released, use_name};
use crate::command::IssueGiftCard;
use crate::effect::{GiftCardFrozen, What};
use crate::error::{Error, ErrorCode};
use crate::giftcard::{CardUse, UseState};
use crate::limits::ORDER_CARDS_MAX;
use crate::order::{OrderRecord, TenderBack};
use crate::value::{CustomerId, GiftCardId, OrderId};
use crate::workspace::state::{OrderLinks, decode, encode};
use crate::workspace::{Decided, Missing, Workspace};

/// Notes with an order that it bought a card.
pub(super) fn bought(context: &Context<'_>, ws: &mut Workspace, command: &IssueGiftCard) -> Decided<()> {
    let Some(order_id) = &command.order_id else {
        if command.line_no.is_none() {
            return Ok(());
        }
        return Err(Error::new(ErrorCode::OrderField, "a line belongs to an order").field("line_no").into());
    };
    let unknown = || Error::new(ErrorCode::OrderUnknown, format!("order `{order_id}` is not recorded"));
    let (owner, mut order, mut extra) = find_order(ws, order_id)?.ok_or_else(|| unknown().field("order_id"))?;
    if let Some(line_no) = command.line_no
        && !order.lines().iter().any(|line| line.line_no == line_no)
    {
        let message = format!("order `{order_id}` has no line `{line_no}`");
        return Err(Error::new(ErrorCode::OrderField, message).field("line_no").into());
    }
    if is_gone(&order, command.line_no) {
        let message = format!("what bought the card went back: order `{order_id}` is {}", order.status().as_str());
        return Err(Error::new(ErrorCode::OrderCancelled, message).field("order_id").into());
    }
    let cards = &mut extra.links.get_or_insert_default().cards;
    if ORDER_CARDS_MAX <= cards.len() {
        let message = format!("order `{order_id}` bought {} gift cards", cards.len());
        return Err(Error::new(ErrorCode::ValueTooMany, message).field("order_id").limit(ORDER_CARDS_MAX).into());
    }
    cards.push((command.card_id.clone(), command.line_no));
    order.extra = encode(&extra);
    // Whatever belongs to a customer is written together with their row.
    settle(context, ws, &owner)?;
    ws.put_order((owner, order_id.clone()), Some(order));
    Ok(())
}

/// Whether an order, or one line of it, went back as a whole.
fn is_gone(order: &OrderRecord, line_no: Option<u32>) -> bool {
    let line = |number: u32| {
        let whole = order.lines().iter().find(|line| line.line_no == number).map_or(0, |line| line.thousandths);
        let back = order.refunded_lines().into_iter().find(|line| line.line_no == number);
        back.is_some_and(|back| whole <= back.thousandths)
    };
    !order.status().is_valid() || line_no.is_some_and(line)
}

/// Gives back to gift cards what a refund owes them by the order's tenders: their parts of everything that went back so far.
pub(crate) fn give_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    links: &mut OrderLinks,
) -> Decided<()> {
    let shares = order.cards_back(tender(context));
    let cards = cards_of(ws, &shares)?;
    for (place, (share, card_id)) in shares.iter().zip(cards).enumerate() {
        let done = links.restored.get(place).copied().unwrap_or(0);
        let Some(card_id) = card_id else { continue };
        let now = ws.known(id)?.state.recorded_at;
        let now = pass(context, ws, &card_id, now)?;
        let usage = known(ws, &card_id)?.usage(&share.redemption).cloned();
        let Some(usage) = usage.filter(|usage| usage.state == UseState::Redeemed) else { continue };
        // Rounded down on the way and exact at the end, so that any split of a refund ends at the same number.
        let target =
            i128::from(usage.taken_minor) * i128::from(share.refunded_minor) / i128::from(share.tender_minor.max(1));
        let wanted = i64::try_from(target).unwrap_or(i64::MAX).saturating_sub(done);
        let minor = wanted.min(CardUse::restorable(&usage));
        if minor <= 0 {
            continue;
        }
        give(context, ws, id, (&card_id, &share.redemption), minor, now)?;
        links.restored.resize(links.restored.len().max(place.saturating_add(1)), 0);
        if let Some(slot) = links.restored.get_mut(place) {
            *slot = done.saturating_add(minor);
        }
    }
    Ok(())
}

/// The cards that tenders name; none for redemptions that nobody knows.
fn cards_of(ws: &mut Workspace, shares: &[TenderBack]) -> Decided<Vec<Option<GiftCardId>>> {
    let mut missing = Missing::default();
    for share in shares {
        missing.note(ws.identity(&use_name(share.redemption.as_str())).map(|_| ()))?;
    }
    missing.ask()?;
    let (mut cards, mut missing) = (Vec::with_capacity(shares.len()), Missing::default());
    for share in shares {
        let body = ws.identity(&use_name(share.redemption.as_str()))?.and_then(|identity| identity.body.as_ref());
        let card: Option<GiftCardId> = body.map(|body| decode(body, "use of a gift card")).transpose()?;
        if let Some(card) = &card {
            missing.note(ws.card(card).map(|_| ()))?;
        }
        cards.push(card);
    }
    missing.ask()?;
    Ok(cards)
}

/// Takes back what is left on the cards that an order bought and that went back with it, and tells what was spent of them.
pub(crate) fn take_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    links: &mut OrderLinks,
) -> Decided<()> {
    let (gone, left): (Vec<_>, Vec<_>) =
        std::mem::take(&mut links.cards).into_iter().partition(|(_, line_no)| is_gone(order, *line_no));
    links.cards = left;
    let mut missing = Missing::default();
    for (card, _) in &gone {
        missing.note(ws.card(card).map(|_| ()))?;
    }
    missing.ask()?;
    for (card_id, _) in gone {
        let now = ws.known(id)?.state.recorded_at;
        let now = pass(context, ws, &card_id, now)?;
        let card = &mut ws.card_mut(&card_id)?.thing;
        let currency = card.currency;
        let holds = if card.frozen { Vec::new() } else { card.freeze(now)? };
        let (revoked_minor, unrecovered_minor) = card.take_back(now);
        for (hold, minor) in holds {
            let what = released(&card_id, hold, currency, minor, UseState::Released);
            context.write(ws, id, now, what, Vec::new())?;
        }
        let order_id: Option<OrderId> = Some(order.id().clone());
        let what =
            What::GiftCardFrozen(GiftCardFrozen { card_id, currency, revoked_minor, unrecovered_minor, order_id });
        context.write(ws, id, now, what, Vec::new())?;
    }
    Ok(())
}
