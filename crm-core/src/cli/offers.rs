//! Quotes, coupons and claims in words.

use crate::cli::output::Out;
use crate::cli::problem::Finished;
use crate::cli::words::{self, local, through};
use crm_core::coupon::Coupon;
use crm_core::offer::{Add, Application, CardWhy, Cart, NearMiss, Quote, QuotedGiftCard, Search, Source, Why};
use crm_core::program::Program;
use crm_core::query::{ClaimView, LimitUse};
use crm_core::value::{Amount, Currency, OfferId, TaxMode, Zone};
use std::fmt::Display;

/// An amount with its currency.
pub(crate) fn amount(currency: Currency, amount: Amount) -> String {
    words::money(&crm_core::value::Money { currency, amount })
}

/// An amount without its currency, where a heading names it.
fn bare(currency: Currency, value: Amount) -> String {
    let told = amount(currency, value);
    told.split_once(' ').map_or(told.clone(), |(number, _)| number.to_owned())
}

/// In minor units; what a quote says is always a whole number of them.
pub(crate) fn minor(currency: Currency, amount: Amount) -> i64 {
    currency.minor(amount).unwrap_or(0)
}

/// `a, b, c`.
pub(crate) fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// What brings an offer in.
pub(crate) fn source(by: &Source) -> String {
    match by {
        Source::Automatic => "by itself".to_owned(),
        Source::Coupon { coupon } => format!("coupon {coupon}"),
        Source::Code { code } => format!("code {code}"),
        Source::Group { group } => format!("group {group}"),
    }
}

/// Why an offer was not applied.
pub(crate) fn why(why: &Why, zone: &Zone, currency: Currency) -> String {
    let money = |value: &Amount| amount(currency, *value);
    match why {
        Why::NotFound => "nothing has this code".to_owned(),
        Why::BadChecksum => "the code is mistyped: its check character is wrong".to_owned(),
        Why::Revoked => "the coupon was taken back".to_owned(),
        Why::UsedUp => "the coupon has no uses left".to_owned(),
        Why::NotStarted { from } => format!("it begins at {}", local(zone, *from)),
        Why::Expired { until } => format!("it ended after {}", through(zone, Some(*until))),
        Why::NotRunning => "its campaign is not running".to_owned(),
        Why::OutsideHours => "not at this hour".to_owned(),
        Why::WrongOwner => "the coupon belongs to somebody else".to_owned(),
        Why::NotInSegment => "the customer is not among those it is meant for".to_owned(),
        Why::NotFirstOrder => "it is meant for another order of the customer".to_owned(),
        Why::GroupUnknown => "there is no such group".to_owned(),
        Why::SeatUnknown => "the customer has no seat in the group".to_owned(),
        Why::SeatLapsed => "the seat is not held any more".to_owned(),
        Why::SeatPaid => "the seat is paid with another order".to_owned(),
        Why::NoEligibleItems => "nothing in the cart is meant".to_owned(),
        Why::MinAmount { need, have } => format!("from {}, and there is {}", money(need), money(have)),
        Why::MinQuantity { need, have } => {
            format!("from {}, and there are {}", words::some(*need, "units"), words::number(*have))
        }
        Why::CurrencyMismatch => "it is in another currency".to_owned(),
        Why::LimitCustomer { limit } => format!("the customer had it as often as `{limit}` allows"),
        Why::LimitCampaign { limit } => format!("everybody together had it as often as `{limit}` allows"),
        Why::BudgetExhausted { limit, left } => format!("`{limit}` has {} left, too little for it", money(left)),
        Why::HeldElsewhere { until } => {
            format!("another checkout holds it, until {} at the latest", local(zone, *until))
        }
        Why::Conflict { with, group: Some(group) } => format!("of group `{group}`, {with} was taken"),
        Why::Conflict { with, group: None } => format!("it does not combine with {with}"),
        Why::BeatenBy { by, .. } if *by == Amount::ZERO => "the best with it takes no more off".to_owned(),
        Why::BeatenBy { by, .. } => format!("the best with it takes {} less off", money(by)),
        Why::NoEffect => "it would take nothing off".to_owned(),
        Why::Untried => "the customer has not tried this code".to_owned(),
        Why::RateLimited { until } => format!("too many codes were tried; again from {}", local(zone, *until)),
    }
}

