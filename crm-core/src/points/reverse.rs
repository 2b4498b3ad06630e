//! Turning back: restoring redemptions, clawing awards back.

use super::account::record;
use super::balances::{add, sub};
use super::{
    Account, Book, DebtPolicy, Lot, LotId, Movement, MovementKind, Origin, Posting, Redemption, RestorePolicy, Source,
    SourceKind,
};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Points, Timestamp, Zone};

/// What a restore gave back. `usable + expired` is what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreReport {
    /// Points that came back usable, including those that then paid debt.
    pub usable: Points,
    /// Points whose end had passed; they count as expired.
    pub expired: Points,
    /// The part of `usable` that was given a later end by the grace policy.
    pub redated: Points,
    /// The part of `usable` that paid debt at once.
    pub settled: Points,
    /// The lots that hold the re-dated points.
    pub new_lots: Vec<LotId>,
}

/// From where a clawback took its points; the parts add up to what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClawBack {
    /// Pending points of the lots.
    pub from_pending: Points,
    /// Usable points of the lots.
    pub from_available: Points,
    /// Points of the lots that had expired: they count as returned.
    pub from_expired: Points,
    /// Usable points of other lots.
    pub from_other: Points,
    /// What is owed now.
    pub debt: Points,
    /// What was written off.
    pub unrecovered: Points,
    /// What the caller takes from the money paid back, at the currency's point value. In the ledger it counts as unrecovered: not
    /// recovered in points.
    pub net_from_refund: Points,
}

/// Where a clawback will take its points.
struct Plan {
    steps: [Vec<(usize, Points)>; 4],
    rest: Points,
}

impl Account {
    /// The lots that a reversal needs and the account no longer has; [`reopen`](Self::reopen) them first.
    #[must_use]
    pub fn closed_needed(&self, redemption: &Redemption) -> Vec<LotId> {
        let lots: Vec<LotId> = redemption.allocations.iter().map(|a| a.lot).collect();
        self.closed_of(&lots)
    }

    /// Those of the lots that the account no longer has; [`reopen`](Self::reopen) them before clawing back from them.
    #[must_use]
    pub fn closed_of(&self, lots: &[LotId]) -> Vec<LotId> {
        let mut closed: Vec<LotId> = lots.iter().copied().filter(|id| self.lot(*id).is_none()).collect();
        closed.sort_unstable();
        closed.dedup();
        closed
    }

