//! What one offer would take off, as things stand: eligible units, thresholds, effect, limits, one rounding.

use super::carried::Carried;
use super::compile::{Cut, From, Held, Terms, Work};
use super::rules::{ThresholdBasis, ThresholdTax};
use super::state::State;
use super::terms::RoomFor;
use crate::value::spread::share;
use crate::value::{Percent, TaxMode};

/// Units of a pool that an offer lowers or counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Take {
    /// Which pool.
    pub(super) place: usize,
    pub(super) units: i64,
    /// All units of the pool and its net, of which each carries the same part.
    pub(super) of: (i64, i64),
    /// What they carry, in whole minor units: those of all takes sum to what all carry, rounded once.
    pub(super) amount: i64,
    /// How the discount is spread over the takes: by what they carry, but for an offer that has a price for each unit.
    pub(super) weight: i64,
}

/// A pool seen as a run of units of one price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) place: usize,
    pub(super) units: i64,
    pub(super) net: i64,
    pub(super) left: i64,
    pub(super) buys: bool,
    pub(super) gets: bool,
}

/// Working memory of one evaluation, and what it found.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// What is lowered.
    pub(super) takes: Vec<Take>,
    /// What is only counted.
    pub(super) counted: Vec<Take>,
    pub(super) runs: Vec<Run>,
    /// What falls on each take, when it was applied.
    pub(super) parts: Vec<i64>,
    pub(super) sums: Vec<i64>,
    pub(super) keys: Vec<u64>,
}

impl Take {
    /// So many units of a pool, given as all of its units and its net.
    pub(super) fn new(place: usize, units: i64, of: (i64, i64)) -> Self {
        let amount = if units >= of.0 { of.1 } else { share(of.1, units, of.0) };
        Self { place, units, of, amount, weight: amount }
    }

    pub(super) const fn class(&self) -> usize {
        self.place / 2
    }
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.takes.clear();
        self.counted.clear();
        self.runs.clear();
    }

    /// What all takes carry; each gets its part of that in whole minor units.
    pub(super) fn carry(&mut self) -> Carried {
        if self.takes.iter().all(|take| take.units >= take.of.0) {
            return Carried::even(self.takes.iter().map(|take| take.amount).sum());
        }
        let (mut sum, mut told) = (Carried::even(0), 0);
        for take in &mut self.takes {
            sum.add(take.of.1, take.units, take.of.0);
            take.amount = sum.rounded() - told;
            take.weight = take.amount;
            told += take.amount;
        }
        sum
    }
}

/// Why an offer has no effect as things stand, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    NoEligible,
    MinAmount {
        need: i64,
        have: i64,
    },
    MinUnits {
        need: i64,
        have: i64,
    },
    /// The place of the room in the candidate.
    Limit(usize),
    Budget {
        room: usize,
        left: i64,
    },
    NoEffect,
}

/// What an evaluation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// To apply it.
    Real,
    /// To know what it can take off at most, now or after any other offers.
    Bound {
        /// Whether any offer uses units up: then cheap units may be gone when its turn comes.
        consumption: bool,
    },
    /// To know what it would take off if what it lacks were there.
    Pretend,
}

