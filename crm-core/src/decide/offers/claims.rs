//! Claims: a checkout holds what its quote applies, and confirms or releases it.

use super::super::context::Context;
use super::super::giftcards::checkout;
use super::super::groups::seat;
use super::super::points;
use super::super::settle::settle;
use super::answer::{Worked, work_out};
use super::coupons::{assign, print_of};
use super::gather::Asked;
use super::room::{bound_now, free, stands};
use super::time::{close, end, let_go, look_at};
use crate::code::NormalCode;
use crate::command::{CaptureHold, ClaimOffers, ConfirmClaim, HoldPoints, PointsOf, ReleaseClaim, ReleaseHold};
use crate::coupon::{ClaimState, LimitHold, OpenClaim};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::limits::{CLAIM_SECONDS_MAX, USES_KEPT_MS};
use crate::offer::{Quote, QuotedGiftCard, Receipt, Rejected, Source, Why};
use crate::program::LateConfirm;
use crate::value::{
    ClaimId, CouponId, Currency, CustomerId, HoldId, OfferId, OrderId, PointCurrency, Points, Timestamp, fingerprint,
};
use crate::workspace::lazy::Lazy;
use crate::workspace::state::{Bearer, ClaimRecord};
use crate::workspace::{Decided, Missing, Workspace};
use std::collections::BTreeMap;
use std::sync::Arc;

fn known<'w>(ws: &'w mut Workspace, id: &CustomerId, claim: &ClaimId) -> Decided<&'w mut ClaimRecord> {
    let unknown = || Error::new(ErrorCode::ClaimUnknown, format!("no claim `{claim}`")).field("claim_id");
    ws.claim(&(id.clone(), claim.clone()))?.ok_or_else(|| unknown().into())
}

fn resolved(claim: &ClaimId, state: ClaimState) -> Error {
    let message = format!("claim `{claim}` is {}", state.as_str());
    Error::new(ErrorCode::ClaimResolved, message).field("claim_id").with("state", state)
}

pub(crate) fn claim(context: &Context<'_>, ws: &mut Workspace, command: &ClaimOffers) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let basket = command.cart.check().map_err(|error| error.within("cart"))?;
    let now = settle(context, ws, id)?;
    let print = || fingerprint(&(&command.cart, &command.coupons, &command.points));
    if let Some(record) = ws.claim(&(id.clone(), command.claim_id.clone()))? {
        if record.print != print() {
            let message = format!("claim `{}` is for another cart", command.claim_id);
            return Err(Error::new(ErrorCode::ClaimExists, message).field("claim_id").into());
        }
        return match record.state {
            ClaimState::Held | ClaimState::Confirmed => Ok(id.clone()),
            state => Err(resolved(&command.claim_id, state).into()),
        };
    }
    let seconds = command.hold_seconds.unwrap_or(context.program.checkout().hold_seconds);
    if seconds == 0 || CLAIM_SECONDS_MAX < seconds {
        let message = format!("a claim holds 1 to {CLAIM_SECONDS_MAX} seconds, not {seconds}");
        return Err(Error::new(ErrorCode::ClaimDuration, message)
            .field("hold_seconds")
            .limit(CLAIM_SECONDS_MAX)
            .into());
    }
    let deadline = now.plus_millis(i64::from(seconds) * 1000);
    let asked = Asked {
        customer: Some(id),
        cart: &command.cart,
        basket: &basket,
        coupons: command.coupons.as_deref(),
        at: now,
    };
    let worked = work_out(context, ws, asked)?;
    acceptable(command, &worked)?;
    if let Some(of) = &command.points {
        no_more_than_due(context, of, &worked.quote)?;
    }
    // A seat is not held longer for a checkout than it waits.
    let deadline = worked.seat.as_ref().map_or(deadline, |(_, until)| deadline.min(*until));
    let record = hold(context, ws, command, worked, (print(), now, deadline))?;
    if let Some(of) = &command.points {
        let hold_id = HoldId::new(command.claim_id.as_str())?;
        let (currency, points) = (of.currency.clone(), of.points);
        let command = HoldPoints { customer_id: id.clone(), currency, points, hold_id, until: deadline };
        points::hold(context, ws, &command)?;
    }
    ws.put_claim((id.clone(), command.claim_id.clone()), Some(record));
    Ok(id.clone())
}

