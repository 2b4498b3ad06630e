//! Quotes, and questions about coupons and claims.

use super::super::context::Context;
use super::super::giftcards::checkout::{self, Looked};
use super::super::groups::seat;
use super::super::orders::find_order;
use super::gather::{Asked, Gathered, gather};
use super::room::Counted;
use super::sale::{plan_of, plan_of_order};
use crate::code::NormalCode;
use crate::coupon::{Coupon, LimitHold};
use crate::error::{Error, ErrorCode};
use crate::offer::ReturnedLine;
use crate::offer::{
    Application, Cart, LimitPer, OfferRules, Quote, QuotedGiftCard, Room, RoomFor, Settings, Source, in_turn, quote,
};
use crate::order::RefundLine;
use crate::query::{Answer, ClaimView, ClaimedGiftCard};
use crate::value::{ClaimId, CouponId, CustomerId, OfferId, OrderId, Sku, Timestamp};
use crate::workspace::state::{Bearer, ClaimCard, ClaimRecord};
use crate::workspace::{Decided, Missing, Workspace};
use std::collections::BTreeMap;

/// A quote, and what a claim of it would hold.
#[derive(Debug)]
pub(super) struct Worked {
    pub(super) quote: Quote,
    /// Coupons that typed codes named.
    pub(super) named: Vec<CouponId>,
    /// Those of them that nobody has yet.
    pub(super) bearers: BTreeMap<CouponId, (NormalCode, Bearer)>,
    /// The rules of what a seat brought in, and until when the seat waits, where that was applied.
    pub(super) seat: Option<(OfferRules, Timestamp)>,
    rooms: BTreeMap<(OfferId, Source), Vec<Room>>,
    counted: Vec<Counted>,
    skus: BTreeMap<u32, Sku>,
}

/// Works a quote out for a customer who was brought to the instant, or for nobody in particular.
pub(super) fn work_out(context: &Context<'_>, ws: &mut Workspace, asked: Asked<'_>) -> Decided<Worked> {
    let mut missing = Missing::default();
    let looked = missing.note(checkout::look(context, ws, (asked.customer, asked.cart), asked.at))?;
    let seat = match &asked.cart.group_id {
        Some(group) => missing.note(seat::offer(context, ws, asked.customer, group, asked.at))?,
        None => None,
    };
    let gathered = missing.note(gather(context, ws, asked, seat.as_ref()))?;
    missing.ask()?;
    let (looked, gathered) = (looked.unwrap_or_default(), gathered.unwrap_or_default());
    let Gathered { candidates, rejected, ledger, named, bearers } = gathered;
    let checkout = context.program.checkout();
    let settings = Settings { objective: checkout.objective, nodes: u64::from(checkout.nodes) };
    let usable: Vec<i64> = looked.iter().map(|card| card.usable).collect();
    let with_cards = (!usable.is_empty()).then(|| asked.basket.with_cards(&usable));
    let basket = with_cards.as_ref().unwrap_or(asked.basket);
    let mut quote = quote(basket, &candidates, settings, asked.at, context.program.revision())?;
    quote.gift_cards = pay(&quote, looked, &usable)?;
    quote.rejected.extend(rejected);
    quote.rejected.sort_by(|a, b| (&a.offer, &a.by).cmp(&(&b.offer, &b.by)));
    let rooms = candidates.into_iter().map(|one| ((one.rules.id.clone(), one.by), one.rooms)).collect();
    let seat = seat.filter(|seat| quote.applied.iter().any(|applied| applied.by == seat.by));
    let seat = seat.and_then(|seat| seat.found.ok()).map(|found| (found.rules, found.until));
    let numbered = (1_u32..).zip(&asked.cart.lines);
    let skus = numbered.map(|(place, line)| (line.line_no.unwrap_or(place), line.sku.clone())).collect();
    Ok(Worked { quote, named, bearers, seat, rooms, counted: ledger.counted, skus })
}

/// What each gift card pays of what the rest leaves.
fn pay(quote: &Quote, looked: Vec<Looked>, usable: &[i64]) -> crate::Result<Vec<QuotedGiftCard>> {
    let currency = quote.currency;
    let parts = in_turn(currency.minor(quote.totals.total)?, usable);
    let told = looked.into_iter().zip(parts).map(|(Looked { told, .. }, pays)| {
        let left = currency.minor(told.left)?.saturating_sub(pays);
        Ok(QuotedGiftCard { pays: currency.amount(pays), left: currency.amount(left), ..told })
    });
    told.collect()
}

impl Worked {
    /// What is taken off lines and delivery, in minor units.
    pub(super) fn off_minor(&self) -> crate::Result<i64> {
        let currency = self.quote.currency;
        let totals = &self.quote.totals;
        Ok(currency.minor(totals.discount)?.saturating_add(currency.minor(totals.shipping_discount)?))
    }

    /// What a claim of it holds of limits over all customers.
    pub(super) fn counters(&self) -> crate::Result<Vec<LimitHold>> {
        self.holds(LimitPer::All)
    }

    /// What a claim of it holds of the customer's own limits.
    pub(super) fn uses(&self) -> crate::Result<Vec<LimitHold>> {
        self.holds(LimitPer::Customer)
    }

