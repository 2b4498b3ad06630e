//! Campaigns and offers.

use super::sheet::Named;
use super::{Sheet, condition, scope};
use crate::code::NormalCode;
use crate::offer::{Counts, Effect, Exclusive, Funder, Hours, Limit};
use crate::points::Validity;
use crate::program::finding::{FindingCode, Report};
use crate::program::offers::{CouponTerms, CouponValidity, IssueOn, IssueRule, Needs, Offer};
use crate::program::salvage::List;
use crate::program::suggest;
use crate::value::{CampaignId, Currency, Percent, StackGroup};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) {
    let document = sheet.document;
    for (index, campaign) in document.campaigns.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Campaigns, index);
        ends(campaign.valid, &pointer, report);
        hours(&campaign.hours, &pointer, report);
        funders(&campaign.funders, &pointer, report);
        limits(&campaign.limits, sheet.main_currency(), &pointer, report);
    }
    let mut codes = BTreeMap::new();
    for (index, offer) in document.offers.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Offers, index);
        campaign(sheet, offer.campaign.as_ref(), &pointer, report);
        currency(sheet, offer, &pointer, report);
        needs(offer, &pointer, &mut codes, report);
        rules(sheet, offer, &pointer, report);
        ends(offer.valid, &pointer, report);
        limits(&offer.limits, offer.currency.or_else(|| sheet.main_currency()), &pointer, report);
        if let Some(terms) = &offer.coupon {
            coupon(sheet, offer, terms, &format!("{pointer}/coupon"), report);
        }
        if let Some(lines) = &offer.lines {
            scope::contradiction(lines, &format!("{pointer}/lines"), report);
        }
        if let Some(when) = &offer.when {
            condition::check(sheet, condition::Place::Offer(&offer.id), when, &format!("{pointer}/when"), report);
        }
    }
    reaches_zero(sheet, report);
    stacks_with_itself(sheet, report);
}

/// Whether an effect is about everything that is meant together, and not about one piece or some.
const fn takes_from_all(effect: &Effect) -> bool {
    matches!(effect, Effect::FixedOff { .. } | Effect::PercentOff { .. } | Effect::Tiered { .. } | Effect::Every { .. })
}

/// Coupons of which the program gives a customer several, and which all combine in one cart: nothing says how many.
fn stacks_with_itself(sheet: &Sheet<'_>, report: &mut Report) {
    let document = sheet.document;
    for (index, offer) in document.offers.iter().enumerate().filter(|(_, offer)| offer.needs == Needs::Coupon) {
        let campaign = offer.campaign.as_ref().and_then(|id| document.campaigns.iter().find(|one| one.id == *id));
        let shared = campaign.map_or(&[][..], |campaign| &campaign.limits);
        let is_bound = offer.stack.group.is_some()
            || offer.stack.exclusive != Exclusive::None
            || offer.limits.iter().chain(shared).any(|limit| matches!(limit.counts, Counts::Uses { .. }));
        let again = |rule: &IssueRule| 1 < rule.coupons || !matches!(rule.on, IssueOn::SignUp | IssueOn::Birthday);
        let mut rules = document.issue.iter().filter(|rule| rule.offer == offer.id);
        let source =
            match (offer.coupon.as_ref().and_then(|terms| terms.price.as_ref()), rules.find(|rule| again(rule))) {
                (Some(_), _) => "they can be bought as often as somebody likes".to_owned(),
                (None, Some(rule)) => format!("`{}` issues several", rule.id),
                (None, None) => continue,
            };
        if !is_bound && takes_from_all(&offer.effect) {
            let message = format!("all coupons of `{}` that a customer has apply to one cart, and {source}", offer.id);
            let pointer = sheet.places.pointer(List::Offers, index);
            report.add(FindingCode::OfferStacksWithItself, pointer, message);
        }
    }
}

/// What a quote could not work with.
fn rules(sheet: &Sheet<'_>, offer: &Offer, pointer: &str, report: &mut Report) {
    let Some(main) = sheet.main_currency() else { return };
    for flaw in offer.rules(main, Vec::new()).check() {
        let message = format!("offer `{}`: {}", offer.id, flaw.what);
        report.add(FindingCode::OfferRules, format!("{pointer}{}", flaw.at), message);
    }
}