/// A claim gives the customer what they asked for, at the price they saw, or nothing.
fn acceptable(command: &ClaimOffers, worked: &Worked) -> Decided<()> {
    let asked_for = |by: &Source| match by {
        Source::Automatic => false,
        Source::Code { .. } | Source::Group { .. } => true,
        Source::Coupon { coupon } => {
            worked.named.contains(coupon) || command.coupons.as_ref().is_some_and(|chosen| chosen.contains(coupon))
        }
    };
    let choice = |why: &Why| matches!(why, Why::Conflict { .. } | Why::BeatenBy { .. } | Why::NoEffect);
    // One of several coupons of an offer is used, and its limit keeps out the others.
    let given = |out: &Rejected| {
        let spent =
            matches!(out.why, Why::LimitCustomer { .. } | Why::LimitCampaign { .. } | Why::BudgetExhausted { .. });
        spent && worked.quote.applied.iter().any(|applied| Some(&applied.offer) == out.offer.as_ref())
    };
    let out = |out: &&Rejected| asked_for(&out.by) && !choice(&out.why) && !given(out);
    let refused: Vec<&Rejected> = worked.quote.rejected.iter().filter(out).collect();
    let cards: Vec<&QuotedGiftCard> = worked.quote.gift_cards.iter().filter(|card| card.why.is_some()).collect();
    if let Some(first) = refused.first() {
        let (message, field) = match &first.by {
            Source::Coupon { coupon } => {
                let typed = worked.named.contains(coupon);
                (format!("coupon `{coupon}` cannot be used"), if typed { "cart.codes" } else { "coupons" })
            }
            Source::Group { group } => (format!("the price of group `{group}` cannot be had"), "cart.group_id"),
            _ => ("a code cannot be used".to_owned(), "cart.codes"),
        };
        let error = Error::new(ErrorCode::ClaimRefused, message).field(field).with("rejected", refused);
        return Err(if cards.is_empty() { error } else { error.with("gift_cards", cards) }.into());
    }
    if !cards.is_empty() {
        let message = "a gift card cannot be used";
        return Err(Error::new(ErrorCode::ClaimRefused, message)
            .field("cart.gift_cards")
            .with("gift_cards", cards)
            .into());
    }
    let totals = &worked.quote.totals;
    if let Some(expected) = command.expect_total.filter(|expected| *expected != totals.total) {
        let message = format!("the total is `{}`, not `{expected}`", totals.total);
        return Err(Error::new(ErrorCode::ClaimTotal, message)
            .field("expect_total")
            .with("total", totals.total)
            .into());
    }
    if let Some(expected) = command.expect_due.filter(|expected| *expected != totals.due) {
        let message = format!("`{}` are left to pay, not `{expected}`", totals.due);
        return Err(Error::new(ErrorCode::ClaimDue, message).field("expect_due").with("due", totals.due).into());
    }
    Ok(())
}

/// No point is taken that pays nothing: together they are worth something, and fewer of them are not worth all that cards leave to pay.
fn no_more_than_due(context: &Context<'_>, of: &PointsOf, quote: &Quote) -> Decided<()> {
    let currency = quote.currency;
    let due = currency.minor(quote.totals.due)?;
    let pays = |points: i64| {
        let points = Points::new(points).unwrap_or(Points::ZERO);
        worth(context, &of.currency, points, currency).is_some_and(|minor| due <= minor)
    };
    let points = of.points.get();
    if worth(context, &of.currency, of.points, currency) == Some(0) {
        let message = format!("`{points}` points are worth nothing in {currency}");
        return Err(Error::new(ErrorCode::PointsAmount, message).field("points.points").into());
    }
    if points < 1 || !pays(points - 1) {
        return Ok(());
    }
    // The fewest that are worth it.
    let (mut few, mut many) = (0, points - 1);
    while few < many {
        let middle = few + (many - few) / 2;
        if pays(middle) { many = middle } else { few = middle + 1 }
    }
    let message = format!("`{points}` points are worth more than the `{}` that are left to pay", quote.totals.due);
    Err(Error::new(ErrorCode::PointsAmount, message).field("points.points").limit(few).into())
}

