//! Questions about groups. Time passes in memory only.

use super::super::ask::past;
use super::known;
use crate::group::{Group, SeatState};
use crate::query::{Answer, GroupView};
use crate::value::{GroupId, Money, Timestamp};
use crate::workspace::{Decided, Workspace};

/// A group as it stands at an instant.
pub(crate) fn group(ws: &mut Workspace, id: &GroupId, at: Timestamp) -> Decided<Answer> {
    let group = known(ws, id)?.clone();
    if at < group.as_of {
        return Err(past(at, group.as_of).into());
    }
    Ok(Answer::Group(Box::new(stands(group, at)?)))
}

/// A group of a walk: at an instant, or as it was last written where that is later.
pub(crate) fn stands(mut group: Group, at: Timestamp) -> crate::Result<GroupView> {
    group.advance(at.max(group.as_of));
    group.check()?;
    let (state, free) = (group.state(), group.free());
    let paid = u32::try_from(group.count(SeatState::Paid)).unwrap_or(u32::MAX);
    let price = group.terms.price.map(|(minor, currency)| Money { amount: currency.amount(minor), currency });
    Ok(GroupView {
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
    })
}
