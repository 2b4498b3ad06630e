//! Tiers and lifecycle follow the journal: every fact of an entry is told to the ladders and the lifecycle, and what changes is written.
//!
//! The stored state of a ladder stands at its last fact. What time alone does since then is worked out when somebody looks, so it makes
//! no difference whether a sweep ran. A fact that arrives late is no special case of the rules: the journal is played again.

use super::context::Context;
use super::lazy::Lazy;
use super::state::{Customer, LadderSlot, LifeSlot};
use super::workspace::{Decided, Workspace};
use crate::effect::{Entry, What};
use crate::error::Result;
use crate::lifecycle::{self, LifeFact, LifeFactKind, LifecycleView, Transition, TransitionCause};
use crate::points::{Book, MovementKind};
use crate::program::Program;
use crate::tier::{self, Ladder, LadderState, Metric, TierCause, TierChange, TierFact, TierFactKind};
use crate::value::{CustomerId, PointCurrency, TierId, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What one entry means for a ladder.
pub(crate) fn tier_facts(metric: &Metric, ladder: &Ladder, entry: &Entry) -> Vec<TierFact> {
    let fact =
        |kind| TierFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind };
    let accrual = |amount: i64, cause: &str| fact(TierFactKind::Accrual { amount, cause: Arc::from(cause) });
    let reversal = |amount: i64, original_at: Timestamp, cause: &str| {
        fact(TierFactKind::Reversal { amount, original_at, cause: Arc::from(cause) })
    };
    match (&entry.what, metric) {
        (What::TierLocked { ladder: on, tier, until }, _) if *on == *ladder.id() => {
            let (Some(actor), Some(reason)) = (entry.actor.clone(), entry.reason.clone()) else { return Vec::new() };
            return vec![fact(TierFactKind::Lock { tier: tier.clone(), until: *until, actor, reason })];
        }
        (What::TierUnlocked { ladder: on }, _) if *on == *ladder.id() => return vec![fact(TierFactKind::Unlock)],
        (_, Metric::QualifyingPoints { currency }) => return points_facts(currency, entry),
        _ => {}
    }
    let made = match (metric, &entry.what) {
        (Metric::NetSpend, What::Order { order_id, spend_minor }) => Some(accrual(*spend_minor, order_id.as_str())),
        (Metric::NetSpend, What::Refund { order_id, order_paid_at, spend_minor, .. })
        | (Metric::NetSpend, What::Cancelled { order_id, order_paid_at, spend_minor, .. }) => {
            Some(reversal(*spend_minor, *order_paid_at, order_id.as_str()))
        }
        (Metric::OrderCount, What::Order { order_id, .. }) => Some(accrual(1, order_id.as_str())),
        (Metric::OrderCount, What::Refund { order_id, order_paid_at, full: true, .. })
        | (Metric::OrderCount, What::Cancelled { order_id, order_paid_at, was_valid: true, .. }) => {
            Some(reversal(1, *order_paid_at, order_id.as_str()))
        }
        (Metric::Visits { event }, What::Event { event_id, name }) if event == name => {
            Some(accrual(1, event_id.as_str()))
        }
        _ => None,
    };
    let zero = |fact: &TierFact| match &fact.kind {
        TierFactKind::Accrual { amount, .. } | TierFactKind::Reversal { amount, .. } => *amount == 0,
        _ => false,
    };
    made.into_iter().filter(|fact| !zero(fact)).collect()
}

