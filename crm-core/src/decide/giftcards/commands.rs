//! What people do with gift cards.

use super::super::context::Context;
use super::super::points::signed;
use super::super::settle::settle;
use super::{code_name, grace, known, named, orders, pass, released, use_name};
use crate::code::NormalCode;
use crate::command::{
    CaptureGiftCard, FreezeGiftCard, HoldGiftCard, IssueGiftCard, ReleaseGiftCard, RestoreGiftCard, SpendGiftCard,
    UnfreezeGiftCard,
};
use crate::effect::{
    GiftCardFrozen, GiftCardHeld, GiftCardIssued, GiftCardRedeemed, GiftCardRestored, GiftCardUnfrozen, What,
};
use crate::error::{Error, ErrorCode};
use crate::giftcard::{GiftCard, Issue, Taking, UseState};
use crate::value::{Amount, Currency, CustomerId, GiftCardId, RedemptionId, Timestamp};
use crate::workspace::state::{Versioned, decode, encode};
use crate::workspace::{Decided, Identity, Workspace};
use std::sync::Arc;

fn minor(currency: Currency, amount: Amount) -> Decided<i64> {
    Ok(currency.minor(amount).map_err(|error| error.field("amount"))?)
}

pub(crate) fn issue(context: &Context<'_>, ws: &mut Workspace, command: &IssueGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let currency = command.currency;
    if !context.program.accepts(currency) {
        let message = format!("orders in {currency} are not accepted");
        return Err(Error::new(ErrorCode::MoneyCurrency, message).field("currency").into());
    }
    let amount_minor = minor(currency, command.amount)?;
    let now = settle(context, ws, id)?;
    if ws.card(&command.card_id)?.is_some() {
        let message = format!("there is a gift card `{}`", command.card_id);
        return Err(Error::new(ErrorCode::GiftCardExists, message).field("card_id").into());
    }
    let zone = context.zone();
    let end_of = |days: u32| zone.end_of(zone.date(now).plus_days(i64::from(days)));
    let valid_until = command.valid_until.or(context.program.gift_cards().valid_days.map(end_of));
    let code = command.code.as_deref().map(|code| take_code(ws, id, &command.card_id, code)).transpose()?;
    let issue = Issue {
        id: command.card_id.clone(),
        customer: id.clone(),
        code,
        currency,
        amount_minor,
        valid_until,
        order: command.order_id.clone(),
    };
    let card = GiftCard::issue(issue, now)?;
    orders::bought(context, ws, command)?;
    ws.put_card(command.card_id.clone(), Some(Versioned { version: 0, thing: card }));
    let what = What::GiftCardIssued(GiftCardIssued {
        card_id: command.card_id.clone(),
        currency,
        amount_minor,
        valid_until,
        order_id: command.order_id.clone(),
    });
    context.write(ws, id, now, what, Vec::new())?;
    Ok(id.clone())
}

fn take_code(ws: &mut Workspace, id: &CustomerId, card: &GiftCardId, code: &str) -> Decided<Arc<str>> {
    let normal = NormalCode::of(code)?;
    let name = code_name(normal.as_str());
    if ws.identity(&name)?.is_some() {
        return Err(Error::new(ErrorCode::GiftCardCode, "the code is taken").field("code").into());
    }
    ws.put_identity(name, Some(Identity { version: 0, customer: Some(id.clone()), body: Some(encode(card)) }));
    Ok(Arc::from(normal.as_str()))
}

/// Takes the name of a new hold or redemption.
pub(super) fn take_name(
    ws: &mut Workspace,
    id: &CustomerId,
    card: &GiftCardId,
    name: &RedemptionId,
    field: &'static str,
) -> Decided<()> {
    let key = use_name(name.as_str());
    if ws.identity(&key)?.is_some() {
        let message = format!("`{name}` was used before on a gift card");
        return Err(Error::new(ErrorCode::GiftCardRedemptionExists, message).field(field).into());
    }
    ws.put_identity(key, Some(Identity { version: 0, customer: Some(id.clone()), body: Some(encode(card)) }));
    Ok(())
}

