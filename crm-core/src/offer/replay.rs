//! A found combination once more, with everything written down that the answer needs.

use super::apply::ClassShare;
use super::compile::Terms;
use super::evaluate::{Mode, Scratch};
use super::problem::{PHASES, Problem, Step};
use super::rules::Phase;
use super::state::State;
use super::terms::RoomFor;

/// An application, in minor units.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    pub(super) offer: usize,
    pub(super) off: i64,
    /// The part of `off` that falls on delivery.
    pub(super) shipping: i64,
    /// Where its shares end among all; they begin where those of the one before end.
    shares: usize,
}

/// All applications, and, where something is left to be told of it, how things stood at the end of each phase.
#[derive(Clone, Debug, Default)]
pub(super) struct Played {
    pub(super) applied: Vec<Applied>,
    pub(super) ends: Vec<State>,
    shares: Vec<ClassShare>,
}

impl Played {
    pub(super) fn offers(&self) -> Vec<usize> {
        self.applied.iter().map(|applied| applied.offer).collect()
    }

    pub(super) fn off(&self) -> i64 {
        self.applied.iter().map(|applied| applied.off).sum()
    }

    /// Each application with what falls on each class.
    pub(super) fn shared(&self) -> impl Iterator<Item = (&Applied, &[ClassShare])> {
        let starts = std::iter::once(0).chain(self.applied.iter().map(|applied| applied.shares));
        let shares = move |(applied, start): (_, usize)| {
            let applied: &Applied = applied;
            (applied, self.shares.get(start..applied.shares).unwrap_or_default())
        };
        self.applied.iter().zip(starts).map(shares)
    }
}

/// An offer to be looked at as if its threshold were met, at the end of its phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pretended {
    pub(super) offer: usize,
    /// Whether it takes the place of its own application.
    pub(super) instead: bool,
}

impl Problem<'_> {
    fn phase_of(&self, offer: usize) -> Option<Phase> {
        self.terms.get(offer).map(|terms| terms.phase)
    }

    /// Whether an offer may join without taking a use that a later one needs: what was found to save most comes first.
    fn leaves_uses(&self, offer: usize, state: &State, later: &[Step]) -> bool {
        let Some(terms) = self.terms.get(offer) else { return false };
        let needs = |step: &&Step, counter: usize| {
            self.terms.get(step.offer).is_some_and(|terms| terms.held.iter().any(|held| held.counter == counter))
        };
        terms.held.iter().filter(|held| matches!(held.counts, RoomFor::Uses)).all(|held| {
            let needed = later.iter().filter(|step| needs(step, held.counter)).count();
            state.left.get(held.counter).is_some_and(|left| i64::try_from(needed).is_ok_and(|needed| needed < *left))
        })
    }

    /// Plays a path. At the end of each phase the `extra` offers of it join, in their order, if they combine and have an effect.
    pub(super) fn play(&self, path: &[Step], extra: &[usize]) -> Played {
        let (mut state, mut scratch, mut played) = (self.start.clone(), Scratch::default(), Played::default());
        played.applied.reserve(path.len());
        let told = path.len() < self.terms.len().max(self.caps.len()) || self.terms.iter().any(Terms::has_steps);
        for phase in PHASES {
            state.enter(phase);
            let of_phase = |offer: usize| self.phase_of(offer) == Some(phase);
            let later = path.partition_point(|step| self.phase_of(step.offer) <= Some(phase));
            let later = path.get(later..).unwrap_or_default();
            for step in path.iter().filter(|step| of_phase(step.offer)) {
                self.play_one(*step, &mut state, &mut scratch, &mut played);
            }
            for offer in extra.iter().copied().filter(|offer| of_phase(*offer)) {
                let mut others: Vec<usize> = path.iter().map(|step| step.offer).collect();
                others.extend(played.offers().into_iter().filter(|offer| path.iter().all(|step| step.offer != *offer)));
                let joins = self.compatible(&others, offer).is_none() && !others.contains(&offer);
                if joins && self.leaves_uses(offer, &state, later) {
                    self.play_one(Step { offer, choice: 0 }, &mut state, &mut scratch, &mut played);
                }
            }
            if told {
                played.ends.push(state.clone());
            }
        }
        played
    }

    pub(super) fn play_one(&self, step: Step, state: &mut State, scratch: &mut Scratch, played: &mut Played) {
        let Some(terms) = self.terms.get(step.offer) else { return };
        let Ok(off) = terms.evaluate(state, Mode::Real, step.choice, scratch) else { return };
        let before = state.shipping;
        terms.apply(state, off, scratch, Some(&mut played.shares));
        let (shipping, shares) = (before - state.shipping, played.shares.len());
        played.applied.push(Applied { offer: step.offer, off, shipping, shares });
    }

    /// What a path takes off with one more offer as if its threshold were met. If `played` is that path and nothing else, what came
    /// before is not played again.
    pub(super) fn pretend(&self, path: &[Step], other: Pretended, played: Option<&Played>) -> i64 {
        let turn = PHASES.iter().position(|phase| self.phase_of(other.offer) == Some(*phase)).unwrap_or(0);
        let done = if other.instead { turn } else { turn + 1 };
        let before = |offer: usize| self.phase_of(offer).is_some_and(|phase| (phase as usize) < done);
        let known = played.zip(played.and_then(|played| played.ends.get(done.checked_sub(1)?)));
        let mut state = known.map_or(&self.start, |(_, end)| end).clone();
        let mut off: i64 = known.map_or(0, |(played, _)| {
            played.applied.iter().filter(|applied| before(applied.offer)).map(|applied| applied.off).sum()
        });
        let mut scratch = Scratch::default();
        let mut play = |state: &mut State, step: Step, mode: Mode| {
            let Some(terms) = self.terms.get(step.offer) else { return };
            if let Ok(now) = terms.evaluate(state, mode, step.choice, &mut scratch) {
                terms.apply(state, now, &mut scratch, None);
                off += now;
            }
        };
        for (place, phase) in PHASES.into_iter().enumerate() {
            if known.is_none() || done <= place {
                state.enter(phase);
                for step in path.iter().filter(|step| self.phase_of(step.offer) == Some(phase)) {
                    let pretended = other.instead && other.offer == step.offer;
                    play(&mut state, *step, if pretended { Mode::Pretend } else { Mode::Real });
                }
            }
            if place == turn && !other.instead {
                play(&mut state, Step { offer: other.offer, choice: 0 }, Mode::Pretend);
            }
        }
        off
    }
}
