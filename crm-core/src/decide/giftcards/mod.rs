//! Where gift cards meet customers and orders.

pub(crate) mod answer;
pub(crate) mod checkout;
pub(crate) mod commands;
pub(crate) mod orders;

use super::context::Context;
use super::settle::stand_by;
use crate::code::NormalCode;
use crate::effect::{GiftCardExpired, GiftCardReleased, What};
use crate::error::{Error, ErrorCode};
use crate::giftcard::{CardPassed, GiftCard, UseState};
use crate::value::{GiftCardId, RedemptionId, Timestamp};
use crate::workspace::state::decode;
use crate::workspace::{Decided, Workspace};

/// Under which name a hold or redemption is known, over all cards.
pub(crate) fn use_name(id: &str) -> String {
    format!("gift:{id}")
}

/// Under which name the code of a card is known.
pub(crate) fn code_name(code: &str) -> String {
    format!("gift_code:{code}")
}

fn unknown(what: &str) -> Error {
    Error::new(ErrorCode::GiftCardUnknown, format!("no gift card has this {what}"))
}

/// A card that must exist.
pub(crate) fn known<'w>(ws: &'w mut Workspace, id: &GiftCardId) -> Decided<&'w mut GiftCard> {
    match ws.card(id)? {
        Some(card) => Ok(&mut card.thing),
        None => Err(unknown("id").field("card_id").into()),
    }
}

/// The card that is named by its id or by its code.
pub(crate) fn named(ws: &mut Workspace, id: Option<&GiftCardId>, code: Option<&str>) -> Decided<GiftCardId> {
    match (id, code) {
        (Some(id), None) => Ok(id.clone()),
        (None, Some(code)) => {
            let name = code_name(NormalCode::of(code)?.as_str());
            let body = ws.identity(&name)?.and_then(|identity| identity.body.as_ref());
            Ok(decode(body.ok_or_else(|| unknown("code").field("code"))?, "code of a gift card")?)
        }
        _ => {
            let message = "a gift card is named by its id or by its code";
            Err(Error::new(ErrorCode::GiftCardName, message).field("card_id").into())
        }
    }
}

/// Lets time pass for a card, and says at which instant it stands: its clock never goes back. What time did is told to whom it was issued.
pub(crate) fn pass(context: &Context<'_>, ws: &mut Workspace, id: &GiftCardId, now: Timestamp) -> Decided<Timestamp> {
    let card = known(ws, id)?;
    let now = now.max(card.as_of);
    if card.next_due().is_none_or(|due| now < due) {
        return Ok(now);
    }
    let (owner, currency) = (card.customer.clone(), card.currency);
    stand_by(context, ws, &owner)?;
    for passed in ws.card_mut(id)?.thing.advance(now) {
        let (at, what) = match passed {
            CardPassed::TimedOut { at, id: hold, minor } => {
                (at, released(id, hold, currency, minor, UseState::TimedOut))
            }
            CardPassed::Expired { at, minor } => {
                (at, What::GiftCardExpired(GiftCardExpired { card_id: id.clone(), currency, amount_minor: minor }))
            }
        };
        context.write(ws, &owner, at, what, Vec::new())?;
    }
    Ok(now)
}

pub(crate) fn released(
    card: &GiftCardId,
    hold: RedemptionId,
    currency: crate::value::Currency,
    minor: i64,
    state: UseState,
) -> What {
    What::GiftCardReleased(GiftCardReleased {
        card_id: card.clone(),
        hold_id: hold,
        currency,
        amount_minor: minor,
        state,
    })
}

/// Until when a card is good to which value comes back now, should it have ended.
pub(crate) fn grace(context: &Context<'_>, now: Timestamp) -> Option<Timestamp> {
    let days = context.program.gift_cards().restore_days;
    let zone = context.zone();
    (days != 0).then(|| zone.end_of(zone.date(now).plus_days(i64::from(days))))
}
