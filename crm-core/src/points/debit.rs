//! What takes points out of an account by the customer's will: spend, hold, capture, release, transfer; and corrections downwards.

use super::account::record;
use super::balances::sub;
use super::{Account, Allocation, Book, ExpiryPolicy, Hold, LotId, Movement, MovementKind};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{HoldId, Points, RuleId, Timestamp};

/// Points on their way from one account to another, with the dates of the lot they leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSlice {
    /// The lot they leave.
    pub lot: LotId,
    /// How many; more than 0.
    pub points: Points,
    /// When that lot was earned.
    pub earned_at: Timestamp,
    /// When that lot became usable.
    pub activates_at: Timestamp,
    /// First instant after that lot's last usable one.
    pub expires_at: Option<Timestamp>,
    /// The rule that gave them.
    pub rule: Option<RuleId>,
    /// The policy that dates them again, if sliding.
    pub expiry: Option<ExpiryPolicy>,
}

impl Account {
    /// Spends points in consumption order and returns from which lots.
    ///
    /// Whether the currency may be spent is for the caller to check.
    ///
    /// # Errors
    /// `points.insufficient` (details `available`, `needed`), `points.amount` unless more than 0.
    pub fn spend(&mut self, points: Points, now: Timestamp, log: &mut Vec<Movement>) -> Result<Vec<Allocation>> {
        self.take(points, Book::Redeemed, MovementKind::Spend, now, log)
    }

    /// Takes points away as a correction, in consumption order; they count as revoked.
    ///
    /// # Errors
    /// `points.insufficient` (details `available`, `needed`), `points.amount` unless more than 0.
    pub fn debit(&mut self, points: Points, now: Timestamp, log: &mut Vec<Movement>) -> Result<Vec<Allocation>> {
        self.take(points, Book::Revoked, MovementKind::Adjust, now, log)
    }

