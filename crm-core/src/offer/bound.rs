//! What the rest of a search can take off at most. The bound holds for every set and order of what is left, to the last minor unit.
//!
//! Percents keep a part of each line, so together they keep the product of their parts; everything else takes at most what it would take
//! as things stand, of which percents of later phases would have taken their part anyway. With `w` the parts that the percents keep,
//! the sum of net × w over all lines falls by at most that for each offer, and in the end it is what is left. What takes an amount off
//! before percents that have to wait for it takes it off lines of which they have not taken their part yet: there it falls by less.

use super::compile::{Cut, Terms, Work};
use super::problem::PHASES;
use super::search::{Search, bits};
use crate::value::Percent;

/// One, in the fixed point of weights.
const ONE: i64 = 1 << 30;

/// The whole of a percentage.
const WHOLE: i128 = Percent::WHOLE.millionths() as i128;

/// Working memory of the bound, and what percents keep: that changes only with the percents, and is kept as long as they stay.
#[derive(Clone, Debug, Default)]
pub(super) struct Weights {
    percents: u128,
    /// Per pool the part that percents keep: first those of the last phase, then with those of the phase before, and so on.
    pools: Vec<i64>,
    /// Where in `pools` that of later phases begins, if there are percents in any.
    later: [Option<usize>; PHASES.len()],
    /// Per offer the most that later percents keep of what it takes off, once somebody asked.
    kept: Vec<Option<i64>>,
    /// What rounding can add to all percents.
    rounding: i128,
    /// Per group the most that one of it takes off.
    groups: Vec<i128>,
}

impl Search<'_, '_> {
    /// What all of `live` can take off beyond `off`, at most, where those of `asleep` have to wait for one that wakes them.
    pub(super) fn bound(&mut self, live: u128, asleep: u128, off: i64) -> i64 {
        let mut weights = std::mem::take(&mut self.weights);
        let is_part = |offer: &usize| self.is_part(*offer, live);
        let percents = bits(live & self.parts).filter(is_part).fold(0, |set, offer| set | 1 << offer);
        if percents != weights.percents || weights.kept.is_empty() {
            self.weigh_percents(percents, &mut weights);
        }
        let most = self.weighed(live, asleep & percents, &mut weights);
        self.weights = weights;
        off.saturating_add(most.min(self.net - off))
    }

    /// A percentage that nothing but the price bounds, and of which no other of its group takes the place.
    fn is_part(&self, offer: usize, live: u128) -> bool {
        let Some(terms) = self.terms(offer) else { return false };
        let Work::Cut(Cut::Percent(_, most)) = terms.work else { return false };
        // Nothing can change what it finds any more: then its rounding is known, too, and it is like an amount.
        if terms.writes().len() == 1 && self.touched(offer) & live == 0 {
            return false;
        }
        let cap = self.cap(offer);
        let alone = self.single_group(offer).is_none() || live & self.peers(offer) == 1 << offer;
        0 < cap && alone && most.is_none_or(|most| cap < most)
    }

    /// What percents keep of each pool.
    fn weigh_percents(&self, percents: u128, weights: &mut Weights) {
        weights.percents = percents;
        weights.kept.clear();
        weights.kept.resize(self.members.len(), None);
        weights.pools.clear();
        let count = self.state.pools.len() / self.step();
        let mut last = None;
        for (phase, later) in self.phases.iter().zip(&mut weights.later).rev() {
            *later = last;
            if phase & percents == 0 {
                continue;
            }
            let next = weights.pools.len();
            match last {
                Some(last) => weights.pools.extend_from_within(last..),
                None => weights.pools.resize(count, ONE),
            }
            for terms in bits(phase & percents).filter_map(|offer| self.terms(offer)) {
                self.keep(terms, weights.pools.get_mut(next..).unwrap_or_default());
            }
            last = Some(next);
        }
        let rounding = |offer| self.terms(offer).map_or(0, |terms| self.rounding(terms, offer, percents));
        weights.rounding = bits(percents).map(rounding).sum();
    }

    /// The bound beside the percents that were weighed, in the fixed point until the end.
    fn weighed(&self, live: u128, asleep: u128, weights: &mut Weights) -> i64 {
        weights.groups.clear();
        weights.groups.resize(self.groups, 0);
        let mut most = weights.rounding;
        for offer in bits(live & !weights.percents) {
            let cap = self.cap(offer);
            if cap == 0 {
                continue;
            }
            let kept = self.kept(offer, weights);
            let mut takes = i128::from(cap) * i128::from(kept);
            if asleep != 0 {
                takes -= self.forgone(offer, live, asleep) * i128::from(kept) / WHOLE;
            }
            match self.single_group(offer).and_then(|group| weights.groups.get_mut(group)) {
                Some(most) => *most = (*most).max(takes),
                None => most += takes,
            }
        }
        most += weights.groups.iter().sum::<i128>();
        if weights.percents != 0 {
            let count = self.state.pools.len() / self.step();
            let pools = weights.pools.get(weights.pools.len() - count..).unwrap_or_default();
            for (pool, kept) in self.state.pools.iter().step_by(self.step()).zip(pools) {
                most += i128::from(pool.net) * i128::from(ONE - kept);
            }
        }
        i64::try_from(most >> ONE.trailing_zeros()).unwrap_or(i64::MAX)
    }