/// Qualifying points: what was earned or corrected upwards counts from when it was earned, what was taken back counts against it.
fn points_facts(currency: &PointCurrency, entry: &Entry) -> Vec<TierFact> {
    let cause: Arc<str> = match &entry.what {
        What::Order { order_id, .. } | What::Refund { order_id, .. } | What::Cancelled { order_id, .. } => {
            Arc::from(order_id.as_str())
        }
        What::Event { event_id, .. } => Arc::from(event_id.as_str()),
        _ => Arc::from(entry.request_id.as_str()),
    };
    let of = |book: Book, change: &crate::effect::PointsChange| -> i64 {
        change.postings.iter().filter(|p| p.book == book).map(|p| p.points.get()).sum()
    };
    let mut facts = Vec::new();
    for change in entry.points.iter().filter(|change| change.currency == *currency) {
        let kind = match change.kind {
            MovementKind::Earn => TierFactKind::Accrual { amount: -of(Book::Issued, change), cause: cause.clone() },
            MovementKind::Adjust if of(Book::Issued, change) != 0 => {
                TierFactKind::Accrual { amount: -of(Book::Issued, change), cause: cause.clone() }
            }
            MovementKind::ClawBack | MovementKind::Adjust => TierFactKind::Reversal {
                amount: of(Book::Revoked, change),
                original_at: change.original_at.unwrap_or(entry.effective_at),
                cause: cause.clone(),
            },
            _ => continue,
        };
        facts.push(TierFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind });
    }
    facts
}

/// What one entry means for the lifecycle.
pub(crate) fn life_fact(entry: &Entry) -> Option<LifeFact> {
    let kind = match &entry.what {
        What::Registered => LifeFactKind::Registered,
        What::Order { order_id, spend_minor } => {
            LifeFactKind::Order { order: Arc::from(order_id.as_str()), net_minor: *spend_minor }
        }
        What::Refund { order_id, order_paid_at, spend_minor, full, .. } => {
            let (order, order_at) = (Arc::from(order_id.as_str()), *order_paid_at);
            if *full {
                LifeFactKind::OrderReversed { order, order_at }
            } else {
                LifeFactKind::PartialRefund { order, order_at, amount_minor: *spend_minor }
            }
        }
        What::Cancelled { order_id, order_paid_at, was_valid: true, .. } => {
            LifeFactKind::OrderReversed { order: Arc::from(order_id.as_str()), order_at: *order_paid_at }
        }
        What::Event { event_id, name } => LifeFactKind::Event { name: name.clone(), id: Arc::from(event_id.as_str()) },
        _ => return None,
    };
    Some(LifeFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind })
}

/// The journal without orders that came with a reverted import: they never were.
pub(crate) fn without_reverted(journal: &[Entry]) -> Vec<&Entry> {
    let order_of = |entry: &Entry| match &entry.what {
        What::Order { order_id, .. } | What::Refund { order_id, .. } | What::Cancelled { order_id, .. } => {
            Some(order_id.clone())
        }
        _ => None,
    };
    let last_revert = |entry: &Entry| match &entry.what {
        What::Cancelled { order_id, reverted: true, .. } => Some((order_id.clone(), entry.seq)),
        _ => None,
    };
    let reverted: Vec<_> = journal.iter().filter_map(last_revert).collect();
    let gone = |entry: &Entry| {
        order_of(entry).is_some_and(|id| reverted.iter().any(|(order, seq)| *order == id && entry.seq <= *seq))
    };
    journal.iter().filter(|entry| !gone(entry)).collect()
}

/// All facts of a journal for a ladder.
pub(crate) fn all_tier_facts(metric: &Metric, ladder: &Ladder, journal: &[Entry]) -> Vec<TierFact> {
    without_reverted(journal).into_iter().flat_map(|entry| tier_facts(metric, ladder, entry)).collect()
}

/// All facts of a journal for the lifecycle.
pub(crate) fn all_life_facts(journal: &[Entry]) -> Vec<LifeFact> {
    without_reverted(journal).into_iter().filter_map(life_fact).collect()
}

/// What the command under way has written for one customer, as facts.
struct Fresh {
    /// For each ladder of the program.
    tiers: Vec<Vec<TierFact>>,
    life: Vec<LifeFact>,
    /// Whether it registers the customer.
    registers: bool,
    /// Whether it takes an order out as if it had never been there.
    reverts: bool,
    /// The latest instant that something counts from.
    latest: Option<Timestamp>,
}

