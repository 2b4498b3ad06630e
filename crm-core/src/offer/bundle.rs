//! Bundles: units that fill all slots, for one price together.

use super::compile::{BundleWork, Terms};
use super::evaluate::{Mode, Out, Run, Scratch, Take};
use super::state::State;
use super::terms::RoomFor;
use crate::limits;

/// So many binary digits follow the point of a unit's price where prices are compared; amounts are never made of them.
const DIGITS: u32 = 32;

impl Terms<'_> {
    /// As many bundles as cost more than their price. One after another is filled with the dearest units that are left; where slots
    /// overlap, the slot with the fewest classes chooses first, and for a handful of units the best of all fills is found.
    pub(super) fn bundle(
        &self,
        state: &State,
        bundle: &BundleWork,
        mode: Mode,
        scratch: &mut Scratch,
    ) -> Result<i64, Out> {
        self.runs(state, &bundle.classes, &mut scratch.runs);
        let size: i64 = bundle.slots.iter().map(|(_, units)| units).sum();
        let have: i64 = scratch.runs.iter().map(|run| run.units).sum();
        let bound = mode != Mode::Real;
        if bound && !bundle.apart {
            // Which fill is found is no monotone thing where slots overlap, but no bundle takes more off than its units cost.
            return Ok(scratch.runs.iter().map(|run| run.net).sum());
        }
        let mut fill = Fill::new(bundle, &scratch.runs);
        let max = bundle.max.min(self.bundles_left(state, size));
        let bundles =
            if bundle.apart || have > limits::BUNDLE_EXACT_UNITS_MAX { fill.greedy(max) } else { fill.exact(max) };
        if bundles == 0 {
            return Err(if have < size { Out::MinUnits { need: size, have } } else { Out::NoEffect });
        }
        for (run, units) in scratch.runs.iter().zip(fill.filled) {
            if units > 0 {
                let amount = run.part(units);
                scratch.takes.push(Take { place: run.place, units, amount, weight: amount });
            }
        }
        let base = scratch.amount();
        let off = base - bundle.price.saturating_mul(bundles);
        // Parts of runs are rounded; when other parts are taken later, each may round the other way.
        let slack = if bound { i64::try_from(scratch.runs.len()).unwrap_or(0) } else { 0 };
        Ok((off + slack).clamp(0, base))
    }

    /// How many bundles limits of units have room for. A limit of one article is kept as if a bundle were made of it alone.
    fn bundles_left(&self, state: &State, size: i64) -> i64 {
        let rooms = self.held.iter().filter(|held| matches!(held.counts, RoomFor::Units(_)));
        let left = rooms.map(|held| state.left.get(held.counter).copied().unwrap_or(0));
        left.map(|left| left / size.max(1)).min().unwrap_or(i64::MAX)
    }
}

/// The filling of bundles.
struct Fill {
    /// Per slot the places of the runs that fit, the dearest first, and how many units it takes; the choosiest slot first.
    slots: Vec<(Vec<usize>, i64)>,
    /// What a unit of each run costs.
    prices: Vec<i128>,
    price: i128,
    left: Vec<i64>,
    filled: Vec<i64>,
}

impl Fill {
    fn new(bundle: &BundleWork, runs: &[Run]) -> Self {
        let fits = |classes: &[usize]| {
            let runs = runs.iter().enumerate();
            runs.filter(|(_, run)| classes.binary_search(&(run.place / 2)).is_ok()).map(|(place, _)| place).collect()
        };
        let mut slots: Vec<(Vec<usize>, i64)> =
            bundle.slots.iter().map(|(classes, units)| (fits(classes), *units)).collect();
        slots.sort_by_key(|(runs, _)| runs.len());
        let price = |run: &Run| (i128::from(run.net) << DIGITS) / i128::from(run.units.max(1));
        Self {
            slots,
            prices: runs.iter().map(price).collect(),
            price: i128::from(bundle.price) << DIGITS,
            left: runs.iter().map(|run| run.units).collect(),
            filled: vec![0; runs.len()],
        }
    }

    /// Bundle after bundle of the dearest units; equal bundles at once.
    fn greedy(&mut self, max: i64) -> i64 {
        let mut bundles = 0;
        while bundles < max {
            let Some(used) = self.next() else { break };
            let cost: i128 = used.iter().zip(&self.prices).map(|(units, price)| i128::from(*units) * price).sum();
            if cost <= self.price {
                break;
            }
            let times = self.left.iter().zip(&used).filter(|(_, used)| **used > 0).map(|(left, used)| left / used);
            let times = times.min().unwrap_or(1).clamp(1, max - bundles);
            for ((left, filled), used) in self.left.iter_mut().zip(&mut self.filled).zip(used) {
                *left -= used * times;
                *filled += used * times;
            }
            bundles += times;
        }
        bundles
    }

    /// The dearest bundle that can be filled from what is left.
    fn next(&self) -> Option<Vec<i64>> {
        let mut used = vec![0; self.left.len()];
        for (runs, units) in &self.slots {
            let mut need = *units;
            for place in runs {
                let left = self.left.get(*place).copied().unwrap_or(0);
                if let Some(used) = used.get_mut(*place) {
                    let now = need.min(left - *used);
                    *used += now;
                    need -= now;
                }
            }
            if need > 0 {
                return None;
            }
        }
        Some(used)
    }

    /// The best of all fills.
    fn exact(&mut self, max: i64) -> i64 {
        let mut best = Best { gain: 0, bundles: 0, filled: self.filled.clone() };
        self.search(0, 0, max, &mut best);
        self.filled = best.filled;
        best.bundles
    }

    fn search(&mut self, bundles: i64, gain: i128, max: i64, best: &mut Best) {
        if gain > best.gain {
            *best = Best { gain, bundles, filled: self.filled.clone() };
        }
        if bundles < max {
            self.slot(0, 0, 0, -self.price, &mut |fill, cost| {
                if cost > 0 {
                    fill.search(bundles + 1, gain + cost, max, best);
                }
            });
        }
    }

    /// Fills slots from one on, the units of a slot in the order of its runs, and hands each full bundle on.
    fn slot(&mut self, slot: usize, from: usize, have: i64, cost: i128, then: &mut dyn FnMut(&mut Self, i128)) {
        let Some((runs, units)) = self.slots.get(slot) else { return then(self, cost) };
        if have == *units {
            return self.slot(slot + 1, 0, 0, cost, then);
        }
        for at in from..runs.len() {
            let Some(place) = self.slots.get(slot).and_then(|(runs, _)| runs.get(at)).copied() else { return };
            if self.left.get(place).copied().unwrap_or(0) > 0 {
                self.shift(place, 1);
                let price = self.prices.get(place).copied().unwrap_or(0);
                self.slot(slot, at, have + 1, cost + price, then);
                self.shift(place, -1);
            }
        }
    }

    fn shift(&mut self, place: usize, units: i64) {
        if let (Some(left), Some(filled)) = (self.left.get_mut(place), self.filled.get_mut(place)) {
            *left -= units;
            *filled += units;
        }
    }
}

/// The best fill so far.
struct Best {
    gain: i128,
    bundles: i64,
    filled: Vec<i64>,
}
