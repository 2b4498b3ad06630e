//! Orders that were paid with a claim: their prices come from its quote, and what it used comes back with the goods.

use super::super::context::Context;
use super::super::groups;
use super::claims;
use super::tenders::{TakenPoints, tenders};
use crate::command::PaySeat;
use crate::coupon::{Coupon, CouponState, LimitHold};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::offer::{
    CartLine, Quote, Receipt, RefundPlan, RefundPolicy, RefundedLine, Refunds, ReturnOn, ReturnedLine, Source,
};
use crate::order::{Order, OrderLine, OrderRecord, OrderStatus, Refund, RefundEffect, RefundLine, RefundWhat};
use crate::value::{
    Amount, ClaimId, CouponId, CustomerId, OfferId, OrderId, Points, Quantity, RedemptionId, Timestamp,
};
use crate::workspace::state::OrderExtra;
use crate::workspace::{Decided, Missing, Workspace};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How an order goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// Refunded to the last unit.
    Refunded,
    /// Cancelled, or taken out with its import.
    Cancelled,
}

pub(super) fn differs(message: String, field: String) -> Error {
    Error::new(ErrorCode::ClaimOrder, message).field(field)
}

/// The order as it was paid: with the discounts, delivery and taxes of the claim's quote.
pub(crate) fn priced(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    order: &Order,
) -> Decided<Order> {
    let unknown = || Error::new(ErrorCode::ClaimUnknown, format!("no claim `{claim}`")).field("claim_id");
    let points = taken_points(context, ws, id, claim, order)?;
    let record = ws.claim(&(id.clone(), claim.clone()))?.ok_or_else(unknown)?;
    let (receipt, cards) = (record.receipt.get()?, record.cards.clone());
    // An order has no tax of delivery of its own: what is charged for it is with tax.
    let charged = receipt.quote.currency.amount(receipt.paid_shipping()?);
    let Receipt { cart, quote, .. } = receipt;
    if order.currency != cart.currency || order.tax_mode != cart.tax_mode {
        let message = format!("claim `{claim}` is for a cart in {}", cart.currency);
        return Err(differs(message, "order.currency".to_owned()).into());
    }
    if order.discount.is_some_and(|discount| discount != Amount::ZERO) {
        let message = "an order with a claim has no discount of its own".to_owned();
        return Err(differs(message, "order.discount".to_owned()).into());
    }
    let mut lines: BTreeMap<u32, &CartLine> =
        (1_u32..).zip(&cart.lines).map(|(place, line)| (line.line_no.unwrap_or(place), line)).collect();
    let mut priced = order.clone();
    for (at, (place, line)) in (1_u32..).zip(&mut priced.lines).enumerate() {
        let field = |name: &str| format!("order.lines[{at}].{name}");
        let number = line.line_no.unwrap_or(place);
        match lines.remove(&number) {
            Some(claimed) => take_price(line, claimed, quote, number, field)?,
            None if is_gift(line, quote) => {}
            None => {
                let message = format!("claim `{claim}` has no line `{number}`");
                return Err(differs(message, field("line_no")).into());
            }
        }
    }
    if let Some(number) = lines.keys().next() {
        let message = format!("line `{number}` of claim `{claim}` is missing");
        return Err(differs(message, "order.lines".to_owned()).into());
    }
    let known = [charged, quote.shipping.net, quote.shipping.list];
    if order.shipping.is_some_and(|given| !known.contains(&given)) {
        let message = format!("delivery of claim `{claim}` costs `{charged}`");
        return Err(differs(message, "order.shipping".to_owned()).into());
    }
    priced.tenders = tenders(order, points.as_ref(), &cards, quote.totals.total)?;
    priced.shipping = Some(charged).filter(|shipping| *shipping != Amount::ZERO);
    Ok(priced)
}

