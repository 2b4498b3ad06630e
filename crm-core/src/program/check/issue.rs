//! Rules that issue coupons.

use super::{Sheet, condition};
use crate::program::condition::Condition;
use crate::program::finding::{FindingCode, Report};
use crate::program::offers::{IssueOn, IssueRule, Needs};
use crate::program::salvage::List;
use crate::program::suggest;

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) {
    for (index, rule) in sheet.document.issue.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Issue, index);
        offer(sheet, rule, &pointer, report);
        on(sheet, rule, &pointer, report);
        if let (Some(from), Some(until)) = (rule.valid.from, rule.valid.until)
            && until <= from
        {
            let message = format!("it ends at {until}, before it begins");
            report.add(FindingCode::OfferNever, format!("{pointer}/valid"), message);
        }
        if let Some(when) = &rule.when {
            condition::check(sheet, condition::Place::Issue(rule), when, &format!("{pointer}/when"), report);
        }
    }
}

fn offer(sheet: &Sheet<'_>, rule: &IssueRule, pointer: &str, report: &mut Report) {
    let offers = &sheet.document.offers;
    match offers.iter().find(|offer| offer.id == rule.offer) {
        _ if sheet.places.may_have(List::Offers, rule.offer.as_str()) => {}
        None => {
            let code = FindingCode::IssueOffer;
            let help = suggest::help(rule.offer.as_str(), offers.iter().map(|offer| offer.id.as_str()), code.help());
            report.add_with(code, format!("{pointer}/offer"), format!("there is no offer `{}`", rule.offer), help);
        }
        Some(offer) if offer.needs != Needs::Coupon => {
            let message = format!("offer `{}` needs no coupon", rule.offer);
            report.add(FindingCode::IssueOffer, format!("{pointer}/offer"), message);
        }
        Some(_) => {}
    }
}

/// The names of tiers and stages are checked as those of conditions are.
fn on(sheet: &Sheet<'_>, rule: &IssueRule, pointer: &str, report: &mut Report) {
    let named = match &rule.on {
        IssueOn::Tier { ladder, any } => Condition::Tier { ladder: ladder.clone(), any: any.clone() },
        IssueOn::Stage { any } => Condition::Stage { any: any.clone() },
        _ => return,
    };
    condition::check(sheet, condition::Place::Issue(rule), &named, &format!("{pointer}/on"), report);
}
