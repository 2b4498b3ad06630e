//! A found combination once more, with everything written down that the answer needs.

use super::apply::ClassShare;
use super::compile::{Terms, Work};
use super::evaluate::{Mode, Scratch};
use super::problem::{PHASES, Problem, Step};
use super::state::State;

/// An application, in minor units.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    pub(super) offer: usize,
    pub(super) off: i64,
    /// The part of `off` that falls on delivery.
    pub(super) shipping: i64,
    pub(super) shares: Vec<ClassShare>,
}

/// All applications, and, where something is left to be told of it, how things stood at the end of each phase.
#[derive(Clone, Debug, Default)]
pub(super) struct Played {
    pub(super) applied: Vec<Applied>,
    pub(super) ends: Vec<State>,
}

impl Played {
    pub(super) fn offers(&self) -> Vec<usize> {
        self.applied.iter().map(|applied| applied.offer).collect()
    }

    pub(super) fn off(&self) -> i64 {
        self.applied.iter().map(|applied| applied.off).sum()
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
    /// Plays a path. At the end of each phase the `extra` offers of it join, in their order, if they combine and have an effect.
    pub(super) fn play(&self, path: &[Step], extra: &[usize], pretended: Option<Pretended>) -> Played {
        let (mut state, mut scratch, mut played) = (self.start.clone(), Scratch::default(), Played::default());
        let measures = |terms: &Terms<'_>| matches!(terms.work, Work::Tiered(_) | Work::Every { .. });
        let told = pretended.is_none() && (path.len() < self.caps.len() || self.terms.iter().any(measures));
        for phase in PHASES {
            state.enter(phase);
            let of_phase = |offer: usize| self.terms.get(offer).is_some_and(|terms| terms.phase == phase);
            for step in path.iter().filter(|step| of_phase(step.offer)) {
                let mode = match pretended {
                    Some(other) if other.instead && other.offer == step.offer => Mode::Pretend,
                    _ => Mode::Real,
                };
                self.play_one(*step, mode, &mut state, &mut scratch, &mut played);
            }
            for offer in extra.iter().copied().filter(|offer| of_phase(*offer)) {
                let mut others = played.offers();
                others.extend(path.iter().map(|step| step.offer));
                if self.compatible(&others, offer).is_none() && !others.contains(&offer) {
                    self.play_one(Step { offer, choice: 0 }, Mode::Real, &mut state, &mut scratch, &mut played);
                }
            }
            if let Some(other) = pretended.filter(|other| !other.instead && of_phase(other.offer)) {
                let step = Step { offer: other.offer, choice: 0 };
                self.play_one(step, Mode::Pretend, &mut state, &mut scratch, &mut played);
            }
            if told {
                played.ends.push(state.clone());
            }
        }
        played
    }

    pub(super) fn play_one(
        &self,
        step: Step,
        mode: Mode,
        state: &mut State,
        scratch: &mut Scratch,
        played: &mut Played,
    ) {
        let Some(terms) = self.terms.get(step.offer) else { return };
        let Ok(off) = terms.evaluate(state, mode, step.choice, scratch) else { return };
        let mut shares = Vec::new();
        let before = state.shipping;
        terms.apply(state, off, scratch, Some(&mut shares));
        played.applied.push(Applied { offer: step.offer, off, shipping: before - state.shipping, shares });
    }
}
