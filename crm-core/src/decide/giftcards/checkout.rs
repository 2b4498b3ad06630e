//! Gift cards that a checkout pays with: looked at for a quote, held by a claim, taken with its order, let go.
//!
//! When the time of a claim is over, so is that of its holds: the card sees to that by itself, whoever looks at it next.

use super::super::context::Context;
use super::super::offers::coupons::print_of;
use super::super::offers::tries;
use super::commands::{redeemed, take_name};
use super::{code_name, known, pass, released, use_name};
use crate::code::NormalCode;
use crate::command::ClaimOffers;
use crate::effect::{GiftCardHeld, What};
use crate::error::{Error, ErrorCode};
use crate::giftcard::{Taking, UseState};
use crate::limits::{self, GIFT_CARD_USES_MAX};
use crate::offer::{CardWhy, Cart, CartGiftCard, QuotedGiftCard};
use crate::store::Read;
use crate::value::{Amount, ClaimId, CustomerId, GiftCardId, OrderId, RedemptionId, Timestamp};
use crate::workspace::rows::{read_gift_card, read_group, read_identity};
use crate::workspace::state::{ClaimCard, decode};
use crate::workspace::{Decided, Missing, Workspace};

/// A card of a cart, and what it can pay in minor units.
#[derive(Debug)]
pub(crate) struct Looked {
    /// As a quote tells it, before anything is paid.
    pub(crate) told: QuotedGiftCard,
    pub(crate) usable: i64,
}

/// What a claim will need of gift cards, and of the group in its cart; of codes, where all may be looked up.
pub(crate) fn foresee(command: &ClaimOffers, by_code: bool) -> Vec<Read> {
    let cards = &command.cart.gift_cards;
    let codes = cards.iter().filter(|_| by_code).filter_map(|card| NormalCode::of(card.code.as_ref()?).ok());
    let mut reads: Vec<Read> = codes.map(|code| read_identity(&code_name(code.as_str()))).collect();
    reads.extend(cards.iter().filter_map(|card| card.card_id.as_ref()).map(read_gift_card));
    reads.extend(command.cart.group_id.as_ref().map(read_group));
    let names = (1..=cards.len()).filter_map(|place| use_of(&command.customer_id, &command.claim_id, place).ok());
    reads.extend(names.map(|name| read_identity(&use_name(name.as_str()))));
    reads
}

/// Looks at the cards of a cart, which says nothing about what they pay yet.
pub(crate) fn look(
    context: &Context<'_>,
    ws: &mut Workspace,
    (customer, cart): (Option<&CustomerId>, &Cart),
    at: Timestamp,
) -> Decided<Vec<Looked>> {
    let mut barred: Vec<Option<CardWhy>> = Vec::with_capacity(cart.gift_cards.len());
    for card in &cart.gift_cards {
        barred.push(match normal(card) {
            Some(code) => tries::barred(context, ws, customer, &code, at)?.map(CardWhy::from),
            None => None,
        });
    }
    let ids = ids_of(ws, cart, &barred)?;
    let mut missing = Missing::default();
    for id in ids.iter().flatten() {
        missing.note(ws.card(id).map(|_| ()))?;
    }
    missing.ask()?;
    let nothing = cart.currency.amount(0);
    let mut looked: Vec<Looked> = Vec::with_capacity(ids.len());
    for ((card, id), barred) in cart.gift_cards.iter().zip(ids).zip(barred) {
        let twice = id.is_some() && looked.iter().any(|known| known.told.card_id == id);
        let found = match &id {
            Some(_) if twice => (0, 0, Some(CardWhy::Twice)),
            Some(id) => usable(context, ws, (cart, card), id, at)?,
            None => (0, 0, Some(barred.unwrap_or(CardWhy::Unknown))),
        };
        let (usable, left, why) = found;
        let shown =
            |code: &String| NormalCode::of(code).map_or_else(|_| limits::quote(code), |code| code.as_str().to_owned());
        let code = card.code.as_ref().map(shown);
        let told = QuotedGiftCard { card_id: id, code, pays: nothing, left: cart.currency.amount(left), why };
        looked.push(Looked { told, usable });
    }
    Ok(looked)
}

/// The code by which a card is named, if that is one.
fn normal(card: &CartGiftCard) -> Option<NormalCode> {
    NormalCode::of(card.code.as_ref()?).ok()
}

