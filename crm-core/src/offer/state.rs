//! What is left of a basket while offers are applied to it.

use super::basket::Basket;
use super::rules::Phase;
use crate::value::spread::share;

/// Units of one class that are alike to every offer: used up by one, or not. Each carries the same part of the net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pool {
    /// Zero for goods by weight.
    pub(super) units: i64,
    pub(super) net: i64,
    /// The net when the phase began.
    pub(super) entry: i64,
    pub(super) list: i64,
}

impl Pool {
    pub(super) const fn is_empty(&self) -> bool {
        self.units == 0 && self.list == 0
    }

    /// What `units` of them carry of an amount of the pool. All of them carry all of it, and so does anything weighed.
    pub(super) fn part(&self, amount: i64, units: i64) -> i64 {
        if units >= self.units { amount } else { share(amount, units, self.units) }
    }

    fn take(&mut self, units: i64, net: i64) -> Self {
        let (entry, list) = (self.part(self.entry, units), self.part(self.list, units));
        let out = Self { units, net, entry, list };
        self.units -= units;
        self.net -= net;
        self.entry -= entry;
        self.list -= list;
        out
    }

    fn add(&mut self, other: Self) {
        self.units += other.units;
        self.net += other.net;
        self.entry += other.entry;
        self.list += other.list;
    }
}

/// All pools of a basket, delivery, and what counters leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Of class n: at 2n what is free, at 2n+1 what was used up.
    pub(super) pools: Vec<Pool>,
    pub(super) shipping: i64,
    pub(super) left: Vec<i64>,
    pub(super) phase: Phase,
    /// The net of all pools, and what it was when the phase began.
    pub(super) goods: i64,
    pub(super) goods_entry: i64,
}

impl State {
    pub(super) fn new(basket: &Basket, left: Vec<i64>) -> Self {
        let mut pools = Vec::with_capacity(basket.classes.len() * 2);
        for class in &basket.classes {
            pools.push(Pool { units: class.units, net: class.list, entry: class.list, list: class.list });
            pools.push(Pool::default());
        }
        let goods = basket.list_minor();
        Self { pools, shipping: basket.shipping, left, phase: Phase::Item, goods, goods_entry: goods }
    }

    pub(super) fn pool(&self, place: usize) -> Pool {
        self.pools.get(place).copied().unwrap_or_default()
    }

    /// What is left of lines and delivery.
    pub(super) const fn net(&self) -> i64 {
        self.goods + self.shipping
    }

    /// Begins a phase.
    pub(super) fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.goods_entry = self.goods;
            for pool in &mut self.pools {
                pool.entry = pool.net;
            }
        }
    }

    pub(super) fn lower(&mut self, place: usize, by: i64) {
        if let Some(pool) = self.pools.get_mut(place) {
            pool.net -= by;
            self.goods -= by;
        }
    }

    /// Uses up units of a free pool, which carry `net` of it.
    pub(super) fn use_up(&mut self, place: usize, units: i64, net: i64) {
        let moved = self.pools.get_mut(place).map(|pool| pool.take(units, net));
        if let (Some(moved), Some(used)) = (moved, self.pools.get_mut(place + 1)) {
            used.add(moved);
        }
    }
}
