//! How a state moves: reviews, ends of grace and locks at their exact instants, and facts between them.

use super::fact::{TierCause, TierChange, TierFact, TierFactKind};
use super::ladder::Ladder;
use super::rules::{Floor, Upgrade, Window};
use super::state::{Days, Kept, LadderState, Periods, Sums, TierLock};
use super::window::earlier;
use crate::value::{TierId, Timestamp, Zone};

/// Whether a fact was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// It was; the clock stands at its instant.
    InOrder,
    /// It lies before the state's clock, or before the last fact of the same instant. Nothing changed: replay from the facts.
    Late,
}

impl Ladder {
    /// The state of a customer of whom nothing is known but the registration.
    #[must_use]
    pub fn start(&self, zone: Zone, joined_at: Timestamp) -> LadderState {
        self.start_from(zone, joined_at, joined_at)
    }

    pub(super) fn start_from(&self, zone: Zone, joined_at: Timestamp, from: Timestamp) -> LadderState {
        let joined_on = zone.date(joined_at);
        let mut state = LadderState {
            joined_on,
            clock: from,
            last: None,
            base: 0,
            kept: Vec::new(),
            sums: Sums::Ever { total: 0 },
            review_at: None,
            rise_at: None,
            lock: None,
            shown: 0,
            since: from,
        };
        match self.window {
            Window::Calendar { .. } | Window::Anniversary => {
                let start_on = self.period_start(zone, joined_on, zone.date(from));
                state.sums = Sums::Periods(Periods { start_on, sum: 0, top: 0, before: 0, before_top: 0 });
                state.review_at = self.period_after(zone, joined_on, start_on).map(|next| zone.start_of(next));
            }
            Window::RollingDays { .. } | Window::RollingMonths { .. } => state.sums = Sums::Days(Days::default()),
            Window::Lifetime => {}
        }
        state
    }

    /// Makes everything happen that is due up to and including an instant, each at its own instant and in order.
    ///
    /// Sweeping often, seldom or never makes no difference to any answer. An instant before the clock does nothing.
    pub fn advance(&self, zone: Zone, state: &mut LadderState, until: Timestamp, out: &mut Vec<TierChange>) {
        while let Some(at) = self.next_event(state).filter(|at| *at <= until) {
            self.happen(zone, state, at, until, out);
        }
        state.clock = state.clock.max(until);
    }

    /// Takes a fact in, after everything that is due up to its instant.
    pub fn apply(&self, zone: Zone, state: &mut LadderState, fact: &TierFact, out: &mut Vec<TierChange>) -> Applied {
        if fact.effective_at < state.clock || state.last.as_ref().is_some_and(|last| fact.place().is_late(last)) {
            return Applied::Late;
        }
        self.take(zone, state, fact, out);
        Applied::InOrder
    }

    /// Takes in the next of facts that are in their order.
    pub(super) fn take(&self, zone: Zone, state: &mut LadderState, fact: &TierFact, out: &mut Vec<TierChange>) {
        let at = fact.effective_at;
        self.advance(zone, state, at, out);
        state.last = Some(fact.place());
        match &fact.kind {
            TierFactKind::Accrual { amount, cause } => self.count(zone, state, (at, at), *amount, cause, out),
            TierFactKind::Reversal { amount, original_at, cause } => {
                self.count(zone, state, (at, *original_at), amount.saturating_neg(), cause, out);
            }
            TierFactKind::Lock { tier, until, actor, reason } => {
                if let Some(rank) = self.find(tier).filter(|_| at < *until) {
                    let lock = TierLock { rank, until: *until, actor: actor.clone(), reason: reason.clone() };
                    state.lock = Some(lock);
                    self.show(state, at, TierCause::Locked, out);
                }
            }
            TierFactKind::Unlock => {
                state.lock = None;
                self.show(state, at, TierCause::LockEnded, out);
            }
        }
    }