/// Which cards a cart names; none for codes that no card has, and for those that are not looked up.
fn ids_of(ws: &mut Workspace, cart: &Cart, barred: &[Option<CardWhy>]) -> Decided<Vec<Option<GiftCardId>>> {
    let name = |(card, barred): (&CartGiftCard, &Option<CardWhy>)| {
        normal(card).filter(|_| barred.is_none()).map(|code| code_name(code.as_str()))
    };
    let mut missing = Missing::default();
    for name in cart.gift_cards.iter().zip(barred).filter_map(name) {
        missing.note(ws.identity(&name).map(|_| ()))?;
    }
    missing.ask()?;
    let mut ids = Vec::with_capacity(cart.gift_cards.len());
    for (card, barred) in cart.gift_cards.iter().zip(barred) {
        let body = match name((card, barred)) {
            Some(name) => ws.identity(&name)?.and_then(|identity| identity.body.as_ref()),
            None => None,
        };
        let of_code = body.map(|body| decode(body, "code of a gift card")).transpose()?;
        ids.push(card.card_id.clone().or(of_code));
    }
    Ok(ids)
}

/// What a card can pay now, what is left on it, and why it cannot pay.
fn usable(
    context: &Context<'_>,
    ws: &mut Workspace,
    (cart, named): (&Cart, &CartGiftCard),
    id: &GiftCardId,
    at: Timestamp,
) -> Decided<(i64, i64, Option<CardWhy>)> {
    let out = |why: CardWhy| Ok((0, 0, Some(why)));
    if ws.card(id)?.is_none() {
        return out(CardWhy::Unknown);
    }
    let now = pass(context, ws, id, at)?;
    let card = known(ws, id)?;
    if card.currency != cart.currency {
        return out(CardWhy::Currency { currency: card.currency });
    }
    if card.frozen {
        return out(CardWhy::Frozen);
    }
    if let Some(until) = card.valid_until.filter(|until| *until <= now) {
        return out(CardWhy::Ended { until });
    }
    let left = card.balance_minor;
    if left == 0 {
        let holds = card.uses.iter().filter(|usage| usage.state == UseState::Held).filter_map(|usage| usage.until);
        return out(holds.min().map_or(CardWhy::Empty, |until| CardWhy::HeldElsewhere { until }));
    }
    if GIFT_CARD_USES_MAX <= card.uses.len() {
        return out(CardWhy::TooMany);
    }
    let amount: Option<Amount> = named.amount;
    match amount.map(|amount| cart.currency.minor(amount)).transpose()? {
        Some(asked) if left < asked => {
            let amount = |minor| cart.currency.amount(minor);
            let why = CardWhy::Insufficient { available: amount(left), needed: amount(asked) };
            Ok((0, left, Some(why)))
        }
        asked => Ok((asked.unwrap_or(left), left, None)),
    }
}

/// The name of a claim's use of a card, the n-th of its cart: unique over all customers, as claims alone are not.
fn use_of(id: &CustomerId, claim: &ClaimId, place: usize) -> crate::Result<RedemptionId> {
    let text = format!("claim:{id}/{claim}/{place}");
    if id.as_str().contains('/') {
        return RedemptionId::new(format!("claim:{}", print_of(&format!("{}:{text}", id.as_str().len()))));
    }
    // With room for what a late payment appends.
    RedemptionId::new(format!("{text}{LATE}"))
        .and_then(|_| RedemptionId::new(&text))
        .or_else(|_| RedemptionId::new(format!("claim:{}", print_of(&text))))
}

/// What the name of a use ends in that replaces one which is gone.
const LATE: &str = "/late";

/// Holds what a quote takes of cards, for as long as the claim.
pub(crate) fn hold(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (claim, deadline): (&ClaimId, Timestamp),
    cards: &[QuotedGiftCard],
) -> Decided<Vec<ClaimCard>> {
    let mut held = Vec::new();
    for (place, card) in (1_usize..).zip(cards) {
        let Some(card_id) = card.card_id.as_ref().filter(|_| card.pays != Amount::ZERO) else { continue };
        let now = ws.known(id)?.state.recorded_at;
        let now = pass(context, ws, card_id, now)?;
        let usage = use_of(id, claim, place)?;
        take_name(ws, id, card_id, &usage, "claim_id")?;
        let card_mut = &mut ws.card_mut(card_id)?.thing;
        let (currency, minor) = (card_mut.currency, card_mut.currency.minor(card.pays)?);
        let taking = Taking { id: usage.clone(), customer: id.clone(), minor, order: None };
        card_mut.hold(taking, deadline, now)?;
        let what = What::GiftCardHeld(GiftCardHeld {
            card_id: card_id.clone(),
            hold_id: usage.clone(),
            currency,
            amount_minor: minor,
            until: deadline,
        });
        context.write(ws, id, now, what, Vec::new())?;
        held.push(ClaimCard { card: card_id.clone(), usage, minor });
    }
    Ok(held)
}