/// The points that the claim of an order took, unless they were given back since.
fn taken_points(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    order: &Order,
) -> Decided<Option<TakenPoints>> {
    let claimed = ws.claim(&(id.clone(), claim.clone()))?.map(|record| (record.hold.clone(), record.points_minor));
    let Some((Some(held), promised)) = claimed else { return Ok(None) };
    let taken_by = RedemptionId::new(held.as_str())?;
    let Some(record) = ws.redemption(&(id.clone(), taken_by.clone()))?.cloned() else { return Ok(None) };
    let left = record.redemption.reversible();
    // What the customer was told when it was claimed, whatever a point is worth since.
    let minor = match promised {
        Some(minor) => Some(part_of(minor, left, record.redemption.points)),
        None => claims::worth(context, &record.currency, left, order.currency),
    };
    let hold = RedemptionId::new(claim.as_str())?;
    Ok(left.is_positive().then_some(TakenPoints { hold, taken_by, minor }))
}

/// The part of an amount that some of its points pay, rounded down.
fn part_of(minor: i64, points: Points, of: Points) -> i64 {
    let part = i128::from(minor) * i128::from(points.get()) / i128::from(of.get().max(1));
    i64::try_from(part).unwrap_or(i64::MAX)
}

/// Gives a line the discount and the tax of the quote.
fn take_price(
    line: &mut OrderLine,
    claimed: &CartLine,
    quote: &Quote,
    number: u32,
    field: impl Fn(&str) -> String,
) -> Decided<()> {
    let Some(quoted) = quote.lines.iter().find(|quoted| quoted.line_no == number) else {
        return Err(Error::internal("a line of a claim has no price").into());
    };
    let same = [
        ("sku", line.sku == claimed.sku),
        ("quantity", line.quantity == claimed.quantity),
        ("unit_price", line.unit_price == claimed.unit_price),
        ("discount", line.discount.is_none_or(|discount| discount == quoted.discount)),
    ];
    if let Some((name, _)) = same.iter().find(|(_, same)| !same) {
        return Err(differs(format!("line `{number}` was claimed with another {name}"), field(name)).into());
    }
    line.discount = Some(quoted.discount).filter(|discount| *discount != Amount::ZERO);
    line.tax = line.tax.or(Some(quoted.tax).filter(|tax| *tax != Amount::ZERO));
    Ok(())
}

/// Whether a line is something that came along for nothing.
fn is_gift(line: &OrderLine, quote: &Quote) -> bool {
    let gifts = quote.applied.iter().filter_map(|applied| applied.gift.as_ref());
    let given: u64 = gifts.filter(|gift| gift.sku == line.sku).map(|gift| u64::from(gift.units)).sum();
    let most = Quantity::pieces(i64::try_from(given).unwrap_or(0)).unwrap_or(Quantity::ZERO);
    line.unit_price == Amount::ZERO && line.quantity <= most
}

/// The refund as the policies of the offers have it, where they are not those of every order: for returned units without an amount.
pub(crate) fn planned(
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    extra: &OrderExtra,
    refund: &Refund,
) -> Decided<Option<Refund>> {
    let (Some(claim), RefundWhat::Lines { lines }) = (&extra.claim, &refund.what) else { return Ok(None) };
    if lines.iter().any(|line| line.amount.is_some() || line.quantity.is_none()) {
        return Ok(None);
    }
    let Some(record) = ws.claim(&(id.clone(), claim.clone()))? else { return Ok(None) };
    let receipt = record.receipt.get()?;
    if is_pro_rata(receipt) {
        return Ok(None);
    }
    let plan = policy_plan(receipt, order, lines).map_err(|error| error.within("refund.what"))?;
    let amount_of = |number: u32| plan.lines.iter().find(|line| line.line_no == number).map(|line| line.amount);
    // A line that is named several times comes back once, with all of its units: the plan has one amount for it.
    let mut named: Vec<RefundLine> = Vec::with_capacity(lines.len());
    for line in lines {
        let units = line.quantity.unwrap_or(Quantity::ZERO).thousandths();
        match named.iter_mut().find(|known| known.line_no == line.line_no) {
            Some(known) => {
                let sum = known.quantity.unwrap_or(Quantity::ZERO).thousandths().saturating_add(units);
                known.quantity = Some(Quantity::from_thousandths(sum));
            }
            None => named.push(RefundLine { amount: amount_of(line.line_no), ..line.clone() }),
        }
    }
    let freed = plan.lines.iter().filter(|line| lines.iter().all(|named| named.line_no != line.line_no));
    let freed = freed.map(|line| RefundLine { line_no: line.line_no, quantity: None, amount: Some(line.amount) });
    let lines = named.into_iter().chain(freed).collect();
    Ok(Some(Refund { what: RefundWhat::Lines { lines }, ..refund.clone() }))
}