impl Fresh {
    fn of(program: &Program, ws: &Workspace, id: &CustomerId) -> Self {
        let tiers = program.ladders().iter().map(|_| Vec::new()).collect();
        let mut fresh = Self { tiers, life: Vec::new(), registers: false, reverts: false, latest: None };
        for entry in ws.fresh().iter().filter(|entry| entry.customer_id == *id) {
            for (facts, ladder) in fresh.tiers.iter_mut().zip(program.ladders()) {
                facts.extend(tier_facts(ladder.metric(), ladder, entry));
            }
            fresh.life.extend(life_fact(entry));
            fresh.registers |= matches!(entry.what, What::Registered);
            fresh.reverts |= matches!(entry.what, What::Cancelled { reverted: true, .. });
            fresh.latest = fresh.latest.max(Some(entry.effective_at));
        }
        fresh
    }

    /// The instant of the last of it, at least `least`.
    fn last(&self, least: Timestamp) -> Timestamp {
        self.latest.map_or(least, |at| at.max(least))
    }
}

/// Tells ladders and lifecycle what the command under way has written for this customer, and writes what changes for it.
pub(crate) fn follow(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let fresh = Fresh::of(context.program, ws, id);
    let mut tiers = Vec::new();
    for (place, facts) in fresh.tiers.iter().enumerate() {
        tiers.extend(follow_ladder(context, ws, id, place, facts, &fresh)?);
    }
    let moves = follow_life(context, ws, id, &fresh)?;
    for change in tiers {
        context.write(ws, id, change.at, What::Tier { change }, Vec::new())?;
    }
    for transition in moves {
        context.write(ws, id, transition.at, What::Lifecycle { transition }, Vec::new())?;
    }
    Ok(())
}

/// Whether nothing can have changed since it was told: no facts, and time brings nothing before `due`.
fn quiet(facts: bool, due: Option<Timestamp>, now: Timestamp) -> bool {
    !facts && due.is_none_or(|due| now < due)
}

