//! What a purchase would have cost without what came back: worked out again, or with the rates that it got.

use super::compile::{Counters, Terms};
use super::evaluate::{Mode, Scratch};
use super::problem::{Problem, Step};
use super::quote::Source;
use super::receipt::{Bought, Receipt};
use super::replay::Played;
use super::rules::{Effect, RefundPolicy};
use super::state::State;
use super::terms::{Candidate, OfferRules, Settings};
use crate::error::{Error, Result};
use crate::value::spread::spread;
use crate::value::{Quantity, TaxMode};
use std::cmp::Reverse;

impl Receipt {
    /// What goes back for goods when what is kept is priced again, by line and in all: the same offers in the same order, their thresholds
    /// asked again. What delivery costs more then is taken off, and so is what a line costs more that is kept.
    pub(super) fn reworked(&self, bought: &[Bought]) -> Result<(Vec<i64>, i64)> {
        let paid: i64 = bought.iter().map(|line| line.paid).sum();
        let mut cart = self.cart.clone();
        cart.stored_value.clear();
        let kept = bought.iter().map(|line| line.thousandths - line.returned);
        for (line, kept) in cart.lines.iter_mut().zip(kept) {
            line.quantity = Quantity::from_thousandths(kept);
        }
        let numbers = self.quote.lines.iter().map(|line| line.line_no);
        cart.lines.iter_mut().zip(numbers).for_each(|(line, number)| line.line_no = Some(number));
        cart.lines.retain(|line| line.quantity > Quantity::ZERO);
        if cart.lines.is_empty() {
            return Ok((bought.iter().map(|line| line.paid).collect(), paid));
        }
        let basket = cart.check()?;
        let applied = self.quote.applied.iter().filter_map(|one| Some((self.rules_of(one)?, one.by.clone())));
        let candidate = |(rules, by): (_, Source)| Candidate { rules, by, ends_at: None, rooms: Vec::new() };
        let candidates: Vec<Candidate<'_>> = applied.map(candidate).collect();
        let mut counters = Counters::default();
        let terms = candidates.iter().map(|candidate| Terms::new(&basket, candidate, &mut counters));
        let terms = terms.collect::<Result<Vec<_>>>()?;
        let (start, caps) = (State::new(&basket, counters.left), vec![0; candidates.len()]);
        let settings = Settings::default();
        let problem = Problem { basket: &basket, settings, terms, caps, start, consumption: true, uneven_tax: None };
        let answer = problem.answer(&problem.play_all());
        let currency = basket.currency;
        let taxed = |net, tax| {
            let tax = if self.cart.tax_mode == TaxMode::Added { currency.minor(tax)? } else { 0 };
            Ok::<i64, Error>(currency.minor(net)? + tax)
        };
        let shipping = taxed(answer.shipping.net, answer.shipping.tax)?;
        let mut total = paid - (shipping - self.paid_shipping()?).max(0);
        let mut less = Vec::with_capacity(bought.len());
        for line in bought {
            let kept = answer.lines.iter().find(|kept| kept.line_no == line.line_no);
            let cost = kept.map_or(Ok(0), |kept| taxed(kept.net, kept.tax))?;
            total -= cost;
            less.push((line.paid - cost).max(0));
        }
        // By what is kept alone, not by what went back before: so that the steps of a return make no difference where they can make none.
        let most = less.iter().sum();
        Ok((spread(total.clamp(0, most), &less), total))
    }

    /// What each line would have cost if every offer that keeps its rate had lowered all of its lines by the same part.
    pub(super) fn rated(&self, bought: &[Bought]) -> Result<Vec<i64>> {
        let currency = self.quote.currency;
        let list = self.quote.lines.iter().map(|line| currency.minor(line.list));
        let mut nets = list.collect::<Result<Vec<i64>>>()?;
        let mut even = nets.clone();
        for one in &self.quote.applied {
            let mut off = vec![0; nets.len()];
            for share in &one.shares {
                let place = self.quote.lines.iter().position(|line| line.line_no == share.line_no);
                if let Some(slot) = place.and_then(|place| off.get_mut(place)) {
                    *slot = currency.minor(share.off)?;
                }
            }
            let rules = self.rules_of(one).filter(|rules| rules.refund == RefundPolicy::KeepRate);
            let spread_even = rules.map(|rules| {
                let weight = |(line, net): (&super::cart::CartLine, &i64)| if is_meant(rules, line) { *net } else { 0 };
                spread(off.iter().sum(), &self.cart.lines.iter().zip(&even).map(weight).collect::<Vec<_>>())
            });
            for (net, off) in even.iter_mut().zip(spread_even.as_ref().unwrap_or(&off)) {
                *net = (*net - off).max(0);
            }
            nets.iter_mut().zip(&off).for_each(|(net, off)| *net -= off);
        }
        let rate = |line: &super::cart::CartLine| line.tax_rate.unwrap_or_default();
        let taxed = |(net, line): (i64, &super::cart::CartLine)| match self.cart.tax_mode {
            TaxMode::Added => net + rate(line).of(net),
            TaxMode::Included => net,
        };
        debug_assert!(bought.len() == even.len());
        Ok(even.into_iter().zip(&self.cart.lines).map(taxed).collect())
    }
}

/// Whether an offer is meant for a line, to be bought or to come for less.
fn is_meant(rules: &OfferRules, line: &super::cart::CartLine) -> bool {
    let admits = |scope: &crate::value::LineScope| {
        scope.admits(&line.sku, line.category.as_ref(), line.brand.as_ref(), &line.tags)
    };
    let own = rules.lines.as_ref().is_none_or(admits);
    match &rules.effect {
        Effect::BuyGet { get_lines: Some(scope), .. } => own || admits(scope),
        Effect::Bundle { slots, .. } => own && slots.iter().any(|slot| admits(&slot.lines)),
        Effect::OneOf { options } => own && options.iter().any(|option| admits(&option.lines)),
        _ => own,
    }
}

impl Problem<'_> {
    /// Applies every offer in its order, with the choice that takes most off; one that has no effect any more is passed over.
    fn play_all(&self) -> Played {
        let (mut state, mut scratch, mut played) = (self.start.clone(), Scratch::default(), Played::default());
        for (offer, terms) in self.terms.iter().enumerate() {
            state.enter(terms.phase);
            let off = |choice: usize| terms.evaluate(&state, Mode::Real, choice, &mut scratch).unwrap_or(0);
            let offs: Vec<i64> = (0..terms.choices()).map(off).collect();
            let best = offs.into_iter().enumerate().min_by_key(|(choice, off)| (Reverse(*off), *choice));
            if let Some((choice, _)) = best {
                self.play_one(Step { offer, choice }, &mut state, &mut scratch, &mut played);
            }
        }
        played
    }
}
