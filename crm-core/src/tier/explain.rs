//! Why a customer has a tier: the facts behind it and the history, as far as they were known at an instant.

use super::fact::{TierChange, TierFact, TierFactKind};
use super::ladder::Ladder;
use super::rules::Metric;
use super::state::{LadderState, Sums};
use super::status::TierStatus;
use crate::value::{CalendarDate, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a customer has a tier at an instant, as far as it was known at another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierExplanation {
    /// The instant asked about.
    pub at: Timestamp,
    /// What was known: facts recorded up to here.
    pub known_at: Timestamp,
    /// What the ladder counts, and so the unit of every amount.
    pub metric: Metric,
    /// The tier, until when, and what is missing.
    pub status: TierStatus,
    /// The window that runs now: what the next review or upgrade looks at.
    pub running: Evidence,
    /// The window that gave the tier held now, when that is the period before the one that runs.
    pub decided_by: Option<Evidence>,
    /// Every change so far, in order.
    pub changes: Vec<TierChange>,
}

/// A window with what was counted in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its first local date; none for lifetime.
    pub from: Option<CalendarDate>,
    /// Its last local date; none for lifetime.
    pub through: Option<CalendarDate>,
    /// The metric: the sum of the contributions.
    pub value: i64,
    /// What was counted, in order.
    pub contributions: Vec<Contribution>,
}

/// A fact that was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The order, event or refund.
    pub cause: Arc<str>,
    /// How much; below 0 for what was taken back.
    pub amount: i64,
    /// When it happened; a refund counts against the window of its order nevertheless.
    pub at: Timestamp,
}

impl Ladder {
    /// Explains the tier at `t`, as far as it was known at `known_at`: the same facts and the same answer as
    /// [`Ladder::tier_at`].
    #[must_use]
    pub fn explain(
        &self,
        zone: Zone,
        joined_at: Timestamp,
        facts: &[TierFact],
        t: Timestamp,
        known_at: Timestamp,
    ) -> TierExplanation {
        let known = |fact: &&TierFact| fact.recorded_at <= known_at && fact.effective_at <= t;
        let mut known: Vec<TierFact> = facts.iter().filter(known).cloned().collect();
        known.sort_by(TierFact::order);
        let mut changes = Vec::new();
        let state = self.replay(zone, joined_at, &known, t, &mut changes);
        self.explanation(zone, &state, &known, (t, known_at), changes)
    }

    /// Explains a state by the facts behind it, in order.
    pub(super) fn explanation(
        &self,
        zone: Zone,
        state: &LadderState,
        facts: &[TierFact],
        (at, known_at): (Timestamp, Timestamp),
        changes: Vec<TierChange>,
    ) -> TierExplanation {
        TierExplanation {
            at,
            known_at,
            metric: self.metric.clone(),
            status: self.status(zone, state),
            running: self.running(zone, state, facts),
            decided_by: self.decided_by(zone, state, facts),
            changes,
        }
    }

    fn running(&self, zone: Zone, state: &LadderState, facts: &[TierFact]) -> Evidence {
        let span = match &state.sums {
            Sums::Ever { .. } => None,
            Sums::Days(_) => {
                let today = zone.date(state.clock);
                Some((self.window_start(today), today))
            }
            Sums::Periods(periods) => {
                let next = self.period_after(zone, state.joined_on, periods.start_on);
                Some((periods.start_on, next.map_or(periods.start_on, |next| next.plus_days(-1))))
            }
        };
        evidence(zone, facts, state.metric(), span)
    }

    /// The period before, when the one that runs does not carry the tier.
    fn decided_by(&self, zone: Zone, state: &LadderState, facts: &[TierFact]) -> Option<Evidence> {
        let Sums::Periods(periods) = &state.sums else { return None };
        let top = state.top();
        if top == 0 || self.step(top).retain <= periods.sum {
            return None;
        }
        let through = periods.start_on.plus_days(-1);
        let from = self.period_start(zone, state.joined_on, through);
        Some(evidence(zone, facts, periods.before, Some((from, through))))
    }
}

fn evidence(zone: Zone, facts: &[TierFact], value: i64, span: Option<(CalendarDate, CalendarDate)>) -> Evidence {
    let inside = |at: Timestamp| span.is_none_or(|(from, through)| (from..=through).contains(&zone.date(at)));
    let contribution = |fact: &TierFact| {
        let (cause, amount, counts_at) = match &fact.kind {
            TierFactKind::Accrual { amount, cause } => (cause, *amount, fact.effective_at),
            TierFactKind::Reversal { amount, original_at, cause } => {
                (cause, amount.saturating_neg(), fact.effective_at.min(*original_at))
            }
            TierFactKind::Lock { .. } | TierFactKind::Unlock => return None,
        };
        inside(counts_at).then(|| Contribution { cause: cause.clone(), amount, at: fact.effective_at })
    };
    Evidence {
        from: span.map(|(from, _)| from),
        through: span.map(|(_, through)| through),
        value,
        contributions: facts.iter().filter_map(contribution).collect(),
    }
}
