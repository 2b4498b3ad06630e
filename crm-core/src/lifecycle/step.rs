//! From fact to fact: apply, let time pass, replay.

use super::compile::Lifecycle;
use super::fact::{Key, LifeFact, LifeFactKind};
use super::outlook::{Activity, may_count};
use super::rules::OnReversal;
use super::state::{LifeState, Mark, Standing, What};
use super::transition::{Axis, FactKind, LifecycleView, Transition, TransitionCause};
use crate::value::{Fingerprint, Timestamp, Zone};
use std::sync::Arc;

/// How many different instants of visits are remembered beyond the windows. Two decide the activity; the rest are spare for reversals,
/// so that few of them need a replay.
const VISITS_KEPT: usize = 4;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The state took it.
    InOrder,
    /// The state cannot take it and is unchanged: the fact belongs before something the state has seen, or reverses something it has
    /// forgotten, or the state was made by other rules. Replay all facts, this one included.
    Late,
}

impl Lifecycle {
    /// A state that knows nothing yet; `at` is the instant of registration or of the first fact.
    ///
    /// The first fact enters stage and activity with `from` nothing. A fact before `at` is late.
    #[must_use]
    pub fn start(&self, at: Timestamp) -> LifeState {
        LifeState {
            rules: self.print,
            clock: at,
            last: None,
            registered: false,
            marks: Vec::new(),
            forgotten_at: None,
            orders_ever: 0,
            spend_ever: 0,
            events_ever: vec![0; self.names_count()],
            standing: None,
            due: None,
        }
    }

    /// Which rules these are: states of other rules do not fit.
    #[must_use]
    pub const fn stamp(&self) -> Fingerprint {
        self.print
    }

    /// Whether the state was made by these rules; one that was not needs a replay.
    #[must_use]
    pub fn fits(&self, state: &LifeState) -> bool {
        state.rules == self.print
    }

    /// Lets time pass up to the fact, then takes the fact; transitions are added to `out` in the order in which they happen.
    ///
    /// At one instant time comes first: a window is left and a band begins before a fact of the same instant counts. A reversal takes
    /// effect when it happens and does not change the past: stage and activity fall back to what the facts that still stand give, dated
    /// at the reversal (`new` if no visit is left), and the high-water mark stays. A reversal of an order that is not known, or is
    /// reversed already, changes nothing.
    pub fn apply(&self, zone: &Zone, state: &mut LifeState, fact: &LifeFact, out: &mut Vec<Transition>) -> Applied {
        let key = fact.key();
        if !self.fits(state) || is_early(state, &key) || self.beyond_memory(state, fact) {
            return Applied::Late;
        }
        self.take(zone, state, fact, key, out);
        self.forget(state);
        Applied::InOrder
    }

    /// Lets time pass until an instant, inclusive; one that is past already changes nothing.
    pub fn advance(&self, zone: &Zone, state: &mut LifeState, until: Timestamp, out: &mut Vec<Transition>) -> Applied {
        if !self.fits(state) {
            return Applied::Late;
        }
        self.pass(zone, state, until, out);
        self.forget(state);
        Applied::InOrder
    }

    /// The definition: all facts of a customer, in any order, taken in the order in which they happened. Facts after `until` do not
    /// count yet. `out` receives the whole history of transitions.
    pub fn replay(&self, zone: &Zone, facts: &[LifeFact], until: Timestamp, out: &mut Vec<Transition>) -> LifeState {
        let mut keyed: Vec<(Key, &LifeFact)> = facts.iter().map(|fact| (fact.key(), fact)).collect();
        keyed.retain(|(key, _)| key.at <= until);
        keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut state = self.start(keyed.first().map_or(until, |(key, _)| key.at));
        // Nothing is forgotten on the way, so no reversal is beyond memory.
        for (key, fact) in keyed {
            self.take(zone, &mut state, fact, key, out);
        }
        self.pass(zone, &mut state, until, out);
        self.forget(&mut state);
        state
    }

    /// The first instant at which time alone moves the customer; `advance` up to there adds a transition, `advance` to before does not.
    #[must_use]
    pub fn next_due(&self, state: &LifeState) -> Option<Timestamp> {
        state.due
    }

