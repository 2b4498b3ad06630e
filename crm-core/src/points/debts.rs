//! What is owed: debts and what pays them, and what is taken of holds when they let go.

use super::account::record;
use super::balances::{add, sub};
use super::{Account, Book, Debt, Movement, MovementKind, Posting, Source};
use crate::limits;
use crate::value::{Points, Timestamp};

impl Account {
    /// Pays debt with usable points: the oldest debt with the points that would be consumed first.
    pub(super) fn settle(&mut self, at: Timestamp, log: &mut Vec<Movement>) {
        let points = self.balances.debt.at_most(self.balances.available);
        if !points.is_positive() {
            return;
        }
        let plan = self.first(points, |lot| lot.available, |_| true);
        self.pay(&plan, points, at, log);
        let mut left = points;
        for debt in &mut self.debts {
            let paid = debt.points.at_most(left);
            debt.points = sub(debt.points, paid);
            left = sub(left, paid);
        }
        self.debts.retain(|debt| debt.points.is_positive());
    }

    /// Pays with a lot what was owed while it was usable, from one instant up to another, at the first instant at which both were there.
    pub(super) fn settle_before(&mut self, index: usize, from: Timestamp, end: Timestamp, log: &mut Vec<Movement>) {
        for place in 0..self.debts.len() {
            let Some((owed, at)) = self.debts.get(place).map(|debt| (debt.points, debt.at.max(from))) else { break };
            let points = self.lots.get(index).map_or(Points::ZERO, |lot| lot.available.at_most(owed));
            if end <= at || !points.is_positive() {
                continue;
            }
            self.pay(&[(index, points)], points, at, log);
            if let Some(debt) = self.debts.get_mut(place) {
                debt.points = sub(debt.points, points);
            }
        }
        self.debts.retain(|debt| debt.points.is_positive());
    }

    /// Moves usable points of lots into paid debt; which debts they pay is for the caller to note.
    fn pay(&mut self, plan: &[(usize, Points)], points: Points, at: Timestamp, log: &mut Vec<Movement>) {
        let mut postings = Vec::new();
        for (index, taken) in plan {
            if let Some(lot) = self.lots.get_mut(*index) {
                lot.available = sub(lot.available, *taken);
                lot.offset = add(lot.offset, *taken);
                postings.push(Posting { book: Book::Available, lot: Some(lot.id), points: taken.negated() });
            }
        }
        postings.push(Posting { book: Book::Debt, lot: None, points });
        self.balances.available = sub(self.balances.available, points);
        self.balances.offset = add(self.balances.offset, points);
        self.balances.debt = sub(self.balances.debt, points);
        record(log, MovementKind::Settle, at, postings, None);
    }

    /// Notes with open holds what was written off because they hold it, the oldest hold first: it is taken when they let go.
    pub(super) fn owe_of_holds(&mut self, points: Points) {
        let mut left = points;
        for hold in &mut self.holds {
            let more = sub(hold.points, hold.owed).at_most(left);
            hold.owed = add(hold.owed, more);
            left = sub(left, more);
        }
    }

    /// Takes points of lots that a hold has let go and that were written off.
    pub(super) fn recover(&mut self, plan: &[(usize, Book, Points)], at: Timestamp, log: &mut Vec<Movement>) {
        let mut postings = Vec::new();
        for (index, from, points) in plan.iter().filter(|(_, _, points)| points.is_positive()) {
            self.shift(*index, *from, Book::Revoked, *points, &mut postings);
            // It counts as taken back since the clawback.
            postings.pop();
            postings.push(Posting { book: Book::Unrecovered, lot: None, points: *points });
            self.balances.unrecovered = sub(self.balances.unrecovered, *points);
        }
        record(log, MovementKind::ClawBack, at, postings, None);
    }

    pub(super) fn owe(&mut self, cause: Option<Source>, points: Points, at: Timestamp) {
        let full = limits::OPEN_DEBTS_MAX <= self.debts.len();
        match self.debts.last_mut().filter(|last| full || last.cause == cause) {
            Some(last) => last.points = add(last.points, points),
            None => self.debts.push(Debt { cause, points, at }),
        }
    }
}
