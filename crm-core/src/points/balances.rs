//! The sums of an account, and what it owes.

use super::{Book, Source};
use crate::value::{Points, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The sums of an account, all 0 or more except `transferred`.
///
/// `issued = pending + available + held + redeemed + expired + revoked + offset + transferred` at all times; every one but `issued`,
/// `debt` and `unrecovered` is the sum of that state over the lots, closed ones included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Balances {
    /// Credited, not usable yet.
    #[n(0)]
    pub pending: Points,
    /// Usable.
    #[n(1)]
    pub available: Points,
    /// Reserved by holds.
    #[n(2)]
    pub held: Points,
    /// Owed; the next usable points pay it. Never above 0 together with `available`.
    #[n(3)]
    pub debt: Points,
    /// Ever credited, transfers aside.
    #[n(4)]
    pub issued: Points,
    /// Spent, less what was restored.
    #[n(5)]
    pub redeemed: Points,
    /// Ended unused.
    #[n(6)]
    pub expired: Points,
    /// Taken back out of lots. What was taken back as debt or not at all is in `debt`, `offset` and `unrecovered`.
    #[n(7)]
    pub revoked: Points,
    /// Should have been taken back and was not, at least not in points: written off, or netted from the money of a refund.
    #[n(8)]
    pub unrecovered: Points,
    /// Used up by paying debt.
    #[n(9)]
    pub offset: Points,
    /// Moved to other accounts less what came from them; may be below 0.
    #[n(10)]
    pub transferred: Points,
}

impl Balances {
    /// The sum of all postings ever made to a book, which follows from the balances.
    #[must_use]
    pub const fn book(&self, book: Book) -> i64 {
        match book {
            Book::Pending => self.pending.get(),
            Book::Available => self.available.get(),
            Book::Held => self.held.get(),
            Book::Debt => -self.debt.get(),
            Book::Issued => -self.issued.get(),
            Book::Redeemed => self.redeemed.get(),
            Book::Expired => self.expired.get(),
            // Every clawback posts here in full: from lots, as debt (open or since paid), or unrecovered.
            Book::Revoked => self.revoked.get() + self.debt.get() + self.offset.get() + self.unrecovered.get(),
            Book::Unrecovered => -self.unrecovered.get(),
            Book::Transferred => self.transferred.get(),
        }
    }

    /// Two accounts together, cell by cell.
    ///
    /// # Errors
    /// `points.range`.
    pub fn plus(&self, other: &Self) -> crate::Result<Self> {
        Ok(Self {
            pending: self.pending.plus(other.pending)?,
            available: self.available.plus(other.available)?,
            held: self.held.plus(other.held)?,
            debt: self.debt.plus(other.debt)?,
            issued: self.issued.plus(other.issued)?,
            redeemed: self.redeemed.plus(other.redeemed)?,
            expired: self.expired.plus(other.expired)?,
            revoked: self.revoked.plus(other.revoked)?,
            unrecovered: self.unrecovered.plus(other.unrecovered)?,
            offset: self.offset.plus(other.offset)?,
            transferred: self.transferred.plus(other.transferred)?,
        })
    }

    /// Pending, available and held points together: what a balance cap looks at.
    #[must_use]
    pub fn total(&self) -> Points {
        // Each is within the range of points that were ever issued, and so is their sum (see `Account::room_for`).
        add(add(self.pending, self.available), self.held)
    }
}

/// Points that the customer owes. A debt for the same cause as the newest one joins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Debt {
    /// What it is for: the source of the first lot that was clawed back; none when that lot was not given.
    #[n(0)]
    pub cause: Option<Source>,
    /// How much of it is open; more than 0.
    #[n(1)]
    pub points: Points,
    /// When it arose.
    #[n(2)]
    pub at: Timestamp,
}

/// The balance that belongs to a book whose points are states of lots.
pub(super) fn balance_cell(balances: &mut Balances, book: Book) -> Option<&mut Points> {
    match book {
        Book::Pending => Some(&mut balances.pending),
        Book::Available => Some(&mut balances.available),
        Book::Held => Some(&mut balances.held),
        Book::Redeemed => Some(&mut balances.redeemed),
        Book::Expired => Some(&mut balances.expired),
        Book::Revoked => Some(&mut balances.revoked),
        Book::Transferred => Some(&mut balances.transferred),
        Book::Debt | Book::Issued | Book::Unrecovered => None,
    }
}

/// Sum of numbers that are known to stay in range; out of range it stays where it is, and `check` finds the difference.
pub(super) fn add(a: Points, b: Points) -> Points {
    a.plus(b).unwrap_or(a)
}

/// Difference of numbers that are known to stay in range.
pub(super) fn sub(a: Points, b: Points) -> Points {
    a.minus(b).unwrap_or(a)
}