/// Why a gift card cannot pay.
fn card_why(why: &CardWhy, zone: &Zone, currency: Currency) -> String {
    let money = |value: &Amount| amount(currency, *value);
    match why {
        CardWhy::Unknown => "no card has this id or code".to_owned(),
        CardWhy::Twice => "the cart names it before".to_owned(),
        CardWhy::Currency { currency } => format!("it is in {currency}"),
        CardWhy::Frozen => "it may not be used for now".to_owned(),
        CardWhy::Ended { until } => format!("it ended after {}", through(zone, Some(*until))),
        CardWhy::Empty => "nothing is left on it".to_owned(),
        CardWhy::HeldElsewhere { until } => {
            format!("other checkouts hold what is left on it, until {} at the latest", local(zone, *until))
        }
        CardWhy::Insufficient { available, needed } => {
            format!("there is {} on it, and {} was asked", money(available), money(needed))
        }
        CardWhy::TooMany => "it was used too often".to_owned(),
        CardWhy::Untried => "the customer has not tried this code".to_owned(),
        CardWhy::RateLimited { until } => format!("too many codes were tried; again from {}", local(zone, *until)),
    }
}

/// The gift cards of a cart as a table.
fn print_cards(cards: &[QuotedGiftCard], zone: &Zone, currency: Currency, out: &mut Out) -> Finished {
    if cards.is_empty() {
        return Ok(());
    }
    out.heading("Gift cards")?;
    let rows = cards.iter().map(|card| {
        let name = card.card_id.as_ref().map(ToString::to_string).or_else(|| card.code.clone());
        let why = card.why.as_ref().map(|why| card_why(why, zone, currency)).unwrap_or_default();
        vec![name.unwrap_or_default(), bare(currency, card.pays), bare(currency, card.left), why]
    });
    out.table(&["card", ">pays", ">left", "why not"], rows.collect())
}

/// What a little more would bring.
fn near_miss(near: &NearMiss, currency: Currency) -> String {
    let more = match &near.add {
        Add::Amount { amount: more } => format!("{} more", amount(currency, *more)),
        Add::Units { units } => format!("{} more", words::some(*units, "units")),
    };
    format!("add {more} of what {} is meant for to save {}", near.offer, amount(currency, near.save))
}

/// A quote for people, part by part.
pub(crate) fn print_quote(cart: &Cart, quote: &Quote, zone: &Zone, out: &mut Out) -> Finished {
    print_lines(cart, quote, out)?;
    if quote.applied.is_empty() {
        out.line("no offer applies")?;
    } else {
        out.heading("Applied, in this order")?;
        let currency = quote.currency;
        let rows = quote.applied.iter().map(|applied| {
            let borne = applied.funders.iter().map(|part| format!("{} {}", part.party, bare(currency, part.amount)));
            vec![
                applied.offer.to_string(),
                source(&applied.by),
                bare(currency, applied.off),
                falls_on(applied, currency),
                list(borne),
            ]
        });
        out.table(&["offer", "brought in", ">off", "off what", "borne by"], rows.collect())?;
    }
    if !quote.rejected.is_empty() {
        out.heading("Not applied")?;
        let rows = quote.rejected.iter().map(|out| {
            let offer = out.offer.as_ref().map_or_else(String::new, ToString::to_string);
            vec![offer, source(&out.by), why(&out.why, zone, quote.currency)]
        });
        out.table(&["offer", "brought in", "why not"], rows.collect())?;
    }
    quote.near.iter().try_for_each(|near| out.line(near_miss(near, quote.currency)))?;
    print_cards(&quote.gift_cards, zone, quote.currency, out)?;
    out.heading(totals(cart, quote))?;
    let off = quote.applied.iter().map(|applied| minor(quote.currency, applied.off)).sum();
    out.line(search(&quote.search, quote.currency, off))
}

fn print_lines(cart: &Cart, quote: &Quote, out: &mut Out) -> Finished {
    let currency = quote.currency;
    let taxed = quote.lines.iter().any(|line| line.tax != Amount::ZERO);
    let rows = quote.lines.iter().zip(&cart.lines).map(|(line, bought)| {
        let mut row = vec![line.line_no.to_string(), bought.sku.to_string(), bought.quantity.to_string()];
        row.extend([line.list, line.discount, line.net].map(|value| bare(currency, value)));
        row.extend(taxed.then(|| bare(currency, line.tax)));
        row
    });
    let pays = format!(">pays, {currency}");
    let mut heads = vec![">line", "article", ">quantity", ">list", ">off", &pays];
    heads.extend(taxed.then_some(">tax"));
    out.table(&heads, rows.collect())
}

/// On which lines a discount falls, and on delivery.
fn falls_on(applied: &Application, currency: Currency) -> String {
    let mut parts: Vec<String> =
        applied.shares.iter().map(|share| format!("line {} {}", share.line_no, bare(currency, share.off))).collect();
    if applied.shipping != Amount::ZERO {
        parts.push(format!("delivery {}", bare(currency, applied.shipping)));
    }
    parts.extend(applied.gift.as_ref().map(|gift| format!("{} × {} for nothing", gift.units, gift.sku)));
    list(parts)
}

