//! Coupons: issued, taken back, given on, bought with points.

use super::super::context::Context;
use super::super::points;
use super::super::settle::settle;
use super::gather::code_name;
use super::time::close;
use crate::code::NormalCode;
use crate::command::{BuyCoupon, CodeIssue, IssueCoupon, RevokeCoupon, SpendPoints, TransferCoupon};
use crate::coupon::{Coupon, CouponState, Origin};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::program::{CouponTerms, CouponValidity, Needs, Offer, Program};
use crate::value::{CouponId, CustomerId, OfferId, RedemptionId, Timestamp, fingerprint};
use crate::workspace::state::{Bearer, CodeOf, encode};
use crate::workspace::{Decided, Identity, Workspace};
use std::sync::Arc;

/// What a new coupon is to be, where the offer's terms do not say.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) code: Option<String>,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) uses: Option<u32>,
}

fn offer_of<'p>(context: &Context<'p>, id: &OfferId) -> Decided<(&'p Offer, CouponTerms)> {
    Ok(terms_of(context.program, id)?)
}

fn terms_of<'p>(program: &'p Program, id: &OfferId) -> crate::Result<(&'p Offer, CouponTerms)> {
    let Some((offer, _)) = program.offer(id) else {
        return Err(Error::new(ErrorCode::OfferUnknown, format!("there is no offer `{id}`")).field("offer"));
    };
    if offer.needs != Needs::Coupon {
        let message = format!("offer `{id}` needs no coupon");
        return Err(Error::new(ErrorCode::CouponOffer, message).field("offer"));
    }
    Ok((offer, offer.coupon.clone().unwrap_or_default()))
}

/// First instant after the last one of a coupon that is issued now: what was wished for, or the terms; never after the offer or its campaign.
fn end_of(program: &Program, offer: &Offer, terms: &CouponTerms, from: Timestamp, wish: &Wish) -> Option<Timestamp> {
    let campaign = offer.campaign.as_ref().and_then(|id| program.campaign(id));
    let zone = campaign.map_or(program.zone(), |(_, zone)| zone);
    let own = wish.valid_until.or(match terms.valid {
        CouponValidity::Offer => None,
        CouponValidity::Days { days } => Some(zone.end_of(zone.date(from).plus_days(i64::from(days)))),
        CouponValidity::Hours { hours } => Some(from.plus_millis(i64::from(hours) * 3_600_000)),
        CouponValidity::Until { at } => Some(at),
    });
    let shared = campaign.and_then(|(campaign, _)| campaign.valid.until);
    [own, offer.valid.until, shared].into_iter().flatten().min()
}

/// Puts a new coupon into a wallet.
pub(crate) fn give(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    (coupon_id, offer_id): (&CouponId, &OfferId),
    origin: Origin,
    wish: &Wish,
    now: Timestamp,
) -> Decided<()> {
    let (offer, terms) = offer_of(context, offer_id)?;
    free_name(ws, id, coupon_id)?;
    let valid_from = wish.valid_from.unwrap_or(now);
    let valid_until = end_of(context.program, offer, &terms, valid_from.max(now), wish);
    if valid_until.is_some_and(|until| until <= valid_from || until <= now) {
        let message = format!("the coupon would end at {}, before it can be used", shown(valid_until));
        return Err(Error::new(ErrorCode::CouponDates, message).field("valid_until").into());
    }
    let uses = wish.uses.or(terms.uses).unwrap_or(1);
    if uses == 0 {
        return Err(Error::new(ErrorCode::CouponDates, "a coupon has at least one use").field("uses").limit(1).into());
    }
    let code = wish.code.as_deref().map(|code| name_code(context, ws, id, coupon_id, code)).transpose()?;
    let coupon = Coupon {
        id: coupon_id.clone(),
        offer: offer_id.clone(),
        code,
        issued_at: now,
        valid_from,
        valid_until,
        uses,
        used: 0,
        origin: origin.clone(),
        held_by: Vec::new(),
        state: CouponState::Issued,
    };
    ws.customer_mut(id)?.change_wallet(|wallet| wallet.add(coupon))?;
    let what = What::CouponIssued { coupon_id: coupon_id.clone(), offer: offer_id.clone(), valid_until, origin };
    context.write(ws, id, now, what, Vec::new())
}

fn shown(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.to_string())
}

