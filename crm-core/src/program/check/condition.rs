//! Conditions: names they use, where they may stand, and whether they can ever hold.

use super::sheet::{Named, Stages};
use super::{Sheet, scope};
use crate::limits::{CONDITION_DEPTH_MAX, quote};
use crate::points::EarnOn;
use crate::program::condition::{Comparison, Condition};
use crate::program::document::EarnRule;
use crate::program::finding::{FindingCode, Report};
use crate::program::suggest;
use crate::value::{Amount, Attribute, LadderId, OfferId, TierId};
use rust_decimal::Decimal;

/// What a condition stands in.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Earn(&'a EarnRule),
    Offer(&'a OfferId),
}

impl Place<'_> {
    fn sees_orders(self) -> bool {
        match self {
            Self::Earn(rule) => matches!(rule.on, EarnOn::Order | EarnOn::Referral { .. }),
            Self::Offer(_) => true,
        }
    }

    fn sees_events(self) -> bool {
        matches!(self, Self::Earn(rule) if matches!(rule.on, EarnOn::Event { .. }))
    }

    fn name(self) -> String {
        match self {
            Self::Earn(rule) => format!("rule `{}`", rule.id),
            Self::Offer(id) => format!("offer `{id}`"),
        }
    }
}

/// Checks the condition of a rule.
pub(super) fn check(sheet: &Sheet<'_>, place: Place<'_>, when: &Condition, pointer: &str, report: &mut Report) {
    Check { sheet, place, report }.part(when, pointer, 1);
}

struct Check<'a, 'r> {
    sheet: &'a Sheet<'a>,
    place: Place<'a>,
    report: &'r mut Report,
}

impl Check<'_, '_> {
    fn part(&mut self, when: &Condition, pointer: &str, depth: usize) {
        if depth > CONDITION_DEPTH_MAX {
            let message = format!("the condition is nested deeper than {CONDITION_DEPTH_MAX} levels");
            return self.report.add(FindingCode::ConditionDepth, pointer, message);
        }
        match when {
            Condition::All { of } => self.parts(of, pointer, depth),
            Condition::Any { of } => {
                self.not_empty(of, &format!("{pointer}/of"));
                self.parts(of, pointer, depth);
            }
            Condition::Not { of } => {
                if **of == (Condition::All { of: Vec::new() }) {
                    self.never(format!("{pointer}/of"), "an empty `all` always holds");
                }
                self.part(of, &format!("{pointer}/of"), depth + 1);
            }
            Condition::Channel { .. }
            | Condition::Store { .. }
            | Condition::OrderTag { .. }
            | Condition::OrderAmount { .. }
            | Condition::OrderNumber { .. }
            | Condition::HasLine { .. } => self.of_order(when, pointer),
            Condition::EventAttribute { is, value, .. } => {
                if !self.place.sees_events() {
                    let message = format!("{} does not fire on events", self.place.name());
                    self.report.add(FindingCode::ConditionEvent, pointer, message);
                }
                self.comparison(*is, value, pointer);
            }
            Condition::TimeOfDay { from, to } if from == to => {
                self.never(format!("{pointer}/to"), "the time of day ends where it begins");
            }
            Condition::TimeOfDay { .. } | Condition::Birthday { .. } | Condition::BirthdayMonth => {}
            Condition::Weekday { any } => self.not_empty(any, &format!("{pointer}/any")),
            Condition::Tier { .. }
            | Condition::Stage { .. }
            | Condition::Activity { .. }
            | Condition::CustomerTag { .. }
            | Condition::CustomerAttribute { .. } => self.of_customer(when, pointer),
        }
    }

    fn parts(&mut self, parts: &[Condition], pointer: &str, depth: usize) {
        for (place, part) in parts.iter().enumerate() {
            self.part(part, &format!("{pointer}/of/{place}"), depth + 1);
        }
    }

    fn of_customer(&mut self, when: &Condition, pointer: &str) {
        let any_at = format!("{pointer}/any");
        match when {
            Condition::Tier { ladder, any } => {
                self.not_empty(any, &any_at);
                self.tiers(ladder, any, pointer);
            }
            Condition::Stage { any } => {
                self.not_empty(any, &any_at);
                self.stages(any, pointer);
            }
            Condition::Activity { any } => {
                self.not_empty(any, &any_at);
                self.activities(any, pointer);
            }
            Condition::CustomerTag { any } => self.not_empty(any, &any_at),
            Condition::CustomerAttribute { is, value, .. } => self.comparison(*is, value, pointer),
            _ => {}
        }
    }

