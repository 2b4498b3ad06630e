//! Limits: under which names they are counted, and what they leave.

use super::super::context::Context;
use super::super::settle::settle;
use crate::coupon::{LimitHold, Wallet};
use crate::limits::COUNTER_HOLDS_LOOKED_AT;
use crate::offer::{Cart, Counts, Limit, LimitPer, LimitWindow, Room, RoomFor, Why};
use crate::program::{Offer, Program};
use crate::value::{ClaimId, Currency, CustomerId, Period, Sku, Timestamp, Zone};
use crate::workspace::{Decided, Missing, Workspace};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A limit that binds a quote, as it is counted.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) name: Arc<str>,
    pub(super) per: LimitPer,
    pub(super) max: i64,
    /// When its period is over.
    pub(super) until: Option<Timestamp>,
}

/// The limits that were looked at for one quote; candidates with the same one share its place.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) counted: Vec<Counted>,
    lefts: Vec<i64>,
}

/// Whom and when a quote is for, as far as limits ask.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) customer: Option<&'a CustomerId>,
    pub(super) at: Timestamp,
    pub(super) currency: Currency,
    /// How many offers, coupons and codes there are at most: each counts for itself.
    pub(super) most_uses: i64,
    /// The most units that one of them could count of the cart, and the most money that all of them could, with what a near miss adds.
    pub(super) most_units: i64,
    pub(super) most_minor: i64,
}

impl Ledger {
    /// What the limits of an offer and of its campaign leave, or why they leave nothing.
    pub(super) fn rooms<'c>(
        &mut self,
        context: &Context<'_>,
        ws: &mut Workspace,
        asking: Asking<'_>,
        offer: &Offer,
        skus: impl Fn() -> BTreeSet<&'c Sku>,
    ) -> Decided<Result<Vec<Room>, Why>> {
        let mut rooms = Vec::new();
        let mut missing = Missing::default();
        for Named { limit, name, until } in limits_of(context.program, offer, asking.at) {
            let max = bound(asking.currency, limit)?;
            for (counts, article) in kinds(limit, &skus) {
                let name = if article.is_empty() { name.clone() } else { format!("{name}{article}").into() };
                let counted = Counted { name, per: limit.per, max, until };
                let need = match counts {
                    RoomFor::Uses => asking.most_uses,
                    RoomFor::Units(_) => asking.most_units.saturating_mul(asking.most_uses),
                    RoomFor::Budget => asking.most_minor,
                };
                let Some(place) = missing.note(self.place(context, ws, asking, counted, need))? else { continue };
                let left = self.lefts.get(place).copied().unwrap_or(0);
                // One article that has run out leaves the others.
                if left <= 0 && article.is_empty() {
                    return match missing.note(self.reached(ws, asking, limit, place))? {
                        Some(why) => Ok(Err(why)),
                        None => missing.ask().map(|()| Ok(rooms)),
                    };
                }
                let own = limit.per == LimitPer::Customer;
                rooms.push(Room { counter: place, limit: limit.id.clone(), counts, own, left });
            }
        }
        missing.ask()?;
        Ok(Ok(rooms))
    }

    fn place(
        &mut self,
        context: &Context<'_>,
        ws: &mut Workspace,
        asking: Asking<'_>,
        counted: Counted,
        need: i64,
    ) -> Decided<usize> {
        if let Some(place) = self.counted.iter().position(|known| known.name == counted.name) {
            return Ok(place);
        }
        let used = match counted.per {
            LimitPer::Customer => match asking.customer {
                Some(id) => ws.known(id)?.wallet()?.map_or(0, |wallet| wallet.used(&counted.name)),
                None => 0,
            },
            LimitPer::All => {
                let mut used = stands(ws, &counted.name)?;
                // What might not fit may be held by claims that are out of time.
                if counted.max.saturating_sub(used) < need {
                    free(context, ws, &counted.name, asking.at)?;
                    used = stands(ws, &counted.name)?;
                }
                used
            }
        };
        self.lefts.push(counted.max.saturating_sub(used));
        self.counted.push(counted);
        Ok(self.counted.len().saturating_sub(1))
    }

    /// Why a limit leaves nothing: it is used, or other checkouts hold the rest of it.
    fn reached(&self, ws: &mut Workspace, asking: Asking<'_>, limit: &Limit, place: usize) -> Decided<Why> {
        let Some(counted) = self.counted.get(place) else { return Ok(Why::NotRunning) };
        let left = self.lefts.get(place).copied().unwrap_or(0);
        let (held, until) = match counted.per {
            LimitPer::Customer => {
                let Some(id) = asking.customer else { return Ok(Why::LimitCustomer { limit: limit.id.clone() }) };
                own_holds(ws.known(id)?.wallet()?, &counted.name)
            }
            LimitPer::All => {
                let (mut held, mut first) = (0_i64, None);
                // There may be thousands; it matters only whether they hold more than is missing.
                for ((_, deadline, ..), amount) in ws.holds_of(&counted.name, false)? {
                    first = first.or(Some(*deadline));
                    held = held.saturating_add(amount);
                    if 0 < left.saturating_add(held) {
                        break;
                    }
                }
                (held, first)
            }
        };
        if let (true, Some(until)) = (0 < left.saturating_add(held), until) {
            return Ok(Why::HeldElsewhere { until });
        }
        Ok(match (limit.counts, limit.per) {
            (Counts::Budget { .. }, _) => {
                Why::BudgetExhausted { limit: limit.id.clone(), left: asking.currency.amount(left.max(0)) }
            }
            (_, LimitPer::Customer) => Why::LimitCustomer { limit: limit.id.clone() },
            (_, LimitPer::All) => Why::LimitCampaign { limit: limit.id.clone() },
        })
    }
}