/// A coupon id is used once per customer.
fn free_name(ws: &mut Workspace, id: &CustomerId, coupon: &CouponId) -> Decided<()> {
    if ws.closed_coupon(&(id.clone(), coupon.clone()))?.is_none() {
        return Ok(());
    }
    let message = format!("the customer had a coupon `{coupon}`");
    Err(Error::new(ErrorCode::CouponExists, message).field("coupon_id").into())
}

/// Takes a code for a coupon.
fn name_code(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    coupon: &CouponId,
    code: &str,
) -> Decided<Arc<str>> {
    let normal = NormalCode::of(code)?;
    let taken = || Error::new(ErrorCode::CouponCode, "the code is taken").field("code");
    if context.program.offer_of_code(&normal).is_some() {
        return Err(taken().into());
    }
    let name = code_name(normal.as_str());
    let version = match ws.identity(&name)? {
        // One that nobody has yet is taken by whoever claims with it first.
        Some(known) if known.customer.is_some() || known.body.is_some() => return Err(taken().into()),
        Some(known) => known.version,
        None => 0,
    };
    ws.put_identity(
        name,
        Some(Identity { version, customer: Some(id.clone()), body: Some(encode(&CodeOf::Coupon(coupon.clone()))) }),
    );
    Ok(Arc::from(normal.as_str()))
}

/// A coupon of the offer for whoever claims with its code first.
///
/// # Errors
/// `offer.unknown`, `coupon.offer`, `coupon.dates`.
pub(crate) fn bearer(program: &Program, issue: &CodeIssue, at: Timestamp) -> crate::Result<Bearer> {
    let (offer, terms) = terms_of(program, &issue.offer)?;
    let valid_from = issue.valid_from.unwrap_or(at);
    let wish = Wish { valid_until: issue.valid_until, ..Wish::default() };
    let valid_until = end_of(program, offer, &terms, valid_from.max(at), &wish);
    let uses = issue.uses.or(terms.uses).unwrap_or(1);
    if uses == 0 || valid_until.is_some_and(|until| until <= valid_from || until <= at) {
        let message = "coupons of these codes could never be used";
        return Err(Error::new(ErrorCode::CouponDates, message).field("valid_until"));
    }
    Ok(Bearer { offer: issue.offer.clone(), valid_from, valid_until, uses })
}

/// The coupon that a code which nobody has yet would be.
pub(super) fn coupon_of(code: &NormalCode) -> crate::Result<CouponId> {
    let text = format!("code:{code}");
    CouponId::new(&text).or_else(|_| CouponId::new(print_of(&text)))
}

/// Gives the coupon of a code to the customer whose claim uses it first.
pub(super) fn assign(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    code: &NormalCode,
    bearer: Bearer,
    now: Timestamp,
) -> Decided<()> {
    let coupon_id = coupon_of(code)?;
    free_name(ws, id, &coupon_id)?;
    let coupon = Coupon {
        id: coupon_id.clone(),
        offer: bearer.offer.clone(),
        code: Some(Arc::from(code.as_str())),
        issued_at: now,
        valid_from: bearer.valid_from,
        valid_until: bearer.valid_until,
        uses: bearer.uses,
        used: 0,
        origin: Origin::Code,
        held_by: Vec::new(),
        state: CouponState::Issued,
    };
    ws.customer_mut(id)?.change_wallet(|wallet| wallet.add(coupon))?;
    let name = code_name(code.as_str());
    let version = ws.identity(&name)?.map_or(0, |identity| identity.version);
    let body = Some(encode(&CodeOf::Coupon(coupon_id.clone())));
    ws.put_identity(name, Some(Identity { version, customer: Some(id.clone()), body }));
    let what =
        What::CouponIssued { coupon_id, offer: bearer.offer, valid_until: bearer.valid_until, origin: Origin::Code };
    context.write(ws, id, now, what, Vec::new())
}

/// A name for what has one that is too long.
pub(crate) fn print_of(text: &str) -> String {
    let print = fingerprint(&text).0.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    format!("{print:032x}")
}

pub(crate) fn issue(context: &Context<'_>, ws: &mut Workspace, command: &IssueCoupon) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let wish = Wish {
        code: command.code.clone(),
        valid_from: command.valid_from,
        valid_until: command.valid_until,
        uses: command.uses,
    };
    give(context, ws, id, (&command.coupon_id, &command.offer), Origin::Issue, &wish, now)?;
    Ok(id.clone())
}

