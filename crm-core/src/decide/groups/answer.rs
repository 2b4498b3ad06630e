//! Questions about groups. Time passes in memory only.

use super::super::ask::past;
use super::super::workspace::{Decided, Workspace};
use super::known;
use crate::group::SeatState;
use crate::query::{Answer, GroupView};
use crate::value::{GroupId, Money, Timestamp};

/// A group as it stands at an instant.
pub(crate) fn group(ws: &mut Workspace, id: &GroupId, at: Timestamp) -> Decided<Answer> {
    let mut group = known(ws, id)?.clone();
    if at < group.as_of {
        return Err(past(at, group.as_of).into());
    }
    group.advance(at);
    group.check()?;
    let (state, free) = (group.state(), group.free());
    let paid = u32::try_from(group.count(SeatState::Paid)).unwrap_or(u32::MAX);
    let price = group.terms.price.map(|(minor, currency)| Money { amount: currency.amount(minor), currency });
    Ok(Answer::Group(Box::new(GroupView {
        group_id: group.id,
        customer_id: group.opener,
        rules: group.terms.rules,
        offer: group.terms.offer,
        price,
        state,
        opened_at: group.opened_at,
        forms_by: group.forms_by,
        formed_at: group.formed_at,
        size: group.terms.size,
        max_size: group.terms.max_size,
        paid,
        free,
        seats: group.seats,
    })))
}