/// Holds everything that the quote applies.
fn hold(
    context: &Context<'_>,
    ws: &mut Workspace,
    command: &ClaimOffers,
    worked: Worked,
    (print, now, deadline): (crate::value::Fingerprint, Timestamp, Timestamp),
) -> Decided<ClaimRecord> {
    let id = &command.customer_id;
    let claim_id = command.claim_id.clone();
    let coupons: Vec<CouponId> = worked
        .quote
        .applied
        .iter()
        .filter_map(|applied| match &applied.by {
            Source::Coupon { coupon } => Some(coupon.clone()),
            _ => None,
        })
        .collect();
    take_codes(context, ws, id, &coupons, &worked.bearers, now)?;
    let (counters, uses) = (worked.counters()?, worked.uses()?);
    take_counters(ws, id, &claim_id, deadline, &counters)?;
    let hold = command.points.is_some().then(|| HoldId::new(claim_id.as_str())).transpose()?;
    let group = worked.seat.as_ref().and_then(|_| command.cart.group_id.clone());
    let open = OpenClaim {
        id: claim_id.clone(),
        deadline,
        coupons: coupons.clone(),
        counters: counters.clone(),
        uses: uses.clone(),
        hold: hold.clone(),
        group: group.clone(),
    };
    ws.customer_mut(id)?.change_wallet(|wallet| wallet.hold(open))?;
    let currency = command.cart.currency;
    let (off_minor, total_minor) = (worked.off_minor()?, currency.minor(worked.quote.totals.total)?);
    let offers: Vec<OfferId> = worked.quote.applied.iter().map(|applied| applied.offer.clone()).collect();
    let promised = worked.seat.as_ref().map(|(rules, _)| rules);
    let rules = offers.iter().filter_map(|offer| {
        let known = || context.program.offer(offer).map(|(_, rules)| rules);
        promised.filter(|rules| rules.id == *offer).or_else(known).cloned()
    });
    let receipt = Receipt { cart: command.cart.clone(), rules: rules.collect(), quote: worked.quote };
    let what =
        What::Claimed { claim_id, until: deadline, currency, off_minor, total_minor, offers, coupons: coupons.clone() };
    context.write(ws, id, now, what, Vec::new())?;
    let cards = checkout::hold(context, ws, id, (&command.claim_id, deadline), &receipt.quote.gift_cards)?;
    Ok(ClaimRecord {
        state: ClaimState::Held,
        at: now,
        deadline,
        order: None,
        print,
        coupons,
        counters,
        uses,
        hold,
        currency,
        off_minor,
        returned: false,
        receipt: Lazy::new(receipt),
        cards,
        group,
        returned_offers: Vec::new(),
        points_minor: command.points.as_ref().and_then(|of| worth(context, &of.currency, of.points, currency)),
    })
}

/// What points are worth in the currency of a cart, by the program of now.
pub(super) fn worth(context: &Context<'_>, of: &PointCurrency, points: Points, currency: Currency) -> Option<i64> {
    let value = context.program.point_currency(of)?.value.filter(|_| currency == context.program.main_currency())?;
    Some(i64::try_from(currency.worth(points, value)).unwrap_or(i64::MAX))
}

/// Gives the customer what they use of codes that nobody had; what is not used stays as it is.
fn take_codes(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    used: &[CouponId],
    bearers: &BTreeMap<CouponId, (NormalCode, Bearer)>,
    now: Timestamp,
) -> Decided<()> {
    let taken: Vec<_> = used.iter().filter_map(|coupon| bearers.get_key_value(coupon)).collect();
    let mut missing = Missing::default();
    for (coupon, _) in &taken {
        missing.note(ws.closed_coupon(&(id.clone(), (*coupon).clone())).map(|_| ()))?;
    }
    missing.ask()?;
    for (_, (code, bearer)) in taken {
        assign(context, ws, id, code, bearer.clone(), now)?;
    }
    Ok(())
}

/// What offers hold of the same limits together, and the bound of each.
fn together(holds: &[LimitHold]) -> BTreeMap<&Arc<str>, (i64, i64)> {
    let mut sums: BTreeMap<&Arc<str>, (i64, i64)> = BTreeMap::new();
    for held in holds {
        let sum = sums.entry(&held.name).or_insert((0, held.limit));
        sum.0 = sum.0.saturating_add(held.amount);
    }
    sums
}

/// Adds to counters what a claim holds, and notes until when.
fn take_counters(
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    deadline: Timestamp,
    counters: &[LimitHold],
) -> Decided<()> {
    for held in counters {
        ws.count(&held.name, held.amount, held.limit)?;
    }
    for (name, (amount, _)) in together(counters) {
        ws.put_hold((name.clone(), deadline, id.clone(), claim.clone()), Some(amount));
    }
    Ok(())
}