/// Takes a coupon out of a wallet, or says why it is not there.
fn take(ws: &mut Workspace, id: &CustomerId, coupon: &CouponId, state: CouponState) -> Decided<Coupon> {
    let key = (id.clone(), coupon.clone());
    let open = ws.known(id)?.wallet()?.is_some_and(|wallet| wallet.coupon(coupon).is_some());
    if !open && let Some(closed) = ws.closed_coupon(&key)? {
        let message = format!("coupon `{coupon}` is {}", closed.state.as_str());
        return Err(Error::new(ErrorCode::CouponClosed, message).field("coupon_id").with("state", closed.state).into());
    }
    Ok(ws.customer_mut(id)?.change_wallet(|wallet| wallet.take(coupon, state))?)
}

pub(crate) fn revoke(context: &Context<'_>, ws: &mut Workspace, command: &RevokeCoupon) -> Decided<CustomerId> {
    points::signed(context)?;
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let coupon = take(ws, id, &command.coupon_id, CouponState::Revoked)?;
    close(context, ws, id, coupon, now)?;
    Ok(id.clone())
}

/// Whether a customer gets back what they gave away: then its name is not used a second time, and it is open again.
fn comes_home(ws: &mut Workspace, id: &CustomerId, coupon: &Coupon) -> Decided<bool> {
    let key = (id.clone(), coupon.id.clone());
    let terms = |coupon: &Coupon| (coupon.offer.clone(), coupon.valid_from, coupon.valid_until, coupon.uses);
    let same = |gone: &Coupon| gone.state == CouponState::Transferred && terms(gone) == terms(coupon);
    let is_home = ws.closed_coupon(&key)?.is_some_and(|gone| same(gone));
    if is_home {
        ws.put_coupon(key, None);
    }
    Ok(is_home)
}

pub(crate) fn transfer(context: &Context<'_>, ws: &mut Workspace, command: &TransferCoupon) -> Decided<CustomerId> {
    let (from, to) = (&command.from, &command.to);
    if from == to {
        let message = "a coupon cannot be given to the same customer";
        return Err(Error::new(ErrorCode::CouponTransfer, message).field("to").into());
    }
    let now = settle(context, ws, from)?;
    let there = settle(context, ws, to)?;
    let mut coupon = take(ws, from, &command.coupon_id, CouponState::Transferred)?;
    let (_, terms) = offer_of(context, &coupon.offer)?;
    if !terms.transferable {
        let message = format!("coupons of `{}` stay with their owner", coupon.offer);
        return Err(Error::new(ErrorCode::CouponTransfer, message).field("coupon_id").into());
    }
    if !comes_home(ws, to, &coupon)? {
        free_name(ws, to, &coupon.id)?;
    }
    let mut given = coupon.clone();
    given.state = CouponState::Issued;
    given.issued_at = there;
    given.origin = Origin::Transfer { from: from.clone() };
    if let Some(code) = coupon.code.take() {
        let name = code_name(&code);
        let version = ws.identity(&name)?.map_or(0, |identity| identity.version);
        let body = Some(encode(&CodeOf::Coupon(given.id.clone())));
        ws.put_identity(name, Some(Identity { version, customer: Some(to.clone()), body }));
    }
    close(context, ws, from, coupon, now)?;
    let what = What::CouponIssued {
        coupon_id: given.id.clone(),
        offer: given.offer.clone(),
        valid_until: given.valid_until,
        origin: given.origin.clone(),
    };
    ws.customer_mut(to)?.change_wallet(|wallet| wallet.add(given))?;
    context.write(ws, to, there, what, Vec::new())?;
    Ok(from.clone())
}

pub(crate) fn buy(context: &Context<'_>, ws: &mut Workspace, command: &BuyCoupon) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let (_, terms) = offer_of(context, &command.offer)?;
    let Some(price) = terms.price else {
        let message = format!("coupons of `{}` are not for points", command.offer);
        return Err(Error::new(ErrorCode::CouponPrice, message).field("offer").into());
    };
    let redemption = match &command.redemption_id {
        Some(name) => name.clone(),
        None => RedemptionId::new(context.request.request_id.as_str())?,
    };
    let spend = SpendPoints {
        customer_id: id.clone(),
        currency: price.currency,
        points: price.points,
        redemption_id: Some(redemption.clone()),
        order_id: None,
    };
    points::spend(context, ws, &spend)?;
    let now = settle(context, ws, id)?;
    let origin = Origin::Points { redemption, points: price.points };
    give(context, ws, id, (&command.coupon_id, &command.offer), origin, &Wish::default(), now)?;
    Ok(id.clone())
}
