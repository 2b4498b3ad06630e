//! The best set of offers and the best order of it, by branch and bound: deterministic, bounded by looked-at combinations.
//!
//! A combination grows by one application at a time, phase after phase. Two applications that have nothing to do with each other are
//! tried in one order only (sleep sets), what was reached before in the same state is not looked at again, and what cannot beat the
//! second best any more is left out ([`super::bound`]).

use super::bound::Weights;
use super::compile::Terms;
use super::evaluate::{Mode, Scratch};
use super::problem::{PHASES, Problem, Step};
use super::rules::Objective;
use super::state::State;
use super::trail::Trail;
use crate::limits;
use std::collections::BTreeMap;

/// The members of a set, ascending.
pub(super) fn bits(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (next < u128::BITS).then_some(next as usize)
    })
}

/// A finished combination.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    pub(super) path: Vec<Step>,
    pub(super) off: i64,
    /// What the customer pays less.
    pub(super) saved: i64,
    pub(super) cost: i64,
    pub(super) applied: u128,
}

/// The last bound that was worked out in a place, and of what: what is live, and what of it is asleep.
pub(super) type Known = Option<(u128, u128, i64)>;

/// Where the search stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// What may still be applied.
    pub(super) live: u128,
    /// What was tried first here already, and whose order does not matter.
    pub(super) asleep: u128,
    pub(super) applied: u128,
    pub(super) off: i64,
    pub(super) cost: i64,
}

/// What is known of one offer of the search.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    /// Its place in the problem.
    pub(super) offer: usize,
    /// Offers for which it matters whether they come before or after it.
    pub(super) wakes: u128,
    /// Offers that may take off something else after it.
    pub(super) touches: u128,
    /// Offers of its phase or an earlier one that can change what it finds.
    pub(super) touched: u128,
    /// Percents of its phase or a later one that take some of its lines and not all.
    pub(super) partial: u128,
    /// Its group, without itself being alone there.
    pub(super) peers: u128,
    pub(super) most: usize,
    /// Its group, if at most one of it can be applied.
    pub(super) single: Option<usize>,
}

/// What makes two places of the search the same: phase, applied offers, state.
pub(super) type Seen = (usize, u128, Vec<i64>);

/// A search over offers that have to do with each other.
pub(super) struct Search<'p, 'a> {
    pub(super) problem: &'p Problem<'a>,
    pub(super) members: Vec<Member>,
    pub(super) phases: [u128; PHASES.len()],
    pub(super) groups: usize,
    /// Percents that no limit bounds.
    pub(super) parts: u128,
    /// Classes whose sums alone matter, if so.
    pub(super) lenses: Option<Vec<&'p [usize]>>,
    /// Classes that any member lowers.
    pub(super) classes: Vec<usize>,
    pub(super) weights: Weights,
    pub(super) must: u128,
    /// Whether any of them came by a coupon or a code.
    pub(super) coupons: bool,
    pub(super) nodes: u64,
    pub(super) limit: u64,
    pub(super) stopped: bool,
    pub(super) best: Option<Leaf>,
    pub(super) second: Option<Leaf>,
    /// How things stand.
    pub(super) state: State,
    /// What each offer can take off from here on at most.
    pub(super) caps: Vec<i64>,
    /// What lines and delivery cost at the start.
    pub(super) net: i64,
    trail: Trail,
    scratch: Scratch,
    path: Vec<Step>,
    seen: BTreeMap<Seen, u128>,
    /// Where the next key of `seen` is made.
    key: Seen,
    /// What could be applied at the end of each phase; for an objective that asks whether anything could be added.
    ends: Vec<State>,
}