    /// Gives `points` of a redemption back, in reverse of its allocation order, and notes in it what was reversed.
    ///
    /// Strict: into the lots they came from, with their dates; what has ended meanwhile counts as expired. Grace: slices that have
    /// ended, or would before the grace does, go into a new lot that is usable through `days` local days from now; the new lot keeps the
    /// rule and the earning date and names the old one as its origin, where the points count as transferred. Usable points pay debt
    /// first. No other policy makes a date later.
    ///
    /// # Errors
    /// `points.redemption_reversed` for more than is left to reverse, `points.amount` unless more than 0, `points.restore_refused` when
    /// the policy gives nothing back, `points.lots_full`, `internal` when a closed lot was not reopened.
    pub fn restore(
        &mut self,
        redemption: &mut Redemption,
        points: Points,
        policy: &RestorePolicy,
        zone: &Zone,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<RestoreReport> {
        let now = self.begin(now, log);
        let grace = match policy {
            RestorePolicy::None => {
                return Err(Error::new(ErrorCode::PointsRestoreRefused, "redemptions of this currency are final"));
            }
            RestorePolicy::Strict => None,
            RestorePolicy::Grace { days } => Some(zone.end_of(zone.date(now).plus_days(i64::from(*days)))),
        };
        let slices = self.restorable(redemption, points)?;
        if grace.is_some() {
            self.room_for(slices.len(), Points::ZERO)?;
        }
        let mut report = RestoreReport::default();
        let mut postings = Vec::new();
        redemption.reversed.resize(redemption.allocations.len(), Points::ZERO);
        for (at, lot, taken) in slices {
            if let Some(reversed) = redemption.reversed.get_mut(at) {
                *reversed = add(*reversed, taken);
            }
            let Some(index) = self.index_of(lot) else { continue };
            let end = self.lots.get(index).and_then(|lot| lot.expires_at);
            if let Some(later) = grace.filter(|later| end.is_some_and(|end| end < *later)) {
                let id = self.redate(index, taken, later, redemption, &mut postings);
                report.new_lots.extend(id);
                report.redated = add(report.redated, taken);
                report.usable = add(report.usable, taken);
            } else if end.is_some_and(|end| end <= now) {
                self.shift(index, Book::Redeemed, Book::Expired, taken, &mut postings);
                report.expired = add(report.expired, taken);
            } else {
                self.shift(index, Book::Redeemed, Book::Available, taken, &mut postings);
                report.usable = add(report.usable, taken);
            }
        }
        record(log, MovementKind::Restore, now, postings, None);
        let owed = self.balances.debt;
        self.settle(now, log);
        report.settled = sub(owed, self.balances.debt);
        Ok(report)
    }

    /// The slices that a restore gives back, each with its lot, after checking that the lots are here and hold them.
    fn restorable(&self, redemption: &Redemption, points: Points) -> Result<Vec<(usize, LotId, Points)>> {
        let mut found = Vec::new();
        let mut spent = std::collections::BTreeMap::new();
        for (at, taken) in redemption.slices(points)? {
            let allocation = redemption.allocations.get(at).map(|a| a.lot);
            let lot = allocation.and_then(|id| self.lot(id)).ok_or_else(|| {
                Error::internal(format!("redemption `{}` needs a closed lot", limits::quote(redemption.id.as_str())))
            })?;
            let left = spent.entry(lot.id).or_insert(lot.spent);
            *left = left.minus(taken)?;
            if left.get() < 0 {
                return Err(Error::internal(format!("lot {} has not spent what is to be restored", lot.id)));
            }
            found.push((at, lot.id, taken));
        }
        Ok(found)
    }

    /// Moves spent points of a lot into a new one that ends later.
    fn redate(
        &mut self,
        index: usize,
        points: Points,
        expires_at: Timestamp,
        redemption: &Redemption,
        postings: &mut Vec<Posting>,
    ) -> Option<LotId> {
        let (old, rule, earned_at, activates_at, expiry) = self
            .lots
            .get(index)
            .map(|lot| (lot.id, lot.rule.clone(), lot.earned_at, lot.activates_at, lot.expiry.clone()))?;
        // Out of the old lot and into the new one: both sides of `transferred` cancel, so the account's sums only see redeemed -> available.
        self.shift(index, Book::Redeemed, Book::Transferred, points, postings);
        let lot = Lot {
            rule,
            available: points,
            activates_at,
            expires_at: Some(expires_at),
            expiry,
            origin: Some(Origin { customer: None, lot: old }),
            ..self.empty_lot(Source::new(SourceKind::Restore, redemption.id.as_str()), points, earned_at)
        };
        let id = lot.id;
        self.place(lot);
        self.balances.transferred = sub(self.balances.transferred, points);
        self.balances.available = add(self.balances.available, points);
        postings.push(Posting { book: Book::Transferred, lot: Some(id), points: points.negated() });
        postings.push(Posting { book: Book::Available, lot: Some(id), points });
        Some(id)
    }

    /// Takes `points` of an award back: pending points of its lots, usable ones, expired ones (they count as returned), usable points of
    /// other lots in consumption order, and then as the policy says. Held points are not taken; what is written off and held is taken
    /// when the hold lets it go, unless the policy leaves such points alone.
    ///
    /// [`DebtPolicy::OnlyPending`] touches nothing but pending points. Usable points and debt never stand side by side afterwards.
    ///
    /// # Errors
    /// `points.refund_refused` (details `available`, `needed`) when the policy refuses and points are missing, `points.amount` unless
    /// more than 0, `points.range`, `internal` when a closed lot was not reopened (see [`closed_of`](Self::closed_of)).
    pub fn claw_back(
        &mut self,
        lots: &[LotId],
        points: Points,
        policy: &DebtPolicy,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<ClawBack> {
        let now = self.begin(now, log);
        if !points.is_positive() {
            return Err(
                Error::new(ErrorCode::PointsAmount, format!("cannot take `{points}` points back")).field("points")
            );
        }
        if let Some(id) = self.closed_of(lots).first() {
            return Err(Error::internal(format!("clawback needs lot {id}, which is closed")));
        }
        let plan = self.plan_claw_back(lots, points, matches!(policy, DebtPolicy::OnlyPending));
        let [from_pending, from_available, from_expired, from_other] = [0, 1, 2, 3].map(|step| plan.taken(step));
        let mut report = ClawBack { from_pending, from_available, from_expired, from_other, ..ClawBack::default() };
        match policy {
            DebtPolicy::Allow { limit } => {
                let room = limit.map_or(plan.rest, |limit| sub(limit, self.balances.debt).max(Points::ZERO));
                report.debt = plan.rest.at_most(room);
                report.unrecovered = sub(plan.rest, report.debt);
            }
            DebtPolicy::Clamp | DebtPolicy::OnlyPending => report.unrecovered = plan.rest,
            DebtPolicy::NetFromRefund => report.net_from_refund = plan.rest,
            DebtPolicy::Refuse if plan.rest.is_positive() => {
                let covered = sub(points, plan.rest);
                return Err(Error::new(
                    ErrorCode::PointsRefundRefused,
                    format!("{points} points have to be taken back, {covered} are left"),
                )
                .with("available", covered)
                .with("needed", points));
            }
            DebtPolicy::Refuse => {}
        }
        let written_off = report.unrecovered.plus(report.net_from_refund)?;
        let debt = self.balances.debt.plus(report.debt)?;
        let unrecovered = self.balances.unrecovered.plus(written_off)?;

        let mut postings = Vec::new();
        let books = [Book::Pending, Book::Available, Book::Expired, Book::Available];
        for (book, step) in books.into_iter().zip(&plan.steps) {
            self.carry_out(step, book, Book::Revoked, &mut postings);
        }
        for (book, points) in [(Book::Debt, report.debt), (Book::Unrecovered, written_off)] {
            if points.is_positive() {
                postings.push(Posting { book, lot: None, points: points.negated() });
                postings.push(Posting { book: Book::Revoked, lot: None, points });
            }
        }
        self.balances.debt = debt;
        self.balances.unrecovered = unrecovered;
        if report.debt.is_positive() {
            let cause = lots.first().and_then(|id| self.lot(*id)).map(|lot| lot.source.clone());
            self.owe(cause, report.debt, now);
        }
        if !matches!(policy, DebtPolicy::OnlyPending) {
            self.owe_of_holds(report.unrecovered);
        }
        record(log, MovementKind::ClawBack, now, postings, None);
        Ok(report)
    }

    fn plan_claw_back(&self, lots: &[LotId], points: Points, only_pending: bool) -> Plan {
        let mut ids = lots.to_vec();
        ids.sort_unstable();
        let own = |lot: &Lot| ids.binary_search(&lot.id).is_ok();
        let mut plan = Plan { steps: Default::default(), rest: points };
        let [pending, available, expired, other] = &mut plan.steps;
        let mut rest = points;
        let mut fill = |step: &mut Vec<(usize, Points)>, found: &dyn Fn(Points) -> Vec<(usize, Points)>| {
            *step = found(rest);
            rest = step.iter().fold(rest, |rest, (_, taken)| sub(rest, *taken));
        };
        fill(pending, &|rest| self.first(rest, |lot| lot.pending, own));
        if !only_pending {
            fill(available, &|rest| self.first(rest, |lot| lot.available, own));
            fill(expired, &|rest| self.first(rest, |lot| lot.expired, own));
            fill(other, &|rest| self.first(rest, |lot| lot.available, |lot| !own(lot)));
        }
        plan.rest = rest;
        plan
    }
}

impl Plan {
    fn taken(&self, step: usize) -> Points {
        self.steps
            .get(step)
            .map_or(Points::ZERO, |plan| plan.iter().fold(Points::ZERO, |sum, (_, taken)| add(sum, *taken)))
    }
}
