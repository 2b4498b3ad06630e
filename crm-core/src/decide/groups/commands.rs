//! What people do with groups.

use super::super::context::Context;
use super::super::orders::find_order;
use super::super::settle::{settle, stand_by};
use super::{known, note_seat, pass};
use crate::command::{JoinGroup, LeaveGroup, OpenGroup, PaySeat, RefundSeat};
use crate::effect::{GroupFormed, GroupOpened, SeatLeft, SeatPaid, SeatRefunded, SeatTaken, What};
use crate::error::{Error, ErrorCode};
use crate::group::{Group, GroupTerms, SeatState};
use crate::value::{CustomerId, GroupId, OrderId, RefundId, RuleId, Timestamp};
use crate::workspace::state::{Versioned, encode};
use crate::workspace::{Decided, Workspace};

/// What the rules say now, as a new group keeps it; and how many hours it has.
fn terms(context: &Context<'_>, id: &RuleId, now: Timestamp) -> Decided<(GroupTerms, u32)> {
    let refused = |message: String| Error::new(ErrorCode::GroupRules, message).field("rules");
    let Some(rules) = context.program.group_rules(id) else {
        return Err(refused(format!("the program has no rules `{id}` for groups")).into());
    };
    let valid = rules.valid;
    if valid.from.is_some_and(|from| now < from) || valid.until.is_some_and(|until| until <= now) {
        return Err(refused(format!("no group can be opened under `{id}` at {now}")).into());
    }
    let currency = rules.currency.unwrap_or(context.program.main_currency());
    let price = rules.price.map(|price| currency.minor(price)).transpose()?;
    let promise =
        rules.promise(currency)?.map(|offer| serde_json::to_string(&offer)).transpose().map_err(Error::from)?;
    let terms = GroupTerms {
        rules: id.clone(),
        offer: rules.offer.clone(),
        price: price.map(|minor| (minor, currency)),
        size: rules.size,
        max_size: rules.max_size.unwrap_or(rules.size),
        seat_seconds: rules.seat_seconds,
        per_customer: rules.per_customer,
        promise,
    };
    Ok((terms, rules.hours))
}

pub(crate) fn open(context: &Context<'_>, ws: &mut Workspace, command: &OpenGroup) -> Decided<CustomerId> {
    let (id, group_id) = (&command.customer_id, &command.group_id);
    let now = settle(context, ws, id)?;
    if ws.group(group_id)?.is_some() {
        return Err(Error::new(ErrorCode::GroupExists, format!("there is a group `{group_id}`"))
            .field("group_id")
            .into());
    }
    let (terms, hours) = terms(context, &command.rules, now)?;
    let forms_by = now.plus_millis(i64::from(hours).saturating_mul(3_600_000));
    let group = Group::open(group_id.clone(), id.clone(), terms, forms_by, now);
    ws.put_group(group_id.clone(), Some(Versioned { version: 0, thing: group }));
    let what = What::GroupOpened(GroupOpened { group_id: group_id.clone(), rules: command.rules.clone(), forms_by });
    context.write(ws, id, now, what, Vec::new())?;
    take_seat(context, ws, id, group_id, now)?;
    Ok(id.clone())
}

pub(crate) fn join(context: &Context<'_>, ws: &mut Workspace, command: &JoinGroup) -> Decided<CustomerId> {
    let (id, group_id) = (&command.customer_id, &command.group_id);
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, group_id, now)?;
    take_seat(context, ws, id, group_id, now)?;
    Ok(id.clone())
}

fn take_seat(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    group_id: &GroupId,
    now: Timestamp,
) -> Decided<()> {
    let Some(until) = ws.group_mut(group_id)?.thing.join(id, now)? else { return Ok(()) };
    let terms = known(ws, group_id)?.terms.clone();
    note_seat(ws, &terms, id, group_id, now)?;
    context.write(ws, id, now, What::SeatTaken(SeatTaken { group_id: group_id.clone(), until }), Vec::new())
}

