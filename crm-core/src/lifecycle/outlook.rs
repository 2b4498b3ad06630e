//! Where a customer stands at an instant, and the first later instant at which time alone changes that.

use super::compile::{Atom, Lifecycle};
use super::state::{LifeState, Mark, What};
use crate::value::{Timestamp, Zone};
use std::collections::BTreeMap;

/// A day of calendar arithmetic ends within this of 24 hours per day: clocks move by at most 24 hours (Samoa, 2011) plus a gap.
const SLACK_MILLIS: i64 = 3 * DAY_MILLIS;
const DAY_MILLIS: i64 = 86_400_000;

/// What the rules say about a state.
pub(super) struct Outlook {
    /// The furthest stage that holds.
    pub(super) stage: usize,
    /// The furthest that holds and is not a stage of silence.
    pub(super) progress: usize,
    pub(super) activity: Activity,
    pub(super) last_active_at: Option<Timestamp>,
    /// When time alone changes stage or activity.
    pub(super) next: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    New,
    Active,
    Reactivated,
    Band(usize),
}

/// From when until when a test holds if nothing happens; half open.
#[derive(Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Span {
    const EVER: Self = Self { from: Timestamp::MIN, until: None };

    fn holds(self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// The last visit and the bands of silence that follow it.
struct Silence {
    last: Timestamp,
    returned: bool,
    /// When each band begins.
    begins: Vec<Timestamp>,
}

impl Silence {
    fn activity(&self, at: Timestamp) -> Activity {
        match self.begins.iter().take_while(|&&begin| begin <= at).count() {
            0 if self.returned => Activity::Reactivated,
            0 => Activity::Active,
            begun => Activity::Band(begun - 1),
        }
    }
}

/// Whether something at `at` may still be inside a window of so many days, erring towards yes. No zone is needed.
pub(super) fn may_count(at: Timestamp, days: u32, now: Timestamp) -> bool {
    days > 0 && now < at.plus_millis(i64::from(days).saturating_mul(DAY_MILLIS).saturating_add(SLACK_MILLIS))
}

impl Lifecycle {
    /// What the rules say at `now`, which no remembered fact may follow.
    pub(super) fn outlook(&self, zone: &Zone, state: &LifeState, now: Timestamp) -> Outlook {
        let silence = self.silence(zone, state);
        let spans = self.spans(zone, state, silence.as_ref(), now);
        let activity_at = |at| silence.as_ref().map_or(Activity::New, |silence| silence.activity(at));
        let (stage, activity) = (self.furthest(&spans, now), activity_at(now));
        let begins = silence.iter().flat_map(|silence| silence.begins.iter().copied());
        let mut turns: Vec<Timestamp> =
            spans.iter().flatten().flat_map(|span| [Some(span.from), span.until]).flatten().chain(begins).collect();
        turns.retain(|&turn| now < turn);
        turns.sort_unstable();
        let next =
            turns.into_iter().find(|&turn| self.furthest(&spans, turn) != stage || activity_at(turn) != activity);
        let progress = self.furthest_of(&spans, now, |stage| !stage.silent);
        Outlook { stage, progress, activity, last_active_at: silence.map(|silence| silence.last), next }
    }

    /// Whether a mark is a visit: it ends silence.
    pub(super) fn is_visit(&self, mark: &Mark) -> bool {
        match &mark.what {
            What::Order { reversed, .. } => !reversed,
            What::Event { name } => self.name(*name).is_some_and(|name| name.visit),
        }
    }

    /// The different instants of remembered visits, the latest first.
    pub(super) fn visits<'a>(&'a self, state: &'a LifeState) -> impl Iterator<Item = (usize, Timestamp)> + 'a {
        let mut previous = None;
        let all = state.marks.iter().enumerate().rev().filter(|(_, mark)| self.is_visit(mark));
        all.map(|(position, mark)| (position, mark.at)).filter(move |&(_, at)| previous.replace(at) != Some(at))
    }

    /// The activity depends on the last two visits only: the silence between them says whether the last one was a return.
    fn silence(&self, zone: &Zone, state: &LifeState) -> Option<Silence> {
        let mut visits = self.visits(state).map(|(_, at)| at);
        let last = visits.next()?;
        let returned = visits.next().is_some_and(|before| {
            self.reactivated_after.is_some_and(|days| zone.plus_days(before, i64::from(days)) <= last)
        });
        let begins = self.bands.iter().map(|band| zone.plus_days(last, i64::from(band.after_days))).collect();
        Some(Silence { last, returned, begins })
    }

    fn spans(&self, zone: &Zone, state: &LifeState, silence: Option<&Silence>, now: Timestamp) -> Vec<Option<Span>> {
        let first = state.marks.partition_point(|mark| !may_count(mark.at, self.longest_window, now));
        let near = state.marks.get(first..).unwrap_or_default();
        let exits: BTreeMap<u32, Vec<Timestamp>> =
            self.windows.iter().map(|&days| (days, exits(zone, near, days, now))).collect();
        // What leaves a window after `now` is inside it now, because nothing remembered follows `now`.
        let inside = |days: u32| {
            let exits = exits.get(&days).map_or([].as_slice(), Vec::as_slice);
            near.iter().zip(exits.iter().copied()).filter(move |&(_, exit)| now < exit)
        };
        let ever = |holds: bool| holds.then_some(Span::EVER);
        let span = |atom: &Atom| match *atom {
            Atom::Always => Some(Span::EVER),
            Atom::Registered => ever(state.registered),
            Atom::Orders { at_least, days: None } => ever(state.orders_ever >= u64::from(at_least)),
            Atom::Spend { at_least, days: None } => ever(state.spend_ever >= at_least),
            Atom::Events { name, at_least, days: None } => {
                let position = usize::try_from(name).unwrap_or(usize::MAX);
                ever(state.events_ever.get(position).is_some_and(|&count| count >= u64::from(at_least)))
            }
            Atom::Orders { at_least, days: Some(days) } => {
                let orders = inside(days).filter(|(mark, _)| matches!(mark.what, What::Order { .. }));
                fall(orders.map(|(_, exit)| (exit, 1)), i64::from(at_least))
            }
            Atom::Spend { at_least, days: Some(days) } => {
                let spend = inside(days).filter_map(|(mark, exit)| match &mark.what {
                    What::Order { net, .. } => Some((exit, *net)),
                    What::Event { .. } => None,
                });
                fall(spend, at_least)
            }
            Atom::Events { name, at_least, days: Some(days) } => {
                let events = inside(days).filter(|(mark, _)| mark.what == What::Event { name });
                fall(events.map(|(_, exit)| (exit, 1)), i64::from(at_least))
            }
            Atom::Silent { band } => {
                silence.and_then(|silence| silence.begins.get(band)).map(|&from| Span { from, until: None })
            }
        };
        self.atoms.iter().map(span).collect()
    }

    fn furthest(&self, spans: &[Option<Span>], at: Timestamp) -> usize {
        self.furthest_of(spans, at, |_| true)
    }

    fn furthest_of(
        &self,
        spans: &[Option<Span>],
        at: Timestamp,
        eligible: impl Fn(&super::compile::Stage) -> bool,
    ) -> usize {
        let holds = |&atom: &usize| spans.get(atom).copied().flatten().is_some_and(|span| span.holds(at));
        self.stages.iter().rposition(|stage| eligible(stage) && stage.any_of.iter().any(holds)).unwrap_or(0)
    }
}

/// When each mark leaves a window of so many days; the beginning of time for one that certainly has.
fn exits(zone: &Zone, near: &[Mark], days: u32, now: Timestamp) -> Vec<Timestamp> {
    let exit = |mark: &Mark| {
        if may_count(mark.at, days, now) { zone.plus_days(mark.at, i64::from(days)) } else { Timestamp::MIN }
    };
    near.iter().map(exit).collect()
}

/// Until when the weights that have not left add up to `at_least`; nothing if they do not now. Weights are zero or more, so time
/// alone never makes a sum rise.
fn fall(weights: impl Iterator<Item = (Timestamp, i64)>, at_least: i64) -> Option<Span> {
    let mut weights: Vec<(Timestamp, i64)> = weights.collect();
    let at_least = i128::from(at_least);
    let mut sum: i128 = weights.iter().map(|&(_, weight)| i128::from(weight)).sum();
    if sum < at_least {
        return None;
    }
    weights.sort_unstable();
    let falls = |&(_, weight): &(Timestamp, i64)| {
        sum -= i128::from(weight);
        sum < at_least
    };
    Some(Span { from: Timestamp::MIN, until: weights.into_iter().find(falls).map(|(exit, _)| exit) })
}
