//! A candidate made ready for one basket: its lines found, its amounts in minor units.

use super::basket::{Basket, minor};
use super::carried::Carried;
use super::rules::{Effect, Off, Phase, Pick, StepFrom, ThresholdBasis, ThresholdOf, ThresholdTax};
use super::terms::{Candidate, OfferRules, RoomFor};
use crate::error::Result;
use crate::value::{Currency, LineScope, Percent, Sku};
use std::collections::BTreeMap;

/// So much off a base.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    Amount(i64),
    Percent(Percent, Option<i64>),
}

impl Cut {
    /// Off this base: never more than it.
    pub(super) fn of(self, base: i64) -> i64 {
        self.of_carried(Carried::even(base))
    }

    /// Off what units carry, rounded once: never more than it.
    pub(super) fn of_carried(self, base: Carried) -> i64 {
        match self {
            Self::Amount(amount) => amount.min(base.rounded()),
            Self::Percent(percent, cap) => base.part(percent).min(cap.unwrap_or(i64::MAX)),
        }
    }
}

/// Where a step begins, in minor units or units.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Amount(i64),
    Units(i64),
}

#[derive(Clone, Debug)]
pub(super) struct BundleWork {
    /// Classes and units of each slot.
    pub(super) slots: Vec<(Vec<usize>, i64)>,
    /// The classes of all slots, ascending.
    pub(super) classes: Vec<usize>,
    pub(super) price: i64,
    pub(super) max: i64,
    /// Whether no unit can fill two different slots, or those slots take the same classes.
    pub(super) apart: bool,
}

#[derive(Clone, Debug)]
pub(super) struct GetWork {
    pub(super) buy: i64,
    pub(super) get: i64,
    pub(super) off: Percent,
    /// None: the offer's own lines.
    pub(super) targets: Option<Vec<usize>>,
    pub(super) pick: Pick,
    pub(super) max: i64,
}

/// What an offer does to this basket.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Cut(Cut),
    Price(i64),
    Bundle(BundleWork),
    Get(GetWork),
    Tiered(Vec<(From, Cut)>),
    Every {
        step: i64,
        amount: i64,
        max: i64,
    },
    /// Choices: a class, and what is off it.
    OneOf(Vec<(usize, Cut)>),
    Shipping(Cut),
    Gift,
}

/// How the offer measures the cart, and what it must reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauge {
    pub(super) amount: Option<i64>,
    pub(super) units: Option<i64>,
    pub(super) basis: ThresholdBasis,
    pub(super) tax: ThresholdTax,
    pub(super) cart: bool,
}

/// A limit of a candidate.
#[derive(Clone, Debug)]
pub(super) struct Held<'a> {
    /// Its place among the counters of the quote.
    pub(super) counter: usize,
    /// Its place among the candidate's rooms.
    pub(super) room: usize,
    pub(super) counts: &'a RoomFor,
}

/// A candidate made ready.
#[derive(Clone, Debug)]
pub(super) struct Terms<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) basket: &'a Basket,
    /// The classes that it is meant for, ascending.
    pub(super) lens: Vec<usize>,
    /// The classes that it writes, where neither its lines nor its bundle say so.
    own: Vec<usize>,
    pub(super) gauge: Gauge,
    pub(super) work: Work,
    pub(super) phase: Phase,
    pub(super) consumes: bool,
    pub(super) respects: bool,
    pub(super) held: Vec<Held<'a>>,
}

/// Counters that candidates share, and what is left of each.
#[derive(Debug, Default)]
pub(super) struct Counters {
    places: BTreeMap<usize, usize>,
    pub(super) left: Vec<i64>,
}

impl Counters {
    fn place(&mut self, counter: usize, left: i64) -> usize {
        let place = *self.places.entry(counter).or_insert(self.left.len());
        match self.left.get_mut(place) {
            Some(known) => *known = (*known).min(left),
            None => self.left.push(left),
        }
        place
    }
}

