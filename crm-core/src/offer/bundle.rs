//! Bundles: units that fill all slots, for one price together.

use super::compile::{BundleWork, Terms};
use super::evaluate::{Mode, Out, Run, Scratch};
use super::state::State;
use super::terms::RoomFor;

/// So many binary digits follow the point of a unit's price where prices are compared; amounts are never made of them.
const DIGITS: u32 = 32;

impl Terms<'_> {
    /// As many bundles as cost more than their price, of the units that together save most.
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
        let mut fill = Fill::new(bundle, &scratch.runs);
        let max = bundle.max.min(self.bundles_left(state, size));
        let bundles = if bundle.apart { fill.greedy(max) } else { fill.flow(max.min(have / size.max(1))) };
        if bundles == 0 {
            return Err(if have < size { Out::MinUnits { need: size, have } } else { Out::NoEffect });
        }
        for (run, units) in scratch.runs.iter().zip(fill.filled) {
            if units > 0 {
                scratch.takes.push(run.take(units));
            }
        }
        let base = scratch.carry().rounded();
        let off = base - bundle.price.saturating_mul(bundles);
        // Parts of runs are rounded; when other parts are taken later, each may round the other way.
        let slack = if matches!(mode, Mode::Bound { .. }) { i64::try_from(scratch.runs.len()).unwrap_or(0) } else { 0 };
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

    /// The best fill where slots overlap. What so many bundles cost at most grows by less with each further one, so the number of bundles
    /// is found by halving: the last one that adds more than its price. Then each of them costs more than its price, however its units
    /// are grouped: without it the others cost no more than the most that one bundle fewer can cost.
    fn flow(&mut self, max: i64) -> i64 {
        let pays = |bundles: i64| {
            let most = Flow::fill(self, bundles)?;
            let fewer = Flow::fill(self, bundles - 1)?.cost;
            (most.cost - fewer > self.price).then_some(most)
        };
        // The most of them in the frequent case, then halves; `low` pays, `high` does not.
        let (mut low, mut high, mut best) = (0, max + 1, None);
        let mut next = max;
        while 0 < next && low < next {
            match pays(next) {
                Some(flow) => (low, best) = (next, Some(flow)),
                None => high = next,
            }
            next = low + (high - low) / 2;
        }
        self.filled = best.map_or_else(|| vec![0; self.left.len()], |flow| flow.filled);
        low
    }
}

/// Units that fill the slots of some bundles and cost most: the dearest first, each as far as those taken before can make room for it by
/// going to other slots.
struct Flow {
    cost: i128,
    filled: Vec<i64>,
    /// What each slot still needs.
    needs: Vec<i64>,
    /// The slots of each kind of run, and how many units of that kind are in each slot.
    kinds: Vec<(Vec<usize>, Vec<i64>)>,
}

impl Flow {
    fn fill(fill: &Fill, bundles: i64) -> Option<Self> {
        let slots = &fill.slots;
        let needs = slots.iter().map(|(_, units)| units.saturating_mul(bundles)).collect();
        let mut flow = Self { cost: 0, filled: Vec::with_capacity(fill.left.len()), needs, kinds: Vec::new() };
        for (run, (left, price)) in fill.left.iter().zip(&fill.prices).enumerate() {
            let fits = slots.iter().enumerate().filter(|(_, (runs, _))| runs.binary_search(&run).is_ok());
            let fits: Vec<usize> = fits.map(|(slot, _)| slot).collect();
            let known = flow.kinds.iter().position(|(slots, _)| *slots == fits);
            let kind = known.unwrap_or(flow.kinds.len());
            if known.is_none() {
                flow.kinds.push((fits, vec![0; slots.len()]));
            }
            let mut units = 0;
            while units < *left {
                let now = flow.push(kind, left - units);
                if now == 0 {
                    break;
                }
                units += now;
            }
            flow.cost += i128::from(units) * price;
            flow.filled.push(units);
        }
        flow.needs.iter().all(|need| *need == 0).then_some(flow)
    }

    /// Puts up to `most` units of a kind into slots, by the shortest way of making room; answers how many.
    fn push(&mut self, kind: usize, most: i64) -> i64 {
        let Some((first, _)) = self.kinds.get(kind) else { return 0 };
        // From which slot, and by moving which kind out of it, a slot was reached; a slot of `kind` itself from none.
        let mut from: Vec<Option<(Option<usize>, usize)>> = vec![None; self.needs.len()];
        let mut queue: Vec<usize> = Vec::with_capacity(from.len());
        for slot in first {
            from.get_mut(*slot).into_iter().for_each(|from| *from = Some((None, kind)));
            queue.push(*slot);
        }
        let mut at = 0;
        while let Some(slot) = queue.get(at).copied() {
            at += 1;
            if self.needs.get(slot).is_some_and(|need| *need > 0) {
                return self.shift(slot, &from, most);
            }
            for (moved, (slots, units)) in self.kinds.iter().enumerate() {
                if units.get(slot).is_none_or(|units| *units == 0) {
                    continue;
                }
                for other in slots {
                    if let Some(way @ None) = from.get_mut(*other) {
                        *way = Some((Some(slot), moved));
                        queue.push(*other);
                    }
                }
            }
        }
        0
    }

    /// Moves units along a way that ends in a slot with room.
    fn shift(&mut self, end: usize, from: &[Option<(Option<usize>, usize)>], most: i64) -> i64 {
        let step = |slot: usize| from.get(slot).copied().flatten();
        let mut units = most.min(self.needs.get(end).copied().unwrap_or(0));
        let mut slot = end;
        while let Some((Some(before), kind)) = step(slot) {
            units = units.min(self.kinds.get(kind).and_then(|(_, units)| units.get(before)).copied().unwrap_or(0));
            slot = before;
        }
        self.needs.get_mut(end).into_iter().for_each(|need| *need -= units);
        let mut slot = end;
        while let Some((before, kind)) = step(slot) {
            let mut add = |slot: usize, units: i64| {
                let place = self.kinds.get_mut(kind).and_then(|(_, units)| units.get_mut(slot));
                place.into_iter().for_each(|place| *place += units);
            };
            add(slot, units);
            let Some(before) = before else { break };
            add(before, -units);
            slot = before;
        }
        units
    }
}