pub(crate) fn pay(context: &Context<'_>, ws: &mut Workspace, command: &PaySeat) -> Decided<CustomerId> {
    let (id, group_id, order_id) = (&command.customer_id, &command.group_id, &command.order_id);
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, group_id, now)?;
    let unknown = || Error::new(ErrorCode::OrderUnknown, format!("order `{order_id}` is not recorded"));
    let (owner, mut order, mut extra) = find_order(ws, order_id)?.ok_or_else(|| unknown().field("order_id"))?;
    let paid = known(ws, group_id)?
        .seat(id)
        .is_some_and(|seat| seat.state == SeatState::Paid && seat.order_id.as_ref() == Some(order_id));
    let why = if owner != *id {
        Some("is of another customer".to_owned())
    } else if !order.status().is_valid() {
        Some(format!("is {}", order.status().as_str()))
    } else if extra.links.as_ref().is_some_and(|links| links.group.is_some()) && !paid {
        Some("has paid for a seat already".to_owned())
    } else {
        None
    };
    if let Some(why) = why {
        let message = format!("order `{order_id}` {why}");
        return Err(Error::new(ErrorCode::GroupOrder, message).field("order_id").into());
    }
    let group = &mut ws.group_mut(group_id)?.thing;
    let Some(forms) = group.pay(id, order_id, now)? else { return Ok(id.clone()) };
    let opener = group.opener.clone();
    extra.links.get_or_insert_default().group = Some(group_id.clone());
    order.extra = encode(&extra);
    ws.put_order((owner, order_id.clone()), Some(order));
    let what = What::SeatPaid(SeatPaid { group_id: group_id.clone(), order_id: order_id.clone() });
    context.write(ws, id, now, what, Vec::new())?;
    if forms {
        stand_by(context, ws, &opener)?;
        let what = What::GroupFormed(GroupFormed { group_id: group_id.clone(), member: id.clone() });
        context.write(ws, &opener, now, what, Vec::new())?;
    }
    Ok(id.clone())
}

pub(crate) fn leave(context: &Context<'_>, ws: &mut Workspace, command: &LeaveGroup) -> Decided<CustomerId> {
    let (id, group_id) = (&command.customer_id, &command.group_id);
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, group_id, now)?;
    let group = &mut ws.group_mut(group_id)?.thing;
    let Some(to_refund) = group.leave(id, now)? else { return Ok(id.clone()) };
    context.write(ws, id, now, What::SeatLeft(SeatLeft { group_id: group_id.clone(), to_refund }), Vec::new())?;
    Ok(id.clone())
}

pub(crate) fn refund(context: &Context<'_>, ws: &mut Workspace, command: &RefundSeat) -> Decided<CustomerId> {
    let (id, group_id) = (&command.customer_id, &command.group_id);
    let now = settle(context, ws, id)?;
    let now = pass(context, ws, group_id, now)?;
    let refund_id = command.refund_id.clone();
    let Some(order_id) = ws.group_mut(group_id)?.thing.refund(id, refund_id.clone(), now)? else {
        return Ok(id.clone());
    };
    let what = What::SeatRefunded(SeatRefunded { group_id: group_id.clone(), order_id, refund_id });
    context.write(ws, id, now, what, Vec::new())?;
    Ok(id.clone())
}

/// The order that paid for a seat went back as a whole.
pub(crate) fn order_gone(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (group_id, order_id): (&GroupId, &OrderId),
    refund: Option<&RefundId>,
) -> Decided<()> {
    let now = ws.customer_mut(id)?.state.recorded_at;
    let now = pass(context, ws, group_id, now)?;
    let group = &mut ws.group_mut(group_id)?.thing;
    let Some(order_id) = group.order_gone(id, order_id, refund.cloned(), now) else { return Ok(()) };
    let what = What::SeatRefunded(SeatRefunded { group_id: group_id.clone(), order_id, refund_id: refund.cloned() });
    context.write(ws, id, now, what, Vec::new())
}
