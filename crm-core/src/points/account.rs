//! The account: lots, holds, debts and balances of one point currency of one customer, and what time does to them.

use super::balances::{add, balance_cell, sub};
use super::{Allocation, Balances, Book, Debt, Hold, HoldOutcome, Lot, LotId, Lots, Movement, MovementKind, Posting};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{HoldId, PointCurrency, Points, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// The points of one customer in one currency.
///
/// Every method that changes it first does what time has done by `now` ([`advance`](Self::advance)) and appends what happened to `log`.
/// A method that fails leaves the account as `advance(now)` leaves it. Time does not run backwards: a `now` before the last thing that
/// time did counts as that instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Account {
    /// The currency.
    #[n(0)]
    pub currency: PointCurrency,
    /// The sums.
    #[n(1)]
    pub balances: Balances,
    /// Open lots, and closed ones until [`take_closed`](Self::take_closed), in consumption order.
    #[n(2)]
    pub lots: Lots,
    /// Open holds, in the order they were made.
    #[n(3)]
    pub holds: Vec<Hold>,
    /// Open debts, in the order they arose.
    #[n(4)]
    pub debts: Vec<Debt>,
    /// The number of the next lot.
    #[n(5)]
    pub next_lot: u64,
    /// The last instant at which time changed the account.
    #[n(6)]
    pub reached: Timestamp,
    /// The last activity since the first sliding lot; none before.
    #[n(7)]
    pub active_at: Option<Timestamp>,
    #[cbor(skip)]
    #[serde(skip)]
    resolved: Vec<(Hold, HoldOutcome)>,
}

/// What time brings, in the order in which it happens at one instant; lots by index. Debt is settled after each of the first
/// two.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Activate(usize),
    // By id, because indexes of holds shift as earlier ones are resolved; no lot comes or goes meanwhile.
    TimeOut(HoldId),
    Expire(usize),
}

impl Account {
    /// An account without points.
    #[must_use]
    pub fn new(currency: PointCurrency) -> Self {
        Self {
            currency,
            balances: Balances::default(),
            lots: Lots::new(),
            holds: Vec::new(),
            debts: Vec::new(),
            next_lot: 1,
            reached: Timestamp::MIN,
            active_at: None,
            resolved: Vec::new(),
        }
    }

    /// Does what time has done by `now`, in the order of the instants; at one instant: activate, settle debt, time holds out, expire.
    ///
    /// Each movement is dated at its instant. Calling it more or less often changes no later answer. Costs nothing when nothing is due.
    pub fn advance(&mut self, now: Timestamp, log: &mut Vec<Movement>) {
        if self.next_due().is_none_or(|due| now < due) {
            return;
        }
        for (at, group) in self.happenings(now) {
            let before = log.len();
            self.happen(at, &group, log);
            if before < log.len() {
                self.reached = self.reached.max(at);
            }
        }
    }

    /// All happenings up to `now`. None of them makes another one, apart from those listed, so one look is enough.
    fn happenings(&self, now: Timestamp) -> BTreeMap<Timestamp, Vec<Happening>> {
        let mut found: BTreeMap<Timestamp, Vec<Happening>> = BTreeMap::new();
        let mut add = |at: Option<Timestamp>, happening: Happening| {
            if let Some(at) = at.filter(|at| *at <= now) {
                found.entry(at).or_default().push(happening);
            }
        };
        for (index, lot) in self.lots.iter().enumerate().filter(|(_, lot)| lot.is_open()) {
            if lot.pending.is_positive() {
                add(lot.activates_at, Happening::Activate(index));
            }
            add(lot.expires_at, Happening::Expire(index));
        }
        for hold in &self.holds {
            add(Some(hold.deadline), Happening::TimeOut(hold.id.clone()));
        }
        for group in found.values_mut() {
            group.sort_unstable();
        }
        found
    }

    fn happen(&mut self, at: Timestamp, group: &[Happening], log: &mut Vec<Movement>) {
        let mut activated = Vec::new();
        let mut expired = Vec::new();
        let mut timed_out = Vec::new();
        for happening in group {
            match happening {
                Happening::Activate(index) => {
                    self.shift_all(*index, Book::Pending, Book::Available, &mut activated);
                }
                Happening::TimeOut(id) => timed_out.push(id),
                Happening::Expire(_) => {}
            }
        }
        record(log, MovementKind::Activate, at, activated, None);
        self.settle(at, log);
        for id in timed_out {
            if let Some(hold) = self.remove_hold(id, at, MovementKind::TimeOut, log) {
                self.resolved.push((hold, HoldOutcome::TimedOut));
            }
        }
        for happening in group {
            if let Happening::Expire(index) = happening {
                self.shift_all(*index, Book::Available, Book::Expired, &mut expired);
                // Only points that wait for an event can end while pending.
                self.shift_all(*index, Book::Pending, Book::Expired, &mut expired);
            }
        }
        record(log, MovementKind::Expire, at, expired, None);
    }

