//! Earn rules.

use super::points::{bound, dates};
use super::sheet::Named;
use super::{Sheet, condition, scope};
use crate::points::{CapWindow, EarnOn, Gives, PartKind, PendingPolicy};
use crate::program::document::EarnRule;
use crate::program::finding::{FindingCode, Report};
use crate::program::salvage::List;
use crate::program::suggest;
use crate::value::Amount;
use rust_decimal::Decimal;

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) {
    for (index, rule) in sheet.document.earn.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Earn, index);
        currency(sheet, rule, &pointer, report);
        gives(sheet, rule, &pointer, report);
        trigger(rule, &pointer, report);
        own_dates(sheet, rule, &pointer, report);
        caps(sheet, rule, &pointer, report);
        if let Some(lines) = &rule.lines {
            scope::contradiction(lines, &format!("{pointer}/lines"), report);
        }
        if let (Some(from), Some(until)) = (rule.valid.from, rule.valid.until)
            && until <= from
        {
            let message = format!("rule `{}` ends at {until}, before it begins", rule.id);
            report.add(FindingCode::EarnNever, format!("{pointer}/valid"), message);
        }
        if let Some(when) = &rule.when {
            condition::check(sheet, condition::Place::Earn(rule), when, &format!("{pointer}/when"), report);
        }
    }
}

fn currency(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    if let Named::Unknown = sheet.currency(rule.currency.as_str()) {
        let code = FindingCode::EarnCurrency;
        let help = suggest::help(rule.currency.as_str(), sheet.currency_names(), code.help());
        let message = format!("there is no point currency `{}`", rule.currency);
        report.add_with(code, format!("{pointer}/currency"), message, help);
    }
}

fn gives(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    let mut exact = true;
    let mut positive = |field: &str, above: bool, shown: &dyn std::fmt::Display| {
        exact &= above;
        if !above {
            let message = format!("rule `{}` has {field} {shown}", rule.id);
            report.add(FindingCode::EarnAmount, format!("{pointer}/gives/{field}"), message);
        }
    };
    let above = |amount: Amount| amount.decimal() > Decimal::ZERO;
    match &rule.gives {
        Gives::PerAmount { points, per } => {
            positive("points", above(*points), points);
            positive("per", above(*per), per);
        }
        Gives::PerStep { points, step } => {
            positive("points", points.is_positive(), points);
            positive("step", above(*step), step);
        }
        Gives::PerUnit { points } => positive("points", above(*points), points),
        Gives::Fixed { points } => positive("points", points.is_positive(), points),
        Gives::Multiplier { bonus } => {
            positive("bonus", bonus.decimal() > Decimal::NEGATIVE_ONE, bonus);
            if bonus.decimal().is_zero() {
                let message = format!("the multiplier of rule `{}` changes nothing", rule.id);
                report.add(FindingCode::EarnNoEffect, format!("{pointer}/gives/bonus"), message);
            }
            base(sheet, rule, pointer, report);
        }
    }
    if exact {
        precision(sheet, rule, pointer, report);
    }
}

/// Whether the numbers can be calculated with exactly, in every currency of orders.
fn precision(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    let refused = sheet.document.currencies.iter().find_map(|currency| PartKind::of(&rule.gives, *currency).err());
    if let Some(error) = refused {
        report.add(FindingCode::EarnPrecision, format!("{pointer}/gives"), error.message());
    }
}

/// Whether there is something for a multiplier to raise.
fn base(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    let is_base = |other: &EarnRule| {
        let proportional =
            matches!(other.gives, Gives::PerAmount { .. } | Gives::PerStep { .. } | Gives::PerUnit { .. });
        proportional && other.currency == rule.currency && other.on == EarnOn::Order
    };
    let certain = !sheet.places.is_partial(List::Earn);
    if rule.on == EarnOn::Order && certain && !sheet.document.earn.iter().any(is_base) {
        let message = format!("no rule gives `{}` in proportion to an order", rule.currency);
        report.add(FindingCode::EarnNoBase, format!("{pointer}/gives"), message);
    }
}

fn trigger(rule: &EarnRule, pointer: &str, report: &mut Report) {
    if rule.on == EarnOn::Order {
        return;
    }
    if !is_fixed(rule) {
        let message = format!("rule `{}` needs an amount, but does not fire on orders", rule.id);
        report.add(FindingCode::EarnNeedsFixed, format!("{pointer}/gives"), message);
    }
    if rule.lines.is_some() {
        let message = format!("rule `{}` looks at lines, but does not fire on orders", rule.id);
        report.add(FindingCode::EarnLines, format!("{pointer}/lines"), message);
    }
}

fn own_dates(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    if !is_fixed(rule) {
        for (field, is_there) in [("pending", rule.pending.is_some()), ("expiry", rule.expiry.is_some())] {
            if is_there {
                let message = format!("rule `{}` gives in proportion and has dates of its own", rule.id);
                report.add(FindingCode::EarnDates, format!("{pointer}/{field}"), message);
            }
        }
        return;
    }
    let Named::Known(currency) = sheet.currency(rule.currency.as_str()) else { return };
    let pending = rule.pending.as_ref().unwrap_or(&currency.pending);
    if rule.pending.is_some() || rule.expiry.is_some() {
        dates(pending, rule.expiry.as_ref().unwrap_or(&currency.expiry), pointer, report);
    }
    let of_order = matches!(rule.on, EarnOn::Order | EarnOn::Referral { .. });
    if *pending == PendingPolicy::UntilEvent && !of_order {
        let message = format!("points of rule `{}` belong to no order and would wait for ever", rule.id);
        let pointer = if rule.pending.is_some() { format!("{pointer}/pending") } else { pointer.to_owned() };
        report.add(FindingCode::EarnUntilEvent, pointer, message);
    }
}

fn caps(sheet: &Sheet<'_>, rule: &EarnRule, pointer: &str, report: &mut Report) {
    let currency = match sheet.currency(rule.currency.as_str()) {
        Named::Known(currency) => Some(&currency.pending),
        _ => None,
    };
    let pending = rule.pending.as_ref().or(currency).unwrap_or(&PendingPolicy::None);
    for (place, cap) in rule.caps.iter().enumerate() {
        let pointer = format!("{pointer}/caps/{place}");
        if !is_fixed(rule) {
            let message = format!("cap `{}` stands on a rule that gives in proportion", cap.id);
            report.add(FindingCode::CapNotAllowed, &pointer, message);
        }
        if cap.per == CapWindow::Order && !matches!(rule.on, EarnOn::Order | EarnOn::Referral { .. }) {
            let message = format!("cap `{}` counts over an order, but the rule does not fire on orders", cap.id);
            report.add(FindingCode::CapOrder, format!("{pointer}/per"), message);
        }
        bound(cap, pending, &pointer, report);
    }
}

fn is_fixed(rule: &EarnRule) -> bool {
    matches!(rule.gives, Gives::Fixed { .. })
}
