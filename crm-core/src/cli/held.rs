//! Gift cards and groups of one customer, for `crm show`.

use crate::cli::offers::amount;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::show::odd;
use crate::cli::words::{local, through};
use crm_core::Engine;
use crm_core::effect::{Entry, GiftCardHeld, GiftCardIssued, GiftCardRedeemed, GroupOpened, SeatTaken, What};
use crm_core::group::GroupState;
use crm_core::program::Program;
use crm_core::query::{Answer, GiftCardView, GroupView, Query};
use crm_core::value::{Amount, CustomerId, GiftCardId, GroupId, Timestamp};
use crm_core::{Error, Result};
use std::collections::BTreeSet;

/// Asks for an instant, or for the last one that something happened at if that is later: others move cards and groups, too.
fn ask(engine: &Engine, at: Timestamp, question: impl Fn(Timestamp) -> Query) -> Result<Answer> {
    let refused: Error = match engine.ask(&question(at)) {
        Ok(answer) => return Ok(answer),
        Err(refused) => refused,
    };
    let last = refused.details().get("last").and_then(|last| Timestamp::parse(last.as_str()?).ok());
    match last.filter(|last| at < *last) {
        Some(last) => engine.ask(&question(last)),
        None => Err(refused),
    }
}

/// Cards on which there is something, of those that were issued to a customer or that they used.
pub(crate) fn cards(
    engine: &Engine,
    at: Timestamp,
    entries: &[Entry],
) -> std::result::Result<Vec<GiftCardView>, Problem> {
    let ids: BTreeSet<&GiftCardId> = entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::GiftCardIssued(GiftCardIssued { card_id, .. })
            | What::GiftCardHeld(GiftCardHeld { card_id, .. })
            | What::GiftCardRedeemed(GiftCardRedeemed { card_id, .. }) => Some(card_id),
            _ => None,
        })
        .collect();
    let mut cards = Vec::new();
    for id in ids {
        let question = |at| Query::GiftCard { card_id: Some(id.clone()), code: None, at };
        let Answer::GiftCard(card) = ask(engine, at, question)? else { return Err(odd()) };
        let left = card.available != Amount::ZERO || card.held != Amount::ZERO;
        cards.extend(left.then_some(*card));
    }
    Ok(cards)
}

/// Groups that are not over, of those in which a customer had a seat; and those that owe them money.
pub(crate) fn groups(
    engine: &Engine,
    customer: &CustomerId,
    at: Timestamp,
    entries: &[Entry],
) -> std::result::Result<Vec<GroupView>, Problem> {
    let ids: BTreeSet<&GroupId> = entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::GroupOpened(GroupOpened { group_id, .. }) | What::SeatTaken(SeatTaken { group_id, .. }) => {
                Some(group_id)
            }
            _ => None,
        })
        .collect();
    let mut groups = Vec::new();
    for id in ids {
        let question = |at| Query::Group { group_id: id.clone(), at };
        let Answer::Group(group) = ask(engine, at, question)? else { return Err(odd()) };
        let owes = group.seats.iter().any(|seat| seat.customer_id == *customer && seat.state.as_str() == "to_refund");
        let goes_on = matches!(group.state, GroupState::Open | GroupState::Forming);
        groups.extend((goes_on || owes).then_some(*group));
    }
    Ok(groups)
}

pub(crate) fn print_cards(program: &Program, cards: &[GiftCardView], out: &mut Out) -> Finished {
    let rows = cards.iter().map(|card| {
        vec![
            card.card_id.to_string(),
            card.state.as_str().to_owned(),
            amount(card.currency, card.available),
            if card.held == Amount::ZERO { String::new() } else { amount(card.currency, card.held) },
            amount(card.currency, card.issued),
            card.customer_id.to_string(),
            through(program.zone(), card.valid_until),
        ]
    });
    out.table(&["!card", "state", ">usable", ">held", ">issued with", "issued to", "through"], rows.collect())
}

pub(crate) fn print_groups(program: &Program, customer: &CustomerId, groups: &[GroupView], out: &mut Out) -> Finished {
    let rows = groups.iter().map(|group| {
        let seat = group.seats.iter().find(|seat| seat.customer_id == *customer);
        vec![
            group.group_id.to_string(),
            group.rules.to_string(),
            group.state.as_str().to_owned(),
            format!("{} of {}", group.paid, group.size),
            seat.map_or_else(String::new, |seat| seat.state.as_str().replace('_', " ")),
            local(program.zone(), group.forms_by),
        ]
    });
    out.table(&["!group", "rules", "state", ">paid", "own seat", "forms by"], rows.collect())
}