    /// The earliest instant at which time alone changes the account; none for never.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lots.next_due().into_iter().chain(self.holds.iter().map(|hold| hold.deadline)).min()
    }

    /// The account as it stands at `now`, so that reading never depends on a sweep.
    #[must_use]
    pub fn view_at(&self, now: Timestamp) -> Self {
        let mut view = self.clone();
        view.advance(now, &mut Vec::new());
        view
    }

    /// The points that can be spent at `now`.
    #[must_use]
    pub fn usable_at(&self, now: Timestamp) -> Points {
        match self.next_due() {
            Some(due) if due <= now => self.view_at(now).balances.available,
            _ => self.balances.available,
        }
    }

    /// When open points of the account end next, and how many. None as well for stored lots that cannot be read:
    /// [`check`](Self::check) tells.
    #[must_use]
    pub fn first_end(&self) -> Option<(Timestamp, Points)> {
        self.lots.first_end()
    }

    /// When the open points of the account end: instants in order, each with its points (pending, available and held).
    ///
    /// Points that never end are not in it.
    #[must_use]
    pub fn expiring(&self) -> Vec<(Timestamp, Points)> {
        self.outstanding().into_iter().filter_map(|(end, points)| Some((end?, points))).collect()
    }

    /// As [`Account::expiring`], with the points that never end first. Sums to pending, available and held points.
    #[must_use]
    pub fn outstanding(&self) -> Vec<(Option<Timestamp>, Points)> {
        let mut curve: BTreeMap<Option<Timestamp>, Points> = BTreeMap::new();
        for lot in self.lots.iter().filter(|lot| lot.is_open()) {
            let sum = curve.entry(lot.expires_at).or_default();
            *sum = add(*sum, add(add(lot.pending, lot.available), lot.held));
        }
        curve.into_iter().collect()
    }

    /// A lot of the account, unless it was taken away as closed.
    #[must_use]
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.id == id)
    }

    /// All lots in consumption order, for an answer; the account is of no use afterwards.
    ///
    /// # Errors
    /// As [`Account::check`].
    pub(crate) fn hand_over(&mut self) -> Result<Vec<Lot>> {
        self.verify()?;
        Ok(self.lots.take_all())
    }

    /// As [`Account::check`], after a look at every lot: for answers that are made of them.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn verify(&self) -> Result<()> {
        // Stored lots are read when somebody looks, and only then the check sees whether they can be.
        let _ = self.lots.first();
        self.check()
    }

    /// Packs what it will be stored as. Nothing of it can be told from the outside.
    pub(crate) fn pack(&mut self) {
        self.lots.pack();
        self.resolved.clear();
    }

    /// The holds that timed out since the last call, for whoever keeps their rows. Not stored: take them before the account is.
    pub fn take_resolved(&mut self) -> Vec<(Hold, HoldOutcome)> {
        std::mem::take(&mut self.resolved)
    }

    /// Whether [`Account::take_closed`] or [`Account::take_resolved`] may have something to hand over.
    pub(crate) fn has_finished(&self) -> bool {
        self.lots.may_close() || !self.resolved.is_empty()
    }

    /// Removes the lots of which nothing is open and hands them over for archiving.
    pub fn take_closed(&mut self) -> Vec<Lot> {
        self.lots.take_closed()
    }

    /// Brings an archived lot back, for a reversal or a clawback. Does nothing if the account has it.
    ///
    /// # Errors
    /// `internal` for a lot that is open or that is none of this account: open lots are never archived.
    pub fn reopen(&mut self, lot: Lot) -> Result<()> {
        if self.lot(lot.id).is_some() {
            return Ok(());
        }
        if lot.is_open() || !lot.balanced() || self.next_lot <= lot.id.0 {
            return Err(Error::internal(format!("lot {} was never archived by this account", lot.id)));
        }
        self.place(lot);
        Ok(())
    }

    /// Asserts what must hold after every command: lots in order and in balance, sums that agree, no usable points beside debt.
    ///
    /// # Errors
    /// `internal`, naming what does not hold.
    pub fn check(&self) -> Result<()> {
        let broken = |what: String| Err(Error::internal(format!("account `{}`: {what}", self.currency)));
        let sums = self.lots.check(self.next_lot)?;
        let b = &self.balances;
        if sums != [b.pending, b.available, b.held].map(|p| i128::from(p.get())) {
            return broken(format!("lots add up to {sums:?}, balances are {b:?}"));
        }
        let held: i128 = self.holds.iter().flat_map(|h| &h.allocations).map(|a| i128::from(a.points.get())).sum();
        if let Some(hold) = self.holds.iter().find(|hold| hold.owed.get() < 0 || hold.points < hold.owed) {
            return broken(format!("{} of the {} points of a hold are owed", hold.owed, hold.points));
        }
        let owed: i128 = self.debts.iter().map(|d| i128::from(d.points.get())).sum();
        if held != i128::from(b.held.get()) || owed != i128::from(b.debt.get()) {
            return broken(format!("holds add up to {held}, debts to {owed}, balances are {b:?}"));
        }
        let states =
            [b.pending, b.available, b.held, b.redeemed, b.expired, b.revoked, b.offset, b.debt, b.unrecovered];
        let used = [b.pending, b.available, b.held, b.redeemed, b.expired, b.revoked, b.offset, b.transferred];
        if states.iter().any(|p| p.get() < 0)
            || used.iter().map(|p| i128::from(p.get())).sum::<i128>() != i128::from(b.issued.get())
        {
            return broken(format!("balances do not add up to what was issued: {b:?}"));
        }
        if b.available.is_positive() && b.debt.is_positive() {
            return broken(format!("{} available beside a debt of {}", b.available, b.debt));
        }
        Ok(())
    }
}