    fn holds(&self, per: LimitPer) -> crate::Result<Vec<LimitHold>> {
        let mut holds = Vec::new();
        for applied in &self.quote.applied {
            let rooms = self.rooms.get(&(applied.offer.clone(), applied.by.clone()));
            for room in rooms.into_iter().flatten() {
                let Some(counted) = self.counted.get(room.counter).filter(|counted| counted.per == per) else {
                    continue;
                };
                let amount = self.amount(applied, &room.counts)?;
                if amount != 0 {
                    holds.push(LimitHold {
                        name: counted.name.clone(),
                        amount,
                        limit: counted.max,
                        offer: applied.offer.clone(),
                        until: counted.until,
                    });
                }
            }
        }
        Ok(holds)
    }

    fn amount(&self, applied: &Application, counts: &RoomFor) -> crate::Result<i64> {
        let units = |only: Option<&Sku>| {
            let shares = applied.shares.iter();
            let meant = shares.filter(|share| only.is_none_or(|sku| self.skus.get(&share.line_no) == Some(sku)));
            i64::try_from(meant.map(|share| share.units).sum::<u64>()).unwrap_or(i64::MAX)
        };
        Ok(match counts {
            RoomFor::Uses => 1,
            RoomFor::Units(only) => units(only.as_ref()),
            RoomFor::Budget => self.quote.currency.minor(applied.off)?,
        })
    }
}

/// What a cart costs. The customer, if there is one, was brought to the instant.
pub(crate) fn quoted(
    context: &Context<'_>,
    ws: &mut Workspace,
    customer: Option<&CustomerId>,
    cart: &Cart,
    coupons: Option<&[CouponId]>,
    at: Timestamp,
) -> Decided<Answer> {
    let basket = cart.check().map_err(|error| error.within("cart"))?;
    let asked = Asked { customer, cart, basket: &basket, coupons, at };
    let quote = work_out(context, ws, asked)?.quote;
    Ok(Answer::Quote { quote: Box::new(quote) })
}

/// The open coupons of a customer who was brought to the instant.
pub(crate) fn coupons(ws: &mut Workspace, id: &CustomerId) -> Decided<Answer> {
    let coupons: Vec<Coupon> = ws.known(id)?.wallet()?.map_or_else(Vec::new, |wallet| wallet.coupons().to_vec());
    Ok(Answer::Coupons { coupons })
}

/// A claim of a customer who was brought to the instant.
pub(crate) fn claim(ws: &mut Workspace, id: &CustomerId, claim: &ClaimId) -> Decided<Answer> {
    let Some(record) = ws.claim(&(id.clone(), claim.clone()))? else {
        return Err(Error::new(ErrorCode::ClaimUnknown, format!("no claim `{claim}`")).field("claim_id").into());
    };
    Ok(Answer::Claim(Box::new(claim_view(id, claim, record)?)))
}

/// A claim as people and reports see it.
pub(crate) fn claim_view(id: &CustomerId, claim: &ClaimId, record: &ClaimRecord) -> crate::Result<ClaimView> {
    let card = |card: &ClaimCard| ClaimedGiftCard {
        card_id: card.card.clone(),
        redemption_id: card.usage.clone(),
        amount: record.currency.amount(card.minor),
    };
    Ok(ClaimView {
        claim_id: claim.clone(),
        customer_id: id.clone(),
        state: record.state,
        claimed_at: record.at,
        deadline: record.deadline,
        order_id: record.order.clone(),
        returned: record.returned,
        returned_offers: record.returned_offers.clone(),
        gift_cards: record.cards.iter().map(card).collect(),
        receipt: record.receipt.get()?.clone(),
    })
}

/// What would go back for units of an order.
pub(crate) fn refund_plan(ws: &mut Workspace, order_id: &OrderId, lines: &[ReturnedLine]) -> Decided<Answer> {
    let Some((id, order, extra)) = find_order(ws, order_id)? else {
        let message = format!("order `{order_id}` is not recorded");
        return Err(Error::new(ErrorCode::OrderUnknown, message).field("order_id").into());
    };
    let is_known = |line: &ReturnedLine| order.lines().iter().any(|known| known.line_no == line.line_no);
    if let Some((at, line)) = lines.iter().enumerate().find(|(_, line)| !is_known(line)) {
        let message = format!("order `{order_id}` has no line {}", line.line_no);
        return Err(Error::new(ErrorCode::OfferRefundLine, message).field(format!("lines[{at}].line_no")).into());
    }
    let lines: Vec<RefundLine> = lines
        .iter()
        .map(|line| RefundLine { line_no: line.line_no, quantity: Some(line.quantity), amount: None })
        .collect();
    let Some(claim) = extra.claim else {
        return Ok(Answer::RefundPlan { plan: plan_of_order(&order, &lines)? });
    };
    let Some(record) = ws.claim(&(id, claim.clone()))? else {
        return Err(Error::internal(format!("claim `{claim}` of an order is gone")).into());
    };
    let plan = plan_of(record.receipt.get()?, &order, &lines)?;
    Ok(Answer::RefundPlan { plan })
}
