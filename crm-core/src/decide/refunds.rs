//! Refunds and cancellations: what goes back in money, what is taken back in points, what is given back in points.

mod chain;
mod parked;
mod taken_out;
mod unnamed;

pub(crate) use parked::{Parked, apply_parked};
pub(crate) use taken_out::{cancel, take_out};
pub(crate) use unnamed::foresee;

use super::award::{basis_rules, line_basis};
use super::caps;
use super::context::{Context, part};
use super::offers::{self, sale::Back};
use super::orders::{find_order, spend_left};
use super::referrals;
use super::returned;
use super::settle::{keep_books, reopen, settle};
use crate::command::RecordRefund;
use crate::effect::{PointsChange, What};
use crate::error::{Error, ErrorCode};
use crate::order::{self, LinesSeen, OrderRecord, OrderStatus, Refund, RefundRecord, RefundWhat};
use crate::points::{DebtPolicy, MovementKind, RestorePolicy};
use crate::program::TenderOrder;
use crate::value::{BatchId, CustomerId, OrderId, Points, RedemptionId, Timestamp, fingerprint};
use crate::workspace::state::{AwardRecord, OrderExtra, encode};
use crate::workspace::{Decided, Stop, Workspace};
use chain::{New, Taken};
use parked::{other_content, park};
use unnamed::without_order;

/// What a refund did to points.
#[derive(Default)]
struct Effects {
    direct: Vec<PointsChange>,
    own: Vec<(Timestamp, PointsChange)>,
    netted_minor: i64,
}

pub(crate) fn record(context: &Context<'_>, ws: &mut Workspace, command: &RecordRefund) -> Decided<Option<CustomerId>> {
    let refund = &command.refund;
    context.check_time(refund.refunded_at, "refund.refunded_at")?;
    let Some(order_id) = &refund.order else { return without_order(context, ws, command).map(Some) };
    if matches!(refund.what, RefundWhat::Articles { .. }) {
        let message = "articles are for refunds that name no order; name lines of the order instead";
        return Err(Error::new(ErrorCode::RefundField, message).field("refund.what").into());
    }
    // What was taken back with its import may come again, as if for the first time.
    let known = find_order(ws, order_id)?.filter(|(_, order, _)| order.status() != OrderStatus::Reverted);
    let Some((id, order, extra)) = known else {
        let parked = Parked::refund(refund, fingerprint(refund), context.request.batch.clone())?;
        return park(ws, order_id, parked).map(|()| None);
    };
    if order.refund_by_id(&refund.id).is_some_and(|known| known.fingerprint == fingerprint(refund)) {
        return Ok(Some(id));
    }
    if let Some(known) = extra.unfit.iter().find(|unfit| unfit.id == refund.id) {
        return if known.fingerprint == fingerprint(refund) {
            Ok(Some(id))
        } else {
            Err(other_content(&refund.id).into())
        };
    }
    settle(context, ws, &id)?;
    apply(context, ws, &id, &order, extra, refund)?;
    Ok(Some(id))
}

/// An order with a refund that fits it, and that came with an import or none.
fn fit(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    extra: &OrderExtra,
    (refund, batch): (&Refund, Option<&BatchId>),
) -> Decided<Taken> {
    let now = ws.known(id)?.state.recorded_at;
    let new = New { id: &refund.id, at: refund.refunded_at, reach: refund.what.reach() };
    let mut give = |ws: &mut Workspace, order: &mut OrderRecord, known: Option<&RefundRecord>| {
        let again = known.map(|known| known.again_as(order));
        let told = again.as_ref().unwrap_or(refund);
        let planned = offers::sale::planned(ws, id, order, extra, told)?;
        let (stamps, batch) = match known {
            Some(known) => ((known.recorded_at, known.fingerprint), known.batch.as_ref()),
            None => ((now, fingerprint(refund)), batch),
        };
        order.refund_as(told, planned.as_ref(), stamps, batch).map_err(|error| error.within("refund"))?;
        Ok(())
    };
    chain::take(context, ws, order, extra, &new, &mut give)
}

