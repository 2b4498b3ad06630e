//! The best combination of all offers: parts that have nothing to do with each other are searched on their own.

use super::evaluate::{Mode, Out, Scratch};
use super::objective::Standing;
use super::problem::{PHASES, Problem, Step};
use super::rules::{Exclusive, Objective};
use super::search::{Leaf, Search};
use crate::limits;
use std::cmp::{Ordering, Reverse};

/// A combination with what it takes off.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) path: Vec<Step>,
    pub(super) off: i64,
    /// What the customer pays less.
    pub(super) saved: i64,
    pub(super) cost: i64,
}

impl Found {
    fn of(leaf: Leaf) -> Self {
        Self { path: leaf.path, off: leaf.off, saved: leaf.saved, cost: leaf.cost }
    }

    pub(super) fn offers(&self) -> Vec<usize> {
        self.path.iter().map(|step| step.offer).collect()
    }
}

/// What was found, and what is known about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Solution {
    pub(super) best: Found,
    pub(super) second: Option<Found>,
    pub(super) optimal: bool,
    pub(super) bound: i64,
    pub(super) nodes: u64,
    /// Offers beyond what a search holds; they are applied at the end of their phases, if they can be.
    pub(super) extra: Vec<usize>,
}

impl Problem<'_> {
    pub(super) fn solve(&self) -> Solution {
        if self.settings.objective == Objective::Priority {
            return self.by_priority((0..self.caps.len()).collect());
        }
        let discounts = (0..self.caps.len()).filter(|offer| self.terms.get(*offer).is_some_and(|t| !t.is_gift()));
        let alone = |offer: &usize| self.rules(*offer).is_some_and(|rules| rules.stack.exclusive == Exclusive::All);
        let (alone, together): (Vec<usize>, Vec<usize>) = discounts.partition(alone);
        let mut solution = self.together(&together);
        for offer in alone {
            self.challenge(&mut solution, offer);
        }
        let by_off = matches!(self.settings.objective, Objective::CustomerBest | Objective::FewestCoupons);
        if by_off && (solution.optimal || self.uneven_tax.is_none() && solution.bound <= solution.best.off) {
            solution.optimal = true;
            // Where tax comes on top at different rates, what saves most is not what takes most off.
            if self.uneven_tax.is_none() {
                solution.bound = solution.best.off;
            }
        }
        solution
    }

    /// The best of offers that do not exclude everything else.
    fn together(&self, offers: &[usize]) -> Solution {
        let mut solution = Solution { optimal: true, ..Solution::default() };
        let mut parts: Vec<(Found, Option<Found>)> = Vec::new();
        for part in self.components(offers).parts() {
            if let [offer] = part {
                parts.push(self.single(*offer, &mut solution));
                continue;
            }
            let (part, extra) = part.split_at(part.len().min(limits::SEARCH_OFFERS_MAX));
            let left = self.settings.nodes.saturating_sub(solution.nodes);
            let mut search = Search::new(self, part, left.max(part.len() as u64 + 1));
            let bound = search.run();
            solution.nodes += search.nodes;
            solution.optimal &= !search.stopped && extra.is_empty();
            let best = search.best.take().map(Found::of).unwrap_or_default();
            let proven = !search.stopped && self.settings.objective != Objective::MerchantCost;
            let by_off = self.settings.objective != Objective::SoonestExpiry && self.uneven_tax.is_none();
            let exact = proven && by_off;
            solution.bound += if exact { best.off } else { bound };
            solution.bound += extra.iter().filter_map(|offer| self.caps.get(*offer)).sum::<i64>();
            solution.extra.extend(extra);
            parts.push((best, search.second.take().map(Found::of)));
        }
        solution.bound = solution.bound.min(self.start.net());
        self.join(&mut solution, parts);
        solution
    }

    /// An offer that has nothing to do with any other: it is applied, with the choice that takes most off.
    fn single(&self, offer: usize, solution: &mut Solution) -> (Found, Option<Found>) {
        solution.nodes += 1;
        let Some(found) = self.on_its_own(offer) else { return Default::default() };
        solution.bound += self.at_most(offer, &found);
        // Where nothing may be left out that can be added, there is no second.
        let second = (self.settings.objective != Objective::MerchantCost).then(Found::default);
        (found, second)
    }

    /// What an offer takes off at most on its own, with whichever of its choices.
    fn at_most(&self, offer: usize, found: &Found) -> i64 {
        let cap = self.caps.get(offer).copied().filter(|_| self.uneven_tax.is_some());
        cap.map_or(found.off, |cap| cap.max(found.off))
    }

    /// An offer as the only one, with the choice that saves most, the earlier of equal ones.
    pub(super) fn on_its_own(&self, offer: usize) -> Option<Found> {
        let terms = self.terms.get(offer)?;
        let mut scratch = Scratch::default();
        let off = |choice| {
            let off = terms.evaluate(&self.start, Mode::Real, choice, &mut scratch).ok().filter(|off| *off > 0)?;
            if self.uneven_tax.is_none() {
                return Some((choice, off, off));
            }
            let mut state = self.start.clone();
            terms.apply(&mut state, off, &mut scratch, None);
            Some((choice, off, self.saved(&state, off)))
        };
        let offs = (0..terms.choices()).filter_map(off);
        let (choice, off, saved) = offs.min_by_key(|(choice, _, saved)| (Reverse(*saved), *choice))?;
        Some(Found { path: vec![Step { offer, choice }], off, saved, cost: self.merchant_part(offer, off) })
    }

    /// Puts parts together: phase after phase, and in each one part after the other.
    fn join(&self, solution: &mut Solution, parts: Vec<(Found, Option<Found>)>) {
        let whole = |swap: Option<usize>| {
            let mut whole = Found::default();
            let chosen = || {
                parts.iter().enumerate().map(|(place, (best, second))| match second {
                    Some(second) if swap == Some(place) => second,
                    _ => best,
                })
            };
            whole.path.reserve_exact(chosen().map(|found| found.path.len()).sum());
            for phase in PHASES {
                let now = |step: &&Step| self.terms.get(step.offer).is_some_and(|terms| terms.phase == phase);
                whole.path.extend(chosen().flat_map(|found| found.path.iter().filter(now)).copied());
            }
            whole.off = chosen().map(|found| found.off).sum();
            whole.saved = chosen().map(|found| found.saved).sum();
            whole.cost = chosen().map(|found| found.cost).sum();
            whole
        };
        let loss = |(place, (best, second)): (usize, &(Found, Option<Found>))| {
            second
                .as_ref()
                .filter(|second| second.path != best.path)
                .map(|second| (best.saved.saturating_sub(second.saved).abs(), place))
        };
        let least = parts.iter().enumerate().filter_map(loss).min();
        solution.best = whole(None);
        solution.second = least.map(|(_, place)| whole(Some(place)));
    }

    /// An offer that excludes every other against what was found.
    fn challenge(&self, solution: &mut Solution, offer: usize) {
        solution.nodes += 1;
        let Some(found) = self.on_its_own(offer) else { return };
        solution.bound = solution.bound.max(self.at_most(offer, &found));
        let better = |a: &Found, b: &Found| {
            let (ours, theirs) = (a.offers(), b.offers());
            let ours = Standing { saved: a.saved, cost: a.cost, offers: &ours };
            let theirs = Standing { saved: b.saved, cost: b.cost, offers: &theirs };
            self.compare(ours, theirs) == Ordering::Less
        };
        // A combination to which this one could be added is none that the objective asks for.
        let unfinished = self.settings.objective == Objective::MerchantCost && solution.best.path.is_empty();
        if unfinished {
            solution.best = found;
        } else if better(&found, &solution.best) {
            solution.second = Some(std::mem::replace(&mut solution.best, found));
        } else if solution.second.as_ref().is_none_or(|second| better(&found, second)) {
            solution.second = Some(found);
        }
    }

    /// Everything that combines, by priority. What turns out to have no effect in its turn makes room for what it kept out.
    fn by_priority(&self, mut offers: Vec<usize>) -> Solution {
        let key = |offer: &usize| {
            let terms = self.terms.get(*offer).map(|terms| terms.candidate);
            (terms.map(|of| Reverse(of.rules.priority)), terms.map(|of| (&of.rules.id, &of.by)), *offer)
        };
        offers.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut solution = Solution { optimal: true, ..Solution::default() };
        let caps = offers.iter().filter_map(|offer| self.caps.get(*offer)).sum::<i64>();
        solution.bound = caps.min(self.start.net());
        loop {
            solution.nodes += 1;
            let mut set: Vec<usize> = Vec::new();
            for offer in &offers {
                if self.compatible(&set, *offer).is_none() {
                    set.push(*offer);
                }
            }
            set.sort_by_key(|offer| self.terms.get(*offer).map(|terms| terms.phase));
            match self.walk(&set) {
                Ok(found) => {
                    solution.best = found;
                    return solution;
                }
                Err((offer, _)) => offers.retain(|other| *other != offer),
            }
        }
    }

    /// Applies offers in this order, each with the choice that takes most off; the first that has no effect ends it.
    fn walk(&self, set: &[usize]) -> Result<Found, (usize, Out)> {
        let (mut state, mut scratch, mut found) = (self.start.clone(), Scratch::default(), Found::default());
        for offer in set {
            let Some(terms) = self.terms.get(*offer) else { continue };
            state.enter(terms.phase);
            let mut best: Result<(i64, Reverse<usize>), Out> = Err(Out::NoEffect);
            for choice in 0..terms.choices() {
                match terms.evaluate(&state, Mode::Real, choice, &mut scratch) {
                    Ok(off) => best = Ok(best.map_or((off, Reverse(choice)), |best| best.max((off, Reverse(choice))))),
                    Err(out) if best.is_err() => best = Err(out),
                    Err(_) => {}
                }
            }
            let (_, Reverse(choice)) = best.map_err(|out| (*offer, out))?;
            let off = terms.evaluate(&state, Mode::Real, choice, &mut scratch).map_err(|out| (*offer, out))?;
            terms.apply(&mut state, off, &mut scratch, None);
            found.path.push(Step { offer: *offer, choice });
            found.off += off;
            found.cost += self.merchant_part(*offer, off);
        }
        found.saved = self.saved(&state, found.off);
        Ok(found)
    }

    /// How much the best combination with this offer saves; none if it never has an effect.
    pub(super) fn best_with(&self, offer: usize, nodes: u64) -> Option<i64> {
        let others = |other: &usize| self.rules(*other).is_some_and(|rules| rules.stack.exclusive != Exclusive::All);
        if !others(&offer) {
            return self.on_its_own(offer).map(|found| found.saved);
        }
        let offers: Vec<usize> = (0..self.caps.len())
            .filter(|other| {
                others(other) && self.terms.get(*other).is_some_and(|terms| *other == offer || !terms.is_gift())
            })
            .collect();
        let mut saved = 0;
        for part in self.components(&offers).parts() {
            let with = part.contains(&offer);
            if let ([only], false) = (part, with) {
                saved += self.on_its_own(*only).map_or(0, |found| found.saved);
                continue;
            }
            let (part, _) = part.split_at(part.len().min(limits::SEARCH_OFFERS_MAX));
            let mut search = Search::new(self, part, nodes);
            search.must = part.iter().position(|member| *member == offer).map_or(0, |place| 1 << place);
            search.run();
            match search.best {
                None if with && !search.stopped => return None,
                best => saved += best.map_or(0, |best| best.saved),
            }
        }
        Some(saved)
    }
}