/// The sum, with all that goes into it: `636.30 - 159.90 off + 12.00 delivery - 12.00 off it = 476.40 CNY`.
fn totals(cart: &Cart, quote: &Quote) -> String {
    let (currency, totals) = (quote.currency, &quote.totals);
    let told = |value: Amount| bare(currency, value);
    let any = |value: Amount| value != Amount::ZERO;
    let delivery = currency.amount(minor(currency, totals.shipping) + minor(currency, totals.shipping_discount));
    let included = cart.tax_mode == TaxMode::Included;
    let parts = [
        (format!(" - {} off", told(totals.discount)), any(totals.discount)),
        (format!(" + {} delivery", told(delivery)), any(delivery)),
        (format!(" - {} off it", told(totals.shipping_discount)), any(totals.shipping_discount)),
        (format!(" + {} tax", told(totals.tax)), any(totals.tax) && !included),
        (format!(" = {} in all", amount(currency, totals.total)), true),
        (format!(", {} of it tax", told(totals.tax)), any(totals.tax) && included),
        (
            format!("; stored value pays {}, {} are left to pay", told(totals.stored_value), told(totals.due)),
            any(totals.stored_value),
        ),
    ];
    let shown = parts.into_iter().filter(|(_, shown)| *shown).map(|(part, _)| part);
    std::iter::once(told(totals.list)).chain(shown).collect()
}

/// How sure it is that there is nothing better.
fn search(search: &Search, currency: Currency, off: i64) -> String {
    let mut told = match search.gap.filter(|_| !search.optimal) {
        Some(gap) => format!(
            "best of the {} looked at; one that takes up to {} more off is not ruled out",
            words::some(search.nodes, "combinations"),
            amount(currency, gap)
        ),
        None if search.optimal => "proven best: no other combination serves better".to_owned(),
        None => format!("best of the {} looked at", words::some(search.nodes, "combinations")),
    };
    if let Some(next) = &search.runner_up {
        let names = if next.offers.is_empty() { "nothing".to_owned() } else { list(&next.offers) };
        let less = off - minor(currency, next.off);
        told.push_str(&format!("; next best: {names}, {} off", amount(currency, next.off)));
        if less != 0 {
            told.push_str(&format!(", {} less", words::minor(currency, i128::from(less))));
        }
    }
    told
}

/// Open coupons as a table.
pub(crate) fn print_coupons(program: &Program, coupons: &[Coupon], out: &mut Out) -> Finished {
    let zone = program.zone();
    let rows = coupons.iter().map(|coupon| {
        vec![
            coupon.id.to_string(),
            coupon.offer.to_string(),
            coupon.code.as_deref().unwrap_or_default().to_owned(),
            format!("{} of {}", coupon.free(), coupon.uses),
            if coupon.held_by.is_empty() { String::new() } else { format!("by {}", list(&coupon.held_by)) },
            zone.date(coupon.valid_from).to_string(),
            through(zone, coupon.valid_until),
        ]
    });
    out.table(&["!coupon", "offer", "code", ">free", "held", "from", "through"], rows.collect())
}

/// Open claims as a table.
pub(crate) fn print_claims(program: &Program, claims: &[ClaimView], out: &mut Out) -> Finished {
    let rows = claims.iter().map(|claim| {
        let quote = &claim.receipt.quote;
        let offers: Vec<&OfferId> = quote.applied.iter().map(|applied| &applied.offer).collect();
        vec![
            claim.claim_id.to_string(),
            amount(quote.currency, quote.totals.total),
            list(offers),
            local(program.zone(), claim.claimed_at),
            local(program.zone(), claim.deadline),
        ]
    });
    out.table(&["!checkout", ">total", "offers", "since", "holds until"], rows.collect())
}

/// Whose limit it is, and its name.
pub(crate) fn limit_name(limit: &LimitUse) -> String {
    let of = limit.campaign.as_ref().map(ToString::to_string);
    let of = of.or_else(|| limit.offer.as_ref().map(ToString::to_string)).unwrap_or_default();
    format!("{of}: {}", limit.limit)
}

/// A number of a limit, in its unit.
pub(crate) fn limit_value(limit: &LimitUse, value: i64) -> String {
    limit.currency.map_or_else(|| words::number(value), |currency| words::minor(currency, i128::from(value)))
}

/// What a limit stands at, in a sentence.
pub(crate) fn limit(limit: &LimitUse) -> String {
    let told = |value| limit_value(limit, value);
    let held = if limit.held == 0 { String::new() } else { format!(", {} held", told(limit.held)) };
    format!("{}: {} of {} used{held}, {} left.", limit_name(limit), told(limit.used), told(limit.max), told(limit.left))
}
