//! Rows of what more than one customer uses: gift cards and groups. Each has a version of its own.

use super::super::Workspace;
use super::super::state::{Versioned, decode, encode};
use super::offers::dirty;
use super::{blob, guard, identity_key, int_cell};
use crate::effect::What;
use crate::error::Result;
use crate::giftcard::GiftCard;
use crate::group::{Group, SeatState};
use crate::store::{Read, Row, Table, Value, Write};
use crate::value::{GiftCardId, GroupId, Timestamp};

pub(crate) fn read_gift_card(id: &GiftCardId) -> Read {
    Read::Row { table: Table::GiftCard, key: identity_key(id.as_str()) }
}

pub(crate) fn read_group(id: &GroupId) -> Read {
    Read::Row { table: Table::Group, key: identity_key(id.as_str()) }
}

pub(crate) fn gift_card_of(row: &Row) -> Result<Versioned<GiftCard>> {
    Ok(Versioned { version: int_cell(row, 2)?, thing: decode(blob(row, 11)?, "gift card")? })
}

pub(crate) fn group_of(row: &Row) -> Result<Versioned<Group>> {
    Ok(Versioned { version: int_cell(row, 2)?, thing: decode(blob(row, 11)?, "group")? })
}

/// The word for an entry about them, and what it is about.
pub(super) fn kind_and_subject(what: &What) -> (&'static str, Option<&str>) {
    match what {
        What::GiftCardIssued(it) => ("gift_card_issued", Some(it.card_id.as_str())),
        What::GiftCardHeld(it) => ("gift_card_held", Some(it.card_id.as_str())),
        What::GiftCardReleased(it) => ("gift_card_released", Some(it.card_id.as_str())),
        What::GiftCardRedeemed(it) => ("gift_card_redeemed", Some(it.card_id.as_str())),
        What::GiftCardRestored(it) => ("gift_card_restored", Some(it.card_id.as_str())),
        What::GiftCardExpired(it) => ("gift_card_expired", Some(it.card_id.as_str())),
        What::GiftCardFrozen(it) => ("gift_card_frozen", Some(it.card_id.as_str())),
        What::GiftCardUnfrozen(it) => ("gift_card_unfrozen", Some(it.card_id.as_str())),
        What::GroupOpened(it) => ("group_opened", Some(it.group_id.as_str())),
        What::SeatTaken(it) => ("seat_taken", Some(it.group_id.as_str())),
        What::SeatPaid(it) => ("seat_paid", Some(it.group_id.as_str())),
        What::SeatLeft(it) => ("seat_left", Some(it.group_id.as_str())),
        What::SeatTimedOut(it) => ("seat_timed_out", Some(it.group_id.as_str())),
        What::SeatRefunded(it) => ("seat_refunded", Some(it.group_id.as_str())),
        What::GroupFormed(it) => ("group_formed", Some(it.group_id.as_str())),
        What::GroupExpired(it) => ("group_expired", Some(it.group_id.as_str())),
        What::CodeTried { code, .. } => ("code_tried", code.as_deref()),
        _ => ("other", None),
    }
}

impl Workspace {
    /// Gift cards and groups.
    pub(super) fn flush_shared(&self, writes: &mut Vec<Write>) {
        for (_, slot) in dirty(self.cards.iter()) {
            if let Some(card) = &slot.value {
                writes.push(Write::Put { row: card_row(card), guard: guard(card.version) });
            }
        }
        for (_, slot) in dirty(self.groups.iter()) {
            if let Some(group) = &slot.value {
                writes.push(Write::Put { row: group_row(group), guard: guard(group.version) });
            }
        }
    }
}

fn instant_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::Int(at.millis()))
}

fn card_row(card: &Versioned<GiftCard>) -> Row {
    let Versioned { version, thing: card } = card;
    let mut cells = identity_key(card.id.as_str());
    cells.extend([
        Value::Int(version.saturating_add(1)),
        Value::Text(card.customer.shared()),
        Value::text(card.state().as_str()),
        Value::text(card.currency.code()),
        Value::Int(card.issued_minor),
        Value::Int(card.balance_minor),
        Value::Int(card.held_minor),
        instant_or_null(card.valid_until),
        instant_or_null(card.next_due()),
        Value::Blob(encode(card).into()),
    ]);
    Row::new(Table::GiftCard, cells)
}

fn group_row(group: &Versioned<Group>) -> Row {
    let Versioned { version, thing: group } = group;
    let count = |seats: usize| Value::Int(i64::try_from(seats).unwrap_or(i64::MAX));
    let mut cells = identity_key(group.id.as_str());
    cells.extend([
        Value::Int(version.saturating_add(1)),
        Value::Text(group.opener.shared()),
        Value::Text(group.terms.rules.shared()),
        Value::text(group.state().as_str()),
        Value::Int(group.opened_at.millis()),
        Value::Int(group.forms_by.millis()),
        count(group.taken()),
        count(group.count(SeatState::Paid)),
        instant_or_null(group.next_due()),
        Value::Blob(encode(group).into()),
    ]);
    Row::new(Table::Group, cells)
}
