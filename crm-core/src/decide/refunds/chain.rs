//! The refunds of an order, one behind the other as they happened. One that is told late takes its place among them, and what was told of
//! those behind it is put right: the books are those of refunds that were told in order.

use super::super::context::Context;
use super::super::facts::{is_of_same, without_reverted};
use super::super::orders::spend_left;
use super::target;
use crate::effect::{PointsChange, What};
use crate::error::Result;
use crate::order::{OrderRecord, OrderStatus, Reach, RefundRecord};
use crate::points::{Book, MovementKind, Posting};
use crate::value::{CustomerId, OrderId, Points, RefundId, Timestamp};
use crate::workspace::state::{AwardRecord, OrderExtra};
use crate::workspace::{Decided, Stop, Workspace};
use std::collections::VecDeque;

/// A refund that becomes known.
pub(super) struct New<'r> {
    pub(super) id: &'r RefundId,
    pub(super) at: Timestamp,
    pub(super) reach: Reach,
}

/// An order with a refund more.
pub(super) struct Taken {
    pub(super) refund_id: RefundId,
    pub(super) order: OrderRecord,
    /// What that refund has brought.
    pub(super) step: Step,
    /// What was told of others and is otherwise: in differences.
    pub(super) corrections: Vec<Step>,
}

impl Taken {
    /// When the last of the goods went back, if that is news.
    pub(super) fn gone_at(&self) -> Timestamp {
        let steps = std::iter::once(&self.step).chain(&self.corrections);
        steps.filter(|step| step.all_goods).map(|step| step.counts_from).min().unwrap_or(self.step.counts_from)
    }
}

/// What one refund, or the cancellation, has brought.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// None for the cancellation.
    pub(super) refund: Option<RefundId>,
    pub(super) counts_from: Timestamp,
    pub(super) amount_minor: i64,
    pub(super) spend_minor: i64,
    /// Whether the last of the goods went back with it.
    pub(super) all_goods: bool,
    /// Whether the last of everything did.
    pub(super) full: bool,
    /// What it takes of each award of the buyer; nothing is noted of one that is told on time.
    taken: Vec<Points>,
}

/// Gives an order a refund: the new one for none, else one that is known.
pub(super) type Take<'t> = &'t mut dyn FnMut(&mut Workspace, &mut OrderRecord, Option<&RefundRecord>) -> Decided<()>;

/// Takes a refund in where it belongs, or behind all others where those behind it would not fit any more, or where less would have gone
/// back than was told: that money is paid.
pub(super) fn take(
    context: &Context<'_>,
    ws: &mut Workspace,
    order: &OrderRecord,
    extra: &OrderExtra,
    new: &New<'_>,
    give: Take<'_>,
) -> Decided<Taken> {
    let counts_from = new.at.max(order.paid_at());
    let place = order.place_of(new.at, new.reach);
    let is_cancelled = order.cancelled_at().is_some_and(|at| counts_from <= at.max(order.paid_at()));
    let kept = order.refunds().iter().all(|known| known.what.is_some());
    if (place < order.refunds().len() || is_cancelled) && kept {
        let mut fits = true;
        let mut watched = |ws: &mut Workspace, order: &mut OrderRecord, known: Option<&RefundRecord>| {
            let given = give(ws, order, known);
            fits &= known.is_some() || !matches!(given, Err(Stop::Refuse(_)));
            given
        };
        match insert(context, ws, order, extra, (new, place), &mut watched) {
            Err(Stop::Refuse(error)) if is_cancelled || !fits => return Err(error.into()),
            Err(Stop::Refuse(_)) => {}
            Ok(taken) if taken.order.refunded_minor() < order.refunded_minor() => {}
            taken => return taken,
        }
    }
    let mut whole = order.clone();
    give(ws, &mut whole, None)?;
    let step = Step {
        refund: Some(new.id.clone()),
        counts_from,
        amount_minor: whole.refunded_minor() - order.refunded_minor(),
        spend_minor: 0,
        all_goods: order.status().is_valid() && !whole.status().is_valid(),
        full: is_full(&whole) && !is_full(order),
        taken: Vec::new(),
    };
    Ok(Taken { refund_id: new.id.clone(), order: whole, step, corrections: Vec::new() })
}

fn is_full(order: &OrderRecord) -> bool {
    order.status() == OrderStatus::FullyRefunded
}