    /// Where the customer stands at the state's clock.
    #[must_use]
    pub fn view(&self, state: &LifeState) -> LifecycleView {
        let blank = || Standing {
            stage: self.stage(self.blank).0,
            stage_since: state.clock,
            activity: self.activity(Activity::New).0,
            activity_since: state.clock,
            high_water: self.stage(self.blank).0,
            last_active_at: None,
        };
        let standing = state.standing.clone().unwrap_or_else(blank);
        LifecycleView {
            stage: standing.stage,
            stage_since: standing.stage_since,
            activity: standing.activity,
            activity_since: standing.activity_since,
            high_water: standing.high_water,
            last_active_at: standing.last_active_at,
            next_due: state.due,
        }
    }

    fn take(&self, zone: &Zone, state: &mut LifeState, fact: &LifeFact, key: Key, out: &mut Vec<Transition>) {
        self.pass(zone, state, key.at, out);
        // Two partial refunds of one order may share an instant; anything else that comes twice is the same fact.
        if state.last.as_ref() == Some(&key.place) && key.place.kind != FactKind::PartialRefund {
            return;
        }
        self.note(state, fact);
        let cause = TransitionCause::Fact { kind: key.place.kind, id: fact.id().cloned() };
        state.last = Some(key.place);
        self.settle(zone, state, &cause, out);
    }

    fn pass(&self, zone: &Zone, state: &mut LifeState, until: Timestamp, out: &mut Vec<Transition>) {
        while let Some(due) = state.due.filter(|&due| due <= until) {
            state.clock = due;
            state.last = None;
            self.settle(zone, state, &TransitionCause::Timer, out);
        }
        if state.clock < until {
            state.clock = until;
            state.last = None;
        }
    }

    /// Takes over what a fact says.
    fn note(&self, state: &mut LifeState, fact: &LifeFact) {
        let at = fact.effective_at;
        match &fact.kind {
            LifeFactKind::Registered => state.registered = true,
            LifeFactKind::Order { order, net_minor } => {
                if state.position(at, order).is_none() {
                    let net = (*net_minor).max(0);
                    state.orders_ever = state.orders_ever.saturating_add(1);
                    state.spend_ever = state.spend_ever.saturating_add(net);
                    state.marks.push(Mark { at, what: What::Order { id: order.clone(), net, reversed: false } });
                }
            }
            LifeFactKind::Event { name, .. } => {
                let Some(name) = self.position(name) else { return };
                let count = usize::try_from(name).ok().and_then(|position| state.events_ever.get_mut(position));
                if let Some(count) = count {
                    *count = count.saturating_add(1);
                }
                state.marks.push(Mark { at, what: What::Event { name } });
            }
            LifeFactKind::PartialRefund { order, order_at, amount_minor } => {
                let found = state.position(*order_at, order).and_then(|position| state.marks.get_mut(position));
                let Some(Mark { what: What::Order { net, .. }, .. }) = found else { return };
                if self.on_reversal == OnReversal::Recompute {
                    let back = (*amount_minor).clamp(0, *net);
                    *net = net.saturating_sub(back);
                    state.spend_ever = state.spend_ever.saturating_sub(back);
                }
            }
            LifeFactKind::OrderReversed { order, order_at } => {
                let Some(position) = state.position(*order_at, order) else { return };
                if self.on_reversal == OnReversal::Sticky {
                    if let Some(Mark { what: What::Order { reversed, .. }, .. }) = state.marks.get_mut(position) {
                        *reversed = true;
                    }
                } else if let What::Order { net, .. } = state.marks.remove(position).what {
                    state.orders_ever = state.orders_ever.saturating_sub(1);
                    state.spend_ever = state.spend_ever.saturating_sub(net);
                }
            }
        }
    }

    /// Compares where the customer stands with what the rules say now, and says what changed.
    fn settle(&self, zone: &Zone, state: &mut LifeState, cause: &TransitionCause, out: &mut Vec<Transition>) {
        let at = state.clock;
        let outlook = self.outlook(zone, state, at);
        let (stage, activity) = (self.stage(outlook.stage), self.activity(outlook.activity));
        let before = state.standing.take();
        let mut go = |axis, from: Option<(&Arc<str>, Timestamp)>, (to, rule): &(Arc<str>, Arc<str>)| match from {
            Some((from, since)) if from == to => since,
            _ => {
                let (from, to, rule, cause) =
                    (from.map(|(from, _)| from.clone()), to.clone(), rule.clone(), cause.clone());
                out.push(Transition { axis, from, to, at, cause, rule });
                at
            }
        };
        let stage_since = go(Axis::Stage, before.as_ref().map(|b| (&b.stage, b.stage_since)), &stage);
        let activity_since = go(Axis::Activity, before.as_ref().map(|b| (&b.activity, b.activity_since)), &activity);
        let rank = |id: &Arc<str>| self.stages.iter().position(|stage| stage.id == *id);
        let progress = self.stage(outlook.progress).0;
        let high_water = before.map(|b| b.high_water).filter(|high| rank(&progress) <= rank(high)).unwrap_or(progress);
        let last_active_at = outlook.last_active_at;
        let (stage, activity) = (stage.0, activity.0);
        state.standing = Some(Standing { stage, stage_since, activity, activity_since, high_water, last_active_at });
        state.due = outlook.next;
    }

