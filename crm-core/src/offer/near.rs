//! What a little more in the cart would bring. Where an amount is missing, so much more is really put into the cart: earlier offers may lower
//! what is added, so that it takes more to reach a threshold, and a percentage takes off what is added, too.

use super::basket::Basket;
use super::compile::{Counters, Terms, Work};
use super::evaluate::{Mode, Out, Scratch};
use super::problem::{PHASES, Problem, Step};
use super::quote::{Add, NearMiss};
use super::replay::{Played, Pretended};
use super::state::State;
use crate::limits;

/// How often more is added when earlier offers lower what was added: each time a part of the rest is missing.
const TRIES: usize = 8;

/// What came of adding something.
enum Added {
    /// It suffices, and saves so much.
    Saves(i64),
    /// So much is still missing.
    Short(i64),
    /// It brings nothing.
    Nothing,
}

/// How much more to add to what was added, by what the last addition has brought; none if it brought nothing.
fn step(last: Option<(i64, i64)>, (add, short): (i64, i64)) -> Option<i64> {
    let Some((before, was_short)) = last else { return Some(short) };
    let (more, brought) = (i128::from(add) - i128::from(before), i128::from(was_short) - i128::from(short));
    if brought <= 0 {
        return None;
    }
    i64::try_from((i128::from(short) * more + brought - 1) / brought).ok()
}

