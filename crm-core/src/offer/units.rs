//! Offers that pick units: buy some and get some, every n-th. Units are runs of one price; they are never counted one by one.

use super::carried::Carried;
use super::compile::{GetWork, Terms};
use super::evaluate::{Mode, Out, Run, Scratch, Take, dearer};
use super::rules::Pick;
use super::state::State;

impl Run {
    /// So many of its units.
    pub(super) fn take(&self, units: i64) -> Take {
        Take::new(self.place, units, (self.units, self.net))
    }
}

impl Terms<'_> {
    /// Runs of the pools of some classes, the dearest first, of equal ones the lower line. Weighed goods have none.
    pub(super) fn runs(&self, state: &State, classes: &[usize], runs: &mut Vec<Run>) {
        for class in classes {
            for of in self.places() {
                let place = class * 2 + of;
                let pool = state.pool(place);
                if pool.units > 0 {
                    let (units, net) = (pool.units, pool.net);
                    runs.push(Run { place, units, net, left: units, buys: true, gets: true });
                }
            }
        }
        runs.sort_by(|a, b| dearer((a.net, a.units), (b.net, b.units)).then(a.place.cmp(&b.place)));
    }

    /// Buy some, get some. Only full groups count; the units that are bought are taken where none come for less, as far as possible.
    pub(super) fn get(&self, state: &State, get: &GetWork, mode: Mode, scratch: &mut Scratch) -> Result<i64, Out> {
        match &get.targets {
            None => self.runs(state, &self.lens, &mut scratch.runs),
            Some(targets) => {
                let mut all: Vec<usize> = self.lens.iter().chain(targets).copied().collect();
                all.sort_unstable();
                all.dedup();
                self.runs(state, &all, &mut scratch.runs);
                for run in &mut scratch.runs {
                    let class = run.place / 2;
                    run.buys = self.lens.binary_search(&class).is_ok();
                    run.gets = targets.binary_search(&class).is_ok();
                }
            }
        }
        let groups = groups(get, &scratch.runs)?;
        let (bought, got) = (groups.saturating_mul(get.buy), groups.saturating_mul(get.get));
        let bound = mode != Mode::Real;
        let pick = match get.pick {
            // Whatever is used up before or averaged, no choice of so many units carries more than the dearest.
            _ if mode == (Mode::Bound { consumption: true }) => Pick::Dearest,
            Pick::Groups if get.targets.is_some() => Pick::Dearest,
            pick => pick,
        };
        // So many units that could come for less have to be bought, as nothing else is there to buy.
        let spare = sum(&scratch.runs, |run| run.buys && run.gets)
            - (bought - sum(&scratch.runs, |r| r.buys && !r.gets)).max(0);
        match pick {
            Pick::Groups => every(scratch, get, groups),
            Pick::Cheapest => some(scratch, got, spare, true, |run| run.gets),
            Pick::Dearest => some(scratch, got, if bound { i64::MAX } else { spare }, false, |run| run.gets),
        }
        if !bound {
            buy(scratch, bought);
        }
        self.keep_within_rooms(state, scratch);
        let carried = scratch.carry();
        Ok(carried.plus(if bound { self.slack(get, mode, scratch, carried) } else { 0 }).part(get.off))
    }

    /// What rounding can add when other units are taken later: those that are used up before go in whole minor units, and leave what does
    /// not come out even to the others. Where at most one run is taken in part, now and later, and nothing of the kind happens, what units
    /// carry only ever falls.
    fn slack(&self, get: &GetWork, mode: Mode, scratch: &Scratch, carried: Carried) -> i64 {
        let one = get.targets.is_none() && (get.pick != Pick::Groups || scratch.runs.len() < 2) && self.held.is_empty();
        let stays = mode != (Mode::Bound { consumption: true }) || carried.is_even();
        if one && stays { 0 } else { i64::try_from(scratch.runs.len() + 1).unwrap_or(i64::MAX >> 1) }
    }
}

fn sum(runs: &[Run], of: impl Fn(&&Run) -> bool) -> i64 {
    runs.iter().filter(of).map(|run| run.units).sum()
}

/// How many groups the units make.
fn groups(get: &GetWork, runs: &[Run]) -> Result<i64, Out> {
    let (buys, gets) = (sum(runs, |run| run.buys), sum(runs, |run| run.gets));
    let all: i64 = runs.iter().map(|run| run.units).sum();
    let fit = |units: i64, each: i64| if each == 0 { i64::MAX } else { units / each };
    let size = get.buy + get.get;
    let groups = fit(all, size).min(fit(buys, get.buy)).min(fit(gets, get.get)).min(get.max);
    if groups > 0 {
        return Ok(groups);
    }
    // With lines of its own for what comes for less, either side may lack units.
    Err(if get.targets.is_some() && get.buy <= buys {
        Out::MinUnits { need: get.get.max(gets + 1), have: gets }
    } else if get.targets.is_some() {
        Out::MinUnits { need: get.buy, have: buys }
    } else {
        Out::MinUnits { need: size, have: all }
    })
}

fn take(run: &mut Run, units: i64, takes: &mut Vec<Take>) {
    if units <= 0 {
        return;
    }
    run.left -= units;
    takes.push(run.take(units));
}

/// Takes the cheapest or the dearest units, of those that could be bought as well at most `spare`.
fn some(scratch: &mut Scratch, mut units: i64, mut spare: i64, cheapest: bool, of: impl Fn(&Run) -> bool) {
    let mut order: Vec<usize> = (0..scratch.runs.len()).collect();
    if cheapest {
        let runs = &scratch.runs;
        let price = |place: &usize| runs.get(*place).map_or((0, 1), |run| (run.net, run.units));
        // Of equal prices the lower line, as everywhere: the sort is stable, and only the order of prices is turned around.
        order.sort_by(|a, b| dearer(price(b), price(a)));
    }
    for place in order {
        let Some(run) = scratch.runs.get_mut(place).filter(|run| of(run)) else { continue };
        let room = if run.buys { spare.min(run.left) } else { run.left };
        let now = units.min(room).max(0);
        if run.buys {
            spare -= now;
        }
        units -= now;
        take(run, now, &mut scratch.takes);
    }
}

/// Takes the last units of each of `groups`, when the dearest units are grouped first.
fn every(scratch: &mut Scratch, get: &GetWork, groups: i64) {
    let size = get.buy + get.get;
    // How many of the first `units` come for less.
    let got = |units: i64| {
        let units = units.min(groups.saturating_mul(size));
        (units / size) * get.get + (units % size - get.buy).max(0)
    };
    let mut start = 0;
    for run in &mut scratch.runs {
        let end = start + run.units;
        take(run, got(end) - got(start), &mut scratch.takes);
        start = end;
    }
}

/// Counts the units that are bought: where none come for less first, then the dearest that are left.
fn buy(scratch: &mut Scratch, mut units: i64) {
    for only in [true, false] {
        for run in &mut scratch.runs {
            if run.buys && run.gets != only {
                let now = units.min(run.left);
                units -= now;
                take(run, now, &mut scratch.counted);
            }
        }
    }
}
