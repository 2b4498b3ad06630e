//! What the schema cannot say: references, combinations that make no sense, rules that never fire.

mod condition;
mod earn;
mod groups;
mod issue;
mod offers;
mod points;
mod scope;
mod sheet;
mod standing;

pub(super) use sheet::{Parts, Sheet};

use super::finding::{FindingCode, Report};
use super::salvage::List;
use crate::limits;
use crate::value::RuleId;
use std::collections::BTreeSet;

/// Looks at everything, and compiles the parts that have a compiled form.
pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) -> Parts {
    counts(sheet, report);
    currencies(sheet, report);
    names(sheet, report);
    cap_names(sheet, report);
    points::check(sheet, report);
    scope::check_basis(&sheet.document.basis, report);
    earn::check(sheet, report);
    offers::check(sheet, report);
    issue::check(sheet, report);
    groups::check(sheet, report);
    standing::check(sheet, report)
}

fn counts(sheet: &Sheet<'_>, report: &mut Report) {
    let document = sheet.document;
    for (pointer, count) in [
        ("/points", document.points.len()),
        ("/earn", document.earn.len()),
        ("/tiers", document.tiers.len()),
        ("/currencies", document.currencies.len()),
        ("/campaigns", document.campaigns.len()),
        ("/offers", document.offers.len()),
        ("/issue", document.issue.len()),
        ("/groups", document.groups.len()),
    ] {
        if count > limits::RULES_MAX {
            let message = format!("there are {count} entries, at most {} are allowed", limits::RULES_MAX);
            report.add(FindingCode::TooMany, pointer, message);
        }
    }
}

fn currencies(sheet: &Sheet<'_>, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (index, currency) in sheet.document.currencies.iter().enumerate() {
        if !seen.insert(*currency) {
            report.add(FindingCode::Currencies, format!("/currencies/{index}"), format!("`{currency}` is named twice"));
        }
    }
}

fn names(sheet: &Sheet<'_>, report: &mut Report) {
    let document = sheet.document;
    let lists: [(List, Vec<&str>); 7] = [
        (List::Points, document.points.iter().map(|currency| currency.id.as_str()).collect()),
        (List::Earn, document.earn.iter().map(|rule| rule.id.as_str()).collect()),
        (List::Tiers, document.tiers.iter().map(|ladder| ladder.id.as_str()).collect()),
        (List::Campaigns, document.campaigns.iter().map(|campaign| campaign.id.as_str()).collect()),
        (List::Offers, document.offers.iter().map(|offer| offer.id.as_str()).collect()),
        (List::Issue, document.issue.iter().map(|rule| rule.id.as_str()).collect()),
        (List::Groups, document.groups.iter().map(|rules| rules.id.as_str()).collect()),
    ];
    for (list, ids) in lists {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.into_iter().enumerate() {
            if !seen.insert(id) {
                let pointer = format!("{}/id", sheet.places.pointer(list, index));
                report.add(FindingCode::DuplicateId, pointer, format!("`{id}` is used before"));
            }
        }
    }
}

/// Caps are counted by their name, so it is unique over currencies and rules.
fn cap_names(sheet: &Sheet<'_>, report: &mut Report) {
    let mut seen: BTreeSet<&RuleId> = BTreeSet::new();
    let of_points = sheet.document.points.iter().enumerate().map(|(i, currency)| (List::Points, i, &currency.caps));
    let of_rules = sheet.document.earn.iter().enumerate().map(|(i, rule)| (List::Earn, i, &rule.caps));
    for (list, index, caps) in of_points.chain(of_rules) {
        for (place, cap) in caps.iter().enumerate() {
            if !seen.insert(&cap.id) {
                let pointer = format!("{}/caps/{place}/id", sheet.places.pointer(list, index));
                report.add(FindingCode::DuplicateId, pointer, format!("a cap `{}` is there before", cap.id));
            }
        }
    }
}
