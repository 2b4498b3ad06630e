//! A ladder through the revisions of a program: the rules of each hold from its publication on.
//!
//! Facts and reviews before a publication are judged by the rules of then, and so is what falls due at its very instant. Then the state is
//! adopted by the new rules, see [`Ladder::adopt`].

use super::explain::TierExplanation;
use super::fact::{TierCause, TierChange, TierFact};
use super::ladder::Ladder;
use super::state::LadderState;
use super::step::Applied;
use super::window::earlier;
use crate::value::{Timestamp, Zone};
use std::sync::Arc;

/// The rules of one ladder, revision after revision.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// By instant, the first from the beginning of time; of several from one instant the last one holds.
    epochs: Vec<Epoch>,
}

/// Rules and from when they hold.
#[derive(Clone, Debug)]
struct Epoch {
    from: Timestamp,
    revision: u32,
    zone: Zone,
    /// None where the program had no such ladder.
    ladder: Option<Arc<Ladder>>,
    /// Stands for everything up to here: a state that was made by it is right until the next one begins.
    stamp: u64,
}

/// The facts of a journal that matter to a ladder.
pub type FactsOf<'a> = &'a dyn Fn(&Ladder) -> Vec<TierFact>;

impl Timeline {
    /// A timeline whose first rules hold from the beginning of time; none when the program had no such ladder then.
    #[must_use]
    pub fn new(revision: u32, zone: Zone, ladder: Option<Arc<Ladder>>, stamp: u64) -> Self {
        Self { epochs: vec![Epoch { from: Timestamp::MIN, revision, zone, ladder, stamp }] }
    }

    /// Adds the rules of a revision, unless they are those of the one before. The stamp stands for everything up to here.
    pub fn add(&mut self, from: Timestamp, revision: u32, zone: Zone, ladder: Option<Arc<Ladder>>, stamp: u64) {
        let same = |last: &Epoch| last.ladder == ladder && (last.zone == zone || ladder.is_none());
        if !self.epochs.last().is_some_and(same) {
            self.epochs.push(Epoch { from, revision, zone, ladder, stamp });
        }
    }

    /// As [`Timeline::add`], also where nothing is new.
    #[cfg(test)]
    pub(super) fn add_anyway(&mut self, from: Timestamp, revision: u32, zone: Zone, ladder: Ladder) {
        self.epochs.push(Epoch { from, revision, zone, ladder: Some(Arc::new(ladder)), stamp: revision.into() });
    }

    /// Stands for all rules of the timeline.
    #[must_use]
    pub fn stamp(&self) -> u64 {
        self.epochs.last().map_or(0, |epoch| epoch.stamp)
    }

    /// From when the last rules hold; the beginning of time where there was never another revision.
    #[must_use]
    pub fn last_from(&self) -> Timestamp {
        self.epochs.last().map_or(Timestamp::MIN, |epoch| epoch.from)
    }

    /// The first publication that whoever knew the rules of this stamp did not know. None when they knew all.
    #[must_use]
    pub fn news_since(&self, stamp: u64) -> Option<Timestamp> {
        let first = match self.epochs.iter().rposition(|epoch| epoch.stamp == stamp) {
            Some(known) => known.saturating_add(1),
            // Rules that are not in the timeline were made by another release.
            None => self.epochs.len().saturating_sub(1).min(1),
        };
        self.epochs.get(first).map(|epoch| epoch.from)
    }

    /// Whether a state that was made by the rules of this stamp is right.
    #[must_use]
    pub fn vouches(&self, stamp: u64, state: &LadderState) -> bool {
        let known = self.epochs.iter().any(|epoch| epoch.stamp == stamp);
        known && self.news_since(stamp).is_none_or(|from| state.clock < from)
    }

