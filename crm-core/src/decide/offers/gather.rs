//! Which offers are at hand for a cart, and why the others are not.

use super::super::award::{Standing, standing_of};
use super::super::context::Context;
use super::super::groups::seat::SeatOffer;
use super::coupons::coupon_of;
use super::room::{Asking, Ledger, counters_of};
use super::tries::{self, Barred};
use crate::code::{Code, NormalCode};
use crate::coupon::{Coupon, CouponState, Wallet};
use crate::error::ErrorCode;
use crate::limits;
use crate::offer::{Basket, Candidate, Cart, Effect, Hours, OfferRules, Rejected, Source, Why};
use crate::points::Validity;
use crate::program::{CampaignState, Condition, Facts, LineFacts, Needs, Offer, OrderFacts, Weekday};
use crate::store::Read;
use crate::value::{CouponId, CustomerId, Timestamp, Zone};
use crate::workspace::rows::{read_counter, read_coupon, read_identity};
use crate::workspace::state::{Bearer, CodeOf, decode};
use crate::workspace::{Decided, Missing, Stop, Workspace};
use chrono::{Datelike, NaiveDateTime, Timelike};
use std::collections::{BTreeMap, BTreeSet};

/// A checkout that asks.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) customer: Option<&'a CustomerId>,
    pub(crate) cart: &'a Cart,
    pub(crate) basket: &'a Basket,
    /// Which of the customer's coupons may be used; none is all.
    pub(crate) coupons: Option<&'a [CouponId]>,
    pub(crate) at: Timestamp,
}

/// What is at hand.
#[derive(Debug, Default)]
pub(super) struct Gathered<'p> {
    pub(super) candidates: Vec<Candidate<'p>>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) ledger: Ledger,
    /// Coupons that typed codes named.
    pub(super) named: Vec<CouponId>,
    /// Those of them that nobody has yet: they become the customer's with the claim that uses them.
    pub(super) bearers: BTreeMap<CouponId, (NormalCode, Bearer)>,
}

/// Under which name a code is found.
pub(crate) fn code_name(code: &str) -> String {
    format!("code:{code}")
}

/// Looks at every offer, coupon and code, and at what a seat brings in.
pub(super) fn gather<'p>(
    context: &Context<'p>,
    ws: &mut Workspace,
    asked: Asked<'_>,
    seat: Option<&'p SeatOffer>,
) -> Decided<Gathered<'p>> {
    let number = match asked.customer {
        Some(id) => ws.known(id)?.state.orders.saturating_add(1),
        None => 1,
    };
    let lines: Vec<LineFacts<'_>> = asked.cart.lines.iter().map(facts_of).collect();
    let mut units = asked.cart.lines.iter().map(|line| line.quantity.thousandths());
    let shipping = asked.cart.shipping.map_or(Ok(0), |shipping| asked.cart.currency.minor(shipping))?;
    let open = match asked.customer {
        Some(id) => ws.known(id)?.wallet()?.map_or(0, |wallet| wallet.coupons().len()),
        None => 0,
    };
    let touching: Vec<(&Offer, &OfferRules)> = context.program.offers_touching(asked.basket).collect();
    let automatic = touching.iter().filter(|(offer, _)| offer.needs == Needs::Nothing).count();
    let mut gather = Gather {
        context,
        asked,
        seat,
        standing: None,
        number,
        lines: &lines,
        most_uses: i64::try_from(automatic + open + asked.cart.codes.len() + usize::from(seat.is_some()))
            .unwrap_or(i64::MAX),
        most_units: units.try_fold(0_i64, |sum, units| sum.checked_add(units / 1000)).unwrap_or(i64::MAX),
        most_minor: asked.basket.list_minor().saturating_add(shipping).saturating_add(reach(asked, &touching)),
        missing: Missing::default(),
        out: Gathered::default(),
    };
    let codes = gather.typed();
    gather.load(ws, &touching, &codes)?;
    for (offer, rules) in touching {
        // What the seat brings in is there once.
        let by_seat = seat.and_then(SeatOffer::id) == Some(&offer.id);
        // An offer for delivery that nobody asked for is no news where nothing is delivered.
        let nothing_to_deliver = asked.cart.shipping.is_none() && matches!(rules.effect, Effect::ShippingOff { .. });
        let ours = rules.currency == asked.cart.currency && !by_seat && !nothing_to_deliver;
        if offer.needs == Needs::Nothing && ours {
            gather.look(ws, offer, rules, Source::Automatic, None)?;
        }
    }
    if let Some(seat) = seat {
        match &seat.found {
            Ok(found) => gather.look(ws, &found.offer, &found.rules, seat.by.clone(), Some(found.until))?,
            Err((offer, why)) => {
                let (offer, by, why) = (offer.clone(), seat.by.clone(), why.clone());
                gather.out.rejected.push(Rejected { offer, by, why });
            }
        }
    }
    gather.out.named = gather.codes(ws, codes)?;
    gather.coupons(ws)?;
    gather.out.named.extend(gather.out.bearers.keys().cloned());
    gather.missing.ask()?;
    Ok(gather.out)
}

