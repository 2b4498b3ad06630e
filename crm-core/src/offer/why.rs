//! Why offers are out, and what a little more would bring.

use super::compile::Terms;
use super::evaluate::{Mode, Out, Scratch};
use super::problem::{Clash, Problem, Step};
use super::quote::{Add, NearMiss, Why};
use super::replay::{Played, Pretended};
use super::rules::Exclusive;
use super::solve::Solution;
use super::terms::Candidate;
use crate::limits;
use crate::value::Currency;

/// A reason in words of the answer.
pub(super) fn why(out: Out, candidate: &Candidate<'_>, currency: Currency) -> Why {
    let limit = |room: usize| candidate.rooms.get(room).map(|room| room.limit.clone());
    let units = |units: i64| u64::try_from(units).unwrap_or(0);
    match out {
        Out::NoEligible => Why::NoEligibleItems,
        Out::MinAmount { need, have } => Why::MinAmount { need: currency.amount(need), have: currency.amount(have) },
        Out::MinUnits { need, have } => Why::MinQuantity { need: units(need), have: units(have) },
        Out::Limit(room) => limit(room).map_or(Why::NoEffect, |limit| Why::LimitCampaign { limit }),
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
            if let Some(Err(out)) = out.filter(|out| !matches!(out, Err(Out::NoEligible))) {
                return why(out, terms.candidate, self.basket.currency);
            }
        }
        let set = applied.iter().filter_map(|offer| name(*offer)).collect();
        let with = self.best_with(offer, self.settings.nodes).unwrap_or(0);
        Why::BeatenBy { set, by: self.basket.currency.amount((solution.best.off - with).max(0)) }
    }

    /// What a little more would bring: for an offer that lacks something, and for the next step of one that was applied.
    pub(super) fn near(&self, out: &[(usize, Out)], played: &Played, path: &[Step]) -> Vec<NearMiss> {
        let mut near = Vec::new();
        let steps = played.applied.iter().filter_map(|applied| {
            let terms = self.terms.get(applied.offer).filter(|terms| terms.has_steps())?;
            // A tiered offer measures when its turn comes; the phase's start is what all of them measure by default.
            let before = (terms.phase as usize).checked_sub(1);
            let mut state = before.and_then(|place| played.ends.get(place)).unwrap_or(&self.start).clone();
            state.enter(terms.phase);
            Some((applied.offer, terms.next_step(&state)?, true))
        });
        for (offer, lack, instead) in out.iter().map(|(offer, out)| (*offer, *out, false)).chain(steps) {
            if near.len() == limits::NEAR_MISSES_MAX {
                break;
            }
            let add = match lack {
                Out::MinAmount { need, have } => Add::Amount { amount: self.basket.currency.amount(need - have) },
                Out::MinUnits { need, have } => Add::Units { units: u64::try_from(need - have).unwrap_or(0) },
                _ => continue,
            };
            let save = self.saves(offer, instead, played, path);
            if let Some(terms) = self.terms.get(offer).filter(|_| save > 0) {
                let (of, by) = (terms.candidate.rules.id.clone(), terms.candidate.by.clone());
                near.push(NearMiss { offer: of, by, add, save: self.basket.currency.amount(save) });
            }
        }
        near
    }

    /// What an offer would take off beside the others if it had what it lacks, in the place of those it does not combine with.
    fn saves(&self, offer: usize, instead: bool, played: &Played, path: &[Step]) -> i64 {
        let kept = path.iter().filter(|step| {
            instead || self.compatible(&[step.offer], offer).is_none_or(|clash| clash.with != step.offer)
        });
        let kept: Vec<Step> = kept.copied().collect();
        let others: Vec<usize> = kept.iter().map(|step| step.offer).collect();
        if !instead && self.compatible(&others, offer).is_some() {
            return 0;
        }
        let played_offers = played.applied.iter().map(|applied| applied.offer);
        let same = kept.len() == path.len() && played_offers.eq(path.iter().map(|step| step.offer));
        self.pretend(&kept, Pretended { offer, instead }, same.then_some(played)) - played.off()
    }
}
