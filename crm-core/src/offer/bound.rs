//! What the rest of a search can take off at most. The bound holds for every set and order of what is left, to the last minor unit.
//!
//! Percents keep a part of each line, so together they keep the product of their parts; everything else takes at most what it would take
//! as things stand, of which percents of later phases would have taken their part anyway. With `w` the parts that the percents keep,
//! the sum of net × w over all lines falls by at most that for each offer, and in the end it is what is left.

use super::compile::{Cut, Terms, Work};
use super::problem::PHASES;
use super::search::{Search, bits};
use crate::value::Percent;

/// One, in the fixed point of weights.
const ONE: i64 = 1 << 30;

/// Working memory of the bound: per pool the part that percents keep.
#[derive(Clone, Debug, Default)]
pub(super) struct Weights {
    pools: Vec<i64>,
    /// Per group the most that one of it takes off.
    groups: Vec<i128>,
}

impl Search<'_, '_> {
    /// What all of `live` can take off beyond `off`, at most.
    pub(super) fn bound(&mut self, live: u128, off: i64) -> i64 {
        let mut percents = 0_u128;
        let mut sum = 0_i64;
        for offer in bits(live) {
            let cap = self.cap(offer);
            if cap > 0 && self.is_part(offer, cap, live) {
                percents |= 1 << offer;
            } else if self.single_group(offer).is_none() {
                sum = sum.saturating_add(cap);
            }
        }
        let most = if percents == 0 {
            sum.saturating_add(self.group_caps(live))
        } else {
            let mut weights = std::mem::take(&mut self.weights);
            let most = self.weighed(live, percents, &mut weights);
            self.weights = weights;
            most
        };
        off.saturating_add(most.min(self.net - off))
    }

    /// A percentage that nothing but the price bounds, and of which no other of its group takes the place.
    fn is_part(&self, offer: usize, cap: i64, live: u128) -> bool {
        let Some(terms) = self.terms(offer) else { return false };
        let Work::Cut(Cut::Percent(_, most)) = terms.work else { return false };
        let alone = self.single_group(offer).is_none() || live & self.peers(offer) == 1 << offer;
        // Nothing can change what it finds any more: then its rounding is known, too, and it is like an amount.
        if terms.writes().len() == 1 && self.touched(offer) & live == 0 {
            return false;
        }
        alone && most.is_none_or(|most| cap < most) && terms.held.is_empty()
    }

    fn group_caps(&mut self, live: u128) -> i64 {
        if self.groups == 0 {
            return 0;
        }
        let mut weights = std::mem::take(&mut self.weights);
        weights.groups.clear();
        weights.groups.resize(self.groups, 0);
        for offer in bits(live) {
            if let Some(most) = self.single_group(offer).and_then(|group| weights.groups.get_mut(group)) {
                *most = (*most).max(i128::from(self.cap(offer)));
            }
        }
        let sum: i128 = weights.groups.iter().sum();
        self.weights = weights;
        i64::try_from(sum).unwrap_or(i64::MAX)
    }

    /// The bound where percents are left, in the fixed point until the end.
    fn weighed(&self, live: u128, percents: u128, weights: &mut Weights) -> i64 {
        weights.pools.clear();
        weights.pools.resize(self.state.pools.len(), ONE);
        weights.groups.clear();
        weights.groups.resize(self.groups, 0);
        // Each product of weights is rounded down, by less than one for each percentage.
        let loss = i64::from(percents.count_ones());
        let mut most: i128 = 0;
        let mut kept_whole = true;
        for phase in (0..PHASES.len()).rev() {
            let now = live & self.phases.get(phase).copied().unwrap_or(0);
            for offer in bits(now & !percents) {
                let cap = self.cap(offer);
                if cap == 0 {
                    continue;
                }
                let highest = |terms| self.highest(terms, &weights.pools);
                let kept = if kept_whole { ONE } else { self.terms(offer).map_or(ONE, highest) };
                let takes = i128::from(cap) * i128::from((kept + loss).min(ONE));
                match self.single_group(offer).and_then(|group| weights.groups.get_mut(group)) {
                    Some(most) => *most = (*most).max(takes),
                    None => most += takes,
                }
            }
            for offer in bits(now & percents) {
                if let Some(terms) = self.terms(offer) {
                    self.keep(terms, &mut weights.pools);
                }
            }
            kept_whole &= now & percents == 0;
        }
        most += weights.groups.iter().sum::<i128>();
        let step = if self.problem.consumption { 1 } else { 2 };
        for (pool, kept) in self.state.pools.iter().zip(&weights.pools).step_by(step) {
            most += i128::from(pool.net) * i128::from(ONE - kept);
        }
        for offer in bits(percents) {
            most += self.terms(offer).map_or(0, |terms| self.rounding(terms, offer, percents));
        }
        i64::try_from(most >> ONE.trailing_zeros()).unwrap_or(i64::MAX)
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
                if let Some(weight) = weights.get_mut(class * 2 + of) {
                    *weight = *weight * kept / whole;
                }
            }
        }
    }

    /// The largest part that is kept of any of its lines.
    fn highest(&self, terms: &Terms<'_>, weights: &[i64]) -> i64 {
        if matches!(terms.work, Work::Shipping(_)) {
            return ONE;
        }
        let of = |class: &usize| {
            let class = *class;
            self.seen(terms).filter_map(move |of| weights.get(class * 2 + of))
        };
        terms.writes().iter().flat_map(of).copied().max().unwrap_or(ONE)
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