impl Problem<'_> {
    /// What a little more would bring: for an offer that lacks something, and for the next step of one that was applied.
    pub(super) fn near(&self, out: &[(usize, Out)], played: &Played, path: &[Step]) -> Vec<NearMiss> {
        let mut near = Vec::new();
        let steps = played.applied.iter().filter_map(|applied| {
            let terms = self.terms.get(applied.offer)?;
            Some((applied.offer, terms.next_step(&self.before(terms, played)?)?, true))
        });
        let steps: Vec<(usize, Out, bool)> = steps.collect();
        for (offer, lack, instead) in out.iter().map(|(offer, out)| (*offer, *out, false)).chain(steps) {
            if near.len() == limits::NEAR_MISSES_MAX {
                break;
            }
            let found = match lack {
                Out::MinAmount { need, have } => self.more(offer, instead, (need, have), played, path),
                Out::MinUnits { need, have } => {
                    let add = Add::Units { units: u64::try_from(need - have).unwrap_or(0) };
                    Some((add, self.saves(offer, instead, played, path)))
                }
                _ => continue,
            };
            if let (Some((add, save)), Some(terms)) = (found.filter(|(_, save)| 0 < *save), self.terms.get(offer)) {
                let (of, by) = (terms.candidate.rules.id.clone(), terms.candidate.by.clone());
                near.push(NearMiss { offer: of, by, add, save: self.basket.currency.amount(save) });
            }
        }
        near
    }

    /// How things stand when the phase of an offer begins: a tiered offer measures when its turn comes, and that is what all of them measure
    /// by default.
    fn before(&self, terms: &Terms<'_>, played: &Played) -> Option<State> {
        let place = PHASES.iter().position(|phase| *phase == terms.phase)?;
        let mut state = place.checked_sub(1).and_then(|place| played.ends.get(place)).unwrap_or(&self.start).clone();
        state.enter(terms.phase);
        Some(state)
    }

    /// What an offer would take off beside the others if it had what it lacks, in the place of those it does not combine with.
    fn saves(&self, offer: usize, instead: bool, played: &Played, path: &[Step]) -> i64 {
        match self.beside(offer, instead, path) {
            Some(kept) => {
                let applied = played.applied.iter().map(|applied| applied.offer);
                let same = kept.len() == path.len() && applied.eq(path.iter().map(|step| step.offer));
                self.pretend(&kept, Pretended { offer, instead }, same.then_some(played)) - played.off()
            }
            None => 0,
        }
    }

    /// The path without what an offer does not combine with; none if that is not enough.
    fn beside(&self, offer: usize, instead: bool, path: &[Step]) -> Option<Vec<Step>> {
        let kept = path.iter().filter(|step| {
            instead || self.compatible(&[step.offer], offer).is_none_or(|clash| clash.with != step.offer)
        });
        let kept: Vec<Step> = kept.copied().collect();
        let others: Vec<usize> = kept.iter().map(|step| step.offer).collect();
        (instead || self.compatible(&others, offer).is_none()).then_some(kept)
    }

    /// How much of eligible goods it takes, and what that saves.
    fn more(
        &self,
        offer: usize,
        instead: bool,
        (need, have): (i64, i64),
        played: &Played,
        path: &[Step],
    ) -> Option<(Add, i64)> {
        let amount = |add: i64| Add::Amount { amount: self.basket.currency.amount(add) };
        let class = self.terms.get(offer)?.lens.first().copied()?;
        let kept = self.beside(offer, instead, path)?;
        let (mut add, mut last) = (need - have, None);
        for _ in 0..TRIES {
            let basket = self.basket.with_goods(class, add)?;
            let other = self.over(&basket)?;
            let moved = |path: &[Step]| path.iter().map(|step| other.moved(self, *step)).collect::<Vec<Step>>();
            match other.added(offer, instead, need, played, (&moved(&kept), &moved(path))) {
                Added::Saves(save) => return Some((amount(add), save)),
                Added::Short(by) => {
                    let next = add.checked_add(step(last, (add, by))?)?;
                    last = Some((add, by));
                    add = next;
                }
                Added::Nothing => return None,
            }
        }
        None
    }

    /// The same offers over another basket, in the same places.
    fn over<'b>(&'b self, basket: &'b Basket) -> Option<Problem<'b>> {
        let mut counters = Counters::default();
        let terms = self.terms.iter().map(|terms| Terms::new(basket, terms.candidate, &mut counters));
        let terms: Vec<Terms<'b>> = terms.collect::<Result<_, _>>().ok()?;
        let start = State::new(basket, counters.left);
        // More caps than there are steps in any path, so that a replay tells how phases end.
        let caps = vec![0; self.terms.len().saturating_add(1)];
        Some(Problem {
            basket,
            settings: self.settings,
            terms,
            caps,
            start,
            consumption: self.consumption,
            uneven_tax: self.uneven_tax,
        })
    }

    /// A step of the same offers over less: what an offer chooses from is longer here, and the n-th choice of a class stays its n-th.
    fn moved(&self, from: &Problem<'_>, step: Step) -> Step {
        let (Some(Work::OneOf(old)), Some(Work::OneOf(new))) = (from.work(step.offer), self.work(step.offer)) else {
            return step;
        };
        let Some((class, _)) = old.get(step.choice) else { return step };
        let before = old.iter().take(step.choice).filter(|(of, _)| of == class).count();
        let same = new.iter().enumerate().filter(|(_, (of, _))| of == class).nth(before);
        Step { choice: same.map_or(step.choice, |(choice, _)| choice), ..step }
    }

    fn work(&self, offer: usize) -> Option<&Work> {
        self.terms.get(offer).map(|terms| &terms.work)
    }

    /// The choice that takes most off at first.
    fn first_choice(&self, terms: &Terms<'_>) -> usize {
        let mut scratch = Scratch::default();
        let off = |choice: &usize| terms.evaluate(&self.start, Mode::Real, *choice, &mut scratch).unwrap_or(0);
        // Of equal ones the first.
        (0..terms.choices()).rev().max_by_key(off).unwrap_or(0)
    }

    /// What the offer brings over this basket, with more in it, compared with what was applied over it.
    fn added(
        &self,
        offer: usize,
        instead: bool,
        need: i64,
        before: &Played,
        (kept, path): (&[Step], &[Step]),
    ) -> Added {
        let Some(terms) = self.terms.get(offer) else { return Added::Nothing };
        // What others take off of the added goods is no news, and what they take off less is.
        let gain = |with: &Played, without: i64| with.off() - without.max(before.off());
        if instead {
            let with = self.play(path, &[]);
            let Some(state) = self.before(terms, &with) else { return Added::Nothing };
            if let Some(Out::MinAmount { need: next, have }) = terms.next_step(&state)
                && next <= need
            {
                return Added::Short(need - have);
            }
            let without: Vec<Step> = path.iter().filter(|step| step.offer != offer).copied().collect();
            let old: i64 = before.applied.iter().filter(|one| one.offer == offer).map(|one| one.off).sum();
            return Added::Saves(gain(&with, self.play(&without, &[]).off() + old));
        }
        let mut all = kept.to_vec();
        all.push(Step { offer, choice: self.first_choice(terms) });
        let with = self.play(&all, &[]);
        if with.applied.iter().any(|one| one.offer == offer) {
            return Added::Saves(gain(&with, self.play(path, &[]).off()));
        }
        let place = PHASES.iter().position(|phase| *phase == terms.phase);
        let end = place.and_then(|place| with.ends.get(place)).unwrap_or(&self.start);
        match terms.evaluate(end, Mode::Real, 0, &mut Scratch::default()) {
            Err(Out::MinAmount { need, have }) => Added::Short(need - have),
            _ => Added::Nothing,
        }
    }
}