    /// Name and rule of a stage.
    fn stage(&self, position: usize) -> (Arc<str>, Arc<str>) {
        self.stages.get(position).map_or_else(nowhere, |stage| (stage.id.clone(), stage.rule.clone()))
    }

    /// Name and rule of an activity.
    fn activity(&self, activity: Activity) -> (Arc<str>, Arc<str>) {
        match activity {
            Activity::New => self.plain.new.clone(),
            Activity::Active => self.plain.active.clone(),
            Activity::Reactivated => self.plain.reactivated.clone(),
            Activity::Band(band) => {
                self.bands.get(band).map_or_else(nowhere, |band| (band.id.clone(), band.rule.clone()))
            }
        }
    }

    /// Drops what no later question needs: marks outside of every window that are not among the last visits.
    fn forget(&self, state: &mut LifeState) {
        let oldest_visit = self.visits(state).nth(VISITS_KEPT - 1).map_or(Timestamp::MIN, |(_, at)| at);
        let (clock, mut forgotten_at) = (state.clock, state.forgotten_at);
        state.marks.retain(|mark| {
            let window = match &mark.what {
                What::Order { .. } => self.order_window,
                What::Event { name } => self.name(*name).map_or(0, |name| name.window),
            };
            let visit = self.is_visit(mark);
            let keep = may_count(mark.at, window, clock) || (visit && oldest_visit <= mark.at);
            if visit && !keep {
                forgotten_at = forgotten_at.max(Some(mark.at));
            }
            keep
        });
        state.forgotten_at = forgotten_at;
    }

    /// Whether a refund or reversal touches something that was forgotten and still matters.
    fn beyond_memory(&self, state: &LifeState, fact: &LifeFact) -> bool {
        let recompute = self.on_reversal == OnReversal::Recompute;
        // Memory is complete inside the window and after the last forgotten visit: what is not there never was, or is reversed.
        let missing = |order_at: Timestamp| {
            !may_count(order_at, self.order_window, state.clock)
                && state.forgotten_at.is_some_and(|forgotten| order_at <= forgotten)
        };
        match &fact.kind {
            LifeFactKind::PartialRefund { order, order_at, .. } => {
                let forgotten = state.position(*order_at, order).is_none() && missing(*order_at);
                forgotten && recompute && self.spend_ever
            }
            LifeFactKind::OrderReversed { order, order_at } => match state.position(*order_at, order) {
                None => missing(*order_at) && recompute && (self.orders_ever || self.spend_ever),
                Some(position) => self.loses_last_visits(state, position),
            },
            LifeFactKind::Registered | LifeFactKind::Order { .. } | LifeFactKind::Event { .. } => false,
        }
    }

    /// Whether without this mark fewer than two instants of visits are certain, while an older one was forgotten.
    fn loses_last_visits(&self, state: &LifeState, position: usize) -> bool {
        let Some(forgotten) = state.forgotten_at else { return false };
        let rest = state.marks.iter().enumerate().filter(|&(other, mark)| other != position && self.is_visit(mark));
        let mut instants: Vec<Timestamp> = rest.map(|(_, mark)| mark.at).filter(|&at| forgotten <= at).collect();
        instants.dedup();
        instants.len() < 2
    }
}

/// Whether a fact belongs before something the state has seen.
fn is_early(state: &LifeState, key: &Key) -> bool {
    key.at < state.clock || (key.at == state.clock && state.last.as_ref().is_some_and(|last| key.place < *last))
}

fn nowhere() -> (Arc<str>, Arc<str>) {
    (Arc::from(""), Arc::from(""))
}