impl<'a> Terms<'a> {
    /// # Errors
    /// Those of amounts that the program would have refused: negative, or too precise for the currency.
    pub(super) fn new(basket: &'a Basket, candidate: &'a Candidate<'a>, counters: &mut Counters) -> Result<Self> {
        let rules = candidate.rules;
        let lens = classes(basket, rules.lines.as_ref());
        let held = candidate.rooms.iter().enumerate().map(|(room, given)| {
            let counter = counters.place(given.counter, given.left);
            Held { counter, room, counts: &given.counts }
        });
        let held = held.collect();
        let work = work(basket, rules, &lens).map_err(|error| error.within(format!("offer `{}`", rules.id)))?;
        let gauge = gauge(rules).map_err(|error| error.within(format!("offer `{}`", rules.id)))?;
        let (consumes, respects) = (rules.units.consumes, rules.units.respects);
        let own = own(&lens, &work);
        Ok(Self { candidate, basket, lens, own, gauge, work, phase: rules.phase, consumes, respects, held })
    }

    /// Classes of which it may lower or use up units, ascending.
    pub(super) fn writes(&self) -> &[usize] {
        match &self.work {
            Work::Shipping(_) | Work::Gift => &[],
            Work::OneOf(_) | Work::Get(GetWork { targets: Some(_), .. }) => &self.own,
            Work::Bundle(bundle) => &bundle.classes,
            _ => &self.lens,
        }
    }

    /// Its own lines, if they matter beyond those that it lowers: they are measured, or some of them may be used up.
    pub(super) fn reads(&self) -> &[usize] {
        let reads = self.gauge.amount.is_some() || self.gauge.units.is_some() || self.respects;
        if reads { &self.lens } else { &[] }
    }

    /// How many ways there are to apply it.
    pub(super) fn choices(&self) -> usize {
        if let Work::OneOf(options) = &self.work { options.len() } else { 1 }
    }

    /// Whether it takes nothing off and only adds something.
    pub(super) const fn is_gift(&self) -> bool {
        matches!(self.work, Work::Gift)
    }

    /// Whether it takes a part off that no cap bounds.
    pub(super) const fn is_percent(&self) -> bool {
        matches!(self.work, Work::Cut(Cut::Percent(_, None)))
    }

    /// Whether a larger cart brings more of it by steps.
    pub(super) const fn has_steps(&self) -> bool {
        matches!(self.work, Work::Tiered(_) | Work::Every { .. })
    }

    pub(super) fn has_budget(&self) -> bool {
        self.held.iter().any(|held| matches!(held.counts, RoomFor::Budget))
    }

    /// Whether a limit counts units of a class.
    pub(super) fn counts_class(&self, counts: &RoomFor, class: usize) -> bool {
        let sku = |only: &Option<Sku>| {
            only.as_ref().is_none_or(|only| self.basket.classes.get(class).is_some_and(|class| class.sku == *only))
        };
        matches!(counts, RoomFor::Units(only) if sku(only))
    }
}

fn classes(basket: &Basket, scope: Option<&LineScope>) -> Vec<usize> {
    let Some(scope) = scope else { return (0..basket.classes.len()).collect() };
    let all = basket.classes.iter().enumerate();
    all.filter(|(_, class)| class.is_in(scope)).map(|(place, _)| place).collect()
}

/// The classes that an offer writes, ascending, where they are neither its lines nor those of its bundle.
fn own(lens: &[usize], work: &Work) -> Vec<usize> {
    let mut classes: Vec<usize> = match work {
        Work::OneOf(options) => options.iter().map(|(class, _)| *class).collect(),
        Work::Get(GetWork { targets: Some(targets), .. }) => lens.iter().chain(targets).copied().collect(),
        _ => return Vec::new(),
    };
    classes.sort_unstable();
    classes.dedup();
    classes
}

fn within(basket: &Basket, lens: &[usize], scope: &LineScope) -> Vec<usize> {
    let inside = |place: &&usize| basket.classes.get(**place).is_some_and(|class| class.is_in(scope));
    lens.iter().filter(inside).copied().collect()
}

