//! Where groups meet customers and orders.

pub(crate) mod answer;
pub(crate) mod commands;
pub(crate) mod seat;

use super::context::Context;
use super::settle::stand_by;
use crate::effect::{GroupExpired, SeatTimedOut, What};
use crate::error::{Error, ErrorCode};
use crate::group::{Group, GroupPassed, GroupTerms};
use crate::value::{CustomerId, GroupId, Timestamp};
use crate::workspace::state::{decode, encode};
use crate::workspace::{Decided, Identity, Missing, Workspace};

/// A group that must exist.
fn known<'w>(ws: &'w mut Workspace, id: &GroupId) -> Decided<&'w mut Group> {
    let unknown = || Error::new(ErrorCode::GroupUnknown, format!("no group `{id}`")).field("group_id");
    ws.group(id)?.map(|group| &mut group.thing).ok_or_else(|| unknown().into())
}

/// Notes a new seat of a customer, where the terms limit how many they have.
///
/// What is kept is in which groups they took seats, and not how many they have: whether a seat is still taken is what its group says at this
/// instant, swept or not. Only the customer takes seats, and whatever they do writes their row, so no race lets one too many through.
fn note_seat(
    ws: &mut Workspace,
    terms: &GroupTerms,
    customer: &CustomerId,
    group_id: &GroupId,
    now: Timestamp,
) -> Decided<()> {
    let Some(most) = terms.per_customer else { return Ok(()) };
    let name = format!("seats:{}/{customer}", terms.rules);
    let old = ws.identity(&name)?.cloned().unwrap_or_default();
    let mut groups: Vec<GroupId> = match &old.body {
        Some(body) => decode(body, "seats of a customer")?,
        None => Vec::new(),
    };
    groups.retain(|other| other != group_id);
    let mut missing = Missing::default();
    for other in &groups {
        missing.note(ws.group(other).map(|_| ()))?;
    }
    missing.ask()?;
    let mut taken = Vec::with_capacity(groups.len().saturating_add(1));
    for other in groups {
        let Some(mut group) = ws.group(&other)?.map(|group| group.thing.clone()) else { continue };
        group.advance(now);
        if group.seat(customer).is_some_and(|seat| seat.state.is_taken()) {
            taken.push(other);
        }
    }
    if usize::try_from(most).unwrap_or(usize::MAX) <= taken.len() {
        let message = format!("customer `{customer}` has {} seats under `{}`", taken.len(), terms.rules);
        return Err(Error::new(ErrorCode::GroupLimit, message).field("group_id").limit(most).into());
    }
    taken.push(group_id.clone());
    ws.put_identity(name, Some(Identity { customer: Some(customer.clone()), body: Some(encode(&taken)), ..old }));
    Ok(())
}

/// Lets time pass for a group, and says at which instant it stands: its clock never goes back. What time did is told to whoever opened it.
pub(crate) fn pass(context: &Context<'_>, ws: &mut Workspace, id: &GroupId, now: Timestamp) -> Decided<Timestamp> {
    let group = known(ws, id)?;
    let now = now.max(group.as_of);
    if group.next_due().is_none_or(|due| now < due) {
        return Ok(now);
    }
    let opener = group.opener.clone();
    stand_by(context, ws, &opener)?;
    for passed in ws.group_mut(id)?.thing.advance(now) {
        let group_id = id.clone();
        let (at, what) = match passed {
            GroupPassed::TimedOut { at, customer } => {
                (at, What::SeatTimedOut(SeatTimedOut { group_id, member: customer }))
            }
            GroupPassed::Expired { at, to_refund } => (at, What::GroupExpired(GroupExpired { group_id, to_refund })),
        };
        context.write(ws, &opener, at, what, Vec::new())?;
    }
    Ok(now)
}