/// The card on which a hold or redemption of this customer is.
fn card_of(ws: &mut Workspace, id: &CustomerId, name: &RedemptionId, missing: Error) -> Decided<GiftCardId> {
    let found = ws.identity(&use_name(name.as_str()))?;
    let body = found.filter(|identity| identity.customer.as_ref() == Some(id)).and_then(|one| one.body.as_ref());
    match body {
        Some(body) => Ok(decode(body, "use of a gift card")?),
        None => Err(missing.into()),
    }
}

fn no_hold(name: &RedemptionId) -> Error {
    let message = format!("no hold `{name}` of this customer");
    Error::new(ErrorCode::GiftCardHoldUnknown, message).field("hold_id")
}

pub(crate) fn hold(context: &Context<'_>, ws: &mut Workspace, command: &HoldGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let card_id = named(ws, command.card_id.as_ref(), command.code.as_deref())?;
    let now = pass(context, ws, &card_id, now)?;
    let name = RedemptionId::new(command.hold_id.as_str())?;
    take_name(ws, id, &card_id, &name, "hold_id")?;
    let currency = known(ws, &card_id)?.currency;
    let amount_minor = minor(currency, command.amount)?;
    let taking = Taking { id: name.clone(), customer: id.clone(), minor: amount_minor, order: None };
    ws.card_mut(&card_id)?.thing.hold(taking, command.until, now)?;
    let what =
        What::GiftCardHeld(GiftCardHeld { card_id, hold_id: name, currency, amount_minor, until: command.until });
    context.write(ws, id, now, what, Vec::new())?;
    Ok(id.clone())
}

pub(crate) fn capture(context: &Context<'_>, ws: &mut Workspace, command: &CaptureGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let name = RedemptionId::new(command.hold_id.as_str())?;
    let card_id = card_of(ws, id, &name, no_hold(&name))?;
    let now = pass(context, ws, &card_id, now)?;
    let currency = known(ws, &card_id)?.currency;
    let asked = command.amount.map(|amount| minor(currency, amount)).transpose()?;
    let order = command.order_id.clone();
    let amount_minor = ws.card_mut(&card_id)?.thing.capture(&name, asked, order.clone(), now)?;
    redeemed(context, ws, id, (card_id, name), amount_minor, order, now)
}

pub(crate) fn release(context: &Context<'_>, ws: &mut Workspace, command: &ReleaseGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let name = RedemptionId::new(command.hold_id.as_str())?;
    let card_id = card_of(ws, id, &name, no_hold(&name))?;
    let now = pass(context, ws, &card_id, now)?;
    let card = &mut ws.card_mut(&card_id)?.thing;
    let (minor, currency) = (card.release(&name, now)?, card.currency);
    context.write(ws, id, now, released(&card_id, name, currency, minor, UseState::Released), Vec::new())?;
    // A card that ended meanwhile ends now with what is free again.
    pass(context, ws, &card_id, now)?;
    Ok(id.clone())
}

pub(crate) fn spend(context: &Context<'_>, ws: &mut Workspace, command: &SpendGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let card_id = named(ws, command.card_id.as_ref(), command.code.as_deref())?;
    let now = pass(context, ws, &card_id, now)?;
    let name = match &command.redemption_id {
        Some(name) => name.clone(),
        None => RedemptionId::new(context.request.request_id.as_str())?,
    };
    take_name(ws, id, &card_id, &name, "redemption_id")?;
    let amount_minor = minor(known(ws, &card_id)?.currency, command.amount)?;
    let order = command.order_id.clone();
    let taking = Taking { id: name.clone(), customer: id.clone(), minor: amount_minor, order: order.clone() };
    ws.card_mut(&card_id)?.thing.spend(taking, now)?;
    redeemed(context, ws, id, (card_id, name), amount_minor, order, now)
}

