//! What a search changed on its way, to undo it on its way back: most applications change little of a large cart.

use super::evaluate::Scratch;
use super::rules::Phase;
use super::state::{Pool, State};

/// What was there before, the latest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    pub(super) pools: Vec<(usize, Pool)>,
    left: Vec<i64>,
    pub(super) caps: Vec<(usize, i64)>,
}

/// Where a trail stands, and what of the state is small enough to be kept as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pools: usize,
    left: usize,
    caps: usize,
    shipping: i64,
    phase: Phase,
    goods: i64,
    goods_entry: i64,
}

impl Trail {
    pub(super) fn mark(&mut self, state: &State) -> Mark {
        let mark = Mark {
            pools: self.pools.len(),
            left: self.left.len(),
            caps: self.caps.len(),
            shipping: state.shipping,
            phase: state.phase,
            goods: state.goods,
            goods_entry: state.goods_entry,
        };
        self.left.extend(&state.left);
        mark
    }

    /// Keeps the pools that are about to be lowered or used up.
    pub(super) fn keep_taken(&mut self, state: &State, scratch: &Scratch, consumes: bool) {
        for take in scratch.takes.iter().chain(&scratch.counted) {
            self.pools.push((take.place, state.pool(take.place)));
            if consumes && take.place % 2 == 0 {
                self.pools.push((take.place + 1, state.pool(take.place + 1)));
            }
        }
    }

    /// Keeps the pools that a new phase changes.
    pub(super) fn keep_entries(&mut self, state: &State) {
        let pools = state.pools.iter().copied().enumerate();
        self.pools.extend(pools.filter(|(_, pool)| pool.entry != pool.net));
    }

    /// Puts everything back as it was at a mark.
    pub(super) fn back_to(&mut self, mark: Mark, state: &mut State, caps: &mut [i64]) {
        for (place, pool) in self.pools.drain(mark.pools..).rev() {
            if let Some(slot) = state.pools.get_mut(place) {
                *slot = pool;
            }
        }
        for (member, cap) in self.caps.drain(mark.caps..).rev() {
            if let Some(slot) = caps.get_mut(member) {
                *slot = cap;
            }
        }
        for (slot, left) in state.left.iter_mut().zip(self.left.drain(mark.left..)) {
            *slot = left;
        }
        state.shipping = mark.shipping;
        state.phase = mark.phase;
        state.goods = mark.goods;
        state.goods_entry = mark.goods_entry;
    }
}