    /// The ladder that judges what counts at an instant; where there was none, the next one that there was.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Option<&Ladder> {
        self.ladder(self.place(instant))
    }

    /// The ladders of the rules that begin after an instant.
    pub fn after(&self, instant: Timestamp) -> impl Iterator<Item = &Ladder> {
        self.epochs.iter().filter(move |epoch| instant < epoch.from).filter_map(|epoch| epoch.ladder.as_deref())
    }

    /// The place of the rules that hold at an instant.
    fn place(&self, instant: Timestamp) -> usize {
        self.epochs.partition_point(|epoch| epoch.from <= instant).saturating_sub(1)
    }

    /// The ladder whose terms a state speaks in while these rules hold.
    fn ladder(&self, place: usize) -> Option<&Ladder> {
        let of = |epoch: &Epoch| epoch.ladder.is_some();
        let before = self.epochs.iter().take(place.saturating_add(1)).rfind(|epoch| of(epoch));
        before.or_else(|| self.epochs.iter().skip(place).find(|epoch| of(epoch)))?.ladder.as_deref()
    }

    /// Whether there was such a ladder up to these rules.
    fn begun(&self, place: usize) -> bool {
        self.epochs.iter().take(place.saturating_add(1)).any(|epoch| epoch.ladder.is_some())
    }

    fn zone(&self, place: usize) -> Zone {
        self.epochs.get(place).map_or(Zone::UTC, |epoch| epoch.zone)
    }

    /// The next rules after those at a place.
    fn next_from(&self, place: usize) -> Option<Timestamp> {
        self.epochs.get(place.saturating_add(1)).map(|epoch| epoch.from)
    }

    /// The state of a customer of whom nothing is known but the registration.
    #[must_use]
    pub fn start(&self, joined_at: Timestamp) -> Option<LadderState> {
        self.start_from(joined_at, joined_at)
    }

    fn start_from(&self, joined_at: Timestamp, from: Timestamp) -> Option<LadderState> {
        let place = self.place(from);
        Some(self.ladder(place)?.start_from(self.zone(place), joined_at, from))
    }

    /// Lets time pass, over publications as well. False when the state does not know enough for that, because the next rules count something
    /// else: then it is to be made anew with [`Timeline::replay`].
    #[must_use]
    pub fn advance(&self, state: &mut LadderState, until: Timestamp, out: &mut Vec<TierChange>) -> bool {
        loop {
            let place = self.place(state.clock);
            let Some(from) = self.next_from(place).filter(|from| *from <= until) else {
                self.pass(place, state, until, out);
                return true;
            };
            let next = self.place(from);
            if !self.counts_alike(place, next) {
                return false;
            }
            self.pass(place, state, from, out);
            self.hand_over(place, next, state, None, out);
        }
    }

    /// Lets time pass under the rules at a place.
    fn pass(&self, place: usize, state: &mut LadderState, until: Timestamp, out: &mut Vec<TierChange>) {
        match self.epochs.get(place) {
            Some(Epoch { ladder: Some(ladder), zone, .. }) => ladder.advance(*zone, state, until, out),
            _ => state.clock = state.clock.max(until),
        }
    }

    /// Whether the sums of a state are those that the next rules want, too.
    fn counts_alike(&self, place: usize, next: usize) -> bool {
        match (self.epochs.get(place), self.epochs.get(next)) {
            (Some(Epoch { ladder: Some(old), zone, .. }), Some(Epoch { ladder: Some(new), zone: new_zone, .. })) => {
                old.metric == new.metric && old.window == new.window && zone == new_zone
            }
            (_, Some(Epoch { ladder: None, .. })) => true,
            _ => false,
        }
    }

    /// At the publication of the rules at `next`: the state becomes theirs. `fresh` is what they would have made of the facts.
    fn hand_over(
        &self,
        place: usize,
        next: usize,
        state: &mut LadderState,
        fresh: Option<LadderState>,
        out: &mut Vec<TierChange>,
    ) {
        let Some(Epoch { from, revision, zone, ladder: Some(new), .. }) = self.epochs.get(next) else { return };
        let cause = TierCause::Revision { revision: *revision };
        match (self.ladder(place), fresh) {
            (_, Some(fresh)) if !self.begun(place) => {
                // Judged as if it had always been there, and told now.
                let since = state.since;
                *state = LadderState { shown: 0, since, ..fresh };
                new.show(state, *from, cause, out);
            }
            (Some(old), fresh) => new.adopt(old, (*zone, *from), state, fresh, cause, out),
            (None, _) => {}
        }
    }

    /// Takes a fact in. [`Applied::Late`] also when the state does not know enough to be judged by the rules of the fact's instant.
    pub fn apply(&self, state: &mut LadderState, fact: &TierFact, out: &mut Vec<TierChange>) -> Applied {
        let place = self.place(fact.effective_at);
        if place != self.place(state.clock)
            && (fact.effective_at < state.clock || !self.advance(state, fact.effective_at, out))
        {
            return Applied::Late;
        }
        match self.epochs.get(place) {
            Some(Epoch { ladder: Some(ladder), zone, .. }) => ladder.apply(*zone, state, fact, out),
            _ => Applied::Late,
        }
    }

    /// The definition: the state at an instant, from the registration and all facts up to it.
    #[must_use]
    pub fn replay(
        &self,
        joined_at: Timestamp,
        facts_of: FactsOf<'_>,
        until: Timestamp,
        out: &mut Vec<TierChange>,
    ) -> Option<LadderState> {
        if let [Epoch { ladder: Some(ladder), zone, .. }] = self.epochs.as_slice() {
            return Some(ladder.replay(*zone, joined_at, &facts_of(ladder), until, out));
        }
        let all = self.epochs.iter().filter_map(|epoch| Some(facts_of(epoch.ladder.as_deref()?))).flatten();
        let from = all.map(|fact| fact.effective_at).filter(|at| *at <= until).min();
        let mut state = self.start_from(joined_at, from.map_or(joined_at, |from| from.min(joined_at)))?;
        let mut place = self.place(state.clock);
        loop {
            let next = self.next_from(place).filter(|from| *from <= until);
            if let Some(Epoch { ladder: Some(ladder), zone, from, .. }) = self.epochs.get(place) {
                let facts = facts_of(ladder);
                let mut here: Vec<&TierFact> = facts
                    .iter()
                    .filter(|fact| *from <= fact.effective_at && fact.effective_at <= until)
                    .filter(|fact| next.is_none_or(|next| fact.effective_at < next))
                    .collect();
                here.sort_by(|a, b| a.order(b));
                here.into_iter().for_each(|fact| ladder.take(*zone, &mut state, fact, out));
            }
            let Some(from) = next else { break };
            let next = self.place(from);
            self.pass(place, &mut state, from, out);
            let fresh = if self.counts_alike(place, next) { None } else { self.fresh(next, joined_at, facts_of) };
            self.hand_over(place, next, &mut state, fresh, out);
            place = next;
        }
        self.pass(place, &mut state, until, out);
        Some(state)
    }

    /// What the rules at a place would have made of everything before their publication.
    fn fresh(&self, place: usize, joined_at: Timestamp, facts_of: FactsOf<'_>) -> Option<LadderState> {
        let Epoch { ladder, zone, from, .. } = self.epochs.get(place)?;
        let ladder = ladder.as_deref()?;
        let mut facts = facts_of(ladder);
        facts.retain(|fact| fact.effective_at < *from);
        Some(ladder.replay(*zone, joined_at, &facts, *from, &mut Vec::new()))
    }

    /// The next instant at which the tier may change without a new fact, by a publication as well.
    #[must_use]
    pub fn next_due(&self, state: &LadderState) -> Option<Timestamp> {
        let place = self.place(state.clock);
        let own = self.epochs.get(place).and_then(|epoch| epoch.ladder.as_deref()?.next_due(state));
        earlier(own, self.next_from(place))
    }

    /// The last instant up to `now` at which rules began, or `least` when that is later: a state that stands there passes to `now` by itself.
    #[must_use]
    pub fn stands(&self, least: Timestamp, now: Timestamp) -> Timestamp {
        self.epochs.get(self.place(least.max(now))).map_or(least, |epoch| epoch.from.max(least))
    }

    /// Explains the tier at `t`, as far as facts and publications were known at `known_at`.
    #[must_use]
    pub fn explain(
        &self,
        joined_at: Timestamp,
        facts_of: FactsOf<'_>,
        t: Timestamp,
        known_at: Timestamp,
    ) -> Option<TierExplanation> {
        let epochs = self.epochs.iter().filter(|epoch| epoch.from <= known_at).cloned().collect();
        let known = Self { epochs };
        let facts_of = |ladder: &Ladder| {
            let mut facts = facts_of(ladder);
            facts.retain(|fact| fact.recorded_at <= known_at && fact.effective_at <= t);
            facts.sort_by(TierFact::order);
            facts
        };
        // Somebody may have joined before there was such a ladder, or ask for a time before.
        let known = if known.ladder(0).is_some() { &known } else { self };
        let mut changes = Vec::new();
        let state = known.replay(joined_at, &facts_of, t, &mut changes)?;
        let place = known.place(t);
        let ladder = known.ladder(place)?;
        Some(ladder.explanation(known.zone(place), &state, &facts_of(ladder), (t, known_at), changes))
    }
}
