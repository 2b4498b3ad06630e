//! Applying what was found: the discount is spread over what it lowers, units are used up, counters go down.

use super::compile::{Terms, Work};
use super::evaluate::{Scratch, Take};
use super::state::State;
use super::terms::RoomFor;
use crate::value::spread::spread_onto;

/// The part of a discount that falls on a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClassShare {
    pub(super) class: usize,
    pub(super) off: i64,
    /// Lowered units.
    pub(super) units: i64,
}

impl Terms<'_> {
    /// Takes `off` off the state, as the last evaluation left it in `scratch`. `shares`, if wanted, get what falls on each class.
    pub(super) fn apply(
        &self,
        state: &mut State,
        off: i64,
        scratch: &mut Scratch,
        shares: Option<&mut Vec<ClassShare>>,
    ) {
        let mut lowered = 0;
        if matches!(self.work, Work::Shipping(_)) {
            state.shipping -= off;
        } else {
            scratch.takes.sort_unstable_by_key(|take| take.place);
            scratch.split(off);
            for (take, part) in scratch.takes.iter().zip(&scratch.parts) {
                state.lower(take.place, *part);
                if self.consumes && take.place % 2 == 0 {
                    state.use_up(take.place, take.units, take.amount - part);
                }
                lowered += take.units;
            }
            for take in scratch.counted.iter().filter(|take| self.consumes && take.place % 2 == 0) {
                let pool = state.pool(take.place);
                state.use_up(take.place, take.units, pool.part(pool.net, take.units));
            }
            if let Some(shares) = shares {
                by_class(&scratch.takes, &scratch.parts, shares);
            }
        }
        for held in &self.held {
            let used = match held.counts {
                RoomFor::Uses => 1,
                RoomFor::Budget => off,
                RoomFor::Units(None) => lowered,
                RoomFor::Units(Some(_)) => {
                    let takes = scratch.takes.iter();
                    takes.filter(|take| self.counts_class(held.counts, take.place / 2)).map(|take| take.units).sum()
                }
            };
            if let Some(left) = state.left.get_mut(held.counter) {
                *left -= used;
            }
        }
    }
}

impl Scratch {
    /// The discount spread over classes by what they carry, ties to the lower one, then within a class over its pools.
    fn split(&mut self, off: i64) {
        self.parts.clear();
        if let [_] = self.takes.as_slice() {
            self.parts.push(off);
        } else if !self.takes.windows(2).any(|pair| matches!(pair, [a, b] if a.class() == b.class())) {
            spread_onto(off, self.takes.iter().map(|take| take.weight), &mut self.parts, &mut self.keys);
        } else {
            let classes = || self.takes.chunk_by(|a, b| a.class() == b.class());
            let weights = |takes: &[Take]| takes.iter().map(|take| take.weight).sum();
            self.sums.clear();
            spread_onto(off, classes().map(weights), &mut self.sums, &mut self.keys);
            for (takes, off) in classes().zip(&self.sums) {
                spread_onto(*off, takes.iter().map(|take| take.weight), &mut self.parts, &mut self.keys);
            }
        }
    }
}

fn by_class(takes: &[Take], parts: &[i64], shares: &mut Vec<ClassShare>) {
    let start = shares.len();
    shares.reserve(takes.len());
    for (take, part) in takes.iter().zip(parts) {
        let class = take.class();
        let last = shares.get_mut(start..).and_then(<[_]>::last_mut);
        match last {
            Some(last) if last.class == class => {
                last.off += part;
                last.units += take.units;
            }
            Some(last) if last.off == 0 => *last = ClassShare { class, off: *part, units: take.units },
            _ => shares.push(ClassShare { class, off: *part, units: take.units }),
        }
    }
    if start < shares.len() {
        shares.pop_if(|last| last.off == 0);
    }
}