/// A limit under the name by which it is counted at an instant.
pub(crate) struct Named<'p> {
    pub(crate) limit: &'p Limit,
    pub(crate) name: Arc<str>,
    /// When its period is over.
    until: Option<Timestamp>,
}

/// The limits of an offer and of its campaign.
pub(crate) fn limits_of<'p>(
    program: &'p Program,
    offer: &'p Offer,
    at: Timestamp,
) -> impl Iterator<Item = Named<'p>> + use<'p> {
    let campaign = offer.campaign.as_ref();
    let zone = campaign.and_then(|id| program.campaign(id)).map_or(program.zone(), |(_, zone)| zone);
    let shared = campaign.into_iter().flat_map(|id| program.limits_of_campaign(id));
    program.limits_of_offer(&offer.id).chain(shared).map(move |(limit, name)| named(zone, name, limit, at))
}

/// A limit of an offer or a campaign, named for an instant.
pub(crate) fn named<'p>(zone: &Zone, name: &Arc<str>, limit: &'p Limit, at: Timestamp) -> Named<'p> {
    match period(zone, limit.window, at) {
        None => Named { limit, name: name.clone(), until: None },
        Some((suffix, until)) => Named { limit, name: format!("{name}{suffix}").into(), until: Some(until) },
    }
}

/// The counters that a quote of this offer asks for.
pub(super) fn counters_of(program: &Program, offer: &Offer, cart: &Cart, at: Timestamp, names: &mut Vec<Arc<str>>) {
    for Named { limit, name, .. } in limits_of(program, offer, at) {
        match (limit.per, limit.counts) {
            (LimitPer::Customer, _) => {}
            (LimitPer::All, Counts::Units { each_sku: true, .. }) => {
                names.extend(cart.lines.iter().map(|line| format!("{name}#{}", line.sku).into()));
            }
            (LimitPer::All, _) => names.push(name),
        }
    }
}

fn own_holds(wallet: Option<&Wallet>, name: &str) -> (i64, Option<Timestamp>) {
    let claims = wallet.map_or(&[][..], Wallet::claims);
    let held = claims.iter().flat_map(|claim| {
        claim.uses.iter().filter(|held| &*held.name == name).map(|held| (held.amount, claim.deadline))
    });
    held.fold((0, None), |(sum, first), (amount, deadline)| {
        (amount + sum, Some(first.map_or(deadline, |first: Timestamp| first.min(deadline))))
    })
}

