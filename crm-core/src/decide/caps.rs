//! Caps on awards: what they let through, what a refund gives back, and what they saw in periods that are long over.

use super::context::Context;
use crate::effect::{Entry, What};
use crate::points::{
    self, Book, Cap, CapOnRefund, CurrencyRules, ExpiryPolicy, MovementKind, PendingPolicy, Shortfall, dates,
};
use crate::program::EarnRule;
use crate::value::{CustomerId, PointCurrency, Points, RuleId, Timestamp, Zone};
use crate::workspace::state::AwardRecord;
use crate::workspace::{Decided, Workspace};
use std::sync::Arc;

/// An award that caps look at.
pub(crate) struct Capped<'a> {
    pub(crate) currency: &'a CurrencyRules,
    /// The rule that gives it; none for the proportional award of an order.
    pub(crate) rule: Option<&'a EarnRule>,
    pub(crate) pending: &'a PendingPolicy,
    pub(crate) points: Points,
    pub(crate) at: Timestamp,
}

impl Capped<'_> {
    /// The caps of the rule, then those of the currency, each with the rule whose awards alone it counts.
    fn caps(&self) -> Vec<(&Cap, Option<&RuleId>)> {
        let own = self.rule.into_iter().flat_map(|rule| rule.caps.iter().map(|cap| (cap, Some(&rule.id))));
        own.chain(self.currency.caps.iter().map(|cap| (cap, None))).collect()
    }
}

/// What caps leave of an award; what is left is counted under them.
pub(crate) fn under(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    award: &Capped<'_>,
) -> Decided<(Points, Vec<Shortfall>)> {
    let caps = award.caps();
    if caps.is_empty() {
        return Ok((award.points, Vec::new()));
    }
    let (zone, at) = (context.zone(), award.at);
    remember(context, ws, id, award, &caps)?;
    let customer = ws.customer_mut(id)?;
    let now = customer.state.recorded_at;
    let balances = customer.account(&award.currency.id)?.balances;
    let mut held = balances.pending.plus(balances.available)?.plus(balances.held)?;
    // Usable points pay debt first, and what pays debt is not held.
    if dates(award.pending, &ExpiryPolicy::Never, zone, at).activates_at.is_some_and(|from| from <= now) {
        held = held.minus(balances.debt)?;
    }
    let plain: Vec<&Cap> = caps.iter().map(|(cap, _)| *cap).collect();
    let (left, shortfall) = points::clip(award.points, &plain, &customer.state.caps, zone, at, held);
    for cap in plain {
        points::note(cap, &mut customer.state.caps, zone, at, left);
    }
    Ok((left, shortfall))
}

/// Counts again, from the journal, what caps let through in periods that are over: the customer's row has forgotten those, and a late
/// fact must not find them empty.
fn remember(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    award: &Capped<'_>,
    caps: &[(&Cap, Option<&RuleId>)],
) -> Decided<()> {
    let (zone, at) = (context.zone(), award.at);
    let state = &ws.customer_mut(id)?.state;
    let now = state.recorded_at;
    let forgotten =
        |cap: &Cap| points::is_over(cap.per, zone, at, now) && !points::is_noted(cap, &state.caps, zone, at);
    let forgotten: Vec<_> = caps.iter().filter(|(cap, _)| forgotten(cap)).collect();
    if forgotten.is_empty() {
        return Ok(());
    }
    let journal = ws.journal(id)?;
    let uses = &mut ws.customer_mut(id)?.state.caps;
    for (cap, rule) in forgotten {
        let used = used_before(&journal, &award.currency.id, cap, *rule, zone, at);
        points::note(cap, uses, zone, at, used);
    }
    Ok(())
}

/// What a cap let through in the period of an instant, by the journal.
fn used_before(
    journal: &[Arc<Entry>],
    currency: &PointCurrency,
    cap: &Cap,
    rule: Option<&RuleId>,
    zone: &Zone,
    at: Timestamp,
) -> Points {
    let mut used = 0_i64;
    for entry in journal {
        let changes = entry.points.iter().filter(|change| change.currency == *currency);
        for change in changes.filter(|change| rule.is_none() || change.rule.as_ref() == rule) {
            let of =
                |book: Book| change.postings.iter().filter(|p| p.book == book).map(|p| p.points.get()).sum::<i64>();
            // A grant by hand has no rule and is no order; caps do not look at it.
            let by_rules = change.rule.is_some() || matches!(entry.what, What::Order { .. });
            let (counted_at, points) = match change.kind {
                MovementKind::Earn if by_rules => (Some(entry.effective_at), of(Book::Issued).saturating_neg()),
                MovementKind::ClawBack if cap.on_refund == CapOnRefund::GiveBack => {
                    (change.original_at, of(Book::Revoked).saturating_neg())
                }
                _ => continue,
            };
            if counted_at.is_some_and(|then| points::same_period(cap.per, zone, then, at)) {
                used = used.saturating_add(points);
            }
        }
    }
    Points::new(used.max(0)).unwrap_or(cap.points)
}

/// Gives room under the caps of an award back, for what a refund takes of it.
pub(crate) fn give_back(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    award: &AwardRecord,
    at: Timestamp,
    points: Points,
) -> Decided<()> {
    let program = context.program;
    let rule = program.document().earn.iter().find(|rule| award.rule.as_ref() == Some(&rule.id));
    let own = rule.into_iter().flat_map(|rule| &rule.caps);
    let shared = program.point_currency(&award.currency).into_iter().flat_map(|rules| &rules.caps);
    let uses = &mut ws.customer_mut(id)?.state.caps;
    for cap in own.chain(shared) {
        points::give_back(cap, uses, context.zone(), at, points);
    }
    Ok(())
}