pub(crate) fn confirm(context: &Context<'_>, ws: &mut Workspace, command: &ConfirmClaim) -> Decided<CustomerId> {
    let id = &command.customer_id;
    settle(context, ws, id)?;
    use_up(context, ws, id, &command.claim_id, None)?;
    Ok(id.clone())
}

/// Turns what a claim holds into uses, for an order if there is one. Confirmed before is fine, for the same order.
pub(super) fn use_up(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    claim: &ClaimId,
    order: Option<&OrderId>,
) -> Decided<()> {
    let record = known(ws, id, claim)?;
    let other_order = record.order.as_ref().filter(|known| order.is_some_and(|order| order != *known)).cloned();
    if let Some(known) = other_order {
        let message = format!("claim `{claim}` was paid with order `{known}`");
        return Err(Error::new(ErrorCode::ClaimResolved, message).field("claim_id").with("order_id", known).into());
    }
    if record.group.is_some() && order.is_none() && record.state != ClaimState::Confirmed {
        let message = format!("claim `{claim}` has a seat in a group, and a seat is paid with an order");
        return Err(Error::new(ErrorCode::GroupOrder, message).field("claim_id").into());
    }
    match record.state {
        // What it had used is free since its order was taken out: it pays for no order any more.
        ClaimState::Confirmed if order.is_some() && record.returned => {
            return Err(resolved(claim, ClaimState::Confirmed).into());
        }
        ClaimState::Confirmed => {
            if let Some(order) = order {
                let cards = record.cards.clone();
                checkout::note_order(ws, &cards, order)?;
                ws.claim_mut(&(id.clone(), claim.clone()))?.order = Some(order.clone());
            }
            return Ok(());
        }
        ClaimState::Released => return Err(resolved(claim, ClaimState::Released).into()),
        ClaimState::Expired => hold_again(context, ws, id, claim)?,
        ClaimState::Held => {}
    }
    let now = ws.known(id)?.state.recorded_at;
    let Some((open, spent)) = ws.customer_mut(id)?.change_wallet(|wallet| Ok(wallet.confirm(claim)))? else {
        return Err(Error::internal(format!("claim `{claim}` holds, but not in the wallet")).into());
    };
    for held in &open.counters {
        ws.put_hold((held.name.clone(), open.deadline, id.clone(), claim.clone()), None);
    }
    ws.claim_mut(&(id.clone(), claim.clone()))?.order = order.cloned();
    end(context, ws, id, claim, ClaimState::Confirmed, now)?;
    for coupon in spent {
        close(context, ws, id, coupon, now)?;
    }
    let cards = known(ws, id, claim)?.cards.clone();
    if !cards.is_empty() {
        let taken = checkout::capture(context, ws, id, &cards, order)?;
        ws.claim_mut(&(id.clone(), claim.clone()))?.cards = taken;
    }
    if let Some(hold_id) = open.hold {
        points::capture(context, ws, &CaptureHold { customer_id: id.clone(), hold_id, points: None })?;
    }
    Ok(())
}

