//! Tiers and lifecycle follow the journal: every fact of an entry is told to the ladders and the lifecycle, and what changes is written.
//!
//! The stored state of a ladder stands at its last fact. What time alone does since then is worked out when somebody looks, so it makes
//! no difference whether a sweep ran. A fact that arrives late is no special case of the rules: the journal is played again.

use super::context::Context;
use super::facts::{Fresh, all_life_facts, all_tier_facts};
use super::offers::{self, Occasion};
use super::state::{Customer, CustomerState, LadderSlot, LifeSlot, Shown, Standing};
use super::workspace::{Decided, Workspace};
use crate::effect::What;
use crate::error::Result;
use crate::lifecycle::{self, Axis, LifeFact, LifeFactKind, LifecycleView, Transition, TransitionCause};
use crate::program::Program;
use crate::tier::{self, Ladder, LadderState, TierCause, TierChange, TierFact, TierFactKind};
use crate::value::{CustomerId, TierId, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tells ladders and lifecycle what the command under way has written for this customer, and writes what changes for it.
pub(crate) fn follow(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let fresh = Fresh::of(context.program, ws, id);
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
    show(&mut customer.shown, customer.state.standing.get()?);
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

fn show(shown: &mut Shown, standing: &Standing) {
    shown.stage = standing.life.as_ref().map(|slot| slot.told_stage.clone());
    shown.activity = standing.life.as_ref().map(|slot| slot.told_activity.clone());
    shown.tier = standing.ladders.first().map(|slot| slot.told.shared());
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
    let Some(compiled) = context.program.ladders().get(place) else { return Ok(Vec::new()) };
    let (ladder, metric, zone) = (compiled, compiled.metric(), *context.zone());
    let stamp = context.program.ladder_stamp(place);
    let customer = ws.customer_mut(id)?;
    let (now, joined_at) = (customer.state.recorded_at, customer.registered_at);
    let told_at = customer.state.told_at;
    let slot = customer.state.standing.get()?.ladders.iter().find(|slot| slot.ladder == *ladder.id());
    let mut out = Vec::new();
    let in_order = match slot {
        Some(slot) if slot.stamp == stamp && !fresh.reverts => apply_all(ladder, zone, &slot.state, facts, &mut out),
        None if fresh.registers => apply_all(ladder, zone, &ladder.start(zone, joined_at), facts, &mut out),
        _ => None,
    };
    let (told, told_at) = match slot {
        Some(slot) => (slot.told.clone(), told_at),
        None => (ladder.current(&ladder.start(zone, joined_at)).clone(), Timestamp::MIN),
    };
    let state = match in_order {
        Some(state) => state,
        None => {
            out.clear();
            let journal = ws.journal(id)?;
            let all = all_tier_facts(metric, ladder, &journal);
            let until = all.iter().map(|fact| fact.effective_at).max().unwrap_or(joined_at).max(joined_at);
            ladder.replay(zone, joined_at, &all, until, &mut out)
        }
    };
    let mut view = state.clone();
    ladder.advance(zone, &mut view, now, &mut out);
    *due = earlier(*due, next(ws, || ladder.next_due(&view)));
    let current = ladder.current(&view).clone();
    let causes: BTreeSet<&str> = facts.iter().filter_map(tier_cause_of_fact).collect();
    let news = tier_news(ladder, out, &causes, told, told_at, current.clone(), fresh.last(joined_at));
    let ladders = &mut ws.customer_mut(id)?.state.standing.get_mut()?.ladders;
    let slot = LadderSlot { ladder: ladder.id().clone(), stamp, state, told: current };
    match ladders.iter_mut().find(|old| old.ladder == slot.ladder) {
        Some(old) => *old = slot,
        None => ladders.insert(place.min(ladders.len()), slot),
    }
    Ok(news)
}

fn apply_all(
    ladder: &Ladder,
    zone: crate::value::Zone,
    from: &LadderState,
    facts: &[TierFact],
    out: &mut Vec<TierChange>,
) -> Option<LadderState> {
    let mut state = from.clone();
    for fact in facts {
        if ladder.apply(zone, &mut state, fact, out) == tier::Applied::Late {
            return None;
        }
    }
    Some(state)
}

fn tier_cause_of_fact(fact: &TierFact) -> Option<&str> {
    match &fact.kind {
        TierFactKind::Accrual { cause, .. } | TierFactKind::Reversal { cause, .. } => Some(cause),
        _ => None,
    }
}

/// What of a history has not been told yet: everything after `told_at`, and what these facts caused before it. When a late fact took a
/// told change back, the last word is a correction.
fn tier_news(
    ladder: &Ladder,
    history: Vec<TierChange>,
    causes: &BTreeSet<&str>,
    mut told: TierId,
    told_at: Timestamp,
    current: TierId,
    at: Timestamp,
) -> Vec<TierChange> {
    let mut news = Vec::new();
    let mut last = None;
    for change in history {
        let by_these = match &change.cause {
            TierCause::Reached { cause } | TierCause::RefundAtOnce { cause } => causes.contains(&**cause),
            TierCause::Locked => told_at <= change.at,
            _ => false,
        };
        last = Some(change.cause.clone());
        if (told_at < change.at || by_these) && change.to != told {
            news.push(TierChange { from: told, ..change.clone() });
            told = change.to;
        }
    }
    if told != current {
        let cause = last.unwrap_or(TierCause::Review);
        news.push(TierChange { ladder: ladder.id().clone(), from: told, to: current, at, cause });
    }
    news
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
        Some(slot) if !fresh.reverts => Some(slot.state.clone()),
        None if fresh.registers => {
            let first = facts.iter().map(|fact| fact.effective_at).min().unwrap_or(joined_at);
            Some(life.start(first))
        }
        _ => None,
    };
    let told = slot.map(|slot| (slot.told_stage.clone(), slot.told_activity.clone(), told_at));
    let applied = start.and_then(|mut state| {
        let late = facts.iter().any(|fact| life.apply(zone, &mut state, fact, &mut out) == lifecycle::Applied::Late);
        (!late && life.fits(&state)).then_some(state)
    });
    let state = match applied {
        Some(state) => state,
        None => {
            out.clear();
            let journal = ws.journal(id)?;
            let all = all_life_facts(&journal);
            let until = all.iter().map(|fact| fact.effective_at).max().unwrap_or(joined_at);
            life.replay(zone, &all, until, &mut out)
        }
    };
    let mut view = state.clone();
    let _ = life.advance(zone, &mut view, now, &mut out);
    *due = earlier(*due, next(ws, || life.next_due(&view)));
    let stands = life.view(&view);
    let causes: BTreeSet<&str> = facts.iter().filter_map(life_cause_of_fact).collect();
    let news = life_news(out, &causes, told, &stands, fresh.last(joined_at));
    let slot = LifeSlot { state, told_stage: stands.stage.clone(), told_activity: stands.activity.clone() };
    ws.customer_mut(id)?.state.standing.get_mut()?.life = Some(slot);
    Ok(news)
}

fn life_cause_of_fact(fact: &LifeFact) -> Option<&str> {
    match &fact.kind {
        LifeFactKind::Registered => None,
        LifeFactKind::Order { order, .. }
        | LifeFactKind::OrderReversed { order, .. }
        | LifeFactKind::PartialRefund { order, .. } => Some(order),
        LifeFactKind::Event { id, .. } => Some(id),
    }
}

/// What of a history has not been told yet, axis by axis; see [`tier_news`].
fn life_news(
    history: Vec<Transition>,
    causes: &BTreeSet<&str>,
    told: Option<(Arc<str>, Arc<str>, Timestamp)>,
    stands: &LifecycleView,
    at: Timestamp,
) -> Vec<Transition> {
    let told_at = told.as_ref().map_or(Timestamp::MIN, |(_, _, at)| *at);
    let (mut stage, mut activity) = match told {
        Some((stage, activity, _)) => (Some(stage), Some(activity)),
        None => (None, None),
    };
    let mut news = Vec::new();
    let mut last = None;
    for transition in history {
        let by_these = match &transition.cause {
            TransitionCause::Fact { id, .. } => id.as_ref().is_some_and(|id| causes.contains(&**id)),
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
    for compiled in program.ladders() {
        let Some(slot) = standing.ladders.iter().find(|slot| slot.ladder == *compiled.id()) else { continue };
        let mut view = slot.state.clone();
        compiled.advance(*zone, &mut view, state.recorded_at, &mut Vec::new());
        next = earlier(next, compiled.next_due(&view));
    }
    if let Some((life, slot)) = program.lifecycle().zip(standing.life.as_ref()) {
        let mut view = slot.state.clone();
        let _ = life.advance(zone, &mut view, state.recorded_at, &mut Vec::new());
        next = earlier(next, life.next_due(&view));
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
    let Some(compiled) = context.program.ladders().get(place) else { return Ok(None) };
    let (ladder, zone) = (compiled, *context.zone());
    let stamp = context.program.ladder_stamp(place);
    let customer = ws.known(id)?;
    let joined_at = customer.registered_at;
    let slot = customer.state.standing.get()?.ladders.iter().find(|slot| slot.ladder == *ladder.id());
    if let Some(slot) = slot.filter(|slot| slot.stamp == stamp && slot.state.clock() <= at) {
        let mut view = slot.state.clone();
        ladder.advance(zone, &mut view, at, &mut Vec::new());
        return Ok(Some(ladder.current(&view).clone()));
    }
    if slot.is_none() && customer.version == 0 && customer.state.orders == 0 {
        return Ok(Some(ladder.current(&ladder.start(zone, joined_at)).clone()));
    }
    let journal = ws.journal(id)?;
    let facts = all_tier_facts(compiled.metric(), ladder, &journal);
    let state = ladder.replay(zone, joined_at, &facts, at, &mut Vec::new());
    Ok(Some(ladder.current(&state).clone()))
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
    let state = life.replay(context.zone(), &all_life_facts(&journal), at, &mut Vec::new());
    Ok(Some(life.view(&state)))
}
