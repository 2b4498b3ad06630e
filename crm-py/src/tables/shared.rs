//! What does not belong to one customer alone: gift cards, and seats of groups.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::query::{GiftCardView, GroupView};

pub(super) const GIFT_CARDS: &[Head] = &[
    ("card_id", Is::Text, false),
    ("customer_id", Is::Text, false),
    ("code", Is::Text, true),
    ("state", Is::Word, false),
    ("currency", Is::Word, false),
    ("issued", Is::Money, false),
    ("available", Is::Money, false),
    ("held", Is::Money, false),
    ("redeemed", Is::Money, false),
    ("expired", Is::Money, false),
    ("revoked", Is::Money, false),
    ("unrecovered", Is::Money, false),
    ("issued_at", Is::Time, false),
    ("valid_until", Is::Time, true),
    ("order_id", Is::Text, true),
    ("uses", Is::Int, false),
];

pub(super) const SEATS: &[Head] = &[
    ("group_id", Is::Text, false),
    ("opened_by", Is::Text, false),
    ("rules", Is::Word, false),
    ("offer", Is::Word, true),
    ("group_state", Is::Word, false),
    ("opened_at", Is::Time, false),
    ("forms_by", Is::Time, false),
    ("formed_at", Is::Time, true),
    ("size", Is::Int, false),
    ("customer_id", Is::Text, false),
    ("state", Is::Word, false),
    ("joined_at", Is::Time, false),
    ("until", Is::Time, false),
    ("paid_at", Is::Time, true),
    ("order_id", Is::Text, true),
    ("refund_id", Is::Text, true),
    ("currency", Is::Word, true),
    ("price", Is::Money, true),
];

pub(super) fn gift_card(rows: &mut Rows, card: &GiftCardView) -> Result<()> {
    let sums = [card.issued, card.available, card.held, card.redeemed, card.expired, card.revoked, card.unrecovered];
    rows.add(|row| {
        row.text(card.card_id.as_str())
            .text(card.customer_id.as_str())
            .text(card.code.as_deref())
            .text(card.state.as_str())
            .text(card.currency.code());
        for amount in sums {
            row.amount(card.currency, amount)?;
        }
        row.time(card.issued_at)
            .time(card.valid_until)
            .text(card.order_id.as_ref().map(|id| id.as_str()))
            .count(u64::try_from(card.uses.len()).unwrap_or(u64::MAX));
        Ok(())
    })
}

/// One row for each seat; whoever opens a group has one.
pub(super) fn seats(rows: &mut Rows, group: &GroupView) -> Result<()> {
    group.seats.iter().try_for_each(|seat| {
        rows.add(|row| {
            row.text(group.group_id.as_str())
                .text(group.customer_id.as_str())
                .text(group.rules.as_str())
                .text(group.offer.as_ref().map(|id| id.as_str()))
                .text(group.state.as_str())
                .time(group.opened_at)
                .time(group.forms_by)
                .time(group.formed_at)
                .int(i64::from(group.size))
                .text(seat.customer_id.as_str())
                .text(seat.state.as_str())
                .time(seat.joined_at)
                .time(seat.until)
                .time(seat.paid_at)
                .text(seat.order_id.as_ref().map(|id| id.as_str()))
                .text(seat.refund_id.as_ref().map(|id| id.as_str()));
            match &group.price {
                Some(price) => row.text(price.currency.code()).amount(price.currency, price.amount)?,
                None => row.text(None).no_amount(),
            };
            Ok(())
        })
    })
}