// What the other files of this room build on.
impl Account {
    /// Advances, and gives the instant that a command counts at.
    pub(super) fn begin(&mut self, now: Timestamp, log: &mut Vec<Movement>) -> Timestamp {
        self.advance(now, log);
        now.max(self.reached)
    }

    /// Puts a lot at its place in consumption order and returns its index.
    pub(super) fn place(&mut self, lot: Lot) -> usize {
        self.lots.place(lot)
    }

    /// Restores the consumption order after dates changed.
    pub(super) fn reorder(&mut self) {
        self.lots.reorder();
    }

    /// Refuses `lots` more lots of `points` together when the account would have too many, or too many points.
    pub(super) fn room_for(&self, lots: usize, points: Points) -> Result<()> {
        let open = if self.lots.count().saturating_add(lots) <= limits::OPEN_LOTS_MAX {
            0
        } else {
            self.lots.iter().filter(|lot| lot.is_open()).count()
        };
        if open.saturating_add(lots) > limits::OPEN_LOTS_MAX {
            return Err(Error::new(
                ErrorCode::PointsLotsFull,
                format!("the account has {open} open lots, at most {} are allowed", limits::OPEN_LOTS_MAX),
            )
            .limit(limits::OPEN_LOTS_MAX));
        }
        // INVARIANT: the amounts of all lots together are in range, so every sum of states is (guarded by `check`): shifts cannot overflow.
        self.balances.issued.plus(points)?.minus(self.balances.transferred)?;
        Ok(())
    }

    /// The first available points of the account in consumption order: (index of the lot, points).
    ///
    /// # Errors
    /// `points.insufficient` when there are fewer, `points.amount` unless more than 0 are asked for.
    pub(super) fn draw(&self, points: Points) -> Result<Vec<(usize, Points)>> {
        if !points.is_positive() {
            return Err(Error::new(ErrorCode::PointsAmount, format!("`{points}` is not a positive number of points"))
                .field("points"));
        }
        let available = self.balances.available;
        if available < points {
            return Err(Error::new(
                ErrorCode::PointsInsufficient,
                format!("{points} points are needed, {available} are available"),
            )
            .field("points")
            .with("available", available)
            .with("needed", points));
        }
        Ok(self.first(points, |lot| lot.available, |_| true))
    }