/// Whether the offers have no other policy than that of every order.
fn is_pro_rata(receipt: &Receipt) -> bool {
    receipt.rules.iter().all(|rules| rules.refund == RefundPolicy::ProRata)
}

/// What goes back for returned units of an order that was paid with a claim: to the last unit what a refund of them brings.
pub(crate) fn plan_of(receipt: &Receipt, order: &OrderRecord, lines: &[RefundLine]) -> crate::Result<RefundPlan> {
    let plan = policy_plan(receipt, order, lines)?;
    if !is_pro_rata(receipt) {
        return Ok(plan);
    }
    // The order has rules of its own, by which refunds of an amount make room for goods that come back.
    let effect = order.would_bring(&RefundWhat::Lines { lines: lines.to_vec() })?;
    let shipping = order.currency().minor(plan.shipping_left)? - effect.shipping_minor;
    Ok(brings(order, &effect, shipping, plan.all_goods))
}

/// The same of an order without a claim: its own prices. Errors are those of [`Receipt::plan`].
pub(crate) fn plan_of_order(order: &OrderRecord, lines: &[RefundLine]) -> crate::Result<RefundPlan> {
    let mut left: BTreeMap<u32, i64> = order.lines().iter().map(|line| (line.line_no, line.thousandths)).collect();
    let back = order.refunded_lines();
    back.iter().for_each(|line| *left.entry(line.line_no).or_default() -= line.thousandths);
    for (at, line) in lines.iter().enumerate() {
        let (now, left) =
            (line.quantity.unwrap_or(Quantity::ZERO).thousandths(), left.entry(line.line_no).or_default());
        if now <= 0 || *left < now {
            let left = Quantity::from_thousandths((*left).max(0));
            let message = format!("quantity `{}` is not above 0 and at most {left}", Quantity::from_thousandths(now));
            let error = Error::new(ErrorCode::OfferRefundLine, message);
            return Err(error.field(format!("lines[{at}].quantity")).limit(left));
        }
        *left -= now;
    }
    let effect = order.would_bring(&RefundWhat::Lines { lines: lines.to_vec() })?;
    let shipping = order.shipping_minor() - order.refunded_shipping_minor() - effect.shipping_minor;
    Ok(brings(order, &effect, shipping, left.values().all(|left| *left == 0)))
}

fn brings(order: &OrderRecord, effect: &RefundEffect, shipping_left: i64, all_goods: bool) -> RefundPlan {
    let currency = order.currency();
    let back = effect.lines.iter().map(|back| RefundedLine {
        line_no: back.line_no,
        quantity: Quantity::from_thousandths(back.thousandths),
        amount: currency.amount(back.amount_minor),
    });
    RefundPlan {
        lines: back.collect(),
        amount: currency.amount(effect.amount_minor),
        shipping_left: currency.amount(shipping_left.max(0)),
        all_goods,
        full: all_goods && shipping_left <= 0,
    }
}

