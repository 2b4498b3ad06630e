//! What the entries of a journal mean for ladders and the lifecycle.

use crate::effect::{Entry, What};
use crate::lifecycle::{LifeFact, LifeFactKind};
use crate::points::{Book, MovementKind};
use crate::program::Program;
use crate::tier::{Ladder, Metric, TierFact, TierFactKind};
use crate::value::{CustomerId, PointCurrency, Timestamp};
use crate::workspace::state::Customer;
use crate::workspace::{Decided, Workspace};
use std::borrow::Cow;
use std::sync::Arc;

/// What one entry means for a ladder.
pub(crate) fn tier_facts(metric: &Metric, ladder: &Ladder, entry: &Entry) -> Vec<TierFact> {
    let fact =
        |kind| TierFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind };
    let accrual = |amount: i64, cause: Arc<str>| fact(TierFactKind::Accrual { amount, cause });
    let reversal = |amount: i64, original_at: Timestamp, cause: Arc<str>| {
        fact(TierFactKind::Reversal { amount, original_at, cause })
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
        (Metric::NetSpend, What::Order { order_id, spend_minor }) => Some(accrual(*spend_minor, order_id.shared())),
        (Metric::NetSpend, What::Refund { order_id, order_paid_at, spend_minor, .. })
        | (Metric::NetSpend, What::Cancelled { order_id, order_paid_at, spend_minor, .. }) => {
            Some(reversal(*spend_minor, *order_paid_at, order_id.shared()))
        }
        (Metric::OrderCount, What::Order { order_id, .. }) => Some(accrual(1, order_id.shared())),
        (Metric::OrderCount, What::Refund { order_id, order_paid_at, all_goods: true, .. })
        | (Metric::OrderCount, What::Cancelled { order_id, order_paid_at, was_valid: true, .. }) => {
            Some(reversal(1, *order_paid_at, order_id.shared()))
        }
        (Metric::Visits { event }, What::Event { event_id, name }) if event == name => {
            Some(accrual(1, event_id.shared()))
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
            order_id.shared()
        }
        What::Event { event_id, .. } => event_id.shared(),
        _ => entry.request_id.shared(),
    };
    let of = |book: Book, change: &crate::effect::PointsChange| -> i64 {
        change.postings.iter().filter(|p| p.book == book).map(|p| p.points.get()).sum()
    };
    let mut facts: Vec<TierFact> = Vec::new();
    for change in entry.points.iter().filter(|change| change.currency == *currency) {
        let kind = match change.kind {
            MovementKind::Earn => TierFactKind::Accrual { amount: -of(Book::Issued, change), cause: cause.clone() },
            MovementKind::Adjust if of(Book::Issued, change) != 0 => {
                TierFactKind::Accrual { amount: -of(Book::Issued, change), cause: cause.clone() }
            }
            MovementKind::ClawBack | MovementKind::Adjust => {
                let amount = of(Book::Revoked, change);
                let original_at = change.original_at.unwrap_or(entry.effective_at);
                // What one entry takes is taken at once.
                if let Some(TierFactKind::Reversal { amount: sum, .. }) =
                    facts.iter_mut().map(|fact| &mut fact.kind).find(|kind| takes_from(kind, original_at))
                {
                    *sum = sum.saturating_add(amount);
                    continue;
                }
                TierFactKind::Reversal { amount, original_at, cause: cause.clone() }
            }
            _ => continue,
        };
        facts.push(TierFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind });
    }
    facts.retain(|fact| !matches!(fact.kind, TierFactKind::Reversal { amount: 0, .. }));
    facts
}

fn takes_from(kind: &TierFactKind, at: Timestamp) -> bool {
    matches!(kind, TierFactKind::Reversal { original_at, .. } if *original_at == at)
}

/// What one entry means for the lifecycle.
pub(crate) fn life_fact(entry: &Entry) -> Option<LifeFact> {
    let kind = match &entry.what {
        What::Registered => LifeFactKind::Registered,
        What::Order { order_id, spend_minor } => {
            LifeFactKind::Order { order: order_id.shared(), net_minor: *spend_minor }
        }
        What::Refund { order_id, order_paid_at, spend_minor, all_goods, .. } => {
            let (order, order_at) = (order_id.shared(), *order_paid_at);
            if *all_goods {
                LifeFactKind::OrderReversed { order, order_at }
            } else {
                LifeFactKind::PartialRefund { order, order_at, amount_minor: *spend_minor }
            }
        }
        What::Cancelled { order_id, order_paid_at, was_valid: true, .. } => {
            LifeFactKind::OrderReversed { order: order_id.shared(), order_at: *order_paid_at }
        }
        What::Event { event_id, name } => LifeFactKind::Event { name: name.clone(), id: event_id.shared() },
        _ => return None,
    };
    Some(LifeFact { effective_at: entry.effective_at, recorded_at: entry.recorded_at, seq: entry.seq, kind })
}

/// The journal without orders that came with a reverted import: they never were.
pub(crate) fn without_reverted(journal: &[Arc<Entry>]) -> Vec<&Entry> {
    let reverted: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Cancelled { order_id, reverted: true, .. } => Some((order_id, entry.seq)),
            _ => None,
        })
        .collect();
    let gone = |entry: &Entry| match &entry.what {
        What::Order { order_id, .. } | What::Refund { order_id, .. } | What::Cancelled { order_id, .. } => {
            reverted.iter().any(|(order, seq)| *order == order_id && entry.seq <= *seq)
        }
        _ => false,
    };
    journal.iter().map(|entry| &**entry).filter(|entry| !gone(entry)).collect()
}