    /// How many pools of a class stand for one weight: without units that are used up, the second one is always empty.
    const fn step(&self) -> usize {
        if self.problem.consumption { 1 } else { 2 }
    }

    /// The pools of a class that an offer sees and that can have something in them.
    fn seen(&self, terms: &Terms<'_>) -> std::ops::Range<usize> {
        if self.problem.consumption { terms.places() } else { 0..1 }
    }

    /// Multiplies the part that a percentage keeps into the weights of its lines.
    fn keep(&self, terms: &Terms<'_>, weights: &mut [i64]) {
        let whole = i64::from(Percent::WHOLE.millionths());
        let kept = whole - i64::from(percent(terms).millionths());
        for class in &terms.lens {
            for of in self.seen(terms) {
                if let Some(weight) = weights.get_mut((class * 2 + of) / self.step()) {
                    *weight = *weight * kept / whole;
                }
            }
        }
    }

    /// The largest part that percents of later phases keep of any of its lines.
    fn kept(&self, offer: usize, weights: &mut Weights) -> i64 {
        let Some(slot) = weights.kept.get_mut(offer) else { return ONE };
        if let Some(kept) = *slot {
            return kept;
        }
        let find = || {
            let terms = self.terms(offer).filter(|terms| !matches!(terms.work, Work::Shipping(_)))?;
            let start = weights.later.get(terms.phase as usize).copied().flatten()?;
            let pools = weights.pools.get(start..)?;
            let of = |class: &usize| {
                let class = *class;
                self.seen(terms).filter_map(move |of| pools.get((class * 2 + of) / self.step()))
            };
            let highest = terms.writes().iter().flat_map(of).copied().max()?;
            // Each product of weights is rounded down, by less than one for each percentage.
            Some((highest + i64::from(weights.percents.count_ones())).min(ONE))
        };
        *slot.insert(find().unwrap_or(ONE))
    }

    /// What percents would have taken of what an offer takes off, in millionths of a minor unit at least: those that are asleep until it
    /// alone wakes them come after it and take their part of less. What lowers their lines would wake them, too, so nothing has before,
    /// and other lines only had more: at least as large a share as now falls on theirs.
    fn forgone(&self, offer: usize, live: u128, asleep: u128) -> i128 {
        let now = live & self.phase(self.state.phase as usize);
        let waits = |other: &usize| self.wakes(*other) & now == 1 << offer;
        let mut waiting = bits(asleep).filter(waits).filter_map(|other| self.terms(other)).peekable();
        let Some(terms) = self.terms(offer).filter(|terms| waiting.peek().is_some() && terms.is_even()) else {
            return 0;
        };
        let all = i128::from(terms.eligible(&self.state));
        if self.problem.consumption || all == 0 {
            return 0;
        }
        let (cap, lines) = (i128::from(self.cap(offer)), terms.lens.len());
        let part = |other: &Terms<'_>| {
            let (mut net, mut shared) = (0, 0);
            for class in other.lens.iter().filter(|class| terms.lens.binary_search(class).is_ok()) {
                net += i128::from(self.state.pool(class * 2).net);
                shared += 1;
            }
            // Each share is off by less than one, and those below their exact value by a quarter of the number of lines in all at most.
            let rounding = i128::try_from(lines.div_ceil(4).min(shared)).unwrap_or(i128::MAX >> 64);
            let (cut, whole) = (cap * net - rounding * all, i128::from(percent(other).millionths()));
            (whole * cut / all).max(0)
        };
        waiting.map(part).sum()
    }

    /// What rounding can add to one percentage: half a unit in all, and what the shares of its lines are off, where other percents keep
    /// different parts of them.
    fn rounding(&self, terms: &Terms<'_>, offer: usize, percents: u128) -> i128 {
        let whole = i64::from(Percent::WHOLE.millionths());
        let mut even = ONE;
        for other in bits(self.partial(offer) & percents) {
            even = even * (whole - self.terms(other).map_or(0, |other| i64::from(percent(other).millionths()))) / whole;
        }
        // Shares above their exact value sum to a quarter of the number of pools at most.
        let pools = i128::try_from(terms.lens.len() * 2 + 3).unwrap_or(i128::MAX >> 64);
        i128::from(ONE / 2 + 2) + i128::from(ONE - even) * pools / 4
    }
}

fn percent(terms: &Terms<'_>) -> Percent {
    if let Work::Cut(Cut::Percent(percent, _)) = terms.work { percent } else { Percent::ZERO }
}
