//! What puts points into an account: credits, transfers in, activation by an event, sliding.

use super::account::record;
use super::balances::{add, sub};
use super::{
    Account, Book, Dates, ExpiryPolicy, Lot, LotId, Movement, MovementKind, Origin, Posting, Source, SourceKind,
    TransferSlice, dates,
};
use crate::error::{Error, ErrorCode, Result};
use crate::value::{CustomerId, Points, RuleId, Timestamp, Zone};

/// An award, a grant, a correction upwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// What it is for.
    pub source: Source,
    /// The rule that gives it.
    pub rule: Option<RuleId>,
    /// How many points; more than 0.
    pub points: Points,
    /// `Earn` for awards, `Adjust` for corrections.
    pub kind: MovementKind,
    /// Its dates; [`dates`](super::dates()) computes them from policies.
    pub dates: Dates,
    /// The policy behind `expires_at`; the lot keeps it while it may be dated again (waiting for an event, or sliding).
    pub expiry: ExpiryPolicy,
}

impl Account {
    /// Credits points as a new lot and returns its number.
    ///
    /// The movement is dated when the points were earned. Points that are usable pay debt first. A backdated credit goes through its
    /// states in one go: activated at its instant, and expired at its end if that has passed; what was owed in between it has paid.
    ///
    /// # Errors
    /// `points.amount` unless more than 0, `points.dates` when it ends before it activates, `points.lots_full` beyond the most open
    /// lots, `points.range`.
    pub fn credit(&mut self, credit: Credit, now: Timestamp, log: &mut Vec<Movement>) -> Result<LotId> {
        let now = self.begin(now, log);
        let Credit { source, rule, points, kind, dates, expiry } = credit;
        positive(points)?;
        let activates_at = if dates.waiting { None } else { Some(dates.activates_at.unwrap_or(dates.earned_at)) };
        if dates.expires_at.is_some_and(|end| end <= activates_at.unwrap_or(dates.earned_at)) {
            return Err(
                Error::new(ErrorCode::PointsDates, "points would end before they can be used").field("expires_at")
            );
        }
        self.room_for(1, points)?;
        self.note_sliding(Some(&expiry), dates.earned_at);
        let dated_again = dates.waiting || matches!(expiry, ExpiryPolicy::Sliding { .. });
        let lot = Lot {
            rule,
            activates_at,
            waiting: dates.waiting,
            expires_at: dates.expires_at,
            expiry: dated_again.then_some(expiry),
            ..self.empty_lot(source, points, dates.earned_at)
        };
        let id = lot.id;
        self.receive(lot, kind, dates.earned_at.min(now), now, log);
        Ok(id)
    }