impl Terms<'_> {
    /// What it takes off lines or delivery as things stand; `scratch` then has what it lowers. Of several choices the one named.
    pub(super) fn evaluate(&self, state: &State, mode: Mode, choice: usize, scratch: &mut Scratch) -> Result<i64, Out> {
        scratch.clear();
        if let Some(out) = self.used_up(state) {
            return Err(out);
        }
        let places = self.places();
        // Without units that are used up, what has lines has something in them. Goods by weight for nothing leave no trace in a pool.
        let weighed =
            |class: usize| self.basket.classes.get(class).is_some_and(|class| class.units == 0 && class.list == 0);
        let is_there = |class: usize| places.clone().any(|of| !state.pool(class * 2 + of).is_empty()) || weighed(class);
        if !self.lens.iter().any(|class| is_there(*class)) {
            return Err(Out::NoEligible);
        }
        if mode != Mode::Pretend {
            self.reached(state)?;
        }
        let off = self.work(state, mode, choice, scratch)?;
        for held in &self.held {
            let left = self.left(state, held.counter);
            if matches!(held.counts, RoomFor::Budget) && off > left {
                if matches!(mode, Mode::Bound { .. }) {
                    return if left > 0 { Ok(left) } else { Err(Out::NoEffect) };
                }
                return Err(Out::Budget { room: held.room, left });
            }
        }
        if off > 0 || self.is_gift() { Ok(off) } else { Err(self.units_gone(state).unwrap_or(Out::NoEffect)) }
    }

    /// The limit of an article that has no unit left for it.
    fn units_gone(&self, state: &State) -> Option<Out> {
        let gone = |held: &&Held<'_>| {
            let of_article = matches!(held.counts, RoomFor::Units(Some(_))) && self.left(state, held.counter) < 1;
            of_article && self.lens.iter().any(|class| self.counts_class(held.counts, *class))
        };
        self.held.iter().find(gone).map(|held| Out::Limit(held.room))
    }

    /// The limit that has nothing left for it.
    pub(super) fn used_up(&self, state: &State) -> Option<Out> {
        let counts = |held: &&Held<'_>| matches!(held.counts, RoomFor::Uses | RoomFor::Units(None));
        let held = self.held.iter().filter(counts).find(|held| self.left(state, held.counter) < 1)?;
        Some(Out::Limit(held.room))
    }

    fn left(&self, state: &State, counter: usize) -> i64 {
        state.left.get(counter).copied().unwrap_or(0)
    }

    /// Which of the two pools of a class it sees.
    pub(super) fn places(&self) -> std::ops::Range<usize> {
        if self.respects { 0..1 } else { 0..2 }
    }

    fn work(&self, state: &State, mode: Mode, choice: usize, scratch: &mut Scratch) -> Result<i64, Out> {
        match &self.work {
            Work::Cut(cut) if mode != Mode::Real && self.held.is_empty() => Ok(cut.of(self.eligible(state))),
            Work::Cut(cut) => Ok(self.cut(state, *cut, &self.lens, scratch)),
            Work::Price(price) => Ok(self.price(state, *price, scratch)),
            Work::Bundle(bundle) => self.bundle(state, bundle, mode, scratch),
            Work::Get(get) => self.get(state, get, mode, scratch),
            Work::Tiered(steps) => self.tiered(state, steps, mode, scratch),
            Work::Every { step, amount, max } => {
                let (have, _) = self.measure(state, false);
                let next = mode == Mode::Pretend && self.reached(state).is_ok();
                let times = (have / step).min(*max) + i64::from(next && have / step < *max);
                if times == 0 {
                    return Err(Out::MinAmount { need: *step, have });
                }
                Ok(self.cut(state, Cut::Amount(amount.saturating_mul(times)), &self.lens, scratch))
            }
            Work::OneOf(options) => match mode {
                Mode::Real => {
                    let option = options.get(choice).ok_or(Out::NoEligible)?;
                    Ok(self.cut(state, option.1, &[option.0], scratch))
                }
                _ => {
                    let all = options.iter().map(|(class, cut)| {
                        scratch.clear();
                        self.cut(state, *cut, &[*class], scratch)
                    });
                    all.max().ok_or(Out::NoEligible)
                }
            },
            Work::Shipping(cut) => Ok(cut.of(state.shipping)),
            Work::Gift => Ok(0),
        }
    }

    /// Whether it is spread over all that is left of its lines by what they carry.
    pub(super) fn is_even(&self) -> bool {
        matches!(self.work, Work::Cut(_) | Work::Every { .. } | Work::Tiered(_))
            && !self.held.iter().any(|held| matches!(held.counts, RoomFor::Units(_)))
    }

    /// What is left of the eligible lines.
    pub(super) fn eligible(&self, state: &State) -> i64 {
        if self.is_whole() {
            return state.goods;
        }
        let places = self.places();
        self.lens.iter().flat_map(|class| places.clone().map(move |of| state.pool(class * 2 + of).net)).sum()
    }

    /// Whether it sees everything there is.
    fn is_whole(&self) -> bool {
        !self.respects && self.lens.len() == self.basket.classes.len()
    }

    /// So much off all eligible units, or off as many of the dearest as limits leave.
    fn cut(&self, state: &State, cut: Cut, classes: &[usize], scratch: &mut Scratch) -> i64 {
        scratch.takes.reserve(classes.len());
        for class in classes {
            for of in self.places() {
                let pool = state.pool(class * 2 + of);
                if pool.net > 0 {
                    scratch.takes.push(Take::new(class * 2 + of, pool.units, (pool.units, pool.net)));
                }
            }
        }
        self.keep_within_rooms(state, scratch);
        cut.of_carried(scratch.carry())
    }

    /// Each unit that costs more for this price. A unit's reduction is its own, so the spread follows it exactly.
    fn price(&self, state: &State, price: i64, scratch: &mut Scratch) -> i64 {
        for class in &self.lens {
            for of in self.places() {
                let pool = state.pool(class * 2 + of);
                if pool.units > 0 && reduction(pool.net, price, pool.units) > 0 {
                    scratch.takes.push(Take::new(class * 2 + of, pool.units, (pool.units, pool.net)));
                }
            }
        }
        self.keep_within_rooms(state, scratch);
        scratch.carry();
        for take in &mut scratch.takes {
            take.weight = reduction(take.amount, price, take.units);
        }
        scratch.takes.iter().map(|take| take.weight).sum()
    }

    fn tiered(&self, state: &State, steps: &[(From, Cut)], mode: Mode, scratch: &mut Scratch) -> Result<i64, Out> {
        let (amount, mut units) = self.measure(state, false);
        // Where its threshold is what it lacks, so many units are there then; else it is the next step.
        let lacks = mode == Mode::Pretend && self.reached(state).is_err();
        if let Some(need) = self.gauge.units.filter(|_| lacks && !self.gauge.cart) {
            units = units.max(need);
        }
        let pretend = mode == Mode::Pretend && !lacks;
        let reached = |from: From| match from {
            From::Amount(from) => from <= amount,
            From::Units(from) => from <= units,
        };
        let next = steps.iter().position(|(from, _)| !reached(*from)).unwrap_or(steps.len());
        let step = if pretend { next } else { next.wrapping_sub(1) };
        let Some((_, cut)) = steps.get(step).or_else(|| steps.last().filter(|_| pretend)) else {
            return Err(match steps.first() {
                Some((From::Amount(need), _)) => Out::MinAmount { need: *need, have: amount },
                Some((From::Units(need), _)) => Out::MinUnits { need: *need, have: units },
                None => Out::NoEffect,
            });
        };
        let mut off = self.cut(state, *cut, &self.lens, scratch);
        if matches!(mode, Mode::Bound { .. }) {
            // A lower step may take more off; nobody has to write it so, but a bound has to hold.
            let base = scratch.carry();
            off = steps.iter().take(next).map(|(_, cut)| cut.of_carried(base)).max().unwrap_or(off);
        }
        Ok(off)
    }

    /// The next step of a tiered offer, or of one that repeats: what it needs and what there is.
    pub(super) fn next_step(&self, state: &State) -> Option<Out> {
        let (amount, units) = self.measure(state, false);
        match &self.work {
            Work::Tiered(steps) => steps.iter().find_map(|(from, _)| match from {
                From::Amount(need) if amount < *need => Some(Out::MinAmount { need: *need, have: amount }),
                From::Units(need) if units < *need => Some(Out::MinUnits { need: *need, have: units }),
                _ => None,
            }),
            Work::Every { step, max, .. } if amount / step < *max => {
                (amount / step + 1).checked_mul(*step).map(|need| Out::MinAmount { need, have: amount })
            }
            _ => None,
        }
    }

    fn reached(&self, state: &State) -> Result<(), Out> {
        if self.gauge.amount.is_none() && self.gauge.units.is_none() {
            return Ok(());
        }
        let (have, units) = self.measure(state, self.gauge.cart);
        match (self.gauge.amount, self.gauge.units) {
            (Some(need), _) if have < need => Err(Out::MinAmount { need, have }),
            (_, Some(need)) if units < need => Err(Out::MinUnits { need, have: units }),
            _ => Ok(()),
        }
    }

    /// Amount and units of the eligible lines, or of all, as the offer measures them.
    fn measure(&self, state: &State, cart: bool) -> (i64, i64) {
        if (cart || self.is_whole()) && !self.is_taxed() {
            let amount = match self.gauge.basis {
                ThresholdBasis::List => self.basket.list_minor(),
                ThresholdBasis::PhaseEntry if state.phase == self.phase => state.goods_entry,
                ThresholdBasis::PhaseEntry | ThresholdBasis::Running => state.goods,
            };
            return (amount, self.basket.units());
        }
        let (mut amount, mut units) = (0, 0);
        let mut add = |class: usize, places: std::ops::Range<usize>| {
            let mut sum = 0;
            for of in places {
                let pool = state.pool(class * 2 + of);
                units += pool.units;
                sum += match self.gauge.basis {
                    ThresholdBasis::List => pool.list,
                    // Before its phase begins, what is left now is the most that can be left then.
                    ThresholdBasis::PhaseEntry if state.phase == self.phase => pool.entry,
                    ThresholdBasis::PhaseEntry | ThresholdBasis::Running => pool.net,
                };
            }
            amount += self.taxed(class, sum);
        };
        if cart {
            (0..self.basket.classes.len()).for_each(|class| add(class, 0..2));
        } else {
            self.lens.iter().for_each(|class| add(*class, self.places()));
        }
        (amount, units)
    }

    /// Whether it measures with or without tax otherwise than the cart is priced.
    pub(super) const fn is_taxed(&self) -> bool {
        matches!(
            (self.basket.tax_mode, self.gauge.tax),
            (TaxMode::Included, ThresholdTax::Net) | (TaxMode::Added, ThresholdTax::Gross)
        )
    }

    /// An amount of a class with or without tax, as the threshold wants it.
    fn taxed(&self, class: usize, amount: i64) -> i64 {
        let rate = || self.basket.classes.get(class).map_or(Percent::ZERO, |class| class.rate);
        match (self.basket.tax_mode, self.gauge.tax) {
            (TaxMode::Included, ThresholdTax::Net) => amount - included(amount, rate()),
            (TaxMode::Added, ThresholdTax::Gross) => amount + rate().of(amount),
            _ => amount,
        }
    }

    /// Leaves as many of the lowered units as limits have room for: the dearest.
    pub(super) fn keep_within_rooms(&self, state: &State, scratch: &mut Scratch) {
        for held in &self.held {
            let counted = |take: &Take| self.counts_class(held.counts, take.place / 2);
            let mut room = self.left(state, held.counter);
            if !matches!(held.counts, RoomFor::Units(_))
                || scratch.takes.iter().filter(|take| counted(take)).map(|take| take.units).sum::<i64>() <= room
            {
                continue;
            }
            scratch.takes.sort_by(|a, b| dearer((a.of.1, a.of.0), (b.of.1, b.of.0)).then(a.place.cmp(&b.place)));
            for take in scratch.takes.iter_mut().filter(|take| counted(take) && take.units > 0) {
                let units = take.units.min(room);
                room -= units;
                if units < take.units {
                    *take = Take::new(take.place, units, take.of);
                }
            }
            scratch.takes.retain(|take| take.of.1 > 0 && (take.units > 0 || take.of.0 == 0));
        }
    }
}

/// What `units` that carry `amount` cost above this price each.
fn reduction(amount: i64, price: i64, units: i64) -> i64 {
    amount.saturating_sub(price.saturating_mul(units)).max(0)
}

/// The tax in an amount that includes it, rounded half away from zero.
pub(super) fn included(amount: i64, rate: Percent) -> i64 {
    let rate = i64::from(rate.millionths());
    share(amount, rate, rate + i64::from(Percent::WHOLE.millionths()))
}

/// The order of prices, the dearest first; each is an amount of so many units.
pub(super) fn dearer(a: (i64, i64), b: (i64, i64)) -> std::cmp::Ordering {
    let (left, right) = (i128::from(a.0) * i128::from(b.1), i128::from(b.0) * i128::from(a.1));
    right.cmp(&left)
}