impl<'p, 'a> Search<'p, 'a> {
    pub(super) fn over(problem: &'p Problem<'a>, members: Vec<Member>, limit: u64) -> Self {
        Self {
            problem,
            members,
            phases: [0; PHASES.len()],
            groups: 0,
            parts: 0,
            lenses: None,
            classes: Vec::new(),
            weights: Weights::default(),
            must: 0,
            coupons: false,
            nodes: 0,
            limit,
            stopped: false,
            best: None,
            second: None,
            state: State::default(),
            caps: Vec::new(),
            net: 0,
            trail: Trail::default(),
            scratch: Scratch::default(),
            path: Vec::new(),
            seen: BTreeMap::new(),
            key: Seen::default(),
            ends: Vec::new(),
        }
    }

    pub(super) fn terms(&self, member: usize) -> Option<&'p Terms<'a>> {
        self.members.get(member).and_then(|member| self.problem.terms.get(member.offer))
    }

    fn member(&self, member: usize) -> Option<&Member> {
        self.members.get(member)
    }

    pub(super) fn single_group(&self, member: usize) -> Option<usize> {
        self.member(member).and_then(|member| member.single)
    }

    pub(super) fn peers(&self, member: usize) -> u128 {
        self.member(member).map_or(0, |member| member.peers)
    }

    pub(super) fn wakes(&self, member: usize) -> u128 {
        self.member(member).map_or(0, |member| member.wakes)
    }

    pub(super) fn touched(&self, member: usize) -> u128 {
        self.member(member).map_or(0, |member| member.touched)
    }

    pub(super) fn partial(&self, member: usize) -> u128 {
        self.member(member).map_or(0, |member| member.partial)
    }

    pub(super) fn all(&self) -> u128 {
        self.phases.iter().fold(0, |all, phase| all | phase)
    }

    pub(super) fn phase(&self, place: usize) -> u128 {
        self.phases.get(place).copied().unwrap_or(0)
    }

    pub(super) fn cap(&self, member: usize) -> i64 {
        self.caps.get(member).copied().unwrap_or(0)
    }

    /// Goes to where nothing is applied yet.
    pub(super) fn begin(&mut self) {
        self.state.clone_from(&self.problem.start);
        self.net = self.state.net();
        self.trail.pools.reserve(self.state.pools.len() * 2);
        self.caps = vec![0; self.members.len()];
        for member in 0..self.members.len() {
            self.weigh(member);
        }
    }

    /// Looks for the best; answers what everything together can take off at most.
    pub(super) fn run(&mut self) -> i64 {
        self.begin();
        let most = self.bound(self.all(), 0, 0);
        self.visit(Place { live: self.all(), asleep: 0, applied: 0, off: 0, cost: 0 });
        most
    }

    /// Works out anew what an offer can take off.
    fn weigh(&mut self, member: usize) {
        let Some(terms) = self.terms(member) else { return };
        let mode = Mode::Bound { consumption: self.problem.consumption };
        let cap = terms.evaluate(&self.state, mode, 0, &mut self.scratch).unwrap_or(0);
        if let Some(slot) = self.caps.get_mut(member) {
            self.trail.caps.push((member, *slot));
            *slot = cap;
        }
    }

    fn visit(&mut self, place: Place) {
        self.nodes += 1;
        if self.limit < self.nodes {
            self.stopped = true;
            return;
        }
        let phase = self.state.phase as usize;
        let now = place.live & self.phase(phase);
        if now != 0 && self.was_seen(place, now) {
            return;
        }
        let mut asleep = place.asleep;
        let mut known = None;
        for member in bits(now) {
            let live = self.awakeable(place.live, asleep, phase);
            if self.hopeless(place, live, asleep & now & live, &mut known) {
                // What is asleep only grows, so nothing that follows here has more hope, and stopping here has the least.
                return;
            }
            if asleep & 1 << member == 0 {
                self.apply(place, live, asleep, member);
            }
            if self.stopped {
                return;
            }
            asleep |= 1 << member;
        }
        self.close(place, phase, known);
    }

