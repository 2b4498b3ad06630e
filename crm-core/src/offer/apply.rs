//! Applying what was found: the discount is spread over what it lowers, units are used up, counters go down.

use super::compile::{Terms, Work};
use super::evaluate::{Scratch, Take};
use super::state::State;
use super::terms::RoomFor;
use crate::value::spread::spread;

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
            let parts = parts(off, &scratch.takes);
            for (take, part) in scratch.takes.iter().zip(&parts) {
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
                by_class(&scratch.takes, &parts, shares);
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

/// The discount spread over classes by what they carry, ties to the lower one, then within a class over its pools.
fn parts(off: i64, takes: &[Take]) -> Vec<i64> {
    if let [_] = takes {
        return vec![off];
    }
    let doubled = takes.windows(2).any(|pair| matches!(pair, [a, b] if a.place / 2 == b.place / 2));
    let weights: Vec<i64> = takes.iter().map(|take| take.weight).collect();
    if !doubled {
        return spread(off, &weights);
    }
    let classes: Vec<&[Take]> = takes.chunk_by(|a, b| a.place / 2 == b.place / 2).collect();
    let sums: Vec<i64> = classes.iter().map(|takes| takes.iter().map(|take| take.weight).sum()).collect();
    let mut parts = Vec::with_capacity(takes.len());
    for (takes, off) in classes.into_iter().zip(spread(off, &sums)) {
        parts.extend(spread(off, &takes.iter().map(|take| take.weight).collect::<Vec<_>>()));
    }
    parts
}

fn by_class(takes: &[Take], parts: &[i64], shares: &mut Vec<ClassShare>) {
    for (take, part) in takes.iter().zip(parts) {
        let class = take.place / 2;
        match shares.last_mut().filter(|last| last.class == class) {
            Some(last) => {
                last.off += part;
                last.units += take.units;
            }
            None => shares.push(ClassShare { class, off: *part, units: take.units }),
        }
    }
    shares.retain(|share| share.off > 0);
}
