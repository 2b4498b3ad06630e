//! What can be wrong with the rules of an offer, told before any cart is there.

use super::rules::{Effect, Off, Step, StepFrom};
use super::terms::OfferRules;
use crate::limits;
use crate::value::{Amount, Percent};

/// Something wrong with the rules of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where, as a JSON pointer from the offer: `/effect/steps/2/from`.
    pub at: String,
    /// What, in lower case without a final stop.
    pub what: String,
}

/// Collects flaws of one offer.
struct Check<'r> {
    rules: &'r OfferRules,
    flaws: Vec<Flaw>,
}

impl OfferRules {
    /// All that is wrong with the rules; a quote trusts rules without flaws. Amounts have to be amounts of the offer's currency.
    #[must_use]
    pub fn check(&self) -> Vec<Flaw> {
        let mut check = Check { rules: self, flaws: Vec::new() };
        check.effect();
        if let Some(threshold) = self.threshold {
            if threshold.amount.is_none() && threshold.units.is_none() {
                check.flaw("/threshold", "gives neither an amount nor units");
            }
            threshold.amount.into_iter().for_each(|amount| check.above_zero("/threshold/amount", amount));
            threshold.units.into_iter().for_each(|units| check.count("/threshold/units", units));
        }
        if self.stack.max_per_group == Some(0) {
            check.flaw("/stack/max_per_group", "is 0, so the offer never applies");
        }
        check.funders();
        check.flaws
    }
}

impl Check<'_> {
    fn flaw(&mut self, at: &str, what: impl Into<String>) {
        self.flaws.push(Flaw { at: at.to_owned(), what: what.into() });
    }

    fn minor(&mut self, at: &str, amount: Amount) -> Option<i64> {
        match self.rules.currency.minor(amount) {
            Ok(minor) => Some(minor),
            Err(error) => {
                self.flaw(at, error.message());
                None
            }
        }
    }

    fn above_zero(&mut self, at: &str, amount: Amount) {
        if self.minor(at, amount).is_some_and(|minor| minor <= 0) {
            self.flaw(at, format!("`{amount}` is not above zero"));
        }
    }

    fn not_below_zero(&mut self, at: &str, amount: Amount) {
        if self.minor(at, amount).is_some_and(|minor| minor < 0) {
            self.flaw(at, format!("`{amount}` is below zero"));
        }
    }

    fn count(&mut self, at: &str, count: u32) {
        if count == 0 || count > limits::OFFER_UNITS_MAX {
            self.flaw(at, format!("{count} is not from 1 to {}", limits::OFFER_UNITS_MAX));
        }
    }

    fn times(&mut self, max: Option<u32>) {
        if max == Some(0) {
            self.flaw("/effect/max", "is 0, so the offer never applies");
        }
    }

    fn part(&mut self, at: &str, percent: Percent, cap: Option<(&str, Amount)>) {
        if percent == Percent::ZERO {
            self.flaw(at, "is 0 %, which takes nothing off");
        }
        if let Some((at, cap)) = cap {
            self.above_zero(at, cap);
        }
    }

    fn off(&mut self, at: &str, off: &Off) {
        match off {
            Off::Amount { amount } => self.above_zero(&format!("{at}/amount"), *amount),
            Off::Percent { percent, cap } => {
                let of_cap = format!("{at}/cap");
                self.part(&format!("{at}/percent"), *percent, cap.map(|cap| (of_cap.as_str(), cap)));
            }
        }
    }

    fn some(&mut self, at: &str, count: usize, max: usize) {
        if count == 0 || count > max {
            self.flaw(at, format!("has {count} entries, not 1 to {max}"));
        }
    }

    fn effect(&mut self) {
        match &self.rules.effect {
            Effect::FixedOff { amount } => self.above_zero("/effect/amount", *amount),
            Effect::PercentOff { percent, cap } | Effect::ShippingOff { percent, cap } => {
                self.part("/effect/percent", *percent, cap.map(|cap| ("/effect/cap", cap)));
            }
            Effect::FixedPrice { price } => self.not_below_zero("/effect/price", *price),
            Effect::Bundle { slots, price, max } => {
                self.some("/effect/slots", slots.len(), limits::OFFER_SLOTS_MAX);
                self.not_below_zero("/effect/price", *price);
                self.times(*max);
                for (place, slot) in slots.iter().enumerate() {
                    self.count(&format!("/effect/slots/{place}/units"), slot.units);
                }
            }
            Effect::BuyGet { buy, get, off, max, .. } => {
                self.count("/effect/buy", *buy);
                self.count("/effect/get", *get);
                self.part("/effect/off", *off, None);
                self.times(*max);
            }
            Effect::NthOff { n, off, max, .. } => {
                if *n < 2 || limits::OFFER_UNITS_MAX < *n {
                    self.flaw("/effect/n", format!("{n} is not from 2 to {}", limits::OFFER_UNITS_MAX));
                }
                self.part("/effect/off", *off, None);
                self.times(*max);
            }
            Effect::Tiered { steps } => self.steps(steps),
            Effect::Every { step, amount, max } => {
                self.above_zero("/effect/step", *step);
                self.above_zero("/effect/amount", *amount);
                self.times(*max);
            }
            Effect::OneOf { options } => {
                self.some("/effect/options", options.len(), limits::OFFER_STEPS_MAX);
                for (place, option) in options.iter().enumerate() {
                    self.off(&format!("/effect/options/{place}/off"), &option.off);
                }
            }
            Effect::Gift { units, .. } => self.count("/effect/units", *units),
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        self.some("/effect/steps", steps.len(), limits::OFFER_STEPS_MAX);
        for (place, step) in steps.iter().enumerate() {
            let at = format!("/effect/steps/{place}");
            match step.from {
                StepFrom::Amount { amount } => self.above_zero(&format!("{at}/from/amount"), amount),
                StepFrom::Units { units } => self.count(&format!("{at}/from/units"), units),
            }
            self.off(&format!("{at}/off"), &step.off);
            let ascends = match place.checked_sub(1).and_then(|before| steps.get(before)).map(|before| before.from) {
                None => true,
                Some(before) => match (before, step.from) {
                    (StepFrom::Amount { amount: low }, StepFrom::Amount { amount: high }) => low < high,
                    (StepFrom::Units { units: low }, StepFrom::Units { units: high }) => low < high,
                    _ => false,
                },
            };
            if !ascends {
                self.flaw(&format!("{at}/from"), "does not begin above the step before it, measured in the same");
            }
        }
    }

    fn funders(&mut self) {
        let funders = &self.rules.funders;
        if funders.is_empty() {
            return;
        }
        if funders.len() > limits::OFFER_FUNDERS_MAX {
            self.some("/funders", funders.len(), limits::OFFER_FUNDERS_MAX);
        }
        let sum: u64 = funders.iter().map(|funder| u64::from(funder.share.millionths())).sum();
        if sum != u64::from(Percent::WHOLE.millionths()) {
            self.flaw("/funders", "the shares do not sum to 100 %");
        }
        for (place, funder) in funders.iter().enumerate() {
            if funders.iter().take(place).any(|other| other.party == funder.party) {
                self.flaw(&format!("/funders/{place}/party"), format!("`{}` is named twice", funder.party));
            }
        }
    }
}