    /// The definition: the state at an instant, from the registration and all facts with an effective instant up to it, in any order.
    ///
    /// Facts before the registration count (an import may bring them); the history then starts with the first of them.
    pub fn replay(
        &self,
        zone: Zone,
        joined_at: Timestamp,
        facts: &[TierFact],
        until: Timestamp,
        out: &mut Vec<TierChange>,
    ) -> LadderState {
        let mut ordered: Vec<&TierFact> = facts.iter().filter(|fact| fact.effective_at <= until).collect();
        ordered.sort_by(|a, b| a.order(b));
        let from = ordered.first().map_or(joined_at, |fact| fact.effective_at.min(joined_at));
        let mut state = self.start_from(zone, joined_at, from);
        for fact in ordered {
            self.take(zone, &mut state, fact, out);
        }
        self.advance(zone, &mut state, until, out);
        state
    }

    /// The tier at an instant, as far as it was known at another: a function of the facts with `effective_at <= t` and
    /// `recorded_at <= known_at`, and of nothing else.
    #[must_use]
    pub fn tier_at(
        &self,
        zone: Zone,
        joined_at: Timestamp,
        facts: &[TierFact],
        t: Timestamp,
        known_at: Timestamp,
    ) -> TierId {
        let known: Vec<TierFact> = facts.iter().filter(|fact| fact.recorded_at <= known_at).cloned().collect();
        let state = self.replay(zone, joined_at, &known, t, &mut Vec::new());
        self.current(&state).clone()
    }

    /// The tier that the customer has.
    #[must_use]
    pub fn current(&self, state: &LadderState) -> &TierId {
        &self.step(state.shown).id
    }

    /// The next instant at which the tier may change without a new fact; none when it cannot.
    #[must_use]
    pub fn next_due(&self, state: &LadderState) -> Option<Timestamp> {
        let rises = match &state.sums {
            Sums::Periods(periods) => state.top() < self.reached(periods.sum),
            Sums::Days(days) => days.days.iter().any(|day| day.sum < 0),
            Sums::Ever { .. } => false,
        };
        let falls = 0 < state.base && self.floor != Floor::Permanent;
        let review = state.review_at.filter(|_| rises || falls);
        let kept = state.kept.iter().filter(|kept| state.base < kept.rank).map(|kept| kept.until).min();
        let lock = state.lock.as_ref().map(|lock| lock.until);
        earlier(earlier(review, state.rise_at), earlier(kept, lock))
    }

    /// The next instant at which anything happens to the state, seen or not.
    fn next_event(&self, state: &LadderState) -> Option<Timestamp> {
        let kept = state.kept.iter().map(|kept| kept.until).min();
        let lock = state.lock.as_ref().map(|lock| lock.until);
        earlier(earlier(state.review_at, state.rise_at), earlier(kept, lock))
    }

    /// Everything of one instant: upgrade, review, end of grace, end of a lock.
    fn happen(&self, zone: Zone, state: &mut LadderState, at: Timestamp, until: Timestamp, out: &mut Vec<TierChange>) {
        let top = state.top();
        let turns = state.review_at == Some(at);
        if turns {
            self.review(zone, state, at);
        }
        if state.rise_at == Some(at) {
            state.base = state.base.max(self.reached(state.metric()));
            state.rise_at = None;
        }
        let fell = self.expire(zone, state, at);
        if turns {
            self.turn(zone, state, until);
        }
        let rose = top < state.top() && self.upgrade == Upgrade::NextPeriod;
        let mut cause = if rose { TierCause::NextPeriod } else { fell };
        if state.lock.as_ref().is_some_and(|lock| lock.until <= at) {
            state.lock = None;
            cause = TierCause::LockEnded;
        }
        self.show(state, at, cause, out);
    }

