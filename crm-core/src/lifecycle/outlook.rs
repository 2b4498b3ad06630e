//! Where a customer stands at an instant, and the first later instant at which time alone changes that.

use super::compile::{Atom, Lifecycle};
use super::state::{LifeState, Mark, What};
use crate::value::{Timestamp, Zone};
use std::cell::{Cell, OnceCell};

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
        let turns = spans.iter().flatten().flat_map(|span| [Some(span.from), span.until]).flatten().chain(begins);
        let after = |known: Timestamp| turns.clone().filter(|&turn| known < turn).min();
        // There are few, and one of the first is nearly always it.
        let mut next = after(now);
        while let Some(turn) =
            next.filter(|&turn| self.furthest(&spans, turn) == stage && activity_at(turn) == activity)
        {
            next = after(turn);
        }
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
        let windows: Vec<Window<'_>> =
            self.windows.iter().map(|&days| Window { zone, near, days, now, exits: OnceCell::new() }).collect();
        let window = |days: u32| windows.iter().find(|window| window.days == days);
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
                window(days)?.fall(|what| i64::from(matches!(what, What::Order { .. })), i64::from(at_least))
            }
            Atom::Spend { at_least, days: Some(days) } => {
                let spend = |what: &What| match what {
                    What::Order { net, .. } => *net,
                    What::Event { .. } => 0,
                };
                window(days)?.fall(spend, at_least)
            }
            Atom::Events { name, at_least, days: Some(days) } => {
                let is_it = |what: &What| matches!(what, What::Event { name: found } if *found == name);
                window(days)?.fall(|what| i64::from(is_it(what)), i64::from(at_least))
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

/// Some days that facts stay in, and when each of them leaves: worked out where somebody asks, because calendars are slow.
struct Window<'a> {
    zone: &'a Zone,
    near: &'a [Mark],
    days: u32,
    now: Timestamp,
    exits: OnceCell<Vec<Cell<Option<Timestamp>>>>,
}

impl Window<'_> {
    fn exit(&self, mark: &Mark, known: &Cell<Option<Timestamp>>) -> Timestamp {
        let exit = known.get().unwrap_or_else(|| self.zone.plus_days(mark.at, i64::from(self.days)));
        known.set(Some(exit));
        exit
    }

    /// Until when the weights of what has not left add up to `at_least`; nothing if they do not now. Weights are zero or more, so time
    /// alone never makes a sum rise. What leaves after `now` is inside now, because nothing remembered follows `now`.
    fn fall(&self, weight: impl Fn(&What) -> i64, at_least: i64) -> Option<Span> {
        let at_least = i128::from(at_least);
        let counts = self.near.iter().enumerate().rev().filter_map(|(place, mark)| {
            let weight = i128::from(weight(&mark.what));
            (weight != 0 && may_count(mark.at, self.days, self.now)).then_some((mark, place, weight))
        });
        // Without the calendar first: most rules are far from what a customer has, or well below.
        let mut possible = 0;
        if 0 < at_least
            && !counts.clone().any(|(_, _, weight)| {
                possible += weight;
                at_least <= possible
            })
        {
            return None;
        }
        let mut inside: Vec<(Timestamp, i128)> = Vec::new();
        let (mut sum, mut enough_since) = (0, None);
        let exits = self.exits.get_or_init(|| vec![Cell::new(None); self.near.len()]);
        for (mark, place, weight) in counts {
            // INVARIANT: what leaves first came first by local time, and clocks are put back by at most a day, so nothing from before this
            // leaves after anything since then (guarded by the law below).
            if enough_since.is_some_and(|since: Timestamp| mark.at < since.plus_millis(-DAY_MILLIS)) {
                break;
            }
            let Some(known) = exits.get(place) else { continue };
            let exit = self.exit(mark, known);
            if self.now < exit {
                inside.push((exit, weight));
                sum += weight;
                if at_least <= sum {
                    enough_since = enough_since.or(Some(mark.at));
                }
            }
        }
        if sum < at_least {
            return None;
        }
        // Almost always that is their order already.
        inside.reverse();
        inside.sort_unstable();
        let falls = |&(_, weight): &(Timestamp, i128)| {
            sum -= weight;
            sum < at_least
        };
        Some(Span { from: Timestamp::MIN, until: inside.into_iter().find(falls).map(|(exit, _)| exit) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: everything that is inside, in the order in which it leaves.
    fn naive(zone: &Zone, near: &[Mark], days: u32, now: Timestamp, at_least: i64) -> Option<Option<Timestamp>> {
        let exits = near.iter().map(|mark| (zone.plus_days(mark.at, i64::from(days)), spend(&mark.what)));
        let mut inside: Vec<_> = exits.filter(|(exit, _)| now < *exit).collect();
        inside.sort_unstable();
        let left = |from: usize| inside.iter().skip(from).map(|(_, weight)| weight).sum::<i64>();
        (at_least <= left(0)).then(|| {
            let falls = (0..inside.len()).find(|place| left(place + 1) < at_least);
            falls.and_then(|place| inside.get(place)).map(|(exit, _)| *exit)
        })
    }

    fn spend(what: &What) -> i64 {
        if let What::Order { net, .. } = what { *net } else { 0 }
    }

    proptest! {
        // Seen to fail without the day that is looked at beyond what is enough; the case it found is below.
        #[test]
        fn a_window_is_left_when_its_definition_says(
            zone in prop::sample::select(vec!["UTC", "America/New_York", "Pacific/Apia"]),
            // Around 2011-11-06, when New York's clocks went back, and 2011-12-30, which Apia skipped.
            mut minutes in prop::collection::vec(prop_oneof![0..120_000_i64, 74_400..74_600_i64, 151_000..156_000_i64], 0..30),
            nets in prop::collection::vec(0..3_i64, 30),
            days in 1..70_u32,
            wait in 0..60_000_i64,
            at_least in 1..12_i64,
        ) {
            minutes.sort_unstable();
            let origin = Timestamp::parse("2011-09-15T12:30:00Z").unwrap();
            let at = |minutes: i64| origin.plus_millis(minutes * 60_000);
            let order = |(minutes, net): (&i64, &i64)| Mark {
                at: at(*minutes),
                what: What::Order { id: "o".into(), net: *net, reversed: false },
            };
            let near: Vec<Mark> = minutes.iter().zip(&nets).map(order).collect();
            let now = at(minutes.last().copied().unwrap_or(0) + wait);
            let zone = Zone::new(zone).unwrap();
            let window = Window { zone: &zone, near: &near, days, now, exits: OnceCell::new() };
            let found = window.fall(spend, at_least).map(|span| span.until);
            prop_assert_eq!(found, naive(&zone, &near, days, now, at_least));
        }
    }

    /// 01:08 in New York, and 01:01 an hour later, when the clocks had gone back: the later order is the first to leave a window of two days.
    #[test]
    fn what_came_first_by_the_clock_leaves_first() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let order = |text: &str| Mark { at: at(text), what: What::Order { id: "o".into(), net: 1, reversed: false } };
        let near = [order("2011-11-06T05:08:00Z"), order("2011-11-06T06:01:00Z")];
        let zone = Zone::new("America/New_York").unwrap();
        let exits = OnceCell::new();
        let window = Window { zone: &zone, near: &near, days: 2, now: at("2011-11-06T06:01:00Z"), exits };
        let until = |at_least| window.fall(spend, at_least).unwrap().until;
        assert_eq!(until(1), Some(at("2011-11-08T06:08:00Z")));
        assert_eq!(until(2), Some(at("2011-11-08T06:01:00Z")));
    }
}