fn follow_ladder(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    place: usize,
    facts: &[TierFact],
    fresh: &Fresh,
) -> Decided<Vec<TierChange>> {
    let Some(compiled) = context.program.ladders().get(place) else { return Ok(Vec::new()) };
    let (ladder, metric, zone) = (compiled, compiled.metric(), *context.zone());
    let stamp = context.program.ladder_stamp(place);
    let customer = ws.customer_mut(id)?;
    let (now, joined_at) = (customer.state.recorded_at, customer.registered_at);
    let slot = customer.state.ladders.iter_mut().find(|slot| slot.ladder == *ladder.id());
    let slot = match slot {
        Some(slot) if slot.stamp == stamp && !fresh.reverts && quiet(!facts.is_empty(), slot.due, now) => {
            slot.told_at = now;
            return Ok(Vec::new());
        }
        slot => slot.cloned(),
    };
    let mut out = Vec::new();
    let in_order = match &slot {
        Some(slot) if slot.stamp == stamp && !fresh.reverts => {
            apply_all(ladder, zone, slot.state.get()?, facts, &mut out)
        }
        None if fresh.registers => apply_all(ladder, zone, &ladder.start(zone, joined_at), facts, &mut out),
        _ => None,
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
    let current = ladder.current(&view).clone();
    let causes: BTreeSet<&str> = facts.iter().filter_map(tier_cause_of_fact).collect();
    let (told, told_at) = match &slot {
        Some(slot) => (slot.told.clone(), slot.told_at),
        None => (ladder.current(&ladder.start(zone, joined_at)).clone(), Timestamp::MIN),
    };
    let news = tier_news(ladder, out, &causes, told, told_at, current.clone(), fresh.last(joined_at));
    let customer = ws.customer_mut(id)?;
    let (due, state) = (ladder.next_due(&view), Lazy::new(state));
    let slot = LadderSlot { ladder: ladder.id().clone(), stamp, state, told: current, told_at: now, due };
    match customer.state.ladders.iter_mut().find(|old| old.ladder == slot.ladder) {
        Some(old) => *old = slot,
        None => customer.state.ladders.insert(place.min(customer.state.ladders.len()), slot),
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

fn follow_life(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, fresh: &Fresh) -> Decided<Vec<Transition>> {
    let Some(life) = context.program.lifecycle() else { return Ok(Vec::new()) };
    let zone = context.zone();
    let customer = ws.customer_mut(id)?;
    let (now, joined_at) = (customer.state.recorded_at, customer.registered_at);
    let facts = &fresh.life;
    let slot = match &mut customer.state.life {
        Some(slot) if slot.rules == life.stamp() && !fresh.reverts && quiet(!facts.is_empty(), slot.due, now) => {
            slot.told_at = now;
            return Ok(Vec::new());
        }
        slot => slot.clone(),
    };
    let mut out = Vec::new();
    let start = match &slot {
        Some(slot) if !fresh.reverts => Some(slot.state.get()?.clone()),
        None if fresh.registers => {
            let first = facts.iter().map(|fact| fact.effective_at).min().unwrap_or(joined_at);
            Some(life.start(first))
        }
        _ => None,
    };
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
    let stands = life.view(&view);
    let causes: BTreeSet<&str> = facts.iter().filter_map(life_cause_of_fact).collect();
    let told = slot.map(|slot| (slot.told_stage, slot.told_activity, slot.told_at));
    let news = life_news(out, &causes, told, &stands, fresh.last(joined_at));
    ws.customer_mut(id)?.state.life = Some(LifeSlot {
        state: Lazy::new(state),
        told_stage: stands.stage.clone(),
        told_activity: stands.activity.clone(),
        told_at: now,
        due: life.next_due(&view),
        rules: life.stamp(),
    });
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
    let zone = program.zone();
    let now = customer.state.recorded_at;
    let mut next = None;
    let mut earlier = |due: Option<Timestamp>| next = next.into_iter().chain(due).min();
    for (place, compiled) in program.ladders().iter().enumerate() {
        let Some(slot) = customer.state.ladders.iter().find(|slot| slot.ladder == *compiled.id()) else { continue };
        if slot.stamp == program.ladder_stamp(place) && quiet(false, slot.due, now) {
            earlier(slot.due);
            continue;
        }
        let mut view = slot.state.get()?.clone();
        compiled.advance(*zone, &mut view, now, &mut Vec::new());
        earlier(compiled.next_due(&view));
    }
    if let Some((life, slot)) = program.lifecycle().zip(customer.state.life.as_ref()) {
        if slot.rules == life.stamp() && quiet(false, slot.due, now) {
            earlier(slot.due);
        } else {
            let mut view = slot.state.get()?.clone();
            let _ = life.advance(zone, &mut view, now, &mut Vec::new());
            earlier(life.next_due(&view));
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
    let Some(compiled) = context.program.ladders().get(place) else { return Ok(None) };
    let (ladder, zone) = (compiled, *context.zone());
    let stamp = context.program.ladder_stamp(place);
    let customer = ws.known(id)?;
    let joined_at = customer.registered_at;
    let slot = customer.state.ladders.iter().find(|slot| slot.ladder == *ladder.id());
    if let Some(slot) = slot.filter(|slot| slot.stamp == stamp)
        && let state = slot.state.get()?
        && state.clock() <= at
    {
        let mut view = state.clone();
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
    if let Some(slot) = customer.state.life.as_ref().filter(|slot| slot.rules == life.stamp())
        && let state = slot.state.get()?
        && state.clock() <= at
    {
        let mut view = state.clone();
        let _ = life.advance(context.zone(), &mut view, at, &mut Vec::new());
        return Ok(Some(life.view(&view)));
    }
    if customer.version == 0 && customer.state.life.is_none() {
        return Ok(Some(life.view(&life.start(at))));
    }
    let journal = ws.journal(id)?;
    let state = life.replay(context.zone(), &all_life_facts(&journal), at, &mut Vec::new());
    Ok(Some(life.view(&state)))
}