/// Offers that together take everything from a cart that just reaches their thresholds: of each group the one that takes most.
fn reaches_zero(sheet: &Sheet<'_>, report: &mut Report) {
    let Some(main) = sheet.main_currency() else { return };
    let mut best: BTreeMap<Option<&StackGroup>, (usize, i64, i64)> = BTreeMap::new();
    let mut all = Vec::new();
    for (index, offer) in sheet.document.offers.iter().enumerate() {
        let Effect::FixedOff { amount } = &offer.effect else { continue };
        let asked = offer.threshold.and_then(|threshold| threshold.amount).and_then(|amount| main.minor(amount).ok());
        let (Ok(off), Some(asked)) = (main.minor(*amount), asked) else { continue };
        if offer.currency.is_some_and(|currency| currency != main) || offer.stack.exclusive == Exclusive::All {
            continue;
        }
        match &offer.stack.group {
            None => all.push((index, off, asked)),
            Some(group) => {
                let slot = best.entry(Some(group)).or_insert((index, off, asked));
                if slot.1 < off {
                    *slot = (index, off, asked);
                }
            }
        }
    }
    all.extend(best.into_values());
    let (sum, need) =
        all.iter().fold((0_i64, 0), |(sum, need), (_, off, asked)| (sum.saturating_add(*off), need.max(*asked)));
    if let Some((last, ..)) = all.iter().max().filter(|_| need <= sum) {
        let message =
            format!("a cart of {} {main} may cost nothing with all fixed amounts together", main.amount(need));
        let pointer = sheet.places.pointer(List::Offers, *last);
        report.add(FindingCode::OfferReachesZero, format!("{pointer}/effect"), message);
    }
}

pub(super) fn campaign(sheet: &Sheet<'_>, named: Option<&CampaignId>, pointer: &str, report: &mut Report) {
    let Some(named) = named else { return };
    let known = || sheet.document.campaigns.iter().map(|campaign| campaign.id.as_str());
    if sheet.places.may_have(List::Campaigns, named.as_str()) || known().any(|id| id == named.as_str()) {
        return;
    }
    let code = FindingCode::OfferCampaign;
    let help = suggest::help(named.as_str(), known(), code.help());
    report.add_with(code, format!("{pointer}/campaign"), format!("there is no campaign `{named}`"), help);
}

fn currency(sheet: &Sheet<'_>, offer: &Offer, pointer: &str, report: &mut Report) {
    let Some(currency) = offer.currency else { return };
    if !sheet.places.currencies && !sheet.document.currencies.contains(&currency) {
        let message = format!("orders in {currency} are not accepted, so `{}` never applies", offer.id);
        report.add(FindingCode::OfferCurrency, format!("{pointer}/currency"), message);
    }
}

fn needs<'d>(offer: &'d Offer, pointer: &str, codes: &mut BTreeMap<NormalCode, &'d str>, report: &mut Report) {
    let Needs::Code { codes: given } = &offer.needs else {
        if offer.coupon.is_some() && matches!(offer.needs, Needs::Nothing | Needs::Group) {
            let message = format!("`{}` needs no coupon, so it has no terms for one", offer.id);
            report.add(FindingCode::OfferCoupon, format!("{pointer}/coupon"), message);
        }
        return;
    };
    if offer.coupon.is_some() {
        let message = format!("`{}` needs a code, so it has no terms for coupons", offer.id);
        report.add(FindingCode::OfferCoupon, format!("{pointer}/coupon"), message);
    }
    if given.is_empty() {
        let message = format!("`{}` needs a code and has none", offer.id);
        report.add(FindingCode::OfferCode, format!("{pointer}/needs/codes"), message);
    }
    for (place, code) in given.iter().enumerate() {
        let pointer = format!("{pointer}/needs/codes/{place}");
        match NormalCode::of(code) {
            Err(error) => report.add(FindingCode::OfferCode, pointer, error.message()),
            Ok(normal) => {
                if let Some(before) = codes.insert(normal, code) {
                    let message = format!("`{code}` is the same code to people as `{before}`");
                    report.add(FindingCode::OfferCode, pointer, message);
                }
            }
        }
    }
}