/// Tells what was taken.
pub(super) fn redeemed(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (card_id, redemption_id): (GiftCardId, RedemptionId),
    amount_minor: i64,
    order_id: Option<crate::value::OrderId>,
    now: Timestamp,
) -> Decided<CustomerId> {
    let currency = known(ws, &card_id)?.currency;
    let card = card_id.clone();
    let what = What::GiftCardRedeemed(GiftCardRedeemed { card_id, redemption_id, currency, amount_minor, order_id });
    context.write(ws, id, now, what, Vec::new())?;
    // A part of a hold that is free again on a card that ended meanwhile ends now.
    pass(context, ws, &card, now)?;
    Ok(id.clone())
}

pub(crate) fn restore(context: &Context<'_>, ws: &mut Workspace, command: &RestoreGiftCard) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let name = &command.redemption_id;
    let missing = Error::new(ErrorCode::GiftCardRedemptionUnknown, format!("no redemption `{name}` of this customer"))
        .field("redemption_id");
    let card_id = card_of(ws, id, name, missing)?;
    let now = pass(context, ws, &card_id, now)?;
    let card = known(ws, &card_id)?;
    let left = card.usage(name).map_or(0, crate::giftcard::CardUse::restorable);
    let minor = match command.amount {
        Some(amount) => minor(card.currency, amount)?,
        None if left == 0 && card.usage(name).is_some_and(|usage| usage.state == UseState::Redeemed) => {
            let message = format!("nothing of redemption `{name}` can still come back");
            let left = card.currency.amount(0);
            return Err(Error::new(ErrorCode::GiftCardRedemptionRestored, message)
                .field("redemption_id")
                .with("left", left)
                .into());
        }
        // A hold that was never captured: the card says so.
        None => left.max(1),
    };
    give(context, ws, id, (&card_id, name), minor, now)?;
    Ok(id.clone())
}

/// Gives value back to a card, and tells it.
pub(super) fn give(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (card_id, name): (&GiftCardId, &RedemptionId),
    minor: i64,
    now: Timestamp,
) -> Decided<()> {
    let grace = grace(context, now);
    let card = &mut ws.card_mut(card_id)?.thing;
    let before = card.valid_until;
    let revoked_minor = card.restore(name, minor, grace, now)?;
    let (currency, after) = (card.currency, card.valid_until);
    let what = What::GiftCardRestored(GiftCardRestored {
        card_id: card_id.clone(),
        redemption_id: name.clone(),
        currency,
        amount_minor: minor,
        revoked_minor,
        valid_until: after.filter(|_| after != before),
    });
    context.write(ws, id, now, what, Vec::new())?;
    pass(context, ws, card_id, now)?;
    Ok(())
}

pub(crate) fn freeze(context: &Context<'_>, ws: &mut Workspace, command: &FreezeGiftCard) -> Decided<CustomerId> {
    signed(context)?;
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, &command.card_id, now)?;
    let card = &mut ws.card_mut(&command.card_id)?.thing;
    let (holds, currency) = (card.freeze(now)?, card.currency);
    for (hold, minor) in holds {
        let what = released(&command.card_id, hold, currency, minor, UseState::Released);
        context.write(ws, id, now, what, Vec::new())?;
    }
    let card_id = command.card_id.clone();
    let what = What::GiftCardFrozen(GiftCardFrozen {
        card_id,
        currency,
        revoked_minor: 0,
        unrecovered_minor: 0,
        order_id: None,
    });
    context.write(ws, id, now, what, Vec::new())?;
    pass(context, ws, &command.card_id, now)?;
    Ok(id.clone())
}

pub(crate) fn unfreeze(context: &Context<'_>, ws: &mut Workspace, command: &UnfreezeGiftCard) -> Decided<CustomerId> {
    signed(context)?;
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, &command.card_id, now)?;
    ws.card_mut(&command.card_id)?.thing.unfreeze(now)?;
    context.write(
        ws,
        id,
        now,
        What::GiftCardUnfrozen(GiftCardUnfrozen { card_id: command.card_id.clone() }),
        Vec::new(),
    )?;
    Ok(id.clone())
}