    /// Judges the metric at a review; what it does not carry is kept for the days of grace.
    fn review(&self, zone: Zone, state: &mut LadderState, at: Timestamp) {
        let mut reached = 0;
        match &mut state.sums {
            // Under `now` this is held already; under `next_period` this is the upgrade.
            Sums::Periods(periods) => {
                reached = self.reached(periods.sum);
                state.review_at = self.period_after(zone, state.joined_on, periods.start_on).and_then(|start_on| {
                    self.period_after(zone, state.joined_on, start_on).map(|next| zone.start_of(next))
                });
            }
            Sums::Days(days) => {
                let left = days.days.iter().take_while(|day| zone.start_of(self.leaves_on(day.on)) <= at).count();
                let gone = days.days.drain(..left).fold(0_i64, |gone, day| gone.saturating_add(day.sum));
                days.total = days.total.saturating_sub(gone);
                state.review_at = self.next_leaving(zone, days.days.first().map(|day| day.on));
            }
            Sums::Ever { .. } => state.review_at = None,
        }
        let base = self.retained(state.top(), state.metric()).max(reached);
        if base < state.base {
            if self.floor == Floor::Permanent {
                return;
            }
            let until = self.grace_end(zone, at);
            for rank in base + 1..=state.base {
                state.keep(Kept { rank, graced_at: at, until });
            }
        }
        state.base = base;
        if matches!(state.sums, Sums::Days(_)) {
            // A refund of something that was never counted may leave the window, too, and the metric rises; at the first instant of
            // a month this comes just in time for the upgrade of that instant.
            self.lift(zone, state, at.plus_millis(-1));
        }
    }

    /// Begins the next period, after the review of the one that ended.
    fn turn(&self, zone: Zone, state: &mut LadderState, until: Timestamp) {
        let top = state.top();
        let Sums::Periods(periods) = &mut state.sums else { return };
        let Some(mut start_on) = self.period_after(zone, state.joined_on, periods.start_on) else { return };
        let idle = top == 0 && periods.top == 0 && periods.sum == 0;
        if idle && state.kept.is_empty() && state.review_at.is_some_and(|next| next <= until) {
            // Periods in which nothing can happen are skipped; the state is the same as after walking through them.
            start_on = self.period_start(zone, state.joined_on, zone.date(until)).max(start_on);
            let next = self.period_after(zone, state.joined_on, start_on);
            state.review_at = next.map(|next| zone.start_of(next));
        }
        *periods = Periods { start_on, sum: 0, top, before: periods.sum, before_top: periods.top };
    }

    /// Drops what is kept no longer; under the floor `one_level` the tier below the one lost is kept on. Says why something was lost.
    fn expire(&self, zone: Zone, state: &mut LadderState, at: Timestamp) -> TierCause {
        let top = state.top();
        let lost = state.kept.iter().rfind(|kept| kept.until <= at && kept.rank == top).copied();
        state.kept.retain(|kept| at < kept.until);
        let below = top.saturating_sub(1);
        if state.top() < top && self.floor == Floor::OneLevel && 0 < below {
            // Also when the metric carries that tier today: the floor must not be worth less to those who spent more.
            let graced_at = self.review_after_loss(zone, state, at);
            state.keep(Kept { rank: below, graced_at, until: self.grace_end(zone, graced_at) });
        }
        state.forget_lost();
        match lost {
            Some(kept) if kept.graced_at < kept.until => TierCause::GraceEnded,
            _ => TierCause::Review,
        }
    }

    /// Writes down a change of the tier that the customer has.
    pub(super) fn show(&self, state: &mut LadderState, at: Timestamp, cause: TierCause, out: &mut Vec<TierChange>) {
        let rank = state.lock.as_ref().map_or_else(|| state.top(), |lock| lock.rank);
        if rank == state.shown {
            return;
        }
        out.push(TierChange {
            ladder: self.id.clone(),
            from: self.step(state.shown).id.clone(),
            to: self.step(rank).id.clone(),
            at,
            cause,
        });
        state.shown = rank;
        state.since = at;
    }
}
