//! Tiers and the lifecycle: their own rooms look at them; here stands what needs the rest of the document.

use super::Sheet;
use super::sheet::{Named, Parts, Stages};
use crate::lifecycle::{Lifecycle, PRESETS};
use crate::program::document::LifecycleChoice;
use crate::program::finding::{Finding, FindingCode, Report, Severity};
use crate::program::salvage::List;
use crate::program::suggest;
use crate::tier::{Ladder, Metric};

/// Digits of minor units when the currencies cannot be read; a finding of its own says so.
const DIGITS_DEFAULT: u32 = 2;

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) -> Parts {
    let digits = sheet.main_currency().map_or(DIGITS_DEFAULT, |currency| currency.digits());
    let mut parts = Parts::default();
    for (index, rules) in sheet.document.tiers.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Tiers, index);
        if let Metric::QualifyingPoints { currency } = &rules.metric {
            metric(sheet, currency.as_str(), &format!("{pointer}/metric/currency"), report);
        }
        match Ladder::compile(rules, digits) {
            Ok(ladder) => parts.ladders.push(ladder),
            Err(found) => take_over(found, &pointer, report),
        }
    }
    if let Some(LifecycleChoice::Preset { name }) = &sheet.document.lifecycle
        && !PRESETS.contains(&name.as_str())
    {
        let code = FindingCode::LifecyclePreset;
        let help = suggest::help(name, PRESETS.iter().copied(), code.help());
        report.add_with(code, "/lifecycle/name", format!("there is no preset `{}`", crate::limits::quote(name)), help);
    }
    if let Stages::Rules(rules) = &sheet.lifecycle {
        match Lifecycle::compile(rules, digits) {
            Ok(lifecycle) => parts.lifecycle = Some(lifecycle),
            Err(found) => take_over(found, "/lifecycle/rules", report),
        }
    }
    parts
}

fn metric(sheet: &Sheet<'_>, name: &str, pointer: &str, report: &mut Report) {
    match sheet.currency(name) {
        Named::Broken => {}
        Named::Known(currency) if currency.qualifying => {
            let certain = !sheet.places.is_partial(List::Earn);
            if certain && !sheet.document.earn.iter().any(|rule| rule.currency == currency.id) {
                report.add(FindingCode::TierNothingCounts, pointer, format!("no rule gives points of `{name}`"));
            }
        }
        Named::Known(_) => {
            let message = format!("points of `{name}` do not count for tiers");
            report.add(FindingCode::TierNotQualifying, pointer, message);
        }
        Named::Unknown => {
            let code = FindingCode::TierCurrency;
            let help = suggest::help(name, sheet.currency_names(), code.help());
            report.add_with(code, pointer, format!("there is no point currency `{name}`"), help);
        }
    }
}

/// Findings of another room: their pointers start at its part, and the sentence says it all.
fn take_over(found: Vec<(String, String, String)>, prefix: &str, report: &mut Report) {
    for (pointer, code, message) in found {
        let known = FindingCode::ALL.iter().find(|known| known.as_str() == code);
        let help = known.map_or("correct the named place", |known| known.help()).to_owned();
        report.push(Finding { code, pointer: format!("{prefix}{pointer}"), message, help, severity: Severity::Error });
    }
}
