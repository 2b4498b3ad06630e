//! Tiers and lifecycle follow the journal: every fact of an entry is told to the ladders and the lifecycle, and what changes is written.
//!
//! The stored state of a ladder stands at its last fact. What time alone does since then is worked out when somebody looks, so it makes
//! no difference whether a sweep ran. A fact that arrives late is no special case of the rules: the journal is played again.

use super::context::Context;
use super::facts::{Fresh, all_life_facts, all_tier_facts};
use super::offers::{self, Occasion};
use crate::effect::What;
use crate::error::{Error, Result};
use crate::lifecycle::{self, Axis, FactKind, LifeFact, LifeFactKind, LifecycleView, Transition, TransitionCause};
use crate::program::Program;
use crate::tier::{self, Ladder, LadderState, TierCause, TierChange, TierFact, TierFactKind};
use crate::value::{CustomerId, TierId, Timestamp};
use crate::workspace::state::{Customer, CustomerState, LadderSlot, LifeSlot};
use crate::workspace::{Decided, Workspace};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tells ladders and lifecycle what the command under way has written for this customer, and writes what changes for it.
pub(crate) fn follow(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let fresh = Fresh::of(context.program, ws, id)?;
    let stamp = context.program.standing_stamp();
    let state = &mut ws.customer_mut(id)?.state;
    if fresh.says_nothing() && state.standing_stamp == stamp && quiet(state, state.recorded_at) {
        state.told_at = state.recorded_at;
        return Ok(());
    }
    let mut due = None;
    let mut tiers = Vec::new();
    for place in 0..context.program.ladders().len() {
        let facts = fresh.tiers.iter().filter(|(of, _)| *of == place).map(|(_, fact)| fact.clone());
        tiers.extend(follow_ladder(context, ws, id, place, &facts.collect::<Vec<_>>(), &fresh, &mut due)?);
    }
    let moves = follow_life(context, ws, id, &fresh, &mut due)?;
    let customer = ws.customer_mut(id)?;
    customer.shown.stand(customer.state.standing.get()?);
    let state = &mut customer.state;
    (state.told_at, state.standing_due, state.standing_stamp) = (state.recorded_at, due, stamp);
    let mut entered = Vec::new();
    for change in tiers {
        let at = change.at;
        entered.push((Occasion::Tier(change.ladder.clone(), change.to.clone()), at));
        context.write(ws, id, at, What::Tier { change }, Vec::new())?;
    }
    for transition in moves {
        let at = transition.at;
        if transition.axis == Axis::Stage {
            entered.push((Occasion::Stage(transition.to.to_string()), at));
        }
        context.write(ws, id, at, What::Lifecycle { transition }, Vec::new())?;
    }
    entered.iter().try_for_each(|(occasion, at)| offers::issue(context, ws, id, occasion, *at))?;
    let now = ws.known(id)?.state.recorded_at;
    offers::pass(context, ws, id, now)
}