/// Holds again what a claim held that was out of time, if the program says so and all of it is free.
fn hold_again(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, claim: &ClaimId) -> Decided<()> {
    let now = ws.known(id)?.state.recorded_at;
    let mut record = known(ws, id, claim)?.clone();
    // What it held was let go: so the bounds of now hold, not those of the day on which it was claimed.
    for held in record.counters.iter_mut().chain(&mut record.uses) {
        held.limit = bound_now(context.program, held, record.at, record.currency)?.unwrap_or(held.limit);
    }
    let expired = || {
        let message = format!("claim `{claim}` was out of time at {}", record.deadline);
        Error::new(ErrorCode::ClaimExpired, message).field("claim_id").with("deadline", record.deadline)
    };
    if context.program.checkout().late_confirm == LateConfirm::Refuse {
        return Err(expired().into());
    }
    let held = match &record.hold {
        Some(hold_id) => Some(points::held_too_long(ws, id, hold_id)?.ok_or_else(expired)?),
        None => None,
    };
    look_at(ws, id, vec![(claim.clone(), record.counters.iter().map(|held| held.name.clone()).collect())])?;
    for (name, (amount, limit)) in together(&record.counters) {
        if limit < stands(ws, name)?.saturating_add(amount) {
            free(context, ws, name, now)?;
        }
        if limit < stands(ws, name)?.saturating_add(amount) {
            return Err(expired().into());
        }
    }
    let wallet = ws.known(id)?.wallet()?.cloned().unwrap_or_default();
    // What was used in windows that are over for so long is not kept.
    let forgotten = |held: &LimitHold| held.until.is_some_and(|until| until.plus_millis(USES_KEPT_MS) <= now);
    if record.uses.iter().any(forgotten) {
        return Err(expired().into());
    }
    let fits = |(name, (amount, limit)): (&Arc<str>, (i64, i64))| wallet.used(name).saturating_add(amount) <= limit;
    let free = |coupon: &CouponId| wallet.coupon(coupon).is_some_and(|coupon| 0 < coupon.free());
    let fits = together(&record.uses).into_iter().all(fits) && record.coupons.iter().all(free);
    if !fits || !checkout::have(context, ws, id, &record.cards)? {
        return Err(expired().into());
    }
    if let Some(group) = &record.group
        && !seat::is_held(context, ws, id, group)?
    {
        return Err(expired().into());
    }
    let hold = held.as_ref().map(|_| late_hold(claim)).transpose()?;
    if let (Some((currency, points)), Some(hold_id)) = (held, hold.clone()) {
        ws.claim_mut(&(id.clone(), claim.clone()))?.hold = Some(hold_id.clone());
        // For as long as this command: it takes them.
        let until = now.plus_millis(1_000);
        points::hold(context, ws, &HoldPoints { customer_id: id.clone(), currency, points, hold_id, until })?;
    }
    take_counters(ws, id, claim, record.deadline, &record.counters)?;
    let open = OpenClaim {
        id: claim.clone(),
        deadline: record.deadline,
        coupons: record.coupons,
        counters: record.counters,
        uses: record.uses,
        hold,
        group: record.group,
    };
    Ok(ws.customer_mut(id)?.change_wallet(|wallet| wallet.hold(open))?)
}

/// The name of the points of a claim that were held too long, and again.
fn late_hold(claim: &ClaimId) -> crate::Result<HoldId> {
    let name = format!("{claim}/late");
    HoldId::new(&name).or_else(|_| HoldId::new(print_of(&name)))
}

pub(crate) fn release(context: &Context<'_>, ws: &mut Workspace, command: &ReleaseClaim) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    match known(ws, id, &command.claim_id)?.state {
        // Out of time or given up: either way nothing is held.
        ClaimState::Released | ClaimState::Expired => return Ok(id.clone()),
        ClaimState::Confirmed => return Err(resolved(&command.claim_id, ClaimState::Confirmed).into()),
        ClaimState::Held => {}
    }
    give_up(context, ws, id, &command.claim_id, now)?;
    Ok(id.clone())
}

/// Gives up a claim that is open, and all that it holds.
fn give_up(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, claim: &ClaimId, now: Timestamp) -> Decided<()> {
    let Some(open) = ws.customer_mut(id)?.change_wallet(|wallet| Ok(wallet.release(claim)))? else {
        return Err(Error::internal(format!("claim `{claim}` holds, but not in the wallet")).into());
    };
    let_go(ws, id, &open.id, open.deadline, &open.counters)?;
    end(context, ws, id, &open.id, ClaimState::Released, now)?;
    let cards = known(ws, id, &open.id)?.cards.clone();
    checkout::release(context, ws, id, &cards)?;
    if let Some(hold_id) = open.hold {
        points::release(context, ws, &ReleaseHold { customer_id: id.clone(), hold_id })?;
    }
    Ok(())
}

/// Gives up all claims that are open: nobody settles somebody who is not registered, so they would hold for ever.
pub(crate) fn give_up_all(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, now: Timestamp) -> Decided<()> {
    let names = |held: &LimitHold| held.name.clone();
    let wallet = ws.known(id)?.wallet()?;
    let claims = wallet.into_iter().flat_map(|wallet| wallet.claims());
    let open: Vec<_> = claims.map(|claim| (claim.id.clone(), claim.counters.iter().map(names).collect())).collect();
    let claims: Vec<ClaimId> = open.iter().map(|(claim, _)| claim.clone()).collect();
    look_at(ws, id, open)?;
    claims.iter().try_for_each(|claim| give_up(context, ws, id, claim, now))
}