/// What the policies of the offers say.
fn policy_plan(receipt: &Receipt, order: &OrderRecord, lines: &[RefundLine]) -> crate::Result<RefundPlan> {
    let currency = order.currency();
    let claimed: BTreeSet<u32> = receipt.quote.lines.iter().map(|line| line.line_no).collect();
    let back = order.refunded_lines().into_iter().filter(|back| claimed.contains(&back.line_no));
    let back = back.filter(|back| back.amount_minor != 0 || back.thousandths != 0);
    let so_far = Refunds {
        lines: back
            .map(|back| RefundedLine {
                line_no: back.line_no,
                quantity: Quantity::from_thousandths(back.thousandths),
                amount: currency.amount(back.amount_minor),
            })
            .collect(),
        shipping: currency.amount(order.refunded_shipping_minor()),
    };
    let returned: Vec<ReturnedLine> = lines
        .iter()
        .filter(|line| claimed.contains(&line.line_no))
        .map(|line| ReturnedLine { line_no: line.line_no, quantity: line.quantity.unwrap_or(Quantity::ZERO) })
        .collect();
    receipt.plan(&returned, &so_far)
}

/// Uses up what the claim holds, for an order that is recorded with it.
pub(crate) fn pay(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    order: &OrderId,
) -> Decided<()> {
    claims::use_up(context, ws, id, claim, Some(order))
}

/// Pays for the seat whose price the claim has, with the order that is recorded now.
pub(crate) fn pay_seat(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    order: &OrderId,
) -> Decided<()> {
    let group = ws.claim(&(id.clone(), claim.clone()))?.and_then(|record| record.group.clone());
    let Some(group_id) = group else { return Ok(()) };
    let command = PaySeat { customer_id: id.clone(), group_id, order_id: order.clone() };
    groups::commands::pay(context, ws, &command).map(|_| ())
}

/// Gives back what a claim had used, as the offers say, when nothing is left of its order. Once for each offer: one that waits for a
/// cancellation comes back with it, also after others came back with the goods.
pub(crate) fn give_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (claim, order): (&ClaimId, &OrderId),
    back: Back,
) -> Decided<()> {
    let key = (id.clone(), claim.clone());
    let Some(record) = ws.claim(&key)?.cloned() else { return Ok(()) };
    let now = ws.known(id)?.state.recorded_at;
    let receipt = record.receipt.get()?;
    let returns = |on: ReturnOn| match (on, back) {
        (ReturnOn::Never, _) | (ReturnOn::Cancelled, Back::Refunded) => false,
        (ReturnOn::Full | ReturnOn::Cancelled, _) => true,
    };
    let is_back = |offer: &OfferId| record.returned_offers.contains(offer);
    let rules = receipt.rules.iter().filter(|rules| returns(rules.returns.on) && !is_back(&rules.id));
    let grace: BTreeMap<OfferId, u32> = rules.map(|rules| (rules.id.clone(), rules.returns.grace_days)).collect();
    if grace.is_empty() {
        return Ok(());
    }
    let meant = |held: &&LimitHold| grace.contains_key(&held.offer);
    let mut missing = Missing::default();
    for held in record.counters.iter().filter(meant) {
        missing.note(ws.counter(&held.name).map(|_| ()))?;
    }
    for coupon in &record.coupons {
        missing.note(ws.closed_coupon(&(id.clone(), coupon.clone())).map(|_| ()))?;
    }
    missing.ask()?;
    for held in record.counters.iter().filter(meant) {
        ws.count(&held.name, held.amount.saturating_neg(), held.limit)?;
    }
    let uses: Vec<LimitHold> = record.uses.iter().filter(meant).cloned().collect();
    let restored: Vec<(CouponId, u32)> = receipt
        .quote
        .applied
        .iter()
        .filter_map(|applied| match &applied.by {
            Source::Coupon { coupon } => Some((coupon.clone(), *grace.get(&applied.offer)?)),
            _ => None,
        })
        .collect();
    if restored.is_empty() && uses.is_empty() && !record.counters.iter().any(|held| meant(&held)) {
        return Ok(());
    }
    if !uses.is_empty() {
        ws.customer_mut(id)?.change_wallet(|wallet| {
            wallet.give_back(&uses);
            Ok(())
        })?;
    }
    let changed = ws.claim_mut(&key)?;
    changed.returned = true;
    changed.returned_offers.extend(grace.into_keys());
    let what = What::ClaimReturned { claim_id: claim.clone(), order_id: order.clone() };
    context.write(ws, id, now, what, Vec::new())?;
    let mut seen = BTreeSet::new();
    for (coupon, days) in restored {
        if seen.insert(coupon.clone()) {
            restore(context, ws, id, &coupon, days, now)?;
        }
    }
    Ok(())
}