/// How much more a near miss puts into the cart at most: up to the farthest threshold or step, and as much again for what other offers take
/// off of it. It may find a budget where the cart itself does.
fn reach(asked: Asked<'_>, offers: &[(&Offer, &OfferRules)]) -> i64 {
    let farthest = offers.iter().filter_map(|(_, rules)| rules.farthest()).max();
    farthest.and_then(|amount| asked.cart.currency.minor(amount).ok()).map_or(0, |minor| minor.saturating_mul(2))
}

fn facts_of(line: &crate::offer::CartLine) -> LineFacts<'_> {
    LineFacts { sku: &line.sku, category: line.category.as_ref(), brand: line.brand.as_ref(), tags: &line.tags }
}

struct Gather<'p, 'a> {
    context: &'a Context<'p>,
    asked: Asked<'a>,
    seat: Option<&'p SeatOffer>,
    /// Worked out when the first condition asks for it.
    standing: Option<Standing>,
    /// Which order of the customer this one would be.
    number: u32,
    lines: &'a [LineFacts<'a>],
    most_uses: i64,
    most_units: i64,
    most_minor: i64,
    /// What limits could not be looked at: all of it is asked for at once.
    missing: Missing,
    out: Gathered<'p>,
}

impl<'p> Gather<'p, '_> {
    fn reject(&mut self, offer: Option<&Offer>, by: Source, why: Why) {
        self.out.rejected.push(Rejected { offer: offer.map(|offer| offer.id.clone()), by, why });
    }

    /// The codes that were typed, each once; what cannot be one is out.
    fn typed(&mut self) -> BTreeSet<NormalCode> {
        let mut codes = BTreeSet::new();
        for typed in &self.asked.cart.codes {
            match NormalCode::of(typed) {
                Ok(code) => drop(codes.insert(code)),
                Err(_) => self.reject(None, Source::Code { code: limits::quote(typed) }, Why::NotFound),
            }
        }
        codes
    }

    /// Asks for everything at once that will be looked at, where it was not loaded: names of codes, coupons that are closed, counters.
    fn load(
        &self,
        ws: &mut Workspace,
        touching: &[(&Offer, &OfferRules)],
        codes: &BTreeSet<NormalCode>,
    ) -> Decided<()> {
        let program = self.context.program;
        let mut reads: Vec<Read> = Vec::new();
        let mut at_hand: Vec<&Offer> = touching.iter().map(|(offer, _)| *offer).collect();
        at_hand.extend(self.seat.and_then(|seat| seat.found.as_ref().ok()).map(|found| &found.offer));
        for code in codes {
            match program.offer_of_code(code) {
                Some((offer, _)) => at_hand.push(offer),
                None if self.barred(ws, code)?.is_some() => {}
                None => reads.push(read_identity(&code_name(code.as_str()))),
            }
        }
        if let Some(id) = self.asked.customer {
            let wallet = ws.known(id)?.wallet()?;
            let open = wallet.map_or(&[][..], Wallet::coupons);
            let is_closed = |name: &&CouponId| !open.iter().any(|coupon| coupon.id == **name);
            let closed = self.asked.coupons.unwrap_or_default().iter().filter(is_closed);
            reads.extend(closed.map(|name| read_coupon(&(id.clone(), name.clone()))));
            at_hand.extend(open.iter().filter_map(|coupon| program.offer(&coupon.offer)).map(|(offer, _)| offer));
        }
        let mut counters = Vec::new();
        for offer in at_hand {
            counters_of(program, offer, self.asked.cart, self.asked.at, &mut counters);
        }
        counters.sort_unstable();
        counters.dedup();
        reads.extend(counters.iter().filter(|name| !ws.counters.contains_key(*name)).map(read_counter));
        reads.retain(|read| !ws.has(read));
        if reads.is_empty() { Ok(()) } else { Err(Stop::Need(reads)) }
    }

    /// The offers of typed codes; the coupons of the customer that codes name.
    fn codes(&mut self, ws: &mut Workspace, codes: BTreeSet<NormalCode>) -> Decided<Vec<CouponId>> {
        let mut named = Vec::new();
        for code in codes {
            let by = Source::Code { code: code.as_str().to_owned() };
            if let Some((offer, rules)) = self.context.program.offer_of_code(&code) {
                // An offer with several codes is one offer, however many of them are typed.
                if self.out.candidates.iter().any(|known| known.rules.id == rules.id) {
                    self.reject(Some(offer), by, Why::Conflict { with: rules.id.clone(), group: None });
                } else {
                    self.look(ws, offer, rules, by, None)?;
                }
                continue;
            }
            if let Some(barred) = self.barred(ws, &code)? {
                self.reject(None, by, barred.into());
                continue;
            }
            let identity = ws.identity(&code_name(code.as_str()))?.cloned();
            let owner = identity.as_ref().and_then(|identity| identity.customer.as_ref());
            let body = identity.as_ref().and_then(|identity| identity.body.as_deref());
            match (owner, body.map(|body| decode(body, "code")).transpose()?) {
                (Some(owner), Some(CodeOf::Coupon(coupon))) if Some(owner) == self.asked.customer => named.push(coupon),
                // Somebody else's: it is nothing to this customer, and looks like nothing.
                (None, Some(CodeOf::Bearer(bearer))) => self.bearer(ws, code, by, bearer)?,
                _ => self.reject(None, by, unknown(&code)),
            }
        }
        Ok(named)
    }

    fn barred(&self, ws: &Workspace, code: &NormalCode) -> Decided<Option<Barred>> {
        tries::barred(self.context, ws, self.asked.customer, code, self.asked.at)
    }

    /// The coupon of a code that nobody has yet: a claim makes it the customer's. For somebody who is not known it stays a code.
    fn bearer(&mut self, ws: &mut Workspace, code: NormalCode, by: Source, bearer: Bearer) -> Decided<()> {
        let found = self.context.program.offer(&bearer.offer);
        let Some((offer, rules)) = found.filter(|_| !is_over(self.context, &bearer, self.asked.at)) else {
            self.reject(None, by, unknown(&code));
            return Ok(());
        };
        let (from, until) = (bearer.valid_from, bearer.valid_until);
        if let Some(why) = outside(Validity { from: Some(from), until }, self.asked.at) {
            self.reject(Some(offer), by, why);
            return Ok(());
        }
        if self.asked.customer.is_none() {
            return self.look(ws, offer, rules, by, until);
        }
        let coupon = coupon_of(&code)?;
        self.look(ws, offer, rules, Source::Coupon { coupon: coupon.clone() }, until)?;
        self.out.bearers.insert(coupon, (code, bearer));
        Ok(())
    }

    /// The customer's coupons: those that were chosen and those that codes name.
    fn coupons(&mut self, ws: &mut Workspace) -> Decided<()> {
        let Some(id) = self.asked.customer else {
            for coupon in self.asked.coupons.unwrap_or_default() {
                self.reject(None, Source::Coupon { coupon: coupon.clone() }, Why::WrongOwner);
            }
            return Ok(());
        };
        let wallet: Option<Wallet> = ws.known(id)?.wallet()?.cloned();
        let open = wallet.as_ref().map_or(&[][..], Wallet::coupons);
        let chosen = match self.asked.coupons {
            Some(chosen) => chosen.to_vec(),
            None => open.iter().map(|coupon| coupon.id.clone()).collect(),
        };
        let all: BTreeSet<CouponId> = chosen.into_iter().chain(self.out.named.iter().cloned()).collect();
        for name in all {
            let by = Source::Coupon { coupon: name.clone() };
            let Some(coupon) = open.iter().find(|coupon| coupon.id == name) else {
                let why = match ws.closed_coupon(&(id.clone(), name))? {
                    None => Why::NotFound,
                    Some(coupon) => closed(coupon),
                };
                self.reject(None, by, why);
                continue;
            };
            let Some((offer, rules)) = self.context.program.offer(&coupon.offer) else {
                self.reject(None, by, Why::NotRunning);
                continue;
            };
            match self.usable(coupon, wallet.as_ref()) {
                Some(why) => self.reject(Some(offer), by, why),
                None => self.look(ws, offer, rules, by, coupon.valid_until)?,
            }
        }
        Ok(())
    }

    /// Why a coupon cannot be used now.
    fn usable(&self, coupon: &Coupon, wallet: Option<&Wallet>) -> Option<Why> {
        if self.asked.at < coupon.valid_from {
            return Some(Why::NotStarted { from: coupon.valid_from });
        }
        if let Some(until) = coupon.valid_until.filter(|until| *until <= self.asked.at) {
            return Some(Why::Expired { until });
        }
        if coupon.free() == 0 {
            let holders = coupon.held_by.iter().filter_map(|claim| wallet?.claim(claim));
            let until = holders.map(|claim| claim.deadline).min();
            return Some(until.map_or(Why::UsedUp, |until| Why::HeldElsewhere { until }));
        }
        None
    }

    /// Takes an offer in, or says why not.
    fn look(
        &mut self,
        ws: &mut Workspace,
        offer: &'p Offer,
        rules: &'p OfferRules,
        by: Source,
        ends_at: Option<Timestamp>,
    ) -> Decided<()> {
        if let Some(why) = self.out_of_force(ws, offer, rules)? {
            self.reject(Some(offer), by, why);
            return Ok(());
        }
        let cart = self.asked.cart;
        let skus = || {
            let meant = cart.lines.iter().filter(|line| {
                let brand = line.brand.as_ref();
                rules.lines.as_ref().is_none_or(|s| s.admits(&line.sku, line.category.as_ref(), brand, &line.tags))
            });
            meant.map(|line| &line.sku).collect::<BTreeSet<_>>()
        };
        let asking = Asking {
            customer: self.asked.customer,
            at: self.asked.at,
            currency: rules.currency,
            most_uses: self.most_uses,
            most_units: self.most_units,
            most_minor: self.most_minor,
        };
        let rooms = self.out.ledger.rooms(self.context, ws, asking, offer, skus);
        match self.missing.note(rooms)? {
            Some(Ok(rooms)) => self.out.candidates.push(Candidate { rules, by, ends_at, rooms }),
            Some(Err(why)) => self.reject(Some(offer), by, why),
            None => {}
        }
        Ok(())
    }

    fn out_of_force(&mut self, ws: &mut Workspace, offer: &Offer, rules: &OfferRules) -> Decided<Option<Why>> {
        if let Some(why) = self.out_of_time(offer, rules) {
            return Ok(Some(why));
        }
        let Some(when) = &offer.when else { return Ok(None) };
        if let (None, Some(id)) = (&self.standing, self.asked.customer) {
            self.standing = Some(standing_of(self.context, ws, id, self.asked.at)?);
        }
        Ok(self.unmet(when))
    }

    fn out_of_time(&self, offer: &Offer, rules: &OfferRules) -> Option<Why> {
        if rules.currency != self.asked.cart.currency {
            return Some(Why::CurrencyMismatch);
        }
        let at = self.asked.at;
        if let Some(why) = outside(offer.valid, at) {
            return Some(why);
        }
        let (campaign, zone) = offer.campaign.as_ref().and_then(|id| self.context.program.campaign(id))?;
        if campaign.state != CampaignState::Running {
            return Some(Why::NotRunning);
        }
        if let Some(why) = outside(campaign.valid, at) {
            return Some(why);
        }
        let open = campaign.hours.is_empty() || campaign.hours.iter().any(|hours| is_in(hours, zone, at));
        (!open).then_some(Why::OutsideHours)
    }

    /// Why a condition does not hold.
    fn unmet(&self, when: &Condition) -> Option<Why> {
        let order = OrderFacts {
            channel: self.asked.cart.channel.as_ref(),
            store: self.asked.cart.store.as_ref(),
            tags: Some(&self.asked.cart.tags),
            currency: self.asked.cart.currency,
            goods_minor: self.asked.basket.list_minor(),
            number: Some(self.number),
            lines: self.lines,
        };
        let holds = |when: &Condition| match &self.standing {
            Some(standing) => {
                let tiers = standing.tiers();
                when.holds(&standing.facts(&tiers, self.context.zone(), self.asked.at, Some(order), None))
            }
            None => {
                let (at, local) = (self.asked.at, self.context.zone().local(self.asked.at));
                when.holds(&Facts { at, local, customer: Default::default(), order: Some(order), event: None })
            }
        };
        if holds(when) {
            return None;
        }
        // The part that fails names the reason, when it is one part alone.
        let parts: &[Condition] = match when {
            Condition::All { of } => of,
            one => std::slice::from_ref(one),
        };
        let mut failing = parts.iter().filter(|part| !holds(part));
        Some(match (failing.next(), failing.next()) {
            (Some(Condition::OrderNumber { .. }), None) => Why::NotFirstOrder,
            (Some(Condition::TimeOfDay { .. } | Condition::Weekday { .. }), None) => Why::OutsideHours,
            _ => Why::NotInSegment,
        })
    }
}

