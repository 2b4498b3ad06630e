//! Why offers are out.

use super::compile::Terms;
use super::evaluate::{Mode, Out, Scratch};
use super::problem::{Clash, Problem};
use super::quote::Why;
use super::replay::Played;
use super::rules::Exclusive;
use super::solve::Solution;
use super::terms::Candidate;
use crate::value::Currency;

/// A reason in words of the answer.
pub(super) fn why(out: Out, candidate: &Candidate<'_>, currency: Currency) -> Why {
    let limit = |room: usize| candidate.rooms.get(room).map(|room| room.limit.clone());
    let own = |room: usize| candidate.rooms.get(room).is_some_and(|room| room.own);
    let units = |units: i64| u64::try_from(units).unwrap_or(0);
    match out {
        Out::NoEligible => Why::NoEligibleItems,
        Out::MinAmount { need, have } => Why::MinAmount { need: currency.amount(need), have: currency.amount(have) },
        Out::MinUnits { need, have } => Why::MinQuantity { need: units(need), have: units(have) },
        Out::Limit(room) => match limit(room) {
            Some(limit) if own(room) => Why::LimitCustomer { limit },
            Some(limit) => Why::LimitCampaign { limit },
            None => Why::NoEffect,
        },
        Out::Budget { room, left } => match limit(room) {
            Some(limit) => Why::BudgetExhausted { limit, left: currency.amount(left.max(0)) },
            None => Why::NoEffect,
        },
        Out::NoEffect => Why::NoEffect,
    }
}

/// What a candidate that can have no effect lacks, whatever else is applied; none if it can have one.
pub(super) fn lacks(terms: &Terms<'_>, problem: &Problem<'_>, cap: Result<i64, Out>) -> Option<Out> {
    let out = cap.err()?;
    // A bound is silent about a budget that is used up.
    let exact = terms.evaluate(&problem.start, Mode::Real, 0, &mut Scratch::default()).err();
    Some(exact.filter(|_| out == Out::NoEffect && terms.has_budget()).unwrap_or(out))
}

impl Problem<'_> {
    /// How much an offer lacks beside those that were applied: they may leave less than there was at first.
    pub(super) fn short(&self, terms: &Terms<'_>, at_first: Out, played: &Played) -> Out {
        let end = played.ends.iter().find(|end| end.phase == terms.phase).unwrap_or(&self.start);
        match terms.evaluate(end, Mode::Real, 0, &mut Scratch::default()) {
            Err(out @ (Out::MinAmount { .. } | Out::MinUnits { .. })) => out,
            _ => at_first,
        }
    }

    /// Why an offer that can have an effect is not among those that were applied.
    pub(super) fn why_not(&self, offer: usize, played: &Played, solution: &Solution) -> Why {
        let Some(terms) = self.terms.get(offer) else { return Why::NoEffect };
        let applied = played.offers();
        let name = |offer: usize| self.rules(offer).map(|rules| rules.id.clone());
        let clash = self.compatible(&applied, offer);
        // What wants to be alone is not kept out by the others: they are better.
        let itself = |clash: &Clash| match terms.candidate.rules.stack.exclusive {
            Exclusive::All => true,
            Exclusive::Group => clash.by_group,
            Exclusive::None => false,
        };
        if let Some(clash) = clash.filter(|clash| !itself(clash)) {
            let group = terms.candidate.rules.stack.group.clone().filter(|_| clash.by_group);
            return name(clash.with).map_or(Why::NoEffect, |with| Why::Conflict { with, group });
        }
        if let Some(out) = played.ends.last().and_then(|end| terms.used_up(end)).filter(|_| terms.is_gift()) {
            // What the others used of a limit saves more.
            return why(out, terms.candidate, self.basket.currency);
        }
        if clash.is_none() {
            let end = played.ends.iter().find(|end| end.phase == terms.phase).unwrap_or(&self.start);
            let mut scratch = Scratch::default();
            let at_end = (0..terms.choices()).map(|choice| terms.evaluate(end, Mode::Real, choice, &mut scratch));
            let out = at_end.reduce(|best, next| if best.is_ok() { best } else { next });
            // What the others have used up was there for it as well: they are better. Of one offer it is the limit that keeps out the next one.
            let itself = applied.iter().any(|other| name(*other).as_ref() == Some(&terms.candidate.rules.id));
            let spent = |out: &Out| matches!(out, Out::Limit(_) | Out::Budget { .. });
            let better = |out: &Out| matches!(out, Out::NoEligible) || spent(out) && !itself;
            if let Some(Err(out)) = out.filter(|out| out.is_err_and(|out| !better(&out))) {
                return why(out, terms.candidate, self.basket.currency);
            }
        }
        let set = applied.iter().filter_map(|offer| name(*offer)).collect();
        let with = self.best_with(offer, self.settings.nodes);
        // What can never be had is not beaten by the others.
        let at_first = || terms.evaluate(&self.start, Mode::Real, 0, &mut Scratch::default());
        if let (None, false, Err(out)) = (with, terms.is_gift(), at_first()) {
            return why(out, terms.candidate, self.basket.currency);
        }
        let with = with.unwrap_or(0);
        Why::BeatenBy { set, by: self.basket.currency.amount((solution.best.saved - with).max(0)) }
    }
}