    /// Takes usable points out for another account, in consumption order; see [`transfer_in`](Self::transfer_in).
    ///
    /// # Errors
    /// `points.insufficient` (details `available`, `needed`), `points.amount` unless more than 0.
    pub fn transfer_out(
        &mut self,
        points: Points,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Vec<TransferSlice>> {
        let allocations = self.take(points, Book::Transferred, MovementKind::TransferOut, now, log)?;
        let slice = |a: &Allocation| {
            let lot = self.lot(a.lot)?;
            Some(TransferSlice {
                lot: a.lot,
                points: a.points,
                earned_at: a.earned_at,
                activates_at: lot.activates_at.unwrap_or(a.earned_at),
                expires_at: a.expires_at,
                rule: lot.rule.clone(),
                expiry: lot.expiry.clone(),
            })
        };
        Ok(allocations.iter().filter_map(slice).collect())
    }

    /// Reserves points until `deadline`, in consumption order. Reserved points do not expire; their end is looked at when the hold
    /// is resolved. At the deadline itself the hold has timed out.
    ///
    /// # Errors
    /// `points.hold_exists` while a hold of this id is open (the caller knows the resolved ones), `points.hold_duration` for a deadline
    /// not after now or beyond the limit, `points.insufficient`, `points.amount`, `value.too_many` beyond the most open holds.
    pub fn hold(
        &mut self,
        id: HoldId,
        points: Points,
        deadline: Timestamp,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Vec<Allocation>> {
        let now = self.begin(now, log);
        if self.holds.iter().any(|hold| hold.id == id) {
            let message = format!("hold `{}` exists", limits::quote(id.as_str()));
            return Err(Error::new(ErrorCode::PointsHoldExists, message).field("hold_id"));
        }
        let latest = now.plus_millis(limits::HOLD_SECONDS_MAX.saturating_mul(1000));
        if deadline <= now || latest < deadline {
            return Err(Error::new(
                ErrorCode::PointsHoldDuration,
                format!("the deadline {deadline} is not within {} seconds from now", limits::HOLD_SECONDS_MAX),
            )
            .field("deadline")
            .limit(limits::HOLD_SECONDS_MAX));
        }
        if limits::OPEN_HOLDS_MAX <= self.holds.len() {
            return Err(Error::new(
                ErrorCode::ValueTooMany,
                format!("the account has {} open holds, the most allowed", self.holds.len()),
            )
            .field("hold_id")
            .limit(limits::OPEN_HOLDS_MAX));
        }
        let plan = self.draw(points)?;
        let allocations = self.allocations(&plan);
        let mut postings = Vec::new();
        self.carry_out(&plan, Book::Available, Book::Held, &mut postings);
        record(log, MovementKind::Hold, now, postings, Some(id.clone()));
        let owed = Points::ZERO;
        self.holds.push(Hold { id, points, allocations: allocations.clone(), at: now, deadline, owed });
        Ok(allocations)
    }

    /// Spends a hold, or `points` of it in the order of its allocations; the rest is let go. Returns what was spent.
    ///
    /// # Errors
    /// `points.hold_unknown` when no hold of this id is open (it may have been resolved; the caller knows), `points.insufficient` for
    /// more than was held, `points.amount` unless more than 0.
    pub fn capture(
        &mut self,
        id: &HoldId,
        points: Option<Points>,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Vec<Allocation>> {
        let now = self.begin(now, log);
        let hold = self.open_hold(id)?;
        let points = points.unwrap_or(hold.points);
        if !points.is_positive() {
            return Err(
                Error::new(ErrorCode::PointsAmount, format!("cannot capture `{points}` points")).field("points")
            );
        }
        if hold.points < points {
            return Err(Error::new(
                ErrorCode::PointsInsufficient,
                format!("{points} points are needed, {} are held", hold.points),
            )
            .field("points")
            .with("available", hold.points)
            .with("needed", points));
        }
        let (captured, rest) = split(&hold.allocations, points);
        let hold = hold.clone();
        self.holds.retain(|open| open.id != *id);
        let mut postings = Vec::new();
        for allocation in &captured {
            if let Some(index) = self.index_of(allocation.lot) {
                self.shift(index, Book::Held, Book::Redeemed, allocation.points, &mut postings);
            }
        }
        record(log, MovementKind::Capture, now, postings, Some(id.clone()));
        self.let_go(&hold, &rest, now, MovementKind::Release, log);
        Ok(captured)
    }

    /// Lets a hold go: its points are usable again, or ended if their end passed meanwhile. Returns the hold.
    ///
    /// # Errors
    /// `points.hold_unknown` when no hold of this id is open.
    pub fn release(&mut self, id: &HoldId, now: Timestamp, log: &mut Vec<Movement>) -> Result<Hold> {
        let now = self.begin(now, log);
        self.open_hold(id)?;
        self.remove_hold(id, now, MovementKind::Release, log)
            .ok_or_else(|| Error::internal(format!("hold `{}` vanished", limits::quote(id.as_str()))))
    }

    fn open_hold(&self, id: &HoldId) -> Result<&Hold> {
        self.holds.iter().find(|hold| hold.id == *id).ok_or_else(|| {
            let message = format!("no hold `{}` is open", limits::quote(id.as_str()));
            Error::new(ErrorCode::PointsHoldUnknown, message).field("hold_id")
        })
    }

    fn take(
        &mut self,
        points: Points,
        to: Book,
        kind: MovementKind,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Vec<Allocation>> {
        let now = self.begin(now, log);
        let plan = self.draw(points)?;
        let allocations = self.allocations(&plan);
        let mut postings = Vec::new();
        self.carry_out(&plan, Book::Available, to, &mut postings);
        record(log, kind, now, postings, None);
        Ok(allocations)
    }

    fn allocations(&self, plan: &[(usize, Points)]) -> Vec<Allocation> {
        let allocation = |(index, points): &(usize, Points)| {
            let lot = self.lots.get(*index)?;
            Some(Allocation {
                lot: lot.id,
                points: *points,
                earned_at: lot.earned_at,
                expires_at: lot.expires_at,
                source: lot.source.clone(),
            })
        };
        plan.iter().filter_map(allocation).collect()
    }
}

/// The first `points` of the allocations, and the rest.
fn split(allocations: &[Allocation], points: Points) -> (Vec<Allocation>, Vec<Allocation>) {
    let mut left = points;
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for allocation in allocations {
        let taken = allocation.points.at_most(left);
        left = sub(left, taken);
        for (side, points) in [(&mut first, taken), (&mut rest, sub(allocation.points, taken))] {
            if points.is_positive() {
                side.push(Allocation { points, ..allocation.clone() });
            }
        }
    }
    (first, rest)
}