/// Takes a refund in at a place before others.
fn insert(
    context: &Context<'_>,
    ws: &mut Workspace,
    order: &OrderRecord,
    extra: &OrderExtra,
    (new, place): (&New<'_>, usize),
    give: Take<'_>,
) -> Decided<Taken> {
    let known = || order.refunds().iter().map(Some);
    let (_, before) = walk(context, ws, order, extra, known(), new, give)?;
    let with = known().take(place).chain([None]).chain(known().skip(place));
    let (whole, mut after) = walk(context, ws, order, extra, with, new, give)?;
    let step = after.remove(place);
    let corrections = before.into_iter().zip(after).map(|(told, holds)| told.to(holds)).collect::<Result<Vec<_>>>()?;
    let corrections = corrections.into_iter().flatten().collect();
    Ok(Taken { refund_id: new.id.clone(), order: whole, step, corrections })
}

/// Gives an order its refunds from the first one on, and sees what each brings.
fn walk<'o>(
    context: &Context<'_>,
    ws: &mut Workspace,
    order: &OrderRecord,
    extra: &OrderExtra,
    refunds: impl Iterator<Item = Option<&'o RefundRecord>>,
    new: &New<'_>,
    give: Take<'_>,
) -> Decided<(OrderRecord, Vec<Step>)> {
    let mut whole = order.bare();
    let mut seen = Seen { spend_left: spend_left(context, &whole, extra.spend_basis), taken: Vec::new() };
    seen.taken.resize(extra.awards.len(), Points::ZERO);
    let mut steps = Vec::new();
    for refund in refunds {
        let before = whole.clone();
        give(ws, &mut whole, refund)?;
        let (id, at) = refund.map_or((new.id, new.at), |known| (&known.id, known.at));
        steps.push(seen.step(context, (&before, &whole), extra, (Some(id), at))?);
    }
    if let Some(at) = order.cancelled_at() {
        let before = whole.clone();
        whole.cancel(at)?;
        steps.push(seen.step(context, (&before, &whole), extra, (None, at))?);
    }
    Ok((whole, steps))
}

/// What is left of an order's spend, and what was taken of its awards, on the way through its refunds.
struct Seen {
    spend_left: i64,
    taken: Vec<Points>,
}

impl Seen {
    fn step(
        &mut self,
        context: &Context<'_>,
        (before, now): (&OrderRecord, &OrderRecord),
        extra: &OrderExtra,
        (refund, at): (Option<&RefundId>, Timestamp),
    ) -> Decided<Step> {
        let left = spend_left(context, now, extra.spend_basis).min(self.spend_left);
        let spend_minor = self.spend_left - left;
        self.spend_left = left;
        let mut taken = Vec::with_capacity(extra.awards.len());
        for (award, sum) in extra.awards.iter().zip(&mut self.taken) {
            let due = award.granted.minus(target(context, now, award, !now.status().is_valid())?)?.max(*sum);
            // What others were given is taken back as a whole.
            taken.push(if award.to.is_none() { due.minus(*sum)? } else { Points::ZERO });
            *sum = due;
        }
        Ok(Step {
            refund: refund.cloned(),
            counts_from: at.max(now.paid_at()),
            amount_minor: now.refunded_minor() - before.refunded_minor(),
            spend_minor,
            all_goods: before.status().is_valid() && !now.status().is_valid(),
            full: is_full(now) && !is_full(before),
            taken,
        })
    }
}

impl Step {
    /// What has to be told for it to become another one; none where nothing has.
    fn to(&self, holds: Self) -> Result<Option<Self>> {
        let taken = holds.taken.iter().zip(&self.taken).map(|(now, then)| now.minus(*then));
        let taken = taken.collect::<Result<Vec<_>>>()?;
        let (amount_minor, spend_minor) =
            (holds.amount_minor - self.amount_minor, holds.spend_minor - self.spend_minor);
        let same = amount_minor == 0 && spend_minor == 0 && taken.iter().all(|points| points.is_zero());
        let told = (self.all_goods, self.full) == (holds.all_goods, holds.full);
        Ok((!same || !told).then_some(Self { amount_minor, spend_minor, taken, ..holds }))
    }

    /// The entry that puts right what was told.
    pub(super) fn correction(&self, order_id: &OrderId, order_paid_at: Timestamp) -> What {
        let order_id = order_id.clone();
        let &Self { amount_minor, spend_minor, all_goods, full, .. } = self;
        match &self.refund {
            Some(refund_id) => What::Refund {
                refund_id: refund_id.clone(),
                order_id,
                order_paid_at,
                amount_minor,
                spend_minor,
                all_goods,
                netted_minor: 0,
                full,
                corrects: true,
            },
            None => What::Cancelled {
                order_id,
                order_paid_at,
                amount_minor,
                spend_minor,
                was_valid: all_goods,
                netted_minor: 0,
                reverted: false,
                corrects: true,
            },
        }
    }
}