fn cut(currency: Currency, off: &Off) -> Result<Cut> {
    Ok(match off {
        Off::Amount { amount } => Cut::Amount(minor(currency, *amount, "amount")?),
        Off::Percent { percent, cap } => {
            Cut::Percent(*percent, cap.map(|cap| minor(currency, cap, "cap")).transpose()?)
        }
    })
}

fn times(max: Option<u32>) -> i64 {
    max.map_or(i64::MAX, i64::from)
}

fn work(basket: &Basket, rules: &OfferRules, lens: &[usize]) -> Result<Work> {
    let currency = basket.currency;
    let percent = |percent: Percent, cap: Option<_>| cut(currency, &Off::Percent { percent, cap });
    Ok(match &rules.effect {
        Effect::FixedOff { amount } => Work::Cut(Cut::Amount(minor(currency, *amount, "amount")?)),
        Effect::PercentOff { percent: part, cap } => Work::Cut(percent(*part, *cap)?),
        Effect::FixedPrice { price } => Work::Price(minor(currency, *price, "price")?),
        Effect::Bundle { slots, price, max } => {
            let slots: Vec<_> =
                slots.iter().map(|slot| (within(basket, lens, &slot.lines), i64::from(slot.units))).collect();
            let apart = slots.iter().all(|(a, _)| {
                slots.iter().all(|(b, _)| a == b || !a.iter().any(|class| b.binary_search(class).is_ok()))
            });
            let price = minor(currency, *price, "price")?;
            let mut classes: Vec<usize> = slots.iter().flat_map(|(classes, _)| classes).copied().collect();
            classes.sort_unstable();
            classes.dedup();
            Work::Bundle(BundleWork { slots, classes, price, max: times(*max), apart })
        }
        Effect::BuyGet { buy, get, off, get_lines, pick, max } => Work::Get(GetWork {
            buy: i64::from(*buy),
            get: i64::from(*get),
            off: *off,
            targets: get_lines.as_ref().map(|scope| classes(basket, Some(scope))),
            pick: *pick,
            max: times(*max),
        }),
        Effect::NthOff { n, off, pick, max } => Work::Get(GetWork {
            buy: i64::from(*n) - 1,
            get: 1,
            off: *off,
            targets: None,
            pick: *pick,
            max: times(*max),
        }),
        Effect::Tiered { steps } => {
            let step = |step: &super::rules::Step| {
                let from = match step.from {
                    StepFrom::Amount { amount } => From::Amount(minor(currency, amount, "from")?),
                    StepFrom::Units { units } => From::Units(i64::from(units)),
                };
                Ok((from, cut(currency, &step.off)?))
            };
            Work::Tiered(steps.iter().map(step).collect::<Result<_>>()?)
        }
        Effect::Every { step, amount, max } => Work::Every {
            step: minor(currency, *step, "step")?,
            amount: minor(currency, *amount, "amount")?,
            max: times(*max),
        },
        Effect::OneOf { options } => {
            let mut choices = Vec::new();
            for option in options {
                let cut = cut(currency, &option.off)?;
                choices.extend(within(basket, lens, &option.lines).into_iter().map(|class| (class, cut)));
            }
            Work::OneOf(choices)
        }
        Effect::ShippingOff { percent: part, cap } => Work::Shipping(percent(*part, *cap)?),
        Effect::Gift { .. } => Work::Gift,
    })
}

fn gauge(rules: &OfferRules) -> Result<Gauge> {
    let Some(threshold) = rules.threshold else {
        let (basis, tax) = (ThresholdBasis::default(), ThresholdTax::default());
        return Ok(Gauge { amount: None, units: None, basis, tax, cart: false });
    };
    Ok(Gauge {
        amount: threshold.amount.map(|amount| minor(rules.currency, amount, "threshold.amount")).transpose()?,
        units: threshold.units.map(i64::from),
        basis: threshold.basis,
        tax: threshold.tax,
        cart: threshold.of == ThresholdOf::Cart,
    })
}