    /// Tries all choices of one offer as the next application.
    fn apply(&mut self, place: Place, live: u128, asleep: u128, member: usize) {
        let Some(terms) = self.terms(member) else { return };
        let Some(known) = self.members.get(member) else { return };
        let (offer, wakes, touches) = (known.offer, known.wakes, known.touches);
        for choice in 0..terms.choices() {
            let Ok(off) = terms.evaluate(&self.state, Mode::Real, choice, &mut self.scratch) else { continue };
            let mark = self.trail.mark(&self.state);
            self.trail.keep_taken(&self.state, &self.scratch, terms.consumes);
            terms.apply(&mut self.state, off, &mut self.scratch, None);
            let applied = place.applied | 1 << member;
            let live = self.still_allowed(live & !(1 << member), applied, member);
            for other in bits(live & touches) {
                self.weigh(other);
            }
            self.path.push(Step { offer, choice });
            let cost = place.cost + self.problem.merchant_part(offer, off);
            let asleep = asleep & !wakes & live;
            self.visit(Place { live, asleep, applied, off: place.off + off, cost });
            self.path.pop();
            self.trail.back_to(mark, &mut self.state, &mut self.caps);
        }
    }

    /// Nothing more of this phase: on to the next one that has something.
    fn close(&mut self, place: Place, phase: usize, mut known: Known) {
        let live = place.live & !self.phase(phase);
        if self.problem.settings.objective == Objective::MerchantCost {
            self.ends.push(self.state.clone());
        }
        if live == 0 {
            self.finish(place);
        } else if !self.hopeless(place, live, 0, &mut known) {
            let mark = self.trail.mark(&self.state);
            let later = PHASES.into_iter().zip(self.phases).skip(phase + 1);
            if let Some((phase, _)) = later.into_iter().find(|(_, members)| members & live != 0) {
                self.trail.keep_entries(&self.state);
                self.state.enter(phase);
            }
            self.visit(Place { live, asleep: 0, ..place });
            self.trail.back_to(mark, &mut self.state, &mut self.caps);
        }
        if self.problem.settings.objective == Objective::MerchantCost {
            self.ends.pop();
        }
    }

    /// What of `live` may still have its turn: what is awake, and what of the sleeping ones something awake wakes.
    fn awakeable(&self, live: u128, asleep: u128, phase: usize) -> u128 {
        if asleep == 0 {
            return live;
        }
        let now = live & self.phase(phase);
        let mut awake = now & !asleep;
        loop {
            let sleeping = now & !awake;
            let woken = bits(sleeping).filter(|member| self.member(*member).is_some_and(|m| m.wakes & awake != 0));
            let woken = woken.fold(0, |set, member| set | 1 << member);
            if woken == 0 {
                return live & !sleeping;
            }
            awake |= woken;
        }
    }

    /// What is left when an offer has joined: its group may be full.
    fn still_allowed(&self, live: u128, applied: u128, member: usize) -> u128 {
        let peers = self.peers(member);
        let (rivals, members) = (live & peers, applied & peers);
        if rivals == 0 {
            return live;
        }
        let most_of = |member: usize| self.member(member).map_or(1, |member| member.most);
        let most = bits(members).map(most_of).min().unwrap_or(1);
        let count = members.count_ones() as usize + 1;
        bits(rivals).filter(|rival| most.min(most_of(*rival)) < count).fold(live, |live, rival| live & !(1 << rival))
    }

    /// Whether the same offers were applied before with the same result, and at least as much was free to follow.
    fn was_seen(&mut self, place: Place, now: u128) -> bool {
        let phase = self.state.phase as usize;
        // What a set costs the merchant, and whether anything can be added to it, depends on more than where it ends.
        let whole_path_matters = self.problem.settings.objective == Objective::MerchantCost;
        let here = place.applied & self.phase(phase);
        // Without an order that matters among them, they came here in one order only.
        let ordered = bits(here).any(|member| self.member(member).is_some_and(|member| member.wakes & here != 0));
        if !ordered || now & !place.asleep == 0 || whole_path_matters {
            return false;
        }
        let mut key = std::mem::take(&mut self.key);
        (key.0, key.1) = (phase, place.applied);
        self.fill_key(&mut key.2, place.off);
        let seen = match self.seen.get_mut(&key) {
            Some(asleep) if *asleep & !place.asleep == 0 => true,
            Some(asleep) => {
                *asleep &= place.asleep;
                false
            }
            None => {
                self.seen.insert(key.clone(), place.asleep);
                false
            }
        };
        self.key = key;
        seen
    }