fn apply(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    extra: OrderExtra,
    refund: &Refund,
) -> Decided<()> {
    let taken = fit(context, ws, id, order, &extra, (refund, context.request.batch.as_ref()))?;
    follow(context, ws, id, order, extra, taken)
}

/// A refund of a history that is played again, by what was told of it or by what it has brought.
pub(crate) fn come_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    order_id: &OrderId,
    pieces: &[order::Piece],
    (piece, in_pieces): (&order::Piece, bool),
) -> Decided<CustomerId> {
    let Some((id, order, extra)) = find_order(ws, order_id)? else { return Err(unknown(order_id)) };
    settle(context, ws, &id)?;
    let new = New { id: &piece.record().id, at: piece.record().at, reach: piece.record().reach() };
    let mut give = |_: &mut Workspace, order: &mut OrderRecord, known: Option<&RefundRecord>| {
        let id = known.map_or(new.id, |known| &known.id);
        let piece = pieces.iter().find(|piece| piece.record().id == *id);
        let piece = piece.ok_or_else(|| Error::internal("a history lacks a piece of an order"))?;
        if in_pieces {
            order.take_piece(piece);
        } else {
            let told = piece.record();
            order.refund(&told.again_as(order), told.recorded_at, told.fingerprint)?;
        }
        Ok(())
    };
    let taken = chain::take(context, ws, &order, &extra, &new, &mut give)?;
    follow(context, ws, &id, &order, extra, taken)?;
    Ok(id)
}

fn unknown(order_id: &OrderId) -> Stop {
    Error::new(ErrorCode::OrderUnknown, format!("order `{order_id}` is not recorded")).field("order_id").into()
}

/// What follows from a refund that an order has taken in.
fn follow(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    before: &OrderRecord,
    mut extra: OrderExtra,
    taken: Taken,
) -> Decided<()> {
    let gone_at = taken.gone_at();
    let Taken { refund_id, order, step, corrections } = taken;
    let all_goods = before.status().is_valid() && !order.status().is_valid();
    let (money_minor, _) = order.split_refund(order.refunded_minor() - before.refunded_minor(), tender(context));
    let mut effects = points_of(context, ws, id, &order, &mut extra, all_goods.then_some(gone_at), money_minor)?;
    let corrected = chain::date(ws, id, (&order, &extra.awards), &corrections, &mut effects.direct)?;
    let spend_minor = spend_back(context, &order, &mut extra);
    let (order_id, order_paid_at) = (order.id().clone(), order.paid_at());
    let what = What::Refund {
        refund_id: refund_id.clone(),
        order_id: order_id.clone(),
        order_paid_at,
        amount_minor: step.amount_minor,
        spend_minor: corrections.iter().fold(spend_minor, |own, other| own.saturating_sub(other.spend_minor)),
        all_goods: step.all_goods,
        netted_minor: effects.netted_minor,
        full: step.full,
        corrects: false,
    };
    let (claim, referral) = (extra.claim.clone().filter(|_| all_goods), extra.referral && all_goods);
    write_back(context, ws, id, order, extra, what, step.counts_from, effects)?;
    for (other, changes) in corrections.iter().zip(corrected) {
        context.write(ws, id, other.counts_from, other.correction(&order_id, order_paid_at), changes)?;
    }
    returned::follow(context, ws, id, &order_id, Some(&refund_id))?;
    if let Some(claim) = claim {
        offers::sale::give_back(context, ws, id, (&claim, &order_id), Back::Refunded)?;
    }
    if referral { referrals::pass_on(context, ws, id, &order_id, gone_at) } else { Ok(()) }
}

/// Which tender goes back first.
pub(crate) fn tender(context: &Context<'_>) -> order::TenderOrder {
    match context.program.refunds().tender {
        TenderOrder::Proportional => order::TenderOrder::Proportional,
        TenderOrder::CashFirst => order::TenderOrder::CashFirst,
        TenderOrder::PointsFirst => order::TenderOrder::PointsFirst,
    }
}