fn coupon(sheet: &Sheet<'_>, offer: &Offer, terms: &CouponTerms, pointer: &str, report: &mut Report) {
    if let Some(price) = &terms.price {
        match sheet.currency(price.currency.as_str()) {
            Named::Broken => {}
            Named::Unknown => {
                let code = FindingCode::EarnCurrency;
                let help = suggest::help(price.currency.as_str(), sheet.currency_names(), code.help());
                let message = format!("there is no point currency `{}`", price.currency);
                report.add_with(code, format!("{pointer}/price/currency"), message, help);
            }
            Named::Known(rules) if !rules.redeemable => {
                let message = format!("`{}` cannot be spent", price.currency);
                report.add(FindingCode::OfferCoupon, format!("{pointer}/price/currency"), message);
            }
            Named::Known(_) => {}
        }
        if !price.points.is_positive() {
            let message = format!("a coupon of `{}` costs {} points", offer.id, price.points);
            report.add(FindingCode::OfferCoupon, format!("{pointer}/price/points"), message);
        }
    }
    if let (CouponValidity::Until { at }, Some(from)) = (terms.valid, offer.valid.from)
        && at <= from
    {
        let message = format!("coupons of `{}` end before the offer begins", offer.id);
        report.add(FindingCode::OfferNever, format!("{pointer}/valid/at"), message);
    }
}

fn ends(valid: Validity, pointer: &str, report: &mut Report) {
    if let (Some(from), Some(until)) = (valid.from, valid.until)
        && until <= from
    {
        let message = format!("it ends at {until}, before it begins");
        report.add(FindingCode::OfferNever, format!("{pointer}/valid"), message);
    }
}

fn hours(hours: &[Hours], pointer: &str, report: &mut Report) {
    for (place, window) in hours.iter().enumerate() {
        if window.from == window.to && window.from != "00:00" {
            let message = "the window ends where it begins";
            report.add(FindingCode::OfferNever, format!("{pointer}/hours/{place}/to"), message);
        }
    }
}

fn funders(funders: &[Funder], pointer: &str, report: &mut Report) {
    let pointer = format!("{pointer}/funders");
    let sum: u64 = funders.iter().map(|funder| u64::from(funder.share.millionths())).sum();
    if !funders.is_empty() && sum != u64::from(Percent::WHOLE.millionths()) {
        report.add(FindingCode::OfferFunders, &pointer, "the shares do not sum to 100");
    }
    let mut seen = BTreeSet::new();
    for (place, funder) in funders.iter().enumerate() {
        if !seen.insert(&funder.party) {
            let message = format!("`{}` is named twice", funder.party);
            report.add(FindingCode::OfferFunders, format!("{pointer}/{place}/party"), message);
        }
        if funder.share == Percent::ZERO {
            let message = format!("`{}` bears nothing", funder.party);
            report.add(FindingCode::OfferFunders, format!("{pointer}/{place}/share"), message);
        }
    }
}

fn limits(limits: &[Limit], currency: Option<Currency>, pointer: &str, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (place, limit) in limits.iter().enumerate() {
        let pointer = format!("{pointer}/limits/{place}");
        if !seen.insert(&limit.id) {
            report.add(FindingCode::DuplicateId, format!("{pointer}/id"), format!("`{}` is used before", limit.id));
        }
        let message = match limit.counts {
            Counts::Uses { max: 0 } | Counts::Units { max: 0, .. } => Some("the bound is zero".to_owned()),
            Counts::Budget { max } if max.decimal() <= Decimal::ZERO => Some(format!("the budget is `{max}`")),
            Counts::Budget { max } => {
                currency.and_then(|currency| currency.minor(max).err()).map(|error| error.message().to_owned())
            }
            _ => None,
        };
        if let Some(message) = message {
            report.add(FindingCode::OfferLimit, format!("{pointer}/counts/max"), message);
        }
    }
}