fn load(ws: &mut Workspace, cards: &[ClaimCard]) -> Decided<()> {
    let mut missing = Missing::default();
    for card in cards {
        missing.note(ws.card(&card.card).map(|_| ()))?;
    }
    missing.ask()
}

/// Whether cards have what a claim held of them that is out of time.
pub(crate) fn have(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, cards: &[ClaimCard]) -> Decided<bool> {
    load(ws, cards)?;
    let now = ws.known(id)?.state.recorded_at;
    for card in cards {
        let now = pass(context, ws, &card.card, now)?;
        if known(ws, &card.card)?.can_take(card.minor, now).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes what a claim holds of cards; says under which names. What is not held any more is taken all the same where the card has it.
pub(crate) fn capture(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    cards: &[ClaimCard],
    order: Option<&OrderId>,
) -> Decided<Vec<ClaimCard>> {
    load(ws, cards)?;
    let mut taken = Vec::with_capacity(cards.len());
    for one in cards {
        let now = ws.known(id)?.state.recorded_at;
        let now = pass(context, ws, &one.card, now)?;
        let card = known(ws, &one.card)?;
        card.not_frozen()?;
        let state = card.usage(&one.usage).map(|usage| usage.state);
        let mut one = one.clone();
        match state {
            Some(UseState::Held) => {
                ws.card_mut(&one.card)?.thing.capture(&one.usage, None, order.cloned(), now)?;
            }
            Some(UseState::Released | UseState::TimedOut) => {
                one.usage = RedemptionId::new(format!("{}{LATE}", one.usage))?;
                take_name(ws, id, &one.card, &one.usage, "claim_id")?;
                let taking =
                    Taking { id: one.usage.clone(), customer: id.clone(), minor: one.minor, order: order.cloned() };
                ws.card_mut(&one.card)?.thing.spend(taking, now)?;
            }
            Some(UseState::Redeemed) | None => {
                let message = format!("`{}` was taken without its claim", one.usage);
                return Err(Error::new(ErrorCode::GiftCardHoldResolved, message).field("claim_id").into());
            }
        }
        redeemed(context, ws, id, (one.card.clone(), one.usage.clone()), one.minor, order.cloned(), now)?;
        taken.push(one);
    }
    Ok(taken)
}

/// Tells cards which order they helped to pay, where the claim was confirmed before.
pub(crate) fn note_order(ws: &mut Workspace, cards: &[ClaimCard], order: &OrderId) -> Decided<()> {
    load(ws, cards)?;
    for one in cards {
        if known(ws, &one.card)?.usage(&one.usage).is_some_and(|usage| usage.order.as_ref() != Some(order)) {
            ws.card_mut(&one.card)?.thing.note_order(&one.usage, order);
        }
    }
    Ok(())
}

/// Lets go what a claim holds of cards. What is not held any more is gone already.
pub(crate) fn release(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, cards: &[ClaimCard]) -> Decided<()> {
    load(ws, cards)?;
    for one in cards {
        let now = ws.known(id)?.state.recorded_at;
        let now = pass(context, ws, &one.card, now)?;
        let card = known(ws, &one.card)?;
        if card.usage(&one.usage).is_none_or(|usage| usage.state != UseState::Held) {
            continue;
        }
        let card = &mut ws.card_mut(&one.card)?.thing;
        let (minor, currency) = (card.release(&one.usage, now)?, card.currency);
        let what = released(&one.card, one.usage.clone(), currency, minor, UseState::Released);
        context.write(ws, id, now, what, Vec::new())?;
        // A card that ended meanwhile ends now with what is free again.
        pass(context, ws, &one.card, now)?;
    }
    Ok(())
}