/// What a refund takes of the spend that is known of an order: down to what is left, whatever rules came in between.
fn spend_back(context: &Context<'_>, order: &OrderRecord, extra: &mut OrderExtra) -> i64 {
    let back = (extra.spend_minor - spend_left(context, order, extra.spend_basis)).max(0);
    extra.spend_minor -= back;
    back
}

#[allow(clippy::too_many_arguments, reason = "the last step of refund and cancellation")]
fn write_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    mut order: OrderRecord,
    extra: OrderExtra,
    what: What,
    at: Timestamp,
    effects: Effects,
) -> Decided<()> {
    context.write(ws, id, at, what, effects.direct)?;
    context.write_own(ws, id, effects.own)?;
    keep_books(context, ws, id)?;
    order.extra = encode(&extra);
    ws.put_order((id.clone(), order.id().clone()), Some(order));
    Ok(())
}

/// Takes back what the order no longer earns, and gives back the points it was paid with. No more is kept from a refund than the money
/// that it pays back.
fn points_of(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    extra: &mut OrderExtra,
    gone_at: Option<Timestamp>,
    money_minor: i64,
) -> Decided<Effects> {
    let mut effects = Effects::default();
    for award in &mut extra.awards {
        claw_back(context, ws, id, order, award, gone_at, &mut effects)?;
    }
    if gone_at.is_some() {
        let state = &mut ws.customer_mut(id)?.state;
        state.orders = state.orders.saturating_sub(1);
        if extra.referral {
            state.referral_rewarded = false;
        }
    }
    effects.netted_minor = effects.netted_minor.min(money_minor);
    restore(context, ws, id, order, extra, &mut effects)?;
    Ok(effects)
}

/// What an award gives on what is left of its order.
fn target(context: &Context<'_>, order: &OrderRecord, award: &AwardRecord, gone: bool) -> Decided<Points> {
    match &award.formula {
        _ if gone => Ok(Points::ZERO),
        Some(formula) => {
            let seen = if formula.sees_all_lines() { LinesSeen::All } else { LinesSeen::Some };
            let left = order.basis_left(basis_rules(award.basis), tender(context), seen);
            Ok(formula.points(&line_basis(left))?.at_most(award.granted))
        }
        None => Ok(award.granted),
    }
}

/// Takes back one award down to what its snapshot gives on what is left of the order. What others were given goes when all goods went.
fn claw_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    award: &mut AwardRecord,
    gone_at: Option<Timestamp>,
    effects: &mut Effects,
) -> Decided<()> {
    let target = target(context, order, award, gone_at.is_some())?;
    let due = award.granted.minus(award.clawed)?.minus(target)?;
    if !due.is_positive() {
        return Ok(());
    }
    let whom = award.to.clone().unwrap_or_else(|| id.clone());
    if whom != *id && ws.customer(&whom)?.is_none_or(|customer| customer.state.unregistered) {
        // With their registration went all that they had.
        award.clawed = award.clawed.plus(due)?;
        return Ok(());
    }
    let now = if whom == *id { ws.known(id)?.state.recorded_at } else { settle(context, ws, &whom)? };
    reopen(ws, &whom, &award.currency, &award.lots)?;
    let rules = context.program.point_currency(&award.currency);
    let policy = rules.map_or_else(DebtPolicy::default, |rules| rules.debt);
    let mut log = Vec::new();
    let report =
        ws.customer_mut(&whom)?.account(&award.currency)?.claw_back(&award.lots, due, &policy, now, &mut log)?;
    award.clawed = award.clawed.plus(due)?;
    if let Some(rules) = rules {
        caps::give_back(context, ws, &whom, award, order.paid_at(), due)?;
        // The value of a point is money of the program's first currency; from another one nothing can be kept.
        let value = rules.value.filter(|_| order.currency() == context.program.main_currency());
        if let Some(value) = value.filter(|_| report.net_from_refund.is_positive()) {
            let worth = |points: Points| i64::try_from(order.currency().worth(points, value)).unwrap_or(i64::MAX);
            // Rounded over all refunds of the order, so that it makes no difference how they are cut.
            let before = award.netted;
            award.netted = before.plus(report.net_from_refund)?;
            effects.netted_minor =
                effects.netted_minor.saturating_add(worth(award.netted).saturating_sub(worth(before)));
        }
    }
    let (mut direct, own) = part(&award.currency, log, now);
    for change in &mut direct {
        change.original_at = Some(order.paid_at());
        change.rule.clone_from(&award.rule);
    }
    if whom == *id {
        effects.direct.extend(direct);
        effects.own.extend(own);
    } else {
        context.write(ws, &whom, gone_at.unwrap_or(now), What::Points, direct)?;
        context.write_own(ws, &whom, own)?;
        keep_books(context, ws, &whom)?;
    }
    Ok(())
}