/// Whether the time of a code that nobody has is over, or that of its offer: then it is nothing any more.
pub(super) fn is_over(context: &Context<'_>, bearer: &Bearer, at: Timestamp) -> bool {
    let ended = |until: Option<Timestamp>| until.is_some_and(|until| until <= at);
    let Some((offer, _)) = context.program.offer(&bearer.offer) else { return true };
    let campaign = offer.campaign.as_ref().and_then(|id| context.program.campaign(id));
    ended(bearer.valid_until) || ended(offer.valid.until) || campaign.is_some_and(|(of, _)| ended(of.valid.until))
}

/// Why a typed code that nothing has is no code: one that looks as if it was made with a check character may be mistyped.
pub(super) fn unknown(code: &NormalCode) -> Why {
    let text = code.as_str();
    let made =
        8 <= text.len() && text.bytes().any(|c| c.is_ascii_digit()) && text.bytes().any(|c| c.is_ascii_alphabetic());
    match Code::parse(text) {
        Err(error) if made && error.code() == ErrorCode::CodeChecksum => Why::BadChecksum,
        _ => Why::NotFound,
    }
}

fn closed(coupon: &Coupon) -> Why {
    match coupon.state {
        CouponState::Revoked => Why::Revoked,
        CouponState::Transferred => Why::WrongOwner,
        CouponState::Expired => match coupon.valid_until {
            Some(until) => Why::Expired { until },
            None => Why::UsedUp,
        },
        CouponState::Redeemed | CouponState::Issued | CouponState::Claimed => Why::UsedUp,
    }
}

fn outside(valid: Validity, at: Timestamp) -> Option<Why> {
    if let Some(from) = valid.from.filter(|from| at < *from) {
        return Some(Why::NotStarted { from });
    }
    valid.until.filter(|until| *until <= at).map(|until| Why::Expired { until })
}

/// Whether an instant is within a window of the week. Past midnight a window belongs to the day on which it began.
fn is_in(hours: &Hours, zone: &Zone, at: Timestamp) -> bool {
    let local: NaiveDateTime = zone.local(at);
    let now = local.hour() * 60 + local.minute();
    let on = |weekday: chrono::Weekday| hours.days.is_empty() || hours.days.contains(&Weekday::of(weekday));
    let (Some(from), Some(to)) = (minutes(&hours.from), minutes(&hours.to)) else { return false };
    let today = local.weekday();
    if from < to {
        return on(today) && (from..to).contains(&now);
    }
    (on(today) && from <= now) || (on(today.pred()) && now < to)
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?)
}