/// Whether time has brought nothing to the standing since it was told.
fn quiet(state: &CustomerState, now: Timestamp) -> bool {
    state.standing_due.is_none_or(|due| now < due)
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// When time changes something next. A history is always looked at anew: what comes next is its next fact.
fn next(ws: &Workspace, due: impl FnOnce() -> Option<Timestamp>) -> Option<Timestamp> {
    if ws.is_whole() { Some(Timestamp::MIN) } else { due() }
}

fn follow_ladder(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    place: usize,
    facts: &[TierFact],
    fresh: &Fresh,
    due: &mut Option<Timestamp>,
) -> Decided<Vec<TierChange>> {
    let Some(timeline) = context.program.timeline(place) else { return Ok(Vec::new()) };
    let Some(ladder) = context.program.ladders().get(place) else { return Ok(Vec::new()) };
    let stamp = timeline.stamp();
    let customer = ws.customer_mut(id)?;
    let (now, joined_at) = (customer.state.recorded_at, customer.registered_at);
    let told_at = customer.state.told_at;
    let slot = customer.state.standing.get()?.ladders.iter().find(|slot| slot.ladder == *ladder.id());
    let mut out = Vec::new();
    let from = match slot {
        Some(slot) if !fresh.anew && timeline.vouches(slot.stamp, &slot.state) => Some(slot.state.clone()),
        None if fresh.registers => timeline.start(joined_at),
        _ => None,
    };
    let in_order = from.and_then(|mut state| {
        let late = |fact| timeline.apply(&mut state, fact, &mut out) == tier::Applied::Late;
        if facts.iter().any(late) {
            return None;
        }
        let mut view = state.clone();
        timeline.advance(&mut view, now, &mut out).then_some((state, view))
    });
    let news = News {
        told: slot.map_or_else(|| timeline.at(joined_at).unwrap_or(ladder).lowest().clone(), |slot| slot.told.clone()),
        told_at: slot.map_or(Timestamp::MIN, |_| told_at),
        revised_at: slot.and_then(|slot| timeline.news_since(slot.stamp)).filter(|at| Timestamp::MIN < *at),
        at: fresh.latest.unwrap_or(told_at).max(joined_at),
        locked_at: facts
            .iter()
            .filter(|fact| matches!(fact.kind, TierFactKind::Lock { .. }))
            .map(|f| f.effective_at)
            .max(),
    };
    let (state, view) = match in_order {
        Some(both) => both,
        None => {
            out.clear();
            let journal = ws.journal(id)?;
            let facts_of = |ladder: &Ladder| all_tier_facts(ladder.metric(), ladder, &journal);
            let all = timeline.at(now).map(facts_of).unwrap_or_default();
            let last = all.iter().map(|fact| fact.effective_at).max().unwrap_or(joined_at).max(joined_at);
            let replayed = timeline.replay(joined_at, &facts_of, timeline.stands(last, now), &mut out);
            let state = replayed.ok_or_else(|| Error::internal("a ladder without rules"))?;
            let mut view = state.clone();
            if !timeline.advance(&mut view, now, &mut out) {
                return Err(Error::internal("a state stands before the rules of today").into());
            }
            (state, view)
        }
    };
    *due = earlier(*due, next(ws, || timeline.next_due(&view)));
    let current = timeline.at(view.clock()).unwrap_or(ladder).current(&view).clone();
    let causes: BTreeSet<(bool, &str)> = facts.iter().filter_map(tier_cause_of_fact).collect();
    let news = news.of_tiers(ladder, out, &causes, &current);
    let ladders = &mut ws.customer_mut(id)?.state.standing.get_mut()?.ladders;
    let slot = LadderSlot { ladder: ladder.id().clone(), stamp, state, told: current };
    match ladders.iter_mut().find(|old| old.ladder == slot.ladder) {
        Some(old) => *old = slot,
        None => ladders.insert(place.min(ladders.len()), slot),
    }
    Ok(news)
}

/// What a fact may cause, and whether it takes something back: an order that goes back is not reached once more.
fn tier_cause_of_fact(fact: &TierFact) -> Option<(bool, &str)> {
    match &fact.kind {
        TierFactKind::Accrual { amount, cause } => Some((*amount < 0, cause)),
        TierFactKind::Reversal { cause, .. } => Some((true, cause)),
        _ => None,
    }
}

/// What was told of a tier before.
struct News {
    told: TierId,
    told_at: Timestamp,
    /// A publication that was not known when it was told.
    revised_at: Option<Timestamp>,
    /// Where a correction stands.
    at: Timestamp,
    /// When these facts lock it.
    locked_at: Option<Timestamp>,
}

impl News {
    /// What of a history has not been told yet: everything after `told_at`, what these facts caused before it, and what a revision changed.
    /// When a late fact took a told change back, the last word is a correction.
    fn of_tiers(
        mut self,
        ladder: &Ladder,
        history: Vec<TierChange>,
        causes: &BTreeSet<(bool, &str)>,
        current: &TierId,
    ) -> Vec<TierChange> {
        // A revision that was published before what was told then.
        let mut outdated = self.revised_at.filter(|at| *at <= self.told_at);
        let since = outdated.map_or(self.told_at, |at| at.plus_millis(-1));
        let mut news = Vec::new();
        let (mut last, mut changed_at) = (None, Timestamp::MIN);
        // Of several locks of one instant the last one is of these facts; the others were told.
        let locks = |change: &TierChange| change.cause == TierCause::Locked && Some(change.at) == self.locked_at;
        let lock = history.iter().rposition(locks);
        for (place, change) in history.into_iter().enumerate() {
            if self.told_at < change.at && outdated.take().is_some() {
                self.correct(ladder, &change.from, self.told_at, last.clone(), &mut news);
            }
            let by_these = match &change.cause {
                TierCause::Reached { cause } => causes.contains(&(false, &**cause)),
                TierCause::RefundAtOnce { cause } => causes.contains(&(true, &**cause)),
                TierCause::Locked => lock == Some(place),
                _ => false,
            };
            last = Some(change.cause.clone());
            changed_at = change.at;
            if (since < change.at || by_these) && change.to != self.told {
                news.push(TierChange { from: self.told, ..change.clone() });
                self.told = change.to;
            }
        }
        // Not before the customer came to stand there.
        let at = outdated.map_or(self.at.max(changed_at), |_| self.told_at);
        self.correct(ladder, current, at, last, &mut news);
        news
    }

    fn correct(
        &mut self,
        ladder: &Ladder,
        to: &TierId,
        at: Timestamp,
        cause: Option<TierCause>,
        news: &mut Vec<TierChange>,
    ) {
        if self.told != *to {
            let from = std::mem::replace(&mut self.told, to.clone());
            let cause = cause.unwrap_or(TierCause::Review);
            news.push(TierChange { ladder: ladder.id().clone(), from, to: to.clone(), at, cause });
        }
    }
}

fn follow_life(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    fresh: &Fresh,
    due: &mut Option<Timestamp>,
) -> Decided<Vec<Transition>> {
    let Some(life) = context.program.lifecycle() else { return Ok(Vec::new()) };
    let zone = context.zone();
    let customer = ws.customer_mut(id)?;
    let (now, joined_at) = (customer.state.recorded_at, customer.registered_at);
    let told_at = customer.state.told_at;
    let facts = &fresh.life;
    let slot = customer.state.standing.get()?.life.as_ref();
    let mut out = Vec::new();
    let start = match slot {
        Some(slot) if !fresh.anew => Some(slot.state.clone()),
        None if fresh.registers => {
            let first = facts.iter().map(|fact| fact.effective_at).min().unwrap_or(joined_at);
            Some(life.start(first))
        }
        _ => None,
    };
    let mut told = slot.map(|slot| (slot.told_stage.clone(), slot.told_activity.clone(), told_at));
    let past = slot.and_then(|slot| life_past(context.program, slot, told_at, now));
    let revised = slot.map_or(!fresh.registers, |slot| !life.fits(&slot.state));
    let applied = start.and_then(|mut state| {
        let late = facts.iter().any(|fact| life.apply(zone, &mut state, fact, &mut out) == lifecycle::Applied::Late);
        (!late && life.fits(&state)).then_some(state)
    });
    let state = match applied {
        Some(state) => state,
        None => {
            out.clear();
            let journal = ws.journal(id)?;
            let all = all_life_facts(&journal, ws.known(id)?);
            let until = all.iter().map(|fact| fact.effective_at).max().unwrap_or(joined_at);
            life.replay(zone, &all, until, &mut out)
        }
    };
    let mut view = state.clone();
    let _ = life.advance(zone, &mut view, now, &mut out);
    *due = earlier(*due, next(ws, || life.next_due(&view)));
    let stands = life.view(&view);
    let causes: BTreeSet<(bool, &str)> = facts.iter().filter_map(life_cause_of_fact).collect();
    let since = context.program.life_since().filter(|_| revised).map(|since| since.min(now));
    let at = fresh.latest.unwrap_or(told_at).max(joined_at);
    let mut news = Vec::new();
    if let Some((history, then, until)) = past {
        news = life_news(history, &BTreeSet::new(), told, &then, None, until);
        told = Some((then.stage, then.activity, until));
    }
    news.extend(life_news(since_of(out, since), &causes, told, &stands, since, at));
    let slot = LifeSlot { state, told_stage: stands.stage.clone(), told_activity: stands.activity.clone() };
    ws.customer_mut(id)?.state.standing.get_mut()?.life = Some(slot);
    Ok(news)
}

/// As [`tier_cause_of_fact`].
fn life_cause_of_fact(fact: &LifeFact) -> Option<(bool, &str)> {
    match &fact.kind {
        LifeFactKind::Registered => None,
        LifeFactKind::OrderReversed { order, .. } | LifeFactKind::PartialRefund { order, .. } => Some((true, order)),
        LifeFactKind::Order { order: id, .. } | LifeFactKind::Event { id, .. } => Some((false, id)),
    }
}

/// What time did under the rules that made a state, up to the publication of the next: a sweep would have told it.
fn life_past(
    program: &Program,
    slot: &LifeSlot,
    told_at: Timestamp,
    now: Timestamp,
) -> Option<(Vec<Transition>, LifecycleView, Timestamp)> {
    if program.lifecycle().is_none_or(|life| life.fits(&slot.state)) {
        return None;
    }
    let (life, zone, until) = program.life_before(&slot.state)?;
    let until = until.plus_millis(-1).min(now);
    let (mut view, mut history) = (slot.state.clone(), Vec::new());
    let passed = told_at < until && life.advance(zone, &mut view, until, &mut history) == lifecycle::Applied::InOrder;
    passed.then(|| (history, life.view(&view), until))
}

/// A history under new rules: what they would have made of the time before their publication, they make of it at that instant.
fn since_of(history: Vec<Transition>, since: Option<Timestamp>) -> Vec<Transition> {
    let Some(since) = since else { return history };
    let (before, after): (Vec<_>, Vec<_>) = history.into_iter().partition(|transition| transition.at < since);
    let last = |axis| before.iter().rfind(|transition| transition.axis == axis).cloned();
    let then = [last(Axis::Stage), last(Axis::Activity)].into_iter().flatten();
    then.map(|transition| Transition { at: since, ..transition }).chain(after).collect()
}

/// What of a history has not been told yet, axis by axis; see [`News`].
fn life_news(
    history: Vec<Transition>,
    causes: &BTreeSet<(bool, &str)>,
    told: Option<(Arc<str>, Arc<str>, Timestamp)>,
    stands: &LifecycleView,
    revised_at: Option<Timestamp>,
    at: Timestamp,
) -> Vec<Transition> {
    let told_at = told.as_ref().map_or(Timestamp::MIN, |(_, _, at)| *at);
    let told_at = revised_at.map_or(told_at, |at| told_at.min(at.plus_millis(-1)));
    let (mut stage, mut activity) = match told {
        Some((stage, activity, _)) => (Some(stage), Some(activity)),
        None => (None, None),
    };
    let mut news = Vec::new();
    let mut last = None;
    for transition in history {
        let by_these = match &transition.cause {
            TransitionCause::Fact { kind, id } => {
                let takes = matches!(kind, FactKind::PartialRefund | FactKind::OrderReversed);
                id.as_ref().is_some_and(|id| causes.contains(&(takes, &**id)))
            }
            TransitionCause::Timer => false,
        };
        last = Some((transition.cause.clone(), transition.rule.clone()));
        let told = match transition.axis {
            lifecycle::Axis::Stage => &mut stage,
            lifecycle::Axis::Activity => &mut activity,
        };
        if (told_at < transition.at || by_these) && told.as_ref() != Some(&transition.to) {
            let from = told.replace(transition.to.clone());
            news.push(Transition { from, ..transition });
        }
    }
    let (cause, rule) = last.unwrap_or((TransitionCause::Timer, Arc::from("")));
    for (axis, told, now) in
        [(lifecycle::Axis::Stage, stage, &stands.stage), (lifecycle::Axis::Activity, activity, &stands.activity)]
    {
        if told.as_ref() != Some(now) {
            news.push(Transition { axis, from: told, to: now.clone(), at, cause: cause.clone(), rule: rule.clone() });
        }
    }
    news
}

/// When time alone changes a tier, a stage or an activity next.
pub(crate) fn next_due(program: &Program, customer: &Customer) -> Result<Option<Timestamp>> {
    let (state, zone) = (&customer.state, program.zone());
    if state.standing_stamp == program.standing_stamp() && quiet(state, state.recorded_at) {
        return Ok(state.standing_due);
    }
    let standing = state.standing.get()?;
    let mut next = None;
    for (place, compiled) in program.ladders().iter().enumerate() {
        let Some(timeline) = program.timeline(place) else { continue };
        let slot = standing.ladders.iter().find(|slot| slot.ladder == *compiled.id());
        let news = slot.map_or_else(|| Some(timeline.last_from()), |slot| timeline.news_since(slot.stamp));
        next = earlier(next, news.filter(|at| Timestamp::MIN < *at));
        let Some(slot) = slot.filter(|slot| timeline.vouches(slot.stamp, &slot.state)) else { continue };
        let mut view = slot.state.clone();
        if timeline.advance(&mut view, state.recorded_at, &mut Vec::new()) {
            next = earlier(next, timeline.next_due(&view));
        }
    }
    if let Some(life) = program.lifecycle() {
        let slot = standing.life.as_ref();
        if slot.is_none_or(|slot| !life.fits(&slot.state)) {
            next = earlier(next, program.life_since());
        }
        if let Some(slot) = slot {
            let mut view = slot.state.clone();
            let _ = life.advance(zone, &mut view, state.recorded_at, &mut Vec::new());
            next = earlier(next, life.next_due(&view));
        }
    }
    Ok(next)
}

/// The tier on a ladder at an instant, from the stored state where it reaches, else from the journal.
pub(crate) fn tier_at(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    place: usize,
    at: Timestamp,
) -> Decided<Option<TierId>> {
    let Some(timeline) = context.program.timeline(place) else { return Ok(None) };
    let Some(ladder) = context.program.ladders().get(place) else { return Ok(None) };
    let tier = |state: &LadderState| timeline.at(state.clock()).unwrap_or(ladder).current(state).clone();
    let customer = ws.known(id)?;
    let joined_at = customer.registered_at;
    let slot = customer.state.standing.get()?.ladders.iter().find(|slot| slot.ladder == *ladder.id());
    if let Some(slot) = slot.filter(|slot| timeline.vouches(slot.stamp, &slot.state) && slot.state.clock() <= at) {
        let mut view = slot.state.clone();
        if timeline.advance(&mut view, at, &mut Vec::new()) {
            return Ok(Some(tier(&view)));
        }
    }
    if slot.is_none() && customer.version == 0 && customer.state.orders == 0 {
        return Ok(Some(timeline.at(at).unwrap_or(ladder).lowest().clone()));
    }
    let journal = ws.journal(id)?;
    let facts_of = |ladder: &Ladder| all_tier_facts(ladder.metric(), ladder, &journal);
    Ok(timeline.replay(joined_at, &facts_of, at, &mut Vec::new()).map(|state| tier(&state)))
}

/// Stage and activity at an instant, from the stored state where it reaches, else from the journal.
pub(crate) fn life_at(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    at: Timestamp,
) -> Decided<Option<LifecycleView>> {
    let Some(life) = context.program.lifecycle() else { return Ok(None) };
    let customer = ws.known(id)?;
    let slot = customer.state.standing.get()?.life.as_ref();
    if let Some(slot) = slot.filter(|slot| life.fits(&slot.state) && slot.state.clock() <= at) {
        let mut view = slot.state.clone();
        let _ = life.advance(context.zone(), &mut view, at, &mut Vec::new());
        return Ok(Some(life.view(&view)));
    }
    if customer.version == 0 && slot.is_none() {
        return Ok(Some(life.view(&life.start(at))));
    }
    let journal = ws.journal(id)?;
    let facts = all_life_facts(&journal, ws.known(id)?);
    let state = life.replay(context.zone(), &facts, at, &mut Vec::new());
    Ok(Some(life.view(&state)))
}