/// Gives back to each redemption of a points tender its part of what was refunded so far.
fn restore(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    extra: &mut OrderExtra,
    effects: &mut Effects,
) -> Decided<()> {
    let shares = offers::sale::gone(order, extra)?.points_back(tender(context));
    for (place, share) in shares.iter().enumerate() {
        let done = extra.restored.get(place).copied().unwrap_or(Points::ZERO);
        let key = (id.clone(), share.redemption.clone());
        let Some(record) = ws.redemption(&key)?.cloned() else { continue };
        if context.program.point_currency(&record.currency).is_some_and(|rules| rules.restore == RestorePolicy::None) {
            continue;
        }
        let total = i128::from(record.redemption.points.get());
        // Whole points, rounded down on the way and exact at the end, so that any split of a refund ends at the same number.
        let target = total * i128::from(share.refunded_minor) / i128::from(share.tender_minor.max(1));
        let wanted = Points::new(i64::try_from(target).unwrap_or(i64::MAX))?.minus(done)?;
        let points = wanted.at_most(record.redemption.reversible());
        if !points.is_positive() {
            continue;
        }
        let (direct, own) = give_to(context, ws, id, &share.redemption, points)?;
        effects.direct.extend(direct);
        effects.own.extend(own);
        extra.restored.resize(extra.restored.len().max(place + 1), Points::ZERO);
        if let Some(slot) = extra.restored.get_mut(place) {
            *slot = done.plus(points)?;
        }
    }
    Ok(())
}

/// Changes of a command and movements of time.
pub(crate) type Changes = (Vec<PointsChange>, Vec<(Timestamp, PointsChange)>);

/// Gives points of a redemption back to the lots they came from.
pub(crate) fn give_to(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    redemption_id: &RedemptionId,
    points: Points,
) -> Decided<Changes> {
    let key = (id.clone(), redemption_id.clone());
    let Some(mut record) = ws.redemption(&key)?.cloned() else {
        let message = format!("no redemption `{redemption_id}` of this customer");
        return Err(Error::new(ErrorCode::PointsRedemptionUnknown, message).field("redemption_id").into());
    };
    let lots: Vec<_> = record.redemption.allocations.iter().map(|allocation| allocation.lot).collect();
    reopen(ws, id, &record.currency, &lots)?;
    let policy = context.program.point_currency(&record.currency).map_or(RestorePolicy::Strict, |rules| rules.restore);
    let customer = ws.customer_mut(id)?;
    let now = customer.state.recorded_at;
    let mut log = Vec::new();
    let account = customer.account(&record.currency)?;
    account.restore(&mut record.redemption, points, &policy, context.zone(), now, &mut log)?;
    let (mut direct, own) = part(&record.currency, log, now);
    for change in direct.iter_mut().filter(|change| change.kind == MovementKind::Restore) {
        change.redemption = Some(redemption_id.clone());
    }
    ws.put_redemption(key, Some(record));
    keep_books(context, ws, id)?;
    Ok((direct, own))
}
