//! Rules for groups.

use super::offers::campaign;
use super::{Sheet, scope};
use crate::program::finding::{FindingCode, Report};
use crate::program::groups::GroupRules;
use crate::program::offers::Needs;
use crate::program::salvage::List;
use crate::program::suggest;
use rust_decimal::Decimal;

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) {
    for (index, rules) in sheet.document.groups.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Groups, index);
        offer(sheet, rules, &pointer, report);
        price(sheet, rules, &pointer, report);
        promise(sheet, rules, &pointer, report);
        if let Some(max) = rules.max_size.filter(|max| *max < rules.size) {
            let message = format!("`{}` has {max} seats, and {} form a group", rules.id, rules.size);
            report.add(FindingCode::GroupSize, format!("{pointer}/max_size"), message);
        }
        if let (Some(from), Some(until)) = (rules.valid.from, rules.valid.until)
            && until <= from
        {
            let message = format!("`{}` ends at {until}, before it begins", rules.id);
            report.add(FindingCode::GroupNever, format!("{pointer}/valid"), message);
        }
    }
    for (index, offer) in sheet.document.offers.iter().enumerate().filter(|(_, offer)| offer.needs == Needs::Group) {
        let named = sheet.document.groups.iter().any(|rules| rules.offer.as_ref() == Some(&offer.id));
        if !named && !sheet.places.is_partial(List::Groups) {
            let message = format!("no rules for groups name `{}`, so nothing ever brings it in", offer.id);
            let pointer = sheet.places.pointer(List::Offers, index);
            report.add(FindingCode::GroupOfferIdle, format!("{pointer}/needs"), message);
        }
    }
}

/// How the price is applied; an offer says all of that itself.
fn promise(sheet: &Sheet<'_>, rules: &GroupRules, pointer: &str, report: &mut Report) {
    if rules.price.is_none() {
        let given = [
            ("lines", rules.lines.is_some()),
            ("campaign", rules.campaign.is_some()),
            ("stack", rules.stack.is_some()),
        ];
        for (name, _) in given.iter().filter(|(_, given)| *given) {
            let message = format!("`{}` has `{name}` and no price", rules.id);
            report.add(FindingCode::GroupPrice, format!("{pointer}/{name}"), message);
        }
        return;
    }
    if sheet.document.offers.iter().any(|offer| offer.id.as_str() == rules.id.as_str()) {
        let message = format!("an offer is called `{}`, and the price of the group would be, too", rules.id);
        report.add(FindingCode::DuplicateId, format!("{pointer}/id"), message);
    }
    if let Some(lines) = &rules.lines {
        scope::contradiction(lines, &format!("{pointer}/lines"), report);
    }
    campaign(sheet, rules.campaign.as_ref(), pointer, report);
}

fn offer(sheet: &Sheet<'_>, rules: &GroupRules, pointer: &str, report: &mut Report) {
    let Some(named) = &rules.offer else { return };
    let known = || sheet.document.offers.iter().map(|offer| offer.id.as_str());
    if let Some(offer) = sheet.document.offers.iter().find(|offer| offer.id == *named) {
        if offer.needs == Needs::Nothing {
            let message = format!("everybody gets `{named}`, with a group or without");
            report.add(FindingCode::GroupOfferOpen, format!("{pointer}/offer"), message);
        }
        return;
    }
    if sheet.places.may_have(List::Offers, named.as_str()) {
        return;
    }
    let code = FindingCode::GroupOffer;
    let help = suggest::help(named.as_str(), known(), code.help());
    report.add_with(code, format!("{pointer}/offer"), format!("there is no offer `{named}`"), help);
}

fn price(sheet: &Sheet<'_>, rules: &GroupRules, pointer: &str, report: &mut Report) {
    let accepted = |currency| sheet.places.currencies || sheet.document.currencies.contains(&currency);
    if let Some(currency) = rules.currency.filter(|currency| !accepted(*currency)) {
        let message = format!("orders in {currency} are not accepted");
        report.add(FindingCode::GroupPrice, format!("{pointer}/currency"), message);
    }
    let Some(price) = rules.price else {
        if rules.offer.is_none() {
            let message = format!("members of `{}` get neither an offer nor a price", rules.id);
            report.add(FindingCode::GroupPrice, pointer, message);
        }
        if rules.currency.is_some() {
            let message = format!("`{}` has a currency and no price", rules.id);
            report.add(FindingCode::GroupPrice, format!("{pointer}/currency"), message);
        }
        return;
    };
    let message = if rules.offer.is_some() {
        Some(format!("members of `{}` get an offer and a price", rules.id))
    } else if price.decimal() < Decimal::ZERO {
        Some(format!("the price is `{price}`"))
    } else {
        let currency = rules.currency.or_else(|| sheet.main_currency());
        currency.and_then(|currency| currency.minor(price).err()).map(|error| error.message().to_owned())
    };
    if let Some(message) = message {
        report.add(FindingCode::GroupPrice, format!("{pointer}/price"), message);
    }
}