/// An order as far as it went back, for what was taken to pay it. The claim of an order took for that order alone: where that never was, all of
/// it comes back.
pub(crate) fn gone<'o>(order: &'o OrderRecord, extra: &OrderExtra) -> crate::Result<Cow<'o, OrderRecord>> {
    let never_was = order.status() == OrderStatus::Reverted && extra.claim.is_some();
    Ok(if never_was { Cow::Owned(order.all_back()?) } else { Cow::Borrowed(order) })
}

/// A claim whose order never was pays for no other one, and not for that one when it comes again: all that it took is free.
pub(crate) fn is_over(ws: &mut Workspace, id: &CustomerId, claim: &ClaimId) -> Decided<()> {
    let key = (id.clone(), claim.clone());
    if ws.claim(&key)?.is_some_and(|record| !record.returned) {
        ws.claim_mut(&key)?.returned = true;
    }
    Ok(())
}

/// Gives a use of a coupon back. One that has ended meanwhile is good for the days of grace, or stays ended.
fn restore(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    coupon_id: &CouponId,
    days: u32,
    now: Timestamp,
) -> Decided<()> {
    let what = |coupon: &Coupon| What::CouponRestored {
        coupon_id: coupon.id.clone(),
        offer: coupon.offer.clone(),
        valid_until: coupon.valid_until,
    };
    if let Some(open) = ws.known(id)?.wallet()?.and_then(|wallet| wallet.coupon(coupon_id)).cloned() {
        ws.customer_mut(id)?.change_wallet(|wallet| Ok(wallet.unuse(coupon_id)))?;
        return context.write(ws, id, now, what(&open), Vec::new());
    }
    let key = (id.clone(), coupon_id.clone());
    let Some(mut coupon) = ws.closed_coupon(&key)?.cloned() else {
        return Err(Error::internal(format!("coupon `{coupon_id}` of a claim is gone")).into());
    };
    coupon.used = coupon.used.saturating_sub(1);
    let campaign = context.program.offer(&coupon.offer).and_then(|(offer, _)| offer.campaign.as_ref());
    let zone = campaign.and_then(|id| context.program.campaign(id)).map_or(context.zone(), |(_, zone)| zone);
    if coupon.valid_until.is_some_and(|until| until <= now) && days != 0 {
        coupon.valid_until = Some(zone.end_of(zone.date(now).plus_days(i64::from(days))));
    }
    let over = coupon.valid_until.is_some_and(|until| until <= now);
    if coupon.state != CouponState::Redeemed && coupon.state != CouponState::Expired || over {
        // Revoked or given away meanwhile, or its time is over: the use comes back, the coupon does not.
        if coupon.state == CouponState::Redeemed {
            coupon.state = CouponState::Expired;
        }
        ws.put_coupon(key, Some(coupon));
        return Ok(());
    }
    coupon.state = CouponState::Issued;
    let what = what(&coupon);
    ws.put_coupon(key, None);
    ws.customer_mut(id)?.change_wallet(|wallet| {
        wallet.put_back(coupon);
        Ok(())
    })?;
    context.write(ws, id, now, what, Vec::new())
}