    /// Takes slices in that another account gave up, each as a lot with the dates it had. Usable points pay debt first.
    ///
    /// # Errors
    /// `points.lots_full`, `points.range`; nothing is taken in then.
    pub fn transfer_in(
        &mut self,
        slices: &[TransferSlice],
        from: &CustomerId,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Vec<LotId>> {
        let now = self.begin(now, log);
        let points = slices.iter().try_fold(Points::ZERO, |sum, slice| {
            positive(slice.points)?;
            sum.plus(slice.points)
        })?;
        self.room_for(slices.len(), points)?;
        let mut ids = Vec::with_capacity(slices.len());
        for slice in slices {
            let TransferSlice { lot, points, earned_at, activates_at, expires_at, rule, expiry } = slice.clone();
            self.note_sliding(expiry.as_ref(), earned_at);
            let source = Source::new(SourceKind::Transfer, from.as_str());
            let lot = Lot {
                rule,
                // What leaves an account is usable, so it is usable here.
                activates_at: Some(activates_at.min(now)),
                expires_at,
                expiry,
                origin: Some(Origin { customer: Some(from.clone()), lot }),
                ..self.empty_lot(source, points, earned_at)
            };
            ids.push(lot.id);
            self.receive(lot, MovementKind::TransferIn, now, now, log);
        }
        Ok(ids)
    }

    /// Makes the points of a source usable that wait for an event; their validity starts now. Returns how many.
    ///
    /// # Errors
    /// `points.nothing_pending` when no points of the source wait.
    pub fn activate_source(
        &mut self,
        source: &Source,
        zone: &Zone,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) -> Result<Points> {
        let now = self.begin(now, log);
        let mut postings = Vec::new();
        let mut activated = Points::ZERO;
        for index in 0..self.lots.len() {
            let Some(lot) = self.lots.get_mut(index) else { continue };
            if !lot.waiting || !lot.pending.is_positive() || lot.source != *source {
                continue;
            }
            lot.waiting = false;
            lot.activates_at = Some(now);
            if lot.expires_at.is_none() {
                lot.expires_at = lot.expiry.as_ref().and_then(|policy| dates::expires_at(policy, zone, now));
            }
            if !lot.is_sliding() {
                lot.expiry = None;
            }
            activated = activated.plus(lot.pending)?;
            self.shift_all(index, Book::Pending, Book::Available, &mut postings);
        }
        if postings.is_empty() {
            return Err(Error::new(ErrorCode::PointsNothingPending, "no points of this source wait for an event"));
        }
        self.reorder();
        record(log, MovementKind::Activate, now, postings, None);
        self.settle(now, log);
        Ok(activated)
    }

    /// The dates of a credit, moved by activity that came after it was earned and before it ended: a late credit under a sliding
    /// policy ends when it would have, had it been known in time.
    #[must_use]
    pub fn slid(&self, dates: Dates, expiry: &ExpiryPolicy, zone: &Zone) -> Dates {
        let moved = self.active_at.filter(|active_at| {
            let sliding = matches!(expiry, ExpiryPolicy::Sliding { .. });
            sliding && dates.earned_at < *active_at && dates.expires_at.is_some_and(|end| *active_at < end)
        });
        let later = moved.and_then(|active_at| dates::expires_at(expiry, zone, active_at));
        Dates { expires_at: later.max(dates.expires_at), ..dates }
    }

    /// Moves the end of every open sliding lot to what activity at `active_at` makes it; activity that became known late moves less
    /// than what came after it. Never brings an end forward. Nothing to do for an account without sliding lots.
    ///
    /// The movement names each lot that moved, with 0 points; there is none when nothing moved. Lots that wait for an event have no end
    /// to move.
    pub fn slide(&mut self, zone: &Zone, active_at: Timestamp, now: Timestamp, log: &mut Vec<Movement>) {
        let now = self.begin(now, log);
        let Some(known) = self.active_at else { return };
        let active_at = known.max(active_at);
        self.active_at = Some(active_at);
        let mut postings = Vec::new();
        for lot in self.lots.iter_mut().filter(|lot| lot.is_open() && lot.is_sliding()) {
            let later = lot.expiry.as_ref().and_then(|policy| dates::expires_at(policy, zone, active_at));
            // An end that has passed stays: what is left of such a lot is held, and ends when its hold lets go.
            if let (Some(end), Some(later)) = (lot.expires_at, later)
                && now < end
                && end < later
            {
                lot.expires_at = Some(later);
                postings.push(Posting { book: Book::Available, lot: Some(lot.id), points: Points::ZERO });
            }
        }
        if !postings.is_empty() {
            self.reorder();
            record(log, MovementKind::Slide, now, postings, None);
        }
    }

    /// A lot with the next number and nothing in any state.
    pub(super) fn empty_lot(&mut self, source: Source, amount: Points, earned_at: Timestamp) -> Lot {
        let id = LotId(self.next_lot);
        self.next_lot = self.next_lot.saturating_add(1);
        Lot {
            id,
            source,
            rule: None,
            amount,
            pending: Points::ZERO,
            available: Points::ZERO,
            held: Points::ZERO,
            spent: Points::ZERO,
            expired: Points::ZERO,
            revoked: Points::ZERO,
            offset: Points::ZERO,
            transferred: Points::ZERO,
            earned_at,
            activates_at: Some(earned_at),
            waiting: false,
            expires_at: None,
            expiry: None,
            origin: None,
        }
    }

    /// From the first sliding lot on the account remembers its last activity, so that accounts without need not look for one.
    fn note_sliding(&mut self, expiry: Option<&ExpiryPolicy>, earned_at: Timestamp) {
        if matches!(expiry, Some(ExpiryPolicy::Sliding { .. })) {
            self.active_at = self.active_at.max(Some(earned_at));
        }
    }

    /// Books a new lot in and takes it through what has already become of it.
    fn receive(
        &mut self,
        mut lot: Lot,
        kind: MovementKind,
        effective_at: Timestamp,
        now: Timestamp,
        log: &mut Vec<Movement>,
    ) {
        let (id, amount, activates_at, expires_at) = (lot.id, lot.amount, lot.activates_at, lot.expires_at);
        let pending = activates_at.is_none_or(|at| effective_at < at);
        let other = if kind == MovementKind::TransferIn {
            self.balances.transferred = sub(self.balances.transferred, amount);
            Book::Transferred
        } else {
            self.balances.issued = add(self.balances.issued, amount);
            Book::Issued
        };
        let (book, state, balance) = if pending {
            (Book::Pending, &mut lot.pending, &mut self.balances.pending)
        } else {
            (Book::Available, &mut lot.available, &mut self.balances.available)
        };
        *state = amount;
        *balance = add(*balance, amount);
        let postings = vec![
            Posting { book, lot: Some(id), points: amount },
            Posting { book: other, lot: None, points: amount.negated() },
        ];
        record(log, kind, effective_at, postings, None);
        let index = self.place(lot);
        if let Some(at) = activates_at.filter(|at| pending && *at <= now) {
            let mut postings = Vec::new();
            self.shift_all(index, Book::Pending, Book::Available, &mut postings);
            record(log, MovementKind::Activate, at, postings, None);
        }
        if let Some(at) = expires_at.filter(|at| *at <= now) {
            // What was owed while they could be used is paid as it would have been then.
            if let Some(from) = activates_at {
                self.settle_before(index, from, at, log);
            }
            let mut postings = Vec::new();
            self.shift_all(index, Book::Available, Book::Expired, &mut postings);
            self.shift_all(index, Book::Pending, Book::Expired, &mut postings);
            record(log, MovementKind::Expire, at, postings, None);
        }
        self.settle(now, log);
    }
}

fn positive(points: Points) -> Result<()> {
    if points.is_positive() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::PointsAmount, format!("`{points}` is not a positive number of points")).field("points"))
}