/// Dates what was taken of the buyer's awards: gives each correction its changes, and leaves the rest to the refund itself.
pub(super) fn date(
    ws: &mut Workspace,
    id: &CustomerId,
    (order, awards): (&OrderRecord, &[AwardRecord]),
    corrections: &[Step],
    direct: &mut Vec<PointsChange>,
) -> Decided<Vec<Vec<PointsChange>>> {
    let mut changes: Vec<Vec<PointsChange>> = corrections.iter().map(|_| Vec::new()).collect();
    for (place, award) in awards.iter().enumerate() {
        let part = |step: &Step| step.taken.get(place).copied().unwrap_or(Points::ZERO);
        if corrections.iter().all(|step| part(step).is_zero()) {
            continue;
        }
        let is_award = |change: &PointsChange| {
            let taken = change.kind == MovementKind::ClawBack && change.rule == award.rule;
            taken && change.currency == award.currency
        };
        let made = |postings: Vec<Posting>| PointsChange {
            currency: award.currency.clone(),
            kind: MovementKind::ClawBack,
            postings,
            rule: award.rule.clone(),
            hold: None,
            redemption: None,
            shortfall: Vec::new(),
            original_at: Some(order.paid_at()),
            other: None,
        };
        let now = direct.iter().position(is_award);
        let mut pairs = Pairs::default();
        for (step, changes) in corrections.iter().zip(&mut changes).filter(|(step, _)| part(step).get() < 0) {
            // What it took is taken by the refund that was told late, out of the same lots.
            let mut told = told_of(ws, id, order, step, is_award)?;
            let postings = told.take(part(step).negated());
            pairs.add(&postings);
            changes.push(made(postings.iter().map(|p| Posting { points: p.points.negated(), ..*p }).collect()));
        }
        let mut own = Points::ZERO;
        if let Some(place) = now {
            let change = direct.remove(place);
            own = pairs.add(&change.postings);
        }
        for step in corrections {
            own = own.minus(part(step))?;
        }
        let postings = pairs.take(own);
        if !postings.is_empty() {
            direct.insert(now.unwrap_or(direct.len()), made(postings));
        }
        for (step, changes) in corrections.iter().zip(&mut changes).filter(|(step, _)| part(step).is_positive()) {
            changes.push(made(pairs.take(part(step))));
        }
    }
    Ok(changes)
}

/// What the journal says that a refund has taken of an award, its corrections included.
fn told_of(
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    step: &Step,
    is_award: impl Fn(&PointsChange) -> bool,
) -> Decided<Pairs> {
    let journal = ws.journal(id)?;
    let what = step.correction(order.id(), order.paid_at());
    let mut told = Pairs::default();
    for entry in without_reverted(&journal).into_iter().filter(|entry| is_of_same(&entry.what, &what)) {
        for change in entry.points.iter().filter(|change| is_award(change)) {
            told.add(&change.postings);
        }
    }
    Ok(told)
}

/// Postings of clawbacks: from where, and that they are taken back.
#[derive(Default)]
struct Pairs(VecDeque<(Posting, Posting)>);

impl Pairs {
    /// Adds those of a change, or takes off what a correction gave back; how many points were added.
    fn add(&mut self, postings: &[Posting]) -> Points {
        let mut sum = Points::ZERO;
        for pair in postings.chunks(2) {
            let [from, to] = pair else { continue };
            if to.book != Book::Revoked {
                continue;
            }
            if to.points.is_positive() {
                sum = sum.plus(to.points).unwrap_or(sum);
                self.0.push_back((*from, *to));
            } else {
                self.take(to.points.negated());
            }
        }
        sum
    }

    /// The postings of the first so many points.
    fn take(&mut self, points: Points) -> Vec<Posting> {
        let (mut left, mut postings) = (points, Vec::new());
        while left.is_positive() {
            let Some((from, to)) = self.0.pop_front() else { break };
            let taken = to.points.at_most(left);
            let (Ok(rest), Ok(more)) = (to.points.minus(taken), left.minus(taken)) else { break };
            if rest.is_positive() {
                let kept = (Posting { points: rest.negated(), ..from }, Posting { points: rest, ..to });
                self.0.push_front(kept);
            }
            postings.extend([Posting { points: taken.negated(), ..from }, Posting { points: taken, ..to }]);
            left = more;
        }
        postings
    }
}