    fn of_order(&mut self, when: &Condition, pointer: &str) {
        if !self.place.sees_orders() {
            let message = format!("{} does not fire on orders", self.place.name());
            self.report.add(FindingCode::ConditionOrder, pointer, message);
        }
        let any_at = format!("{pointer}/any");
        match when {
            Condition::Channel { any } => self.not_empty(any, &any_at),
            Condition::Store { any } => self.not_empty(any, &any_at),
            Condition::OrderTag { any } => self.not_empty(any, &any_at),
            Condition::OrderNumber { from, to } if from > to || *to == 0 => {
                self.never(pointer.to_owned(), &format!("no order has a number from {from} to {to}"));
            }
            Condition::OrderAmount { at_least } => self.amount(*at_least, &format!("{pointer}/at_least")),
            Condition::HasLine { lines } => scope::contradiction(lines, &format!("{pointer}/lines"), self.report),
            _ => {}
        }
    }

    fn tiers(&mut self, ladder: &LadderId, any: &[TierId], pointer: &str) {
        match self.sheet.ladder(ladder.as_str()) {
            Named::Broken => {}
            Named::Unknown => {
                let code = FindingCode::ConditionLadder;
                let help = suggest::help(ladder.as_str(), self.sheet.ladder_names(), code.help());
                let message = format!("there is no ladder `{ladder}`");
                self.report.add_with(code, format!("{pointer}/ladder"), message, help);
            }
            Named::Known(rules) => {
                let known: Vec<&str> = rules.tiers.iter().map(|tier| tier.id.as_str()).collect();
                let message = format!("ladder `{ladder}` has no tier");
                self.names(any.iter().map(TierId::as_str), &known, FindingCode::ConditionTier, &message, pointer);
            }
        }
    }

    fn stages(&mut self, any: &[String], pointer: &str) {
        let sheet = self.sheet;
        match &sheet.lifecycle {
            Stages::None => self.no_lifecycle(pointer),
            Stages::Unknown => {}
            Stages::Rules(rules) => {
                let known: Vec<&str> = rules.stages.iter().map(|stage| stage.id.as_str()).collect();
                let message = "the lifecycle has no stage";
                self.names(any.iter().map(String::as_str), &known, FindingCode::ConditionStage, message, pointer);
            }
        }
    }

    fn activities(&mut self, any: &[String], pointer: &str) {
        let sheet = self.sheet;
        match &sheet.lifecycle {
            Stages::None => self.no_lifecycle(pointer),
            Stages::Unknown => {}
            Stages::Rules(rules) => {
                let bands = rules.activity.bands.iter().map(|band| band.id.as_str());
                let known: Vec<&str> = ["new", "active", "reactivated"].into_iter().chain(bands).collect();
                let message = "the lifecycle has no activity";
                self.names(any.iter().map(String::as_str), &known, FindingCode::ConditionActivity, message, pointer);
            }
        }
    }

    fn names<'n>(
        &mut self,
        given: impl Iterator<Item = &'n str>,
        known: &[&str],
        code: FindingCode,
        message: &str,
        pointer: &str,
    ) {
        for (place, name) in given.enumerate().filter(|(_, name)| !known.contains(name)) {
            let help = suggest::help(name, known.iter().copied(), code.help());
            let message = format!("{message} `{}`", quote(name));
            self.report.add_with(code, format!("{pointer}/any/{place}"), message, help);
        }
    }

    fn no_lifecycle(&mut self, pointer: &str) {
        self.report.add(FindingCode::ConditionLifecycle, pointer, "the program has no lifecycle");
    }

    fn comparison(&mut self, is: Comparison, value: &Attribute, pointer: &str) {
        let kind = match value {
            Attribute::Text { .. } => "text",
            Attribute::Flag { .. } => "a flag",
            Attribute::Number { .. } | Attribute::Date { .. } | Attribute::Instant { .. } => return,
        };
        if is != Comparison::Equal {
            let message = format!("{kind} has no order that means anything");
            self.report.add(FindingCode::ConditionComparison, format!("{pointer}/is"), message);
        }
    }

    fn amount(&mut self, at_least: Amount, pointer: &str) {
        let error = self.sheet.main_currency().and_then(|currency| currency.minor(at_least).err());
        let message = match error {
            Some(error) => error.message().to_owned(),
            None if at_least.decimal() <= Decimal::ZERO => format!("every order comes to at least `{at_least}`"),
            None => return,
        };
        self.report.add(FindingCode::ConditionAmount, pointer, message);
    }

    fn not_empty<T>(&mut self, list: &[T], pointer: &str) {
        if list.is_empty() {
            self.never(pointer.to_owned(), "the list is empty, so nothing is in it");
        }
    }

    fn never(&mut self, pointer: String, why: &str) {
        self.report.add(FindingCode::ConditionNever, pointer, why);
    }
}