pub(super) fn stands(ws: &mut Workspace, name: &Arc<str>) -> Decided<i64> {
    Ok(ws.counter(name)?.map_or(0, |counter| counter.stands()))
}

/// Lets the claims that are out of time go that hold something of a counter.
pub(super) fn free(context: &Context<'_>, ws: &mut Workspace, name: &Arc<str>, at: Timestamp) -> Decided<()> {
    let holders = match over(ws, name, at, false)? {
        (first, true) if COUNTER_HOLDS_LOOKED_AT <= first.len() => over(ws, name, at, true)?.0,
        (holders, _) => holders,
    };
    let mut missing = Missing::default();
    for (customer, claim) in &holders {
        missing.note(ws.customer(customer).map(|_| ()))?;
        missing.note(ws.claim(&(customer.clone(), claim.clone())).map(|_| ()))?;
    }
    missing.ask()?;
    let mut missing = Missing::default();
    for (holder, _) in holders {
        missing.note(settle(context, ws, &holder))?;
    }
    missing.ask()
}

type Claims = BTreeSet<(CustomerId, ClaimId)>;

/// The claims on a counter that are out of time, and whether they are all that is known of it.
fn over(ws: &Workspace, name: &Arc<str>, at: Timestamp, all: bool) -> Decided<(Claims, bool)> {
    let mut holds = ws.holds_of(name, all)?.peekable();
    let mut claims = Claims::new();
    while let Some(((_, _, customer, claim), _)) = holds.next_if(|((_, deadline, ..), _)| *deadline <= at) {
        claims.insert((customer.clone(), claim.clone()));
    }
    Ok((claims, holds.next().is_none()))
}

/// The bound of a limit.
fn bound(currency: Currency, limit: &Limit) -> crate::Result<i64> {
    match limit.counts {
        Counts::Uses { max } | Counts::Units { max, .. } => Ok(i64::try_from(max).unwrap_or(i64::MAX)),
        Counts::Budget { max } => currency.minor(max),
    }
}

/// The bound that the program has now for what was held of a limit; none where it has no such limit any more.
pub(super) fn bound_now(
    program: &Program,
    held: &LimitHold,
    at: Timestamp,
    currency: Currency,
) -> crate::Result<Option<i64>> {
    let Some((offer, _)) = program.offer(&held.offer) else { return Ok(None) };
    let counts = |named: &Named<'_>| match (named.limit.counts, held.name.strip_prefix(&*named.name)) {
        (Counts::Units { each_sku: true, .. }, Some(article)) => article.starts_with('#'),
        (_, rest) => rest == Some(""),
    };
    limits_of(program, offer, at).find(counts).map(|named| bound(currency, named.limit)).transpose()
}

/// What a limit counts: once, or article by article, with the end of the counter's name.
fn kinds<'c>(limit: &Limit, skus: impl Fn() -> BTreeSet<&'c Sku>) -> Vec<(RoomFor, String)> {
    let one = |counts| vec![(counts, String::new())];
    match limit.counts {
        Counts::Uses { .. } => one(RoomFor::Uses),
        Counts::Units { each_sku: false, .. } => one(RoomFor::Units(None)),
        Counts::Units { each_sku: true, .. } => {
            let each = skus().into_iter().map(|sku| (RoomFor::Units(Some(sku.clone())), format!("#{sku}")));
            each.collect()
        }
        Counts::Budget { .. } => one(RoomFor::Budget),
    }
}

/// What the name of a counter ends in for the period of an instant, and when that period is over; none for a limit without periods.
fn period(zone: &Zone, window: LimitWindow, at: Timestamp) -> Option<(String, Timestamp)> {
    let period = match window {
        LimitWindow::Lifetime => return None,
        LimitWindow::Day => Period::Day,
        LimitWindow::Week => Period::Week,
        LimitWindow::Month => Period::Month,
    };
    let day = zone.date(at);
    Some((format!("@{}", zone.period_start(period, day)), zone.start_of(zone.next_period_start(period, day))))
}