/// The same, with what was told of refunds and put right later as if it had been told right.
fn put_right(journal: &[Arc<Entry>]) -> Vec<Cow<'_, Entry>> {
    let mut right: Vec<Cow<'_, Entry>> = Vec::with_capacity(journal.len());
    for entry in without_reverted(journal) {
        let corrected = match corrects(&entry.what) {
            true => right.iter_mut().rfind(|told| is_of_same(&told.what, &entry.what)),
            false => None,
        };
        match corrected {
            Some(told) => correct(told.to_mut(), entry),
            None => right.push(Cow::Borrowed(entry)),
        }
    }
    right
}

/// Whether an entry puts right what was told before.
pub(crate) const fn corrects(what: &What) -> bool {
    matches!(what, What::Refund { corrects: true, .. } | What::Cancelled { corrects: true, .. })
}

/// Whether both are of one refund, or of one cancellation.
pub(crate) fn is_of_same(one: &What, other: &What) -> bool {
    match (one, other) {
        (What::Refund { refund_id, order_id, .. }, What::Refund { refund_id: id, order_id: of, .. }) => {
            refund_id == id && order_id == of
        }
        (What::Cancelled { order_id, .. }, What::Cancelled { order_id: of, .. }) => order_id == of,
        _ => false,
    }
}

fn correct(told: &mut Entry, by: &Entry) {
    match (&mut told.what, &by.what) {
        (What::Refund { spend_minor, all_goods, .. }, What::Refund { spend_minor: more, all_goods: holds, .. })
        | (
            What::Cancelled { spend_minor, was_valid: all_goods, .. },
            What::Cancelled { spend_minor: more, was_valid: holds, .. },
        ) => {
            *spend_minor = spend_minor.saturating_add(*more);
            *all_goods = *holds;
        }
        _ => {}
    }
    told.points.extend(by.points.iter().cloned());
}

/// All facts of a journal for a ladder.
pub(crate) fn all_tier_facts(metric: &Metric, ladder: &Ladder, journal: &[Arc<Entry>]) -> Vec<TierFact> {
    put_right(journal).iter().flat_map(|entry| tier_facts(metric, ladder, entry)).collect()
}

/// All facts of a journal for the lifecycle. Whoever became known by what they did is known since the first thing that is known of them.
pub(crate) fn all_life_facts(journal: &[Arc<Entry>], customer: &Customer) -> Vec<LifeFact> {
    let mut facts: Vec<LifeFact> = put_right(journal).iter().filter_map(|entry| life_fact(entry)).collect();
    let registers = |fact: &LifeFact| fact.kind == LifeFactKind::Registered;
    let did = facts.iter().filter(|fact| !registers(fact)).map(|fact| fact.effective_at).min();
    if let Some(first) = did.filter(|_| customer.state.implicit)
        && let Some(known) = facts.iter_mut().rfind(|fact| registers(fact))
    {
        known.effective_at = known.effective_at.min(first);
    }
    facts
}

/// What the command under way has written for one customer, as facts.
pub(super) struct Fresh {
    /// With the place of the ladder that each is for.
    pub(super) tiers: Vec<(usize, TierFact)>,
    pub(super) life: Vec<LifeFact>,
    /// Whether it registers the customer.
    pub(super) registers: bool,
    /// Whether something was not as it was told: the journal has to be played again.
    pub(super) anew: bool,
    /// The latest instant that something counts from.
    pub(super) latest: Option<Timestamp>,
}

impl Fresh {
    pub(super) fn of(program: &Program, ws: &Workspace, id: &CustomerId) -> Decided<Self> {
        let stranger = ws.customer(id)?.filter(|customer| customer.state.implicit).map(|known| known.registered_at);
        let mut fresh = Self { tiers: Vec::new(), life: Vec::new(), registers: false, anew: false, latest: None };
        for entry in ws.fresh().iter().filter(|entry| entry.customer_id == *id) {
            for (place, ladder) in program.ladders().iter().enumerate() {
                // What counts is what counted then.
                let timeline = program.timeline(place);
                let ladder = timeline.and_then(|all| all.at(entry.effective_at)).unwrap_or(ladder);
                let facts = tier_facts(ladder.metric(), ladder, entry);
                // It may say nothing to the rules of its day, and something to those that have taken over since.
                let counts = |ladder: &Ladder| !tier_facts(ladder.metric(), ladder, entry).is_empty();
                fresh.anew |= facts.is_empty() && timeline.is_some_and(|all| all.after(entry.effective_at).any(counts));
                fresh.tiers.extend(facts.into_iter().map(|fact| (place, fact)));
            }
            fresh.life.extend(life_fact(entry));
            fresh.registers |= matches!(entry.what, What::Registered);
            fresh.anew |= corrects(&entry.what) || matches!(entry.what, What::Cancelled { reverted: true, .. });
            // Whoever is known from earlier on now has another beginning.
            fresh.anew |= !fresh.registers && stranger == Some(entry.effective_at);
            fresh.latest = fresh.latest.max(Some(entry.effective_at));
        }
        Ok(fresh)
    }

    /// Whether neither ladders nor lifecycle have anything to follow.
    pub(super) fn says_nothing(&self) -> bool {
        self.tiers.is_empty() && self.life.is_empty() && !self.anew
    }
}