    /// What of the state matters to what follows.
    fn fill_key(&self, key: &mut Vec<i64>, off: i64) {
        let state = &self.state;
        key.clear();
        match &self.lenses {
            Some(lenses) => {
                for lens in lenses {
                    let pools = lens.iter().map(|class| state.pool(class * 2));
                    let (net, entry) = pools.fold((0, 0), |(net, entry), pool| (net + pool.net, entry + pool.entry));
                    key.extend([net, entry]);
                }
                key.extend([off, state.pools.iter().map(|pool| pool.entry).sum()]);
            }
            None => {
                for class in &self.classes {
                    let (free, used) = (state.pool(class * 2), state.pool(class * 2 + 1));
                    key.extend([free.net, free.entry]);
                    if self.problem.consumption {
                        key.extend([free.units, used.net, used.entry]);
                    }
                }
            }
        }
        key.push(state.shipping);
        key.extend(&state.left);
    }

    fn finish(&mut self, place: Place) {
        if place.applied & self.must != self.must || !self.is_maximal(place.applied) {
            return;
        }
        let saved = self.problem.saved(&self.state, place.off);
        let mut leaf = Leaf { path: Vec::new(), off: place.off, saved, cost: place.cost, applied: place.applied };
        match &self.best {
            Some(best) if !self.beats(&leaf, best) => {
                // With another choice it is the same combination.
                let same = best.applied == leaf.applied && (best.saved == leaf.saved || self.is_turn_of(best));
                if !same && self.second.as_ref().is_none_or(|second| self.beats(&leaf, second)) {
                    leaf.path.clone_from(&self.path);
                    self.second = Some(leaf);
                }
            }
            before => {
                let other = before.as_ref().is_some_and(|before| !self.is_turn_of(before));
                leaf.path.clone_from(&self.path);
                let before = self.best.replace(leaf);
                if other {
                    self.second = before;
                }
            }
        }
    }

    /// Whether it has the offers of the path, in their order.
    fn is_turn_of(&self, leaf: &Leaf) -> bool {
        leaf.path.iter().map(|step| step.offer).eq(self.path.iter().map(|step| step.offer))
    }

    /// Whether nothing can be added at the end of any phase; asked only where that is part of the objective.
    fn is_maximal(&mut self, applied: u128) -> bool {
        if self.problem.settings.objective != Objective::MerchantCost {
            return true;
        }
        let path: Vec<usize> = self.path.iter().map(|step| step.offer).collect();
        let ends = std::mem::take(&mut self.ends);
        let free = bits(self.all() & !applied).any(|member| {
            let Some(terms) = self.terms(member) else { return false };
            // Phases without offers of this search have no end of their own; nothing happens in them either.
            let end = ends.iter().rev().find(|end| end.phase <= terms.phase);
            let Some(end) = end.filter(|_| self.problem.compatible(&path, self.offer(member)).is_none()) else {
                return false;
            };
            (0..terms.choices())
                .any(|choice| terms.evaluate(end, Mode::Real, choice, &mut self.scratch).is_ok_and(|off| off > 0))
        });
        self.ends = ends;
        !free
    }

    fn offer(&self, member: usize) -> usize {
        self.member(member).map_or(usize::MAX, |member| member.offer)
    }

    /// Whether ties are still worth a look: among coupons, of which some may be kept.
    pub(super) fn minds_ties(&self) -> bool {
        self.nodes < limits::TIE_NODES_MAX && self.coupons
    }
}