    /// Up to `points` of a state of the lots that match, in consumption order.
    pub(super) fn first(
        &self,
        points: Points,
        state: impl Fn(&Lot) -> Points,
        matches: impl Fn(&Lot) -> bool,
    ) -> Vec<(usize, Points)> {
        let mut left = points;
        let mut plan = Vec::new();
        for (index, lot) in self.lots.iter().enumerate() {
            if !left.is_positive() {
                break;
            }
            let taken = state(lot).at_most(left);
            if taken.is_positive() && matches(lot) {
                plan.push((index, taken));
                left = sub(left, taken);
            }
        }
        plan
    }

    /// Carries a plan out: moves the points of each lot from one book to another.
    pub(super) fn carry_out(&mut self, plan: &[(usize, Points)], from: Book, to: Book, postings: &mut Vec<Posting>) {
        for (index, points) in plan {
            self.shift(*index, from, to, *points, postings);
        }
    }

    pub(super) fn index_of(&self, id: LotId) -> Option<usize> {
        self.lots.iter().position(|lot| lot.id == id)
    }

    /// Moves points of a lot between states, with both postings. Plans are checked before, so that this cannot fail; if a plan were
    /// wrong, [`check`](Self::check) would refuse the account.
    pub(super) fn shift(&mut self, index: usize, from: Book, to: Book, points: Points, postings: &mut Vec<Posting>) {
        let Some(lot) = self.lots.get_mut(index) else { return };
        for (book, change) in [(from, points.negated()), (to, points)] {
            for cell in [lot_cell(lot, book), balance_cell(&mut self.balances, book)].into_iter().flatten() {
                *cell = add(*cell, change);
            }
            postings.push(Posting { book, lot: Some(lot.id), points: change });
        }
    }

    /// Moves all points of one state of a lot to another.
    pub(super) fn shift_all(&mut self, index: usize, from: Book, to: Book, postings: &mut Vec<Posting>) {
        let points = self.lots.get_mut(index).and_then(|lot| lot_cell(lot, from)).map_or(Points::ZERO, |cell| *cell);
        if points.is_positive() {
            self.shift(index, from, to, points, postings);
        }
    }

    /// Takes a hold off and lets its points go: usable again, or ended if their end has passed. Then settles debt.
    pub(super) fn remove_hold(
        &mut self,
        id: &HoldId,
        at: Timestamp,
        kind: MovementKind,
        log: &mut Vec<Movement>,
    ) -> Option<Hold> {
        let index = self.holds.iter().position(|hold| hold.id == *id)?;
        let hold = self.holds.remove(index);
        self.let_go(&hold, &hold.allocations, at, kind, log);
        Some(hold)
    }

    /// Moves held points back to where they belong at `at`. What a clawback would have taken of them, had they not been held, it takes now.
    pub(super) fn let_go(
        &mut self,
        hold: &Hold,
        allocations: &[Allocation],
        at: Timestamp,
        kind: MovementKind,
        log: &mut Vec<Movement>,
    ) {
        let mut postings = Vec::new();
        let (mut owed, mut plan) = (hold.owed, Vec::new());
        for allocation in allocations {
            let Some(index) = self.index_of(allocation.lot) else { continue };
            let end = self.lots.get(index).and_then(|lot| lot.expires_at);
            let to = if end.is_some_and(|end| end <= at) { Book::Expired } else { Book::Available };
            self.shift(index, Book::Held, to, allocation.points, &mut postings);
            let taken = allocation.points.at_most(owed);
            owed = sub(owed, taken);
            plan.push((index, to, taken));
        }
        record(log, kind, at, postings, Some(hold.id.clone()));
        self.recover(&plan, at, log);
        self.settle(at, log);
    }
}

pub(super) fn record(
    log: &mut Vec<Movement>,
    kind: MovementKind,
    effective_at: Timestamp,
    postings: Vec<Posting>,
    hold: Option<HoldId>,
) {
    if !postings.is_empty() {
        log.push(Movement { kind, effective_at, postings, hold });
    }
}

/// The state of a lot that belongs to a book.
fn lot_cell(lot: &mut Lot, book: Book) -> Option<&mut Points> {
    match book {
        Book::Pending => Some(&mut lot.pending),
        Book::Available => Some(&mut lot.available),
        Book::Held => Some(&mut lot.held),
        Book::Redeemed => Some(&mut lot.spent),
        Book::Expired => Some(&mut lot.expired),
        Book::Revoked => Some(&mut lot.revoked),
        Book::Transferred => Some(&mut lot.transferred),
        Book::Debt | Book::Issued | Book::Unrecovered => None,
    }
}
