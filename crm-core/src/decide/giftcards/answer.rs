//! Questions about gift cards. Time passes in memory only.

use super::super::ask::past;
use super::{known, named};
use crate::giftcard::{CardUse, GiftCard};
use crate::query::{Answer, GiftCardUse, GiftCardView};
use crate::value::{GiftCardId, Timestamp};
use crate::workspace::{Decided, Workspace};

/// A card as it stands at an instant.
pub(crate) fn card(ws: &mut Workspace, id: Option<&GiftCardId>, code: Option<&str>, at: Timestamp) -> Decided<Answer> {
    let id = named(ws, id, code)?;
    let mut card = known(ws, &id)?.clone();
    bring(&mut card, at)?;
    Ok(Answer::GiftCard(Box::new(view(card))))
}

/// Lets time pass for a card that is only looked at.
pub(crate) fn bring(card: &mut GiftCard, at: Timestamp) -> crate::Result<()> {
    if at < card.as_of {
        return Err(past(at, card.as_of));
    }
    card.advance(at);
    card.check()
}

/// A card of a walk: at an instant, or as it was last written where that is later.
pub(crate) fn stands(mut card: GiftCard, at: Timestamp) -> crate::Result<GiftCardView> {
    let at = at.max(card.as_of);
    bring(&mut card, at)?;
    Ok(view(card))
}

fn view(card: GiftCard) -> GiftCardView {
    let currency = card.currency;
    let amount = |minor: i64| currency.amount(minor);
    let usage = |usage: &CardUse| GiftCardUse {
        id: usage.id.clone(),
        customer_id: usage.customer.clone(),
        state: usage.state,
        amount: amount(usage.asked_minor),
        taken: amount(usage.taken_minor),
        restored: amount(usage.restored_minor),
        at: usage.at,
        until: usage.until,
        order_id: usage.order.clone(),
    };
    GiftCardView {
        state: card.state(),
        uses: card.uses.iter().map(usage).collect(),
        issued: amount(card.issued_minor),
        available: amount(card.balance_minor),
        held: amount(card.held_minor),
        redeemed: amount(card.redeemed_minor),
        expired: amount(card.expired_minor),
        revoked: amount(card.revoked_minor),
        unrecovered: amount(card.unrecovered_minor),
        issued_at: card.issued_at,
        valid_until: card.valid_until,
        code: card.code.map(|code| code.to_string()),
        order_id: card.order,
        card_id: card.id,
        customer_id: card.customer,
        currency,
    }
}
