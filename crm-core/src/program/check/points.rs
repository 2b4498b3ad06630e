//! Point currencies.

use super::Sheet;
use crate::limits;
use crate::points::{Cap, CapWindow, CurrencyRules, DebtPolicy, EarnOn, ExpiryPolicy, Gives, PendingPolicy, Rounding};
use crate::program::finding::{FindingCode, Report};
use crate::program::salvage::List;
use crate::value::Period;
use rust_decimal::Decimal;

pub(super) fn check(sheet: &Sheet<'_>, report: &mut Report) {
    for (index, currency) in sheet.document.points.iter().enumerate() {
        let pointer = sheet.places.pointer(List::Points, index);
        purpose(currency, &pointer, report);
        dates(&currency.pending, &currency.expiry, &pointer, report);
        rounding(sheet, currency, &pointer, report);
        for (place, cap) in currency.caps.iter().enumerate() {
            bound(cap, &currency.pending, &format!("{pointer}/caps/{place}"), report);
        }
    }
}

fn purpose(currency: &CurrencyRules, pointer: &str, report: &mut Report) {
    if !currency.redeemable && !currency.qualifying {
        let message = format!("`{}` is neither spent nor counted", currency.id);
        report.add(FindingCode::PointsPurpose, pointer, message);
    }
    let fits = |value: Decimal| {
        Decimal::ZERO < value
            && value <= Decimal::from(limits::POINT_VALUE_MAX)
            && value.normalize().scale() <= limits::POINT_VALUE_DIGITS_MAX
    };
    if let Some(value) = currency.value.filter(|value| !fits(value.decimal())) {
        report.add(FindingCode::PointsValue, format!("{pointer}/value"), format!("a point is worth `{value}`"));
    }
    match currency.debt {
        DebtPolicy::NetFromRefund if currency.value.is_none() => {
            let message = format!("points of `{}` have no money value to take from a refund", currency.id);
            report.add(FindingCode::PointsDebtValue, format!("{pointer}/debt"), message);
        }
        DebtPolicy::Allow { limit: Some(limit) } if !limit.is_positive() => {
            let message = format!("debt is allowed up to {limit} points");
            report.add(FindingCode::PointsDebtLimit, format!("{pointer}/debt/limit"), message);
        }
        _ => {}
    }
}

/// Dates that contradict each other, of a currency or of a rule.
pub(super) fn dates(pending: &PendingPolicy, expiry: &ExpiryPolicy, pointer: &str, report: &mut Report) {
    // The shortest month is the one that counts.
    const DAYS_OF_MONTH_MIN: u32 = 28;
    if let ExpiryPolicy::EndOf { period: Period::Day | Period::Week, .. } = expiry {
        let message = "points end with a month, a quarter or a year";
        report.add(FindingCode::PointsPeriod, format!("{pointer}/expiry/period"), message);
    }
    let ExpiryPolicy::Sliding { months } = expiry else { return };
    match pending {
        PendingPolicy::Days { days } if *days >= months.saturating_mul(DAYS_OF_MONTH_MIN) => {
            let message = format!("points wait {days} days, and {months} months after the last activity they end");
            report.add(FindingCode::PointsSlidingPending, format!("{pointer}/pending"), message);
        }
        PendingPolicy::UntilEvent => {
            let message = format!("points wait for an event, and {months} months after the last activity they end");
            report.add(FindingCode::PointsSlidingUntilEvent, format!("{pointer}/pending"), message);
        }
        _ => {}
    }
}

fn rounding(sheet: &Sheet<'_>, currency: &CurrencyRules, pointer: &str, report: &mut Report) {
    let proportional = sheet.document.earn.iter().any(|rule| {
        let in_proportion = matches!(rule.gives, Gives::PerAmount { .. } | Gives::PerUnit { .. });
        rule.currency == currency.id && rule.on == EarnOn::Order && in_proportion
    });
    if currency.rounding == Rounding::Ceil && proportional {
        let message = format!("an order of one minor unit earns a whole point of `{}`", currency.id);
        report.add(FindingCode::PointsRoundingMints, format!("{pointer}/rounding"), message);
    }
}

/// The bound of a cap.
pub(super) fn bound(cap: &Cap, pending: &PendingPolicy, pointer: &str, report: &mut Report) {
    if !cap.points.is_positive() {
        let message = format!("cap `{}` allows {} points", cap.id, cap.points);
        report.add(FindingCode::CapBound, format!("{pointer}/points"), message);
    }
    if cap.per == CapWindow::Balance && *pending == PendingPolicy::UntilEvent {
        let message = format!("cap `{}` counts points that wait for an event", cap.id);
        report.add(FindingCode::CapUntilEvent, format!("{pointer}/per"), message);
    }
}
